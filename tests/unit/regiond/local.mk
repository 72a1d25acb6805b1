# Unit tests of regiond/, one program a module.
check_PROGRAMS += tests/unit/regiond/test_pool
check_PROGRAMS += tests/unit/regiond/test_wheel
check_PROGRAMS += tests/unit/regiond/test_relay
check_PROGRAMS += tests/unit/regiond/test_table
check_PROGRAMS += tests/unit/regiond/test_front
check_PROGRAMS += tests/unit/regiond/test_report
check_PROGRAMS += tests/unit/regiond/test_reporter
check_PROGRAMS += tests/unit/regiond/test_checks
check_PROGRAMS += tests/unit/regiond/test_changeover
check_PROGRAMS += tests/unit/regiond/test_stop
check_PROGRAMS += tests/unit/regiond/test_trouble
check_PROGRAMS += tests/unit/regiond/test_forced
check_PROGRAMS += tests/unit/regiond/test_admin
check_PROGRAMS += tests/unit/regiond/test_regiond
