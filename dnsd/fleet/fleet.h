/* SPDX-License-Identifier: Apache-2.0 */
/* fleet: what this name server knows of the regions: their own reports, what the vantages see, and
 * from both the health of every member (steer/verdict.h).
 *
 *   regiond --report, heartbeat, withdraw--> node ----\
 *                                                       verdict of (service, member) --> changed()
 *   proberd <--plan--  --verdicts--> vantage ----------/
 *
 * Members are named by their service's index and their index in the pool, as in the configuration
 * that fleet_configure() was given last.
 *
 * Threads    all on the control thread
 * Ownership  the configuration is borrowed until the next fleet_configure(); views borrow from
 *            fleet until the next call that is not a view
 * Units      _us monotonic microseconds, _age_s seconds
 * Errors     a peer that may not speak is closed with a reason, logged by name and counted
 * Source     docs/walk-a-report.md; schema/wire/fleet.proto
 */
#ifndef FAIRLEAD_DNSD_FLEET_FLEET_H
#define FAIRLEAD_DNSD_FLEET_FLEET_H

#include "core/buf.h"
#include "core/clock.h"
#include "core/link.h"
#include "schema/config/dnsd_config.h"
#include "schema/sql/store.h"
#include "steer/verdict.h"

#define FLEET_REASON_MAX 256

struct fleet;

struct fleet_change {
	uint32_t service, member;
	enum verdict_health from, to;
	enum verdict_cause cause;
	const char *reason; /* for people: "withdrawn: SIGTERM", "2 of 2 vantages: timeout"; "" */
};

struct fleet_handler {
	void (*changed)(void *ctx, const struct fleet_change *change);
	/* Down as before; but seen well now, so that only hold_down keeps it out, or not any more.
	 * May be NULL. */
	void (*eased)(void *ctx, uint32_t service, uint32_t member);
};

enum err_code fleet_new(struct fleet **out, struct loop *loop, const struct clock *clock,
			const struct fleet_handler *handler, void *ctx);
void fleet_free(struct fleet *f);

/* Takes links at `at`. tls is borrowed. */
enum err_code fleet_listen(struct fleet *f, struct tls *tls, const struct endpoint *at,
			   struct err *e);

/* Health is kept for the members that stay (same service, region and place among its region's
 * members). Proberds get the new plan. */
enum err_code fleet_configure(struct fleet *f, const struct dnsd_config *config, struct err *e);

/* How a member is called on disk: its region, with "#2" for the second one in it, and so on. */
#define FLEET_KEY_MAX 80
void fleet_member_key(const struct fleet *f, uint32_t service, uint32_t member,
		      char out[FLEET_KEY_MAX]);

/* What was known when the state was last written: after a restart, before anybody speaks. A
 * region's last word of "down", and that its stream was lost, hold until it speaks again. */
void fleet_restore(struct fleet *f, const struct store_health *list, size_t n);

/* ---- views ---- */

struct fleet_member_view {
	enum verdict_health health;
	enum verdict_cause cause;
	uint64_t since_us;
	uint32_t flaps;
	uint64_t hold_down_us; /* how long it stays out in all, doublings included; 0 = it is not */
	uint64_t hold_down_left_us;
	bool has_report;     /* some node reports this service */
	double report_age_s; /* of the freshest node; -1 = never */
	uint64_t capacity, used, arrivals,
		queue_delay_us;	    /* sums over fresh nodes; delay: the largest */
	unsigned vantages, failing; /* fresh ones that know it; of them */
	char reason[FLEET_REASON_MAX];
};
void fleet_member(struct fleet *f, uint32_t service, uint32_t member,
		  struct fleet_member_view *out);
enum verdict_health fleet_health(const struct fleet *f, uint32_t service, uint32_t member);
/* DOWN, and seen well: only hold_down keeps it out. */
bool fleet_is_held_down(const struct fleet *f, uint32_t service, uint32_t member);

struct fleet_node_view {
	const char *region, *name, *software, *address;
	bool is_up, is_stale, is_withdrawn;
	double age_s; /* since it was last heard */
	unsigned services;
};
size_t fleet_nodes(struct fleet *f, struct fleet_node_view *out, size_t room);

struct fleet_vantage_view {
	const char *name, *software, *address;
	bool is_up, is_fresh, is_distrusted;
	double age_s;
	unsigned targets, failing;
};
size_t fleet_vantages(struct fleet *f, struct fleet_vantage_view *out, size_t room);

/* fairlead_report_age_seconds, fairlead_peers_refused_total, fairlead_region_up, _load_ratio. */
void fleet_metrics(void *fleet, struct buf *out);

#endif
