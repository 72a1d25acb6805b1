# regiond: floor 4. The regional tier:
# back < route < stream < l4 < { front, report } < control < main.
noinst_LIBRARIES += libregiond.a
libregiond_a_SOURCES = \
	regiond/back/backend.c regiond/back/backend.h \
	regiond/back/balance.h \
	regiond/back/turn.c regiond/back/turn.h \
	regiond/back/hash.c regiond/back/hash.h \
	regiond/back/policies.c regiond/back/policies.h \
	regiond/back/pool.c regiond/back/pool.h \
	regiond/back/pools.c regiond/back/pools.h \
	regiond/back/checks.c regiond/back/checks.h \
	regiond/route/checkers.c regiond/route/checkers.h \
	regiond/route/service.c regiond/route/service.h \
	regiond/route/route.c regiond/route/route.h \
	regiond/route/table.c regiond/route/table.h \
	regiond/stream/slab.c regiond/stream/slab.h \
	regiond/stream/wheel.c regiond/stream/wheel.h \
	regiond/stream/reactor.c regiond/stream/reactor.h \
	regiond/stream/io.c regiond/stream/io.h \
	regiond/stream/pipes.c regiond/stream/pipes.h \
	regiond/stream/relay.c regiond/stream/relay.h \
	regiond/stream/dialler.c regiond/stream/dialler.h \
	regiond/stream/exchange.c regiond/stream/exchange.h \
	regiond/stream/session.c regiond/stream/session.h \
	regiond/l4/l4.c regiond/l4/l4.h \
	regiond/front/worker.c regiond/front/worker.h \
	regiond/front/listen.c regiond/front/listen.h \
	regiond/front/front.c regiond/front/front.h \
	regiond/report/tally.c regiond/report/tally.h \
	regiond/report/told.c regiond/report/told.h \
	regiond/report/report.c regiond/report/report.h \
	regiond/report/reporter.c regiond/report/reporter.h \
	regiond/control/certificate.c regiond/control/certificate.h \
	regiond/control/load.c regiond/control/load.h \
	regiond/control/forced.c regiond/control/forced.h \
	regiond/control/node.c regiond/control/node.h \
	regiond/control/changeover.c regiond/control/changeover.h \
	regiond/control/stop.c regiond/control/stop.h \
	regiond/control/trouble.c regiond/control/trouble.h \
	regiond/control/document.c regiond/control/document.h \
	regiond/control/admin.c regiond/control/admin.h \
	regiond/control/stats.c regiond/control/stats.h \
	regiond/control/regiond.c regiond/control/regiond.h

sbin_PROGRAMS += fairlead-regiond
fairlead_regiond_SOURCES = regiond/main.c
fairlead_regiond_LDADD = $(REGIOND_LIBS)
