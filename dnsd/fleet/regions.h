/* SPDX-License-Identifier: Apache-2.0 */
/* regions: what a region reports and amounts to, for documents and metrics that show all of them.
 *
 * One walk over reports and members for all regions, instead of a look at every node for every
 * member: a large world is 50,000 members.
 *
 * Threads    the control thread
 * Ownership  the caller's arrays; fleet_regions_fini()
 * Units      _s seconds, _us monotonic microseconds
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_FLEET_REGIONS_H
#define FAIRLEAD_DNSD_FLEET_REGIONS_H

#include "dnsd/fleet/judge.h"

/* Of one service in one region: the sum over its nodes that are fresh and not withdrawn. */
struct fleet_sum {
	uint64_t capacity, used, arrivals;
};

struct fleet_regions {
	struct fleet_sum *services; /* by index, of the region that was summed last */
	struct fleet_of_pool {
		uint64_t capacity, used;
		uint32_t region; /* that it is of, counted from 1 */
	} * pools;
};
enum err_code fleet_regions_init(struct fleet_regions *r, const struct fleet_judge *j);
void fleet_regions_fini(struct fleet_regions *r);

/* Fills r->services for the services that have a member in the region; the others are undefined. */
void fleet_regions_sum(struct fleet_regions *r, const struct fleet_judge *j, uint32_t region,
		       uint64_t now_us);

/* A region as a whole. Services on one pool have the same capacity and use there: both count once,
 * arrivals are of each service. */
struct fleet_region_view {
	enum verdict_health health; /* the worst that is known of a member, but for unknown */
	double report_age_s;	    /* since what is known was said last; -1 = never */
	uint64_t capacity, used, arrivals;
};
void fleet_regions_view(struct fleet_regions *r, const struct fleet_judge *j, uint32_t region,
			uint64_t now_us, struct fleet_region_view *out);

#endif
