# tests: floor 5. unit/ mirrors the tree; a new unit test is one line in its room's local.mk
# (check_PROGRAMS += tests/unit/ROOM/test_X; the source is tests/unit/ROOM/test_X.c).
# A test of what a failed allocation does says `tests_unit_ROOM_test_X_LDFLAGS = $(FAIL_ALLOC)`.
check_LIBRARIES += libfailalloc.a
libfailalloc_a_SOURCES = tests/unit/fail_alloc.c tests/unit/fail_alloc.h
LDADD += libfailalloc.a
FAIL_ALLOC = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup
if HAVE_CMOCKA
include tests/unit/core/local.mk
include tests/unit/schema/local.mk
include tests/unit/steer/local.mk
include tests/unit/probers/local.mk
include tests/unit/dnsd/local.mk
include tests/unit/regiond/local.mk
include tests/unit/ctl/local.mk
endif
include tests/fuzz/local.mk
include tests/bench/local.mk

# What tests need to know of the tree, whether they run in it or beside it.
AM_TESTS_ENVIRONMENT = FUZZ_SEEDS='$(abs_srcdir)/tests/fuzz/seeds'; export FUZZ_SEEDS;

# Flows with real daemons: tests/run calls them.
EXTRA_DIST += tests/run .ci/run
include tests/flow/local.mk

# What unit tests share and no program names as a source.
EXTRA_DIST += tests/unit/unit.h tests/unit/certs.h tests/unit/core/http_world.h tests/unit/core/link_world.h \
	tests/unit/regiond/world.h tests/unit/regiond/node_world.h \
	tests/unit/dnsd/ask.h tests/unit/dnsd/answer_world.h

# Floors, sizes, format, headers that compile alone, what a release holds: all at once by `make lint`.
EXTRA_DIST += tests/lint/run tests/lint/fields.py tests/lint/dist tests/lint/selftest
TESTS += tests/lint/selftest
.PHONY: lint print-cppflags
lint:
	$(srcdir)/tests/lint/run $(abs_builddir)
	$(srcdir)/tests/lint/dist $(abs_builddir)

# How a file is compiled, for the lint. The shell takes the quotes off.
print-cppflags: $(BUILT_SOURCES)
	@echo $(CC) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS) $(CFLAGS)
