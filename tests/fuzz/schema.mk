# Fuzzers of schema/.
