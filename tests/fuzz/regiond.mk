# Fuzzers of regiond/.
