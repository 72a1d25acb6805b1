# docs: prose and man pages.
EXTRA_DIST += docs/decision.md
EXTRA_DIST += docs/man/fairlead-proberd.8.scd
