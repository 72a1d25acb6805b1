# Unit tests of regiond/, one program a module.
check_PROGRAMS += tests/unit/regiond/test_pool
check_PROGRAMS += tests/unit/regiond/test_wheel
check_PROGRAMS += tests/unit/regiond/test_relay
check_PROGRAMS += tests/unit/regiond/test_table
check_PROGRAMS += tests/unit/regiond/test_front
