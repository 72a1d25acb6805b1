# schema: floor 1. Everything that crosses a process or a restart.
noinst_LIBRARIES += libschema.a
libschema_a_SOURCES = \
	schema/sql/store.h \
	schema/wire/scan.c schema/wire/scan.h \
	schema/wire/utf8.c schema/wire/utf8.h \
	schema/wire/wire.c schema/wire/wire.h
nodist_libschema_a_SOURCES = schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h

EXTRA_DIST += schema/wire/fleet.proto
BUILT_SOURCES += schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h
CLEANFILES += schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h
schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h &: schema/wire/fleet.proto
	$(AM_V_GEN)$(MKDIR_P) schema/wire && $(PROTOC_C) -I$(srcdir) --c_out=. $(srcdir)/schema/wire/fleet.proto
