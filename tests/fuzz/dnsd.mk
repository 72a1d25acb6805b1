# Fuzzers of dnsd/.
