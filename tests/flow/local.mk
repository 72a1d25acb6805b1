# flow: real daemons on loopback; each test_* is a program that tests/run calls.
EXTRA_DIST += tests/flow/test_readme
EXTRA_DIST += tests/flow/flow.py tests/flow/claims.py tests/flow/beside.py tests/flow/backend.py \
	tests/flow/test_check tests/flow/test_dns tests/flow/test_failover tests/flow/test_peers \
	tests/flow/test_regiond tests/flow/test_reload tests/flow/test_restart tests/flow/test_zones \
	tests/flow/test_stream tests/flow/test_handover tests/flow/test_turns
EXTRA_DIST += tests/flow/test_crowd
EXTRA_DIST += tests/flow/test_examples
EXTRA_DIST += tests/flow/test_region
EXTRA_DIST += tests/flow/test_faults
EXTRA_DIST += tests/flow/test_odds
EXTRA_DIST += tests/flow/test_dead
