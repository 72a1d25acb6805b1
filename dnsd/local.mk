# dnsd: floor 4. The name server; its rooms stand in the order a query meets them, see HACKING.md.
noinst_LIBRARIES += libdnsd.a
libdnsd_a_SOURCES = \
	dnsd/packet/dns.h dnsd/packet/hash.h \
	dnsd/packet/name.c dnsd/packet/name.h \
	dnsd/packet/rrset.c dnsd/packet/rrset.h \
	dnsd/packet/compress.c dnsd/packet/compress.h \
	dnsd/packet/query.c dnsd/packet/query.h \
	dnsd/packet/reply.c dnsd/packet/reply.h \
	dnsd/zone/build.c dnsd/zone/build.h \
	dnsd/zone/check.c dnsd/zone/check.h \
	dnsd/zone/compile.c dnsd/zone/compile.h \
	dnsd/zone/copy.c dnsd/zone/copy.h \
	dnsd/zone/expect.c dnsd/zone/expect.h \
	dnsd/zone/generate.c dnsd/zone/generate.h \
	dnsd/zone/lines.c dnsd/zone/lines.h \
	dnsd/zone/master.c dnsd/zone/master.h \
	dnsd/zone/overlay.c dnsd/zone/overlay.h \
	dnsd/zone/rdata.c dnsd/zone/rdata.h dnsd/zone/svcb.c dnsd/zone/svcb.h \
	dnsd/zone/types.c dnsd/zone/types.h dnsd/zone/words.c dnsd/zone/words.h \
	dnsd/zone/findings.c dnsd/zone/findings.h \
	dnsd/zone/pieces.c dnsd/zone/pieces.h \
	dnsd/zone/zone.c dnsd/zone/zone.h dnsd/zone/zone_load.c dnsd/zone/zone_load.h \
	dnsd/zone/zone_set.c dnsd/zone/zone_set.h \
	dnsd/fleet/owner.h \
	dnsd/fleet/plan.c dnsd/fleet/plan.h \
	dnsd/fleet/node.c dnsd/fleet/node.h \
	dnsd/fleet/vantage.c dnsd/fleet/vantage.h \
	dnsd/fleet/judge.c dnsd/fleet/judge.h \
	dnsd/fleet/match.c dnsd/fleet/match.h \
	dnsd/fleet/view.c dnsd/fleet/view.h \
	dnsd/fleet/regions.c dnsd/fleet/regions.h \
	dnsd/fleet/session.c dnsd/fleet/session.h \
	dnsd/fleet/metrics.c dnsd/fleet/metrics.h \
	dnsd/fleet/trouble.c dnsd/fleet/trouble.h \
	dnsd/fleet/fleet.c dnsd/fleet/fleet.h \
	dnsd/publish/labels.c dnsd/publish/labels.h \
	dnsd/publish/rows.c dnsd/publish/rows.h dnsd/publish/snapshot.h \
	dnsd/publish/copies.c dnsd/publish/copies.h dnsd/publish/copy_paths.c dnsd/publish/copy_paths.h \
	dnsd/publish/serving.c dnsd/publish/serving.h dnsd/publish/load.c dnsd/publish/load.h dnsd/publish/build.c dnsd/publish/build.h \
	dnsd/publish/publish.c dnsd/publish/publish.h \
	dnsd/answer/counters.c dnsd/answer/counters.h dnsd/answer/job.h \
	dnsd/answer/choose.c dnsd/answer/choose.h dnsd/answer/walk.c dnsd/answer/walk.h \
	dnsd/answer/answer.c dnsd/answer/answer.h \
	dnsd/serve/udp.c dnsd/serve/udp.h \
	dnsd/serve/stream.c dnsd/serve/stream.h \
	dnsd/serve/serve.c dnsd/serve/serve.h \
	dnsd/client/sweep.c dnsd/client/sweep.h \
	dnsd/client/mmdb_data.c dnsd/client/mmdb_data.h \
	dnsd/client/mapped.c dnsd/client/mapped.h dnsd/client/mmdb.c dnsd/client/mmdb.h \
	dnsd/client/intern.c dnsd/client/intern.h \
	dnsd/client/nearest.c dnsd/client/nearest.h \
	dnsd/client/classes.c dnsd/client/classes.h \
	dnsd/client/poptrie.c dnsd/client/poptrie.h \
	dnsd/client/map.c dnsd/client/map.h \
	dnsd/client/locate.c dnsd/client/locate.h \
	dnsd/client/watch.c dnsd/client/watch.h \
	dnsd/forced/overrides.c dnsd/forced/overrides.h \
	dnsd/live/live.c dnsd/live/live.h \
	dnsd/live/keep.c dnsd/live/keep.h \
	dnsd/live/resolve.c dnsd/live/resolve.h \
	dnsd/live/gauges.c dnsd/live/gauges.h \
	dnsd/state/upkeep.c dnsd/state/upkeep.h \
	dnsd/reload/certificate.c dnsd/reload/certificate.h \
	dnsd/reload/build.c dnsd/reload/build.h \
	dnsd/reload/copies_job.c dnsd/reload/copies_job.h \
	dnsd/reload/outcome.c dnsd/reload/outcome.h \
	dnsd/reload/reload.c dnsd/reload/reload.h \
	dnsd/admin/rooms.h \
	dnsd/admin/doc.c dnsd/admin/doc.h \
	dnsd/admin/views.c dnsd/admin/views.h \
	dnsd/admin/resume.c dnsd/admin/resume.h \
	dnsd/admin/status.c dnsd/admin/status.h \
	dnsd/admin/trouble.c dnsd/admin/trouble.h \
	dnsd/admin/history.c dnsd/admin/history.h \
	dnsd/admin/verify.c dnsd/admin/verify.h \
	dnsd/admin/backup.c dnsd/admin/backup.h \
	dnsd/admin/explain.c dnsd/admin/explain.h \
	dnsd/admin/moves.c dnsd/admin/moves.h \
	dnsd/admin/traffic.c dnsd/admin/traffic.h \
	dnsd/admin/reach.c dnsd/admin/reach.h \
	dnsd/admin/op.c dnsd/admin/op.h \
	dnsd/admin/refusals.c dnsd/admin/refusals.h \
	dnsd/admin/after.c dnsd/admin/after.h \
	dnsd/admin/ops.c dnsd/admin/ops.h \
	dnsd/admin/access.c dnsd/admin/access.h \
	dnsd/admin/api.c dnsd/admin/api.h \
	dnsd/admin/public.c dnsd/admin/public.h \
	dnsd/control/control.c dnsd/control/control.h

sbin_PROGRAMS += fairlead-dnsd
fairlead_dnsd_SOURCES = dnsd/main.c
fairlead_dnsd_LDADD = $(DNSD_LIBS)
