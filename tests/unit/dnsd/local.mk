# Unit tests of dnsd/, one program a module.
check_PROGRAMS += tests/unit/dnsd/test_name
check_PROGRAMS += tests/unit/dnsd/test_query
check_PROGRAMS += tests/unit/dnsd/test_reply
check_PROGRAMS += tests/unit/dnsd/test_sweep
tests_unit_dnsd_test_sweep_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_poptrie
tests_unit_dnsd_test_poptrie_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_mmdb
tests_unit_dnsd_test_mmdb_LDFLAGS = $(FAIL_ALLOC)
# The databases are written by make_mmdb.pl.
EXTRA_DIST += tests/unit/dnsd/make_mmdb.pl tests/golden/geo tests/unit/dnsd/tiny_mmdb.h
check_PROGRAMS += tests/unit/dnsd/test_zone
tests_unit_dnsd_test_zone_LDFLAGS = $(FAIL_ALLOC)
EXTRA_DIST += tests/golden/zone
check_PROGRAMS += tests/unit/dnsd/test_zone_oracle
check_PROGRAMS += tests/unit/dnsd/test_zone_set
tests_unit_dnsd_test_zone_set_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_classes
tests_unit_dnsd_test_classes_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_map
tests_unit_dnsd_test_map_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_generate
EXTRA_DIST += tests/unit/dnsd/world.h
check_PROGRAMS += tests/unit/dnsd/test_labels
tests_unit_dnsd_test_labels_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_rows
tests_unit_dnsd_test_rows_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_load
tests_unit_dnsd_test_load_LDFLAGS = $(FAIL_ALLOC)
check_PROGRAMS += tests/unit/dnsd/test_publish
tests_unit_dnsd_test_publish_LDFLAGS = $(FAIL_ALLOC)
EXTRA_DIST += tests/unit/dnsd/ask.h tests/unit/dnsd/answer_world.h
check_PROGRAMS += tests/unit/dnsd/test_answer
check_PROGRAMS += tests/unit/dnsd/test_answer_zone
check_PROGRAMS += tests/unit/dnsd/test_answer_split
check_PROGRAMS += tests/unit/dnsd/test_serve
# The links of these are in the test's hand: tests/unit/dnsd/fleet_world.h.
FAKE_LINKS = $(AM_LDFLAGS) -Wl,--wrap=link_send,--wrap=link_close,--wrap=link_drain,--wrap=link_peer,--wrap=link_address,--wrap=link_set_ctx
EXTRA_DIST += tests/unit/dnsd/fleet_world.h
check_PROGRAMS += tests/unit/dnsd/test_fleet
tests_unit_dnsd_test_fleet_LDFLAGS = $(FAKE_LINKS)
check_PROGRAMS += tests/unit/dnsd/test_vantage
tests_unit_dnsd_test_vantage_LDFLAGS = $(FAKE_LINKS)
check_PROGRAMS += tests/unit/dnsd/test_fleet_past
tests_unit_dnsd_test_fleet_past_LDFLAGS = $(FAKE_LINKS)
check_PROGRAMS += tests/unit/dnsd/test_fleet_random
tests_unit_dnsd_test_fleet_random_LDFLAGS = $(FAKE_LINKS)
# And the replies of these: tests/unit/dnsd/control_world.h.
FAKE_REPLIES = -Wl,--wrap=http_query,--wrap=http_by,--wrap=http_reply_json,--wrap=http_reply_text,--wrap=http_reply_error \
	-Wl,--wrap=http_stream_start,--wrap=http_stream_write,--wrap=http_stream_end
EXTRA_DIST += tests/unit/dnsd/control_world.h
check_PROGRAMS += tests/unit/dnsd/test_history
tests_unit_dnsd_test_history_LDFLAGS = $(FAKE_LINKS) $(FAKE_REPLIES)
check_PROGRAMS += tests/unit/dnsd/test_reload
tests_unit_dnsd_test_reload_LDFLAGS = $(FAKE_LINKS) $(FAKE_REPLIES)
check_PROGRAMS += tests/unit/dnsd/test_control
tests_unit_dnsd_test_control_LDFLAGS = $(FAKE_LINKS) $(FAKE_REPLIES)
check_PROGRAMS += tests/unit/dnsd/test_api
tests_unit_dnsd_test_api_LDFLAGS = $(FAKE_LINKS) $(FAKE_REPLIES)
check_PROGRAMS += tests/unit/dnsd/test_forced
tests_unit_dnsd_test_forced_LDFLAGS = $(FAKE_LINKS) $(FAKE_REPLIES) -Wl,--wrap=publish_live
check_PROGRAMS += tests/unit/dnsd/test_traffic
check_PROGRAMS += tests/unit/dnsd/test_moves
