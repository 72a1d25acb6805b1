# Unit tests of schema/, one program a module.
check_PROGRAMS += tests/unit/schema/test_store
check_PROGRAMS += tests/unit/schema/test_store_backup
check_PROGRAMS += tests/unit/schema/test_store_chain
check_PROGRAMS += tests/unit/schema/test_store_history
check_PROGRAMS += tests/unit/schema/test_store_trouble
check_PROGRAMS += tests/unit/schema/test_store_override
EXTRA_DIST += tests/unit/schema/store_fixture.h
tests_unit_schema_test_store_LDFLAGS = $(FAIL_ALLOC)
tests_unit_schema_test_store_override_LDFLAGS = $(FAIL_ALLOC)
tests_unit_schema_test_store_trouble_LDFLAGS = $(FAIL_ALLOC)

# Texts and frames kept in tests/golden, compared whole; UPDATE_GOLDEN=1 writes them anew.
GOLDEN_FILES = tests/unit/schema/golden.c tests/unit/schema/golden.h
EXTRA_DIST += tests/golden/config tests/golden/wire
check_PROGRAMS += tests/unit/schema/test_config_golden
tests_unit_schema_test_config_golden_SOURCES = \
	tests/unit/schema/test_config_golden.c $(GOLDEN_FILES)
check_PROGRAMS += tests/unit/schema/test_config_values
tests_unit_schema_test_config_values_SOURCES = \
	tests/unit/schema/test_config_values.c $(GOLDEN_FILES)
check_PROGRAMS += tests/unit/schema/test_config_docs
tests_unit_schema_test_config_docs_SOURCES = \
	tests/unit/schema/test_config_docs.c $(GOLDEN_FILES)
check_PROGRAMS += tests/unit/schema/test_config_reload
check_PROGRAMS += tests/unit/schema/test_config_include
check_PROGRAMS += tests/unit/schema/test_uplink
tests_unit_schema_test_uplink_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/schema/test_wire
tests_unit_schema_test_wire_SOURCES = tests/unit/schema/test_wire.c $(GOLDEN_FILES)
check_PROGRAMS += tests/unit/schema/test_config_memory
tests_unit_schema_test_config_memory_SOURCES = \
	tests/unit/schema/test_config_memory.c $(GOLDEN_FILES)
tests_unit_schema_test_config_memory_LDFLAGS = $(FAIL_ALLOC)
