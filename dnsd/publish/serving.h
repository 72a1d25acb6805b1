/* SPDX-License-Identifier: Apache-2.0 */
/* serving: who serves a service now, stored where queries read it.
 *
 *   serve, forced, spare   masks of members (steer/decide.h)
 *   dead            by member, masks of its addresses: bit i is address i of the configuration
 *     -> out[]      by member and type, masks of the records of its blob
 *     -> impaired   members with any dead address: all others are answered without a look
 *     -> has[]      by type, members that have an address of it left (family_fallback: next)
 *
 * Threads    the control thread stores, any reader loads; relaxed but for `serve`, which is last
 * Units      ttl_s seconds, dial in ppm; of a member's addresses the first 64 can be dead
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_SERVING_H
#define FAIRLEAD_DNSD_PUBLISH_SERVING_H

#include "dnsd/publish/snapshot.h"
#include "schema/config/dnsd_config.h"

/* What is live for one service now, from control's state. */
struct publish_service_live {
	uint64_t serve, forced, spare;
	uint32_t ttl_s;
	uint32_t dial_ppm[CONFIG_MEMBERS_MAX]; /* by member */
	uint64_t dead[CONFIG_MEMBERS_MAX];     /* by member; all zero = every address is well */
};

/* All but the dials, which stand in the picks of a snapshot and need a build. */
void serving_store(const struct snapshot_service *s, const struct publish_service_live *live);

#endif
