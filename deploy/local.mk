# deploy: what gets Fairlead onto machines.
EXTRA_DIST += deploy/install-deps
EXTRA_DIST += deploy/demo/run deploy/demo/look.sh deploy/demo/prepare.sh deploy/demo/fleet.sh \
	deploy/demo/story.sh deploy/demo/ask.py

completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = deploy/completion/fairlead
