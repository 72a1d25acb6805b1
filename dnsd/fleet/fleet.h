/* SPDX-License-Identifier: Apache-2.0 */
/* fleet: what this name server knows of the regions: their own reports, what the vantages see, and
 * from both the health of every member (steer/verdict.h).
 *
 *   regiond --report, heartbeat, withdraw--> node ----\
 *                                                       judge --> changed(), addresses()
 *   proberd <--plan--  --verdicts--> vantage ----------/
 *
 *   plan < {node, vantage} < judge < {match, view, regions} < session < {metrics, trouble} < fleet
 *
 * Members are named by their service's index and their index in the pool, as in the configuration
 * that fleet_configure() was given last.
 *
 * When the control thread stood still, what waits to be read is read first and silence is judged
 * afterwards: its own standstill is no evidence about anybody.
 *
 * Threads    all on the control thread
 * Ownership  the configuration is borrowed until the next fleet_configure(); views borrow from
 *            fleet until the next call that is not a view
 * Units      _us monotonic microseconds, _s seconds
 * Errors     a peer that may not speak is closed with a reason, logged by name and counted
 * Source     docs/walk-a-report.md; schema/wire/fleet.proto
 */
#ifndef FAIRLEAD_DNSD_FLEET_FLEET_H
#define FAIRLEAD_DNSD_FLEET_FLEET_H

#include "core/buf.h"
#include "core/clock.h"
#include "core/link.h"
#include "core/problem.h"
#include "dnsd/fleet/regions.h"
#include "dnsd/fleet/view.h"
#include "schema/config/dnsd_config.h"
#include "schema/sql/store.h"

struct fleet;

struct fleet_handler {
	void (*changed)(void *ctx, const struct fleet_change *change);
	/* Down as before; but seen well now, so that only hold_down keeps it out, or not any more.
	 * May be NULL. */
	void (*eased)(void *ctx, uint32_t service, uint32_t member);
	/* Other addresses of a member may be named now; or NULL. Its health may be what it was. */
	void (*addresses)(void *ctx, uint32_t service, uint32_t member, uint64_t up);
	/* A peer has linked for the first time since the start: to be kept; or NULL. */
	void (*met)(void *ctx, bool is_prober, const char *region, const char *name);
};

enum err_code fleet_new(struct fleet **out, struct loop *loop, const struct clock *clock,
			const struct fleet_handler *handler, void *ctx);
void fleet_free(struct fleet *f);

/* Takes links at `at`. tls is borrowed. */
enum err_code fleet_listen(struct fleet *f, struct tls *tls, const struct endpoint *at,
			   struct err *e);

/* Health is kept for the members that stay (same service, region and place among its region's
 * members). Proberds get the new plan. ERR_LIMIT: the plan is too large. */
enum err_code fleet_configure(struct fleet *f, const struct dnsd_config *config, struct err *e);
/* For --check: would it be refused? */
enum err_code fleet_check(const struct dnsd_config *config, struct err *e);

/* How a member is called on disk: its region, with "#2" for the second one in it, and so on. */
#define FLEET_KEY_MAX 80
void fleet_member_key(const struct fleet *f, uint32_t service, uint32_t member,
		      char out[FLEET_KEY_MAX]);

/* The same of one of its addresses: the member, a blank, the address. */
#define FLEET_ADDRESS_KEY_MAX (FLEET_KEY_MAX + ADDR_TEXT_MAX)
void fleet_address_key(const struct fleet *f, uint32_t service, uint32_t member, uint32_t address,
		       char out[FLEET_ADDRESS_KEY_MAX]);
/* The verdict of each address that is judged by itself; 0 = none is. */
uint32_t fleet_addresses(const struct fleet *f, uint32_t service, uint32_t member,
			 const struct verdict_member **out);

/* What was known when the state was last written; after a restart, before anybody speaks. A
 * region's last word of "down" holds until it says something else; a stream that was there turns
 * stale after the usual silence. */
void fleet_restore(struct fleet *f, const struct store_health *list, size_t n);
/* Who had linked then: a region waits 10 s for its nodes before it is what one of them says. */
enum err_code fleet_restore_nodes(struct fleet *f, const struct store_node *list, size_t n);

/* ---- operators ---- */

/* Ends a hold_down before its time, of the members in the region; service NULL = of all. Returns
 * how many were held. Who is not seen well stays down. */
unsigned fleet_resume(struct fleet *f, const char *region, const char *service);
/* A node or prober of that name will not come back; its last word goes with it. ERR_NOT_FOUND;
 * ERR_REFUSED while it is linked. */
enum err_code fleet_forget(struct fleet *f, const char *name, struct err *e);

/* ---- views ---- */

void fleet_member(const struct fleet *f, uint32_t service, uint32_t member,
		  struct fleet_member_view *out);
enum verdict_health fleet_health(const struct fleet *f, uint32_t service, uint32_t member);
/* DOWN, and seen well: only hold_down keeps it out. */
bool fleet_is_held_down(const struct fleet *f, uint32_t service, uint32_t member);
uint64_t fleet_addresses_up(const struct fleet *f, uint32_t service, uint32_t member);
/* All regions of the configuration, into out[n_regions]. ERR_MEMORY */
enum err_code fleet_regions(const struct fleet *f, struct fleet_region_view *out);
size_t fleet_nodes(const struct fleet *f, struct fleet_node_view *out, size_t room);
size_t fleet_vantages(const struct fleet *f, struct fleet_vantage_view *out, size_t room);
void fleet_problems(const struct fleet *f, struct problems *out);
bool fleet_metrics(void *fleet, uint32_t part, struct buf *out); /* for metrics_add_parts() */

/* ---- for tests, whose clock and links are their own ---- */

void fleet_tick(void *fleet);	       /* time alone may have changed something */
void fleet_beat(void *fleet);	       /* half a second is over */
void *fleet_link_ctx(struct fleet *f); /* the context of a link of fleet_session_handler */

#endif
