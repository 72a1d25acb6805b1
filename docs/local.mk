# docs: prose and man pages.
EXTRA_DIST += docs/decision.md
