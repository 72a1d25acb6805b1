/* SPDX-License-Identifier: Apache-2.0 */
/* live: from health (fleet) and overrides (forced) to the masks that queries read (publish).
 *
 * Threads    the control thread
 * Ownership  fleet, forced and publish are borrowed; the configuration until the next live_adopt()
 * Units      dials in ppm, 1000000 = all
 * Source     docs/decision.md
 */
#ifndef FAIRLEAD_DNSD_LIVE_LIVE_H
#define FAIRLEAD_DNSD_LIVE_LIVE_H

#include "dnsd/fleet/fleet.h"
#include "dnsd/forced/overrides.h"
#include "dnsd/publish/publish.h"

#define LIVE_TTL_FAILOVER_S 20

struct live;

enum err_code live_new(struct live **out, const struct dnsd_config *config, struct fleet *fleet,
		       const struct overrides *forced, struct publish *publish);
void live_free(struct live *l);

/* A new configuration, with other numbers of services than the published snapshot has: nothing is
 * stored until live_adopted(). */
void live_adopt(struct live *l, const struct dnsd_config *config);
void live_adopted(struct live *l);
const struct dnsd_config *live_config(const struct live *l);
/* What is published, when its services are numbered as in the configuration; else NULL. */
const struct snapshot *live_snapshot(const struct live *l);

/* What is live for a service now, or would be with other overrides. */
void live_of(const struct live *l, uint32_t service, struct publish_service_live *out);
void live_with(const struct live *l, struct overrides_set set, uint32_t service,
	       struct publish_service_live *out);

/* What it is made from. */
struct live_masks {
	uint64_t able;		 /* not down, not drained, not dialled to 0 */
	uint64_t held;		 /* of these, who waits for a failback */
	uint64_t forced;	 /* members in the region that was failed over to */
	bool any_down, is_moved; /* somebody is down; an operator's failover is in force */
	uint32_t dial_ppm[CONFIG_MEMBERS_MAX];
};
void live_masks(const struct live *l, struct overrides_set set, uint32_t service,
		struct live_masks *out);

void live_apply(struct live *l, uint32_t service); /* stores; dials need a build */
/* All services. True when dials differ from those in the snapshot: they need a build. */
bool live_apply_all(struct live *l);

/* The override that bears on a member: drain, dial, failover or held. NULL = none. */
const struct store_override *live_forced(const struct live *l, uint32_t service, uint32_t member);
const struct store_override *live_held(const struct live *l, uint32_t service, uint32_t member);
const struct store_override *live_failover(const struct live *l, const char *service);

uint64_t live_region_bits(const struct live *l, uint32_t service, const char *region);
const char *live_region_of(const struct live *l, uint32_t service, uint32_t member);

#endif
