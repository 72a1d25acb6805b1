# docs: prose and man pages.
EXTRA_DIST += docs/config-dnsd.md docs/config-regiond.md docs/config-proberd.md docs/wire.md
EXTRA_DIST += docs/decision.md
EXTRA_DIST += docs/man/fairlead-proberd.8.scd
EXTRA_DIST += docs/choices/mmdb-reader.md
EXTRA_DIST += docs/man/fairlead-regiond.8.scd
EXTRA_DIST += docs/choices/regiond-relay.md docs/choices/regiond-balancing.md
EXTRA_DIST += docs/benchmarks.md
