# Unit tests of ctl/, one program a module.
EXTRA_DIST += tests/unit/ctl/fake.h
check_PROGRAMS += tests/unit/ctl/test_grid
check_PROGRAMS += tests/unit/ctl/test_say
check_PROGRAMS += tests/unit/ctl/test_args
check_PROGRAMS += tests/unit/ctl/test_changes
check_PROGRAMS += tests/unit/ctl/test_looks
check_PROGRAMS += tests/unit/ctl/test_call
check_PROGRAMS += tests/unit/ctl/test_local
check_PROGRAMS += tests/unit/ctl/test_profile
# Screens kept in tests/golden/screens; UPDATE_GOLDEN=1 writes them anew.
EXTRA_DIST += tests/golden/screens
check_PROGRAMS += tests/unit/ctl/test_screens
tests_unit_ctl_test_screens_SOURCES = tests/unit/ctl/test_screens.c $(GOLDEN_FILES)
