/* SPDX-License-Identifier: Apache-2.0 */
/* live: from health (fleet) and overrides (forced) to the masks that queries read (publish), by
 * steer/world.h.
 *
 * Threads    the control thread
 * Ownership  fleet, overrides and publish are borrowed; the configuration until the next
 *            live_adopt()
 * Units      dials in ppm, 1000000 = all
 * Errors     ERR_MEMORY
 * Source     docs/decision.md
 */
#ifndef FAIRLEAD_DNSD_LIVE_LIVE_H
#define FAIRLEAD_DNSD_LIVE_LIVE_H

#include "dnsd/fleet/fleet.h"
#include "dnsd/live/resolve.h"
#include "dnsd/publish/publish.h"

struct live;

enum err_code live_new(struct live **out, const struct dnsd_config *config, struct fleet *fleet,
		       const struct overrides *overrides, struct publish *publish);
void live_free(struct live *l);

/* A new configuration, with other numbers of services than the published snapshot has: nothing is
 * stored until live_adopted(). */
enum err_code live_adopt(struct live *l, const struct dnsd_config *config);
void live_adopted(struct live *l);
void live_stay(struct live *l); /* as before live_adopt(): it came to nothing */
const struct dnsd_config *live_config(const struct live *l);
const struct resolve_names *live_names(const struct live *l);
/* What is published, when its services are numbered as in the configuration; else NULL. */
const struct snapshot *live_snapshot(const struct live *l);

/* ---- what is live for a service now, or would be with other overrides ---- */

struct live_service {
	struct world_masks masks;
	uint32_t dial_ppm[CONFIG_MEMBERS_MAX];
	uint64_t dead[CONFIG_MEMBERS_MAX]; /* by member, its addresses that answers may not name */
};
void live_of(struct live *l, uint32_t service, struct live_service *out);

struct live_if {
	struct resolve resolved;
};
enum err_code live_if_init(const struct live *l, struct live_if *with, struct overrides_set set);
void live_if_fini(struct live_if *with);
void live_would_be(const struct live *l, const struct live_if *with, uint32_t service,
		   struct live_service *out);

/* The members that some class of clients gets with these masks (rows_active(), remembered). */
uint64_t live_active(struct live *l, uint32_t service, const struct pick_live *masks);

/* ---- to the snapshot ---- */

void live_apply(struct live *l, uint32_t service); /* stores; dials need a build */
/* All services. True when dials differ from those in the snapshot: they need a build. */
bool live_apply_all(struct live *l);
/* For a snapshot that is not published yet. */
void live_set(struct live *l, struct snapshot *snap);

/* ---- who said so ---- */

/* What bears on a member most, NULL = nothing: the drain, else a dial to 0, else the failover that
 * leads there, else the hold, else any other dial. */
const struct store_override *live_forced(struct live *l, uint32_t service, uint32_t member);
/* The holds of a service by member; NULL = none. Returns the members that have one. */
uint64_t live_holds(struct live *l, uint32_t service,
		    const struct store_override *holds[CONFIG_MEMBERS_MAX]);
const struct store_override *live_failover(struct live *l, uint32_t service);
/* The overrides that bear on nothing: renamed, removed. Until the next change. */
const struct resolve *live_resolved(struct live *l);
/* "override 7 (drain of eu-west for chat.example.com, by uid:0)" */
void live_describe(const struct store_override *o, char *out, size_t room);

uint64_t live_region_bits(const struct live *l, uint32_t service, uint32_t region);
const char *live_region_of(const struct live *l, uint32_t service, uint32_t member);
/* Which of the service's members in its region it is, from 0. */
uint32_t live_nth(const struct live *l, uint32_t service, uint32_t member);

#endif
