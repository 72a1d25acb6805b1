# Unit tests of schema/, one program a module.
check_PROGRAMS += tests/unit/schema/test_store
check_PROGRAMS += tests/unit/schema/test_store_backup
check_PROGRAMS += tests/unit/schema/test_store_chain
check_PROGRAMS += tests/unit/schema/test_store_override
EXTRA_DIST += tests/unit/schema/store_fixture.h
tests_unit_schema_test_store_LDFLAGS = $(FAIL_ALLOC)
tests_unit_schema_test_store_override_LDFLAGS = $(FAIL_ALLOC)
