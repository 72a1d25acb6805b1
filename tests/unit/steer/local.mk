# Unit tests of steer/, one program a module.
check_PROGRAMS += tests/unit/steer/test_fixed
check_PROGRAMS += tests/unit/steer/test_phi
check_PROGRAMS += tests/unit/steer/test_pick
check_PROGRAMS += tests/unit/steer/test_place
check_PROGRAMS += tests/unit/steer/test_rank
check_PROGRAMS += tests/unit/steer/test_sight
check_PROGRAMS += tests/unit/steer/test_verdict
check_PROGRAMS += tests/unit/steer/test_prior
check_PROGRAMS += tests/unit/steer/test_decide
check_PROGRAMS += tests/unit/steer/test_world
