# ctl: floor 4, the admin CLI.
bin_PROGRAMS += fairlead
fairlead_SOURCES = ctl/main.c
fairlead_LDADD = $(CTL_LIBS)

noinst_LIBRARIES += libctl.a
libctl_a_SOURCES = \
	ctl/args.c ctl/args.h \
	ctl/call.c ctl/call.h \
	ctl/change.c ctl/change.h \
	ctl/cli.c ctl/cli.h \
	ctl/dispatch.c ctl/dispatch.h \
	ctl/grid.c ctl/grid.h \
	ctl/outcome.c ctl/outcome.h \
	ctl/profile.c ctl/profile.h \
	ctl/say.c ctl/say.h \
	ctl/verb_backup.c \
	ctl/verb_cert.c \
	ctl/verb_config.c \
	ctl/verb_drain.c \
	ctl/verb_explain.c \
	ctl/verb_failover.c \
	ctl/verb_history.c \
	ctl/verb_list.c \
	ctl/verb_override.c \
	ctl/verb_prober.c \
	ctl/verb_status.c \
	ctl/verbs.c ctl/verbs.h \
	ctl/wait.c ctl/wait.h
