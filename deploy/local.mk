# deploy: what gets Fairlead onto machines.
EXTRA_DIST += deploy/install-deps
EXTRA_DIST += deploy/demo/run deploy/demo/look.sh deploy/demo/prepare.sh deploy/demo/fleet.sh \
	deploy/demo/story.sh deploy/demo/ask.py

# Units for systemd, where configure was asked for them.
SYSTEMD_UNITS = deploy/systemd/fairlead-dnsd.service deploy/systemd/fairlead-regiond.service \
	deploy/systemd/fairlead-proberd.service deploy/systemd/fairlead-regiond@.service
EXTRA_DIST += deploy/systemd/fairlead-dnsd.service.in deploy/systemd/fairlead-regiond.service.in \
	deploy/systemd/fairlead-proberd.service.in deploy/systemd/fairlead.conf
if SYSTEMD
systemdsystemunit_DATA = $(SYSTEMD_UNITS)
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = deploy/systemd/fairlead.conf
endif
CLEANFILES += $(SYSTEMD_UNITS)
$(filter-out %@.service,$(SYSTEMD_UNITS)): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	sed -e 's,[@]sbindir[@],$(sbindir),g' -e 's,[@]sysconfdir[@],$(sysconfdir),g' $< >$@.tmp && mv $@.tmp $@

# Several regionds on one machine: fairlead-regiond@NAME reads regiond-NAME.yaml.
deploy/systemd/fairlead-regiond@.service: deploy/systemd/fairlead-regiond.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	sed -e 's,[@]sbindir[@],$(sbindir),g' -e 's,[@]sysconfdir[@],$(sysconfdir),g' \
		-e 's,regiond\.yaml,regiond-%i.yaml,' -e 's,^Description=.*,& (%i),' \
		-e 's,^# fairlead-regiond\.service:,# fairlead-regiond@.service:,' \
		$(srcdir)/deploy/systemd/fairlead-regiond.service.in >$@.tmp && mv $@.tmp $@

completiondir = $(datadir)/bash-completion/completions
dist_completion_DATA = deploy/completion/fairlead
# bash-completion looks for a file by the name of the command.
install-data-hook:
	for daemon in dnsd regiond proberd; do \
		ln -sf fairlead "$(DESTDIR)$(completiondir)/fairlead-$$daemon" || exit 1; \
	done
uninstall-hook:
	for daemon in dnsd regiond proberd; do \
		rm -f "$(DESTDIR)$(completiondir)/fairlead-$$daemon"; \
	done
