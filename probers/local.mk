# probers: floor 3. Health checks, when they run, and the daemon that runs them from outside.
noinst_LIBRARIES += libprobers.a
libprobers_a_SOURCES = \
	probers/check.c probers/check.h probers/check_kind.h \
	probers/check_dns.c \
	probers/check_http.c \
	probers/check_icmp.c \
	probers/check_spec.c probers/check_spec.h \
	probers/check_tcp.c \
	probers/due.c probers/due.h \
	probers/schedule.c probers/schedule.h
