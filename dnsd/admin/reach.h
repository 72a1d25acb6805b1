/* SPDX-License-Identifier: Apache-2.0 */
/* reach: whom the clients of a service reach: regions, standbys, those whom a fence leaves alone,
 * and how many answers each has given.
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_DNSD_ADMIN_REACH_H
#define FAIRLEAD_DNSD_ADMIN_REACH_H

#include "dnsd/admin/rooms.h"
#include "dnsd/admin/traffic.h"

/* How many regions these members are in. */
unsigned reach_regions(const struct config_pool *pool, uint64_t members);
/* Somebody serves, and nobody of the pool's lowest tier. */
bool reach_is_on_standby(const struct config_pool *pool, uint64_t serve);
/* Is there a class of clients whom somebody answers before, and nobody but the last resort after?
 * Only fences make one that does not stand for all. */
bool reach_leaves_alone(const struct rooms *r, uint32_t service, const struct pick_live *before,
			const struct pick_live *after);
/* By member. The answers of a region that stands twice count for its first member. */
void reach_answers(const struct snapshot_service *s, const struct traffic *traffic, uint32_t last_s,
		   uint64_t answers[CONFIG_MEMBERS_MAX]);

#endif
