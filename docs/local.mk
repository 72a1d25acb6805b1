# docs: prose, manual pages, examples.
EXTRA_DIST += docs/config-dnsd.md docs/config-regiond.md docs/config-proberd.md docs/wire.md
EXTRA_DIST += docs/decision.md docs/threads.md docs/walk-a-query.md docs/walk-a-report.md
EXTRA_DIST += docs/choices/mmdb-reader.md
EXTRA_DIST += docs/choices/regiond-relay.md docs/choices/regiond-balancing.md
EXTRA_DIST += docs/benchmarks.md

# Manual pages are written for scdoc; without it they are not installed.
EXTRA_DIST += docs/man/fairlead-regiond.8.scd docs/man/fairlead-proberd.8.scd
if HAVE_SCDOC
man_MANS = docs/man/fairlead-regiond.8 docs/man/fairlead-proberd.8
CLEANFILES += $(man_MANS)
$(man_MANS): %: %.scd
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SCDOC) <$< >$@.tmp && mv $@.tmp $@
endif

# A fleet of one region to start from; tests/flow/test_examples checks it.
examplesdir = $(docdir)/examples
dist_examples_DATA = docs/examples/dnsd.yaml docs/examples/regiond.yaml docs/examples/proberd.yaml \
	docs/examples/example.com.zone
