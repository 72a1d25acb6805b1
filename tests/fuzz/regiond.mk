# Fuzzers of regiond/.
check_PROGRAMS += tests/fuzz/fuzz_regiond_admin
tests_fuzz_fuzz_regiond_admin_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_relay
tests_fuzz_fuzz_relay_LDFLAGS = $(FUZZ_LD)
