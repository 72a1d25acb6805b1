# Fuzzers: each is one file with LLVMFuzzerTestOneInput. Without --enable-fuzz they are linked to
# replay.c, which runs the seeds in tests/fuzz/seeds/NAME/ as an ordinary test.
check_LIBRARIES += libfuzzreplay.a
libfuzzreplay_a_SOURCES = tests/fuzz/replay.c
LDADD += libfuzzreplay.a
EXTRA_DIST += tests/fuzz/seeds
if FUZZ
FUZZ_LD = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_LD = $(AM_LDFLAGS)
endif
# A room's fuzzers stand in tests/fuzz/ROOM.mk as two lines each:
#   check_PROGRAMS += tests/fuzz/fuzz_X
#   tests_fuzz_fuzz_X_LDFLAGS = $(FUZZ_LD)
include tests/fuzz/core.mk
include tests/fuzz/schema.mk
include tests/fuzz/dnsd.mk
include tests/fuzz/regiond.mk

# Only the fuzzers, for tests/run.
.PHONY: fuzzers
fuzzers: $(filter tests/fuzz/fuzz_%,$(check_PROGRAMS))
