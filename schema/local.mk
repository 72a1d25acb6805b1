# schema: floor 1. Everything that crosses a process or a restart.
noinst_LIBRARIES += libschema.a
libschema_a_SOURCES = \
	schema/config/check_access.c \
	schema/config/check_common.c \
	schema/config/check_dnsd.c \
	schema/config/check_regiond.c \
	schema/config/common_config.h \
	schema/config/config.c schema/config/config.h \
	schema/config/custom_dnsd.c schema/config/custom_dnsd.h \
	schema/config/environment.c schema/config/environment.h \
	schema/config/include.c schema/config/include.h \
	schema/config/key.c schema/config/key.h \
	schema/config/keys_carry.c \
	schema/config/keys_common.c \
	schema/config/keys_dnsd.c \
	schema/config/keys_proberd.c \
	schema/config/keys_regiond.c \
	schema/config/keys_steering.c \
	schema/config/monitor_kinds.h \
	schema/config/named.c schema/config/named.h \
	schema/config/plan.c schema/config/plan.h \
	schema/config/reference.c schema/config/reference.h \
	schema/config/reload.c schema/config/reload.h \
	schema/config/report.c schema/config/report.h \
	schema/config/schema.c schema/config/schema.h \
	schema/config/show.c schema/config/show.h \
	schema/config/value.c schema/config/value.h \
	schema/config/walker.c schema/config/walker.h \
	schema/config/yaml.c schema/config/yaml.h \
	schema/config/check.h schema/config/keys.h \
	schema/config/dnsd_config.h schema/config/proberd_config.h schema/config/regiond_config.h \
	schema/sql/store.c schema/sql/store.h \
	schema/sql/store_audit.c schema/sql/store_audit.h \
	schema/sql/store_backup.c schema/sql/store_backup.h \
	schema/sql/store_chain.c schema/sql/store_chain.h \
	schema/sql/store_check.c schema/sql/store_check.h \
	schema/sql/store_copy.c schema/sql/store_copy.h \
	schema/sql/store_event.c schema/sql/store_event.h \
	schema/sql/store_file.c schema/sql/store_file.h \
	schema/sql/store_health.c schema/sql/store_health.h \
	schema/sql/store_look.c schema/sql/store_look.h \
	schema/sql/store_migrate.c schema/sql/store_migrate.h \
	schema/sql/store_node.c schema/sql/store_node.h \
	schema/sql/store_override.c schema/sql/store_override.h \
	schema/sql/store_page.c schema/sql/store_page.h \
	schema/sql/store_reader.c schema/sql/store_reader.h \
	schema/sql/store_restore.c schema/sql/store_restore.h \
	schema/sql/store_sql.c schema/sql/store_sql.h \
	schema/sql/store_stand_in.c schema/sql/store_stand_in.h \
	schema/sql/store_trim.c schema/sql/store_trim.h \
	schema/sql/store_verify.c schema/sql/store_verify.h \
	schema/wire/limits.h \
	schema/wire/scan.c schema/wire/scan.h \
	schema/wire/send.c schema/wire/send.h \
	schema/wire/uplink.c schema/wire/uplink.h \
	schema/wire/wire.c schema/wire/wire.h
nodist_libschema_a_SOURCES = schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h

EXTRA_DIST += schema/wire/fleet.proto
BUILT_SOURCES += schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h
CLEANFILES += schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h
schema/wire/fleet.pb-c.c schema/wire/fleet.pb-c.h &: schema/wire/fleet.proto
	$(AM_V_GEN)$(MKDIR_P) schema/wire && $(PROTOC_C) -I$(srcdir) --c_out=. $(srcdir)/schema/wire/fleet.proto

# Migrations: an SQL file each, linked in as strings.
SCHEMA_MIGRATIONS = schema/sql/migrations/001.sql schema/sql/migrations/002.sql
nodist_libschema_a_SOURCES += schema/sql/migrations.c
CLEANFILES += schema/sql/migrations.c
EXTRA_DIST += $(SCHEMA_MIGRATIONS) schema/sql/embed.awk
schema/sql/migrations.c: $(SCHEMA_MIGRATIONS) schema/sql/embed.awk
	$(AM_V_GEN)$(MKDIR_P) schema/sql && \
	for f in $(SCHEMA_MIGRATIONS); do set -- "$$@" "$(srcdir)/$$f"; done && \
	$(AWK) -f $(srcdir)/schema/sql/embed.awk "$$@" >$@.tmp && mv $@.tmp $@
