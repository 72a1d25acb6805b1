# Fuzzers of core/.
check_PROGRAMS += tests/fuzz/fuzz_addr
tests_fuzz_fuzz_addr_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_identity
tests_fuzz_fuzz_identity_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_units
tests_fuzz_fuzz_units_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_link
tests_fuzz_fuzz_link_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_http_head
tests_fuzz_fuzz_http_head_LDFLAGS = $(FUZZ_LD)
