# core: floor 0. No DNS, no regions.
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	core/addr.c core/addr.h \
	core/buf.c core/buf.h \
	core/cert.c core/cert.h \
	core/clock.c core/clock.h \
	core/daemon.c core/daemon.h \
	core/arena.c core/arena.h \
	core/err.c core/err.h \
	core/file.c core/file.h \
	core/identity.c core/identity.h \
	core/log.c core/log.h \
	core/loop.c core/loop.h \
	core/metrics.c core/metrics.h \
	core/rcu.c core/rcu.h \
	core/tls.c core/tls.h \
	core/units.c core/units.h \
	core/utf8.c core/utf8.h
