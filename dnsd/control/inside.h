/* SPDX-License-Identifier: Apache-2.0 */
/* inside: the data that the files of control share. Nobody outside this folder includes it.
 *
 *   control.c  life: start, timers, signals, stop
 *   builder.c  the thread that loads and builds; reload
 *   live.c     from health and overrides to the masks that queries read
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

/* One run of the builder thread. */
struct build {
	struct control *control;
	struct dnsd_config *config; /* to build for: control's own, or a new one that was read */
	bool is_new_config, is_fresh_geo;
	struct publish_parts parts; /* result */
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
	struct loop_timer *second, *backup, *expiry;
	struct databases_stamp geo_stamp;

	struct store_override *overrides; /* as on disk */
	size_t n_overrides;

	pthread_t builder;
	struct build *build; /* running; NULL = none */
	bool wants_build, wants_fresh_geo, wants_reload;
	struct waiter *waiters;	    /* for the next build to begin */
	struct waiter *now_waiters; /* for the one that runs */
	bool is_serving;
	bool is_adopting; /* between two numberings of services */
	uint64_t refused_ops;
	int64_t started_ms;
};

/* ---- control.c ---- */
/* Can `tls` be used, and is it ours? The error is on its line. */
enum err_code control_check_tls(const struct dnsd_config *config, struct err *e);

/* ---- builder.c ---- */
/* Asks for a build; those that come while one runs are joined into the next one. */
void builder_request(struct control *c, bool reload, bool fresh_geo, struct http_reply *waits);
/* The first one, before there are threads. */
enum err_code builder_first(struct control *c, struct err *e);
void builder_stop(struct control *c);

/* ---- live.c ---- */
void live_of(const struct control *c, uint32_t service, struct publish_service_live *out);
void live_apply(struct control *c, uint32_t service); /* stores; dials need builder_request() */
void live_apply_all(struct control *c);
/* The override that bears on a member: failover, drain or dial. NULL = none. */
const struct store_override *live_forced(const struct control *c, uint32_t service,
					 uint32_t member);
const struct store_override *live_failover(const struct control *c, const char *service);
/* fleet's changed() */
void live_changed(void *control, const struct fleet_change *change);
uint64_t live_region_bits(const struct control *c, uint32_t service, const char *region);
bool live_is_held(const struct store_override *o);

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
