# Unit tests of dnsd/, one program a module.
check_PROGRAMS += tests/unit/dnsd/test_name
check_PROGRAMS += tests/unit/dnsd/test_query
check_PROGRAMS += tests/unit/dnsd/test_reply
