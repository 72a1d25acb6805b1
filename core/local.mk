# core: floor 0. No DNS, no regions.
noinst_LIBRARIES += libcore.a
libcore_a_SOURCES = \
	core/acceptor.c core/acceptor.h \
	core/addr.c core/addr.h \
	core/buf.c core/buf.h \
	core/cert.c core/cert.h \
	core/cert_pair.c core/cert_pair.h \
	core/clock.c core/clock.h \
	core/country.c core/country.h \
	core/daemon.c core/daemon.h \
	core/arena.c core/arena.h \
	core/err.c core/err.h \
	core/file.c core/file.h \
	core/frame.c core/frame.h \
	core/http.c core/http.h \
	core/http_conn.c core/http_conn.h \
	core/http_error.c core/http_error.h \
	core/http_head.c core/http_head.h \
	core/identity.c core/identity.h \
	core/job.c core/job.h \
	core/link.c core/link.h core/link_private.h \
	core/link_dial.c \
	core/link_listen.c \
	core/log.c core/log.h \
	core/loop.c core/loop.h \
	core/metrics.c core/metrics.h \
	core/problem.c core/problem.h \
	core/rcu.c core/rcu.h \
	core/reserve.c core/reserve.h \
	core/resolve.c core/resolve.h \
	core/socket.c core/socket.h \
	core/suggest.c core/suggest.h \
	core/tls.c core/tls.h \
	core/tls_files.c core/tls_files.h \
	core/units.c core/units.h \
	core/utf8.c core/utf8.h
