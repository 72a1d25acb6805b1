# Fuzzers of schema/.
check_PROGRAMS += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_LDFLAGS = $(FUZZ_LD)
check_PROGRAMS += tests/fuzz/fuzz_wire
tests_fuzz_fuzz_wire_LDFLAGS = $(FUZZ_LD)
