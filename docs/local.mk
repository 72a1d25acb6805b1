# docs: prose, manual pages, examples.
# Installed as they lie here, so that their links lead somewhere.
dist_doc_DATA = README.md NEWS.md SECURITY.md HACKING.md
docsdir = $(docdir)/docs
dist_docs_DATA = docs/benchmarks.md docs/config-dnsd.md docs/config-proberd.md \
	docs/config-regiond.md docs/decision.md docs/operating.md docs/threads.md \
	docs/walk-a-query.md docs/walk-a-report.md docs/wire.md
choicesdir = $(docsdir)/choices
dist_choices_DATA = docs/choices/http-server.md docs/choices/mmdb-reader.md \
	docs/choices/regiond-balancing.md \
	docs/choices/regiond-relay.md docs/choices/regiond-sessions.md \
	docs/choices/tls-contexts.md
apidir = $(docdir)/schema/api
dist_api_DATA = schema/api/openapi.yaml

# A page is NAME.SECTION.scd; without scdoc, and outside of a release, there are none.
man_pages = docs/man/fairlead.1 docs/man/fairlead-dnsd.8 docs/man/fairlead-regiond.8 \
	docs/man/fairlead-proberd.8
EXTRA_DIST += $(man_pages:=.scd)
if HAVE_MANUALS
dist_man_MANS += $(man_pages)
MAINTAINERCLEANFILES = $(man_pages)
docs/man/%: docs/man/%.scd
	$(AM_V_GEN)$(MKDIR_P) docs/man && $(SCDOC) < $< > $@.part && mv $@.part $@
endif

# A fleet to start from; tests/flow/test_examples takes it as it stands.
examplesdir = $(docsdir)/examples
dist_examples_DATA = docs/examples/dnsd.yaml docs/examples/regiond.yaml docs/examples/proberd.yaml \
	docs/examples/example.com.zone
