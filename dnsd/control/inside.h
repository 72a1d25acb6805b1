/* SPDX-License-Identifier: Apache-2.0 */
/* inside: the data that the files of control share. Nobody outside this folder includes it.
 *
 *   control.c  life: start, timers, signals, stop
 *   builder.c  the thread that loads and builds; reload
 *   live.c     from health and overrides to the masks that queries read
 *   keep.c     what changed by itself: told, on disk, held back for a failback
 *   ops.c      what operators change: checked, safe, on disk, then live
 *   moves.c    what an operation would move
 *   api.c      routes and access of the admin API; pages.c the read-only pages
 *   views.c    documents: regions, services, members, status, history;  explain.c the decision
 *
 * Threads    the control thread, but struct build while its thread runs
 */
#ifndef FAIRLEAD_DNSD_CONTROL_INSIDE_H
#define FAIRLEAD_DNSD_CONTROL_INSIDE_H

#include "core/clock.h"
#include "core/http.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "core/tls.h"
#include "dnsd/client/watch.h"
#include "dnsd/control/control.h"
#include "dnsd/fleet/fleet.h"
#include "dnsd/publish/publish.h"
#include "dnsd/serve/serve.h"
#include "schema/sql/store.h"

#include <pthread.h>

#define CONTROL_TTL_FAILOVER_S 20
#define CONTROL_SHARE_ALL      1000000u
#define CONTROL_SELF	       "fairlead" /* who did it when nobody asked */

/* One run of the builder thread. */
struct build {
	struct control *control;
	struct dnsd_config *config; /* to build for: control's own, or a new one that was read */
	bool is_new_config, is_reload, is_fresh_geo;
	struct databases_stamp stamp; /* of the databases, taken before they are read */
	struct publish_parts parts;   /* result */
	struct snapshot *snapshot;
	struct buf report;
	struct err e;
	enum err_code rc;
	uint64_t started_us, took_us;
};

/* Who waits for a build to end. */
struct waiter {
	struct waiter *next;
	struct http_reply *reply;
	json_t *doc; /* what to answer when it went well; NULL = about the build itself */
};

/* A change of health that is in effect and not on disk yet. */
struct change {
	struct fleet_change change; /* its reason is stale: it stands below */
	int64_t time_ms;
	uint64_t serve, forced; /* of the service before it; 0 = not known */
	char reason[FLEET_REASON_MAX];
};

struct control {
	struct loop *loop;
	const struct clock *clock;
	struct dnsd_config *config;
	struct publish_parts parts;
	struct labels *labels;
	struct publish *publish;
	struct fleet *fleet;
	struct serve *serve;
	struct store *store;
	struct tls *tls;
	struct http_server *admin, *api, *pages;
	struct metrics *metrics;
	struct loop_timer *second, *backup, *keep;
	struct databases_stamp geo_stamp;

	struct store_override *overrides; /* as on disk */
	size_t n_overrides;

	struct change *changes;
	size_t n_changes, n_told, room_changes;

	pthread_t builder;
	struct build *build; /* running; NULL = none */
	bool wants_build, wants_fresh_geo, wants_reload;
	struct waiter *waiters;	    /* for the next build to begin */
	struct waiter *now_waiters; /* for the one that runs */
	_Atomic bool is_stopping;   /* the builder does not wait for memory any more */
	bool is_serving;
	bool is_adopting; /* between two numberings of services */
	uint64_t refused_ops;
	int64_t started_ms;
};

/* ---- control.c ---- */
/* control_new() by another clock. */
enum err_code control_new_at(struct control **out, struct dnsd_config *config,
			     const struct clock *clock, struct err *e);
/* Can `tls` be used, and is it ours? The error is on its line. */
enum err_code control_check_tls(const struct dnsd_config *config, struct err *e);

/* ---- builder.c ---- */
/* Asks for a build; those that come while one runs are joined into the next one. A build reads the
 * configuration and the zones only when one of those asked for a reload, the databases only for
 * that or fresh_geo: a file that is being edited must not hold up a dial. */
void builder_request(struct control *c, bool reload, bool fresh_geo);
/* The same with somebody who waits for it: doc (may be NULL; taken) is the answer. */
void builder_request_for(struct control *c, bool reload, struct http_reply *reply, json_t *doc);
/* Tries again what could not be begun. */
void builder_retry(struct control *c);
/* The first one, before there are threads. */
enum err_code builder_first(struct control *c, struct err *e);
void builder_stop(struct control *c);

/* ---- live.c ---- */
void live_of(const struct control *c, uint32_t service, struct publish_service_live *out);
/* What it is made from. */
struct live_masks {
	uint64_t able;		 /* not down, not drained, not dialled to 0 */
	uint64_t held;		 /* of these, who waits for a failback */
	uint64_t forced;	 /* members in the region that was failed over to */
	bool any_down, is_moved; /* somebody is down; an operator's failover is in force */
	uint32_t dial_ppm[CONFIG_MEMBERS_MAX];
};
void live_masks(const struct control *c, uint32_t service, struct live_masks *out);
void live_apply(struct control *c, uint32_t service); /* stores; dials need builder_request() */
void live_apply_all(struct control *c);
/* Do its dials differ from those in the current snapshot? */
bool live_needs_build(const struct control *c, uint32_t service,
		      const struct publish_service_live *live);
/* The override that bears on a member: drain, dial, failover or held. NULL = none. */
const struct store_override *live_forced(const struct control *c, uint32_t service,
					 uint32_t member);
const struct store_override *live_held(const struct control *c, uint32_t service, uint32_t member);
const struct store_override *live_failover(const struct control *c, const char *service);
/* fleet's changed() */
void live_changed(void *control, const struct fleet_change *change);
uint64_t live_region_bits(const struct control *c, uint32_t service, const char *region);
bool live_is_held(const struct store_override *o);

/* ---- keep.c ---- */
/* Queues it; keep_flush() follows in the next turn of the loop. */
void keep_change(struct control *c, const struct fleet_change *change, uint64_t serve,
		 uint64_t forced);
void keep_flush(void *control); /* now: before an operator's change, a new configuration, the end */
void keep_forget(
	struct control *c); /* before the numbers of services change, and the disk is full */

/* ---- ops.c ---- */
void ops_handle(struct control *c, const char *verb, const struct http_request *req,
		struct http_reply *reply);
void ops_clear(struct control *c, int64_t id, const struct http_request *req,
	       struct http_reply *reply);
void ops_expire(void *control);
enum err_code ops_load(struct control *c, struct err *e); /* overrides from the store */

/* ---- moves.c ---- */
/* [{service, from, to, share}] between the live state now and `after` (one per service). */
json_t *moves_of(struct control *c, const struct publish_service_live *after);

/* ---- views.c, explain.c ---- */
json_t *views_regions(struct control *c);
json_t *views_services(struct control *c);
json_t *views_members(struct control *c, uint32_t service);
json_t *views_overrides(struct control *c);
json_t *views_status(struct control *c);
json_t *views_forced(const struct store_override *o); /* null or {id, kind, by, reason, until} */
json_t *views_time(int64_t ms);			      /* null for 0 */
uint32_t views_service_index(const struct control *c, const char *name); /* UINT32_MAX */
void explain_handle(struct control *c, const struct http_request *req, struct http_reply *reply);

/* ---- api.c, pages.c ---- */
void api_handle(void *control, const struct http_request *req, struct http_reply *reply);
void pages_handle(void *control, const struct http_request *req, struct http_reply *reply);
enum err_code pages_metrics(struct control *c);

#endif
