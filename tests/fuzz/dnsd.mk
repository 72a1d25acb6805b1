# Fuzzers of dnsd/.
check_PROGRAMS += tests/fuzz/fuzz_query
tests_fuzz_fuzz_query_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_mmdb
tests_fuzz_fuzz_mmdb_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_zone
tests_fuzz_fuzz_zone_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_answer
tests_fuzz_fuzz_answer_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_admin
tests_fuzz_fuzz_admin_LDFLAGS = $(FUZZ_LD) \
	-Wl,--wrap=http_query,--wrap=http_by,--wrap=http_reply_json,--wrap=http_reply_text,--wrap=http_reply_error \
	-Wl,--wrap=http_stream_start,--wrap=http_stream_write,--wrap=http_stream_end
