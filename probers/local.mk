# probers: floor 3. Health checks, when they run, and the daemon that runs them from outside.
noinst_LIBRARIES += libprobers.a
libprobers_a_SOURCES = \
	probers/check.c probers/check.h \
	probers/check_compile.c probers/check_compile.h \
	probers/check_dns.c probers/check_dns.h \
	probers/check_http.c probers/check_http.h \
	probers/check_http_ask.c probers/check_http_ask.h \
	probers/check_icmp.c probers/check_icmp.h \
	probers/check_kind.c probers/check_kind.h \
	probers/check_kinds.c probers/check_kinds.h \
	probers/check_result.c probers/check_result.h \
	probers/check_spec.c probers/check_spec.h \
	probers/check_tcp.c probers/check_tcp.h \
	probers/due.c probers/due.h \
	probers/schedule.c probers/schedule.h

libprobers_a_SOURCES += \
	probers/proberd/director.c probers/proberd/director.h \
	probers/proberd/pages.c probers/proberd/pages.h \
	probers/proberd/plan.c probers/proberd/plan.h \
	probers/proberd/proof.c probers/proberd/proof.h \
	probers/proberd/proberd.c probers/proberd/proberd.h \
	probers/proberd/status.c probers/proberd/status.h

sbin_PROGRAMS += fairlead-proberd
fairlead_proberd_SOURCES = probers/proberd/main.c
fairlead_proberd_LDADD = $(PROBERS_LIBS)
