# Unit tests of core/, one program a module.
check_PROGRAMS += tests/unit/core/test_err
check_PROGRAMS += tests/unit/core/test_loop
check_PROGRAMS += tests/unit/core/test_cert
check_PROGRAMS += tests/unit/core/test_tls
check_PROGRAMS += tests/unit/core/test_arena
