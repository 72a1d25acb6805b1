# Fuzzers of core/.
