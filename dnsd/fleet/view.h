/* SPDX-License-Identifier: Apache-2.0 */
/* view: what the rest of dnsd may look at: members, nodes and vantages as plain data.
 *
 * Threads    the control thread
 * Ownership  texts are the judge's, until the next call that is not a view
 * Units      _us monotonic microseconds, _s seconds
 */
#ifndef FAIRLEAD_DNSD_FLEET_VIEW_H
#define FAIRLEAD_DNSD_FLEET_VIEW_H

#include "dnsd/fleet/judge.h"

struct fleet_member_view {
	enum verdict_health health;
	enum verdict_cause cause;
	uint64_t since_us;
	uint32_t flaps;
	/* In all, doublings included; 0 = it is not held down, or nobody sees it well. */
	uint64_t hold_down_us;
	uint64_t hold_down_left_us, hold_down_until_us;
	uint32_t hold_down_factor; /* 1, 2, 4, 8 or 16 times the configured one */
	bool has_report;	   /* some node reports this service */
	double report_age_s;	   /* since a node last confirmed it; -1 = never */
	uint64_t capacity, used, arrivals,
		queue_delay_us;	    /* sums over fresh nodes; delay: the largest */
	unsigned vantages, failing; /* witnesses; of them, those that see it fail */
	uint64_t addresses_up;	    /* bits, in the order of the configuration */
	char reason[FLEET_REASON_MAX];
};
void fleet_view_member(const struct fleet_judge *j, uint32_t service, uint32_t member,
		       uint64_t now_us, struct fleet_member_view *out);

/* "12 s of 80 s left, doubled twice"; "" when it is not held down. Returns out. */
char *fleet_view_hold_down_text(const struct fleet_member_view *v, char *out, size_t size);

/* DOWN, and seen well: only hold_down keeps it out. */
bool fleet_view_is_held_down(const struct fleet_judge *j, uint32_t service, uint32_t member);

struct fleet_node_view {
	const char *region, *name, *software, *address;
	bool is_up, is_stale, is_withdrawn;
	double age_s; /* since it was last heard; -1 = not since the start */
	unsigned services;
};
size_t fleet_view_nodes(const struct fleet_judge *j, uint64_t now_us, struct fleet_node_view *out,
			size_t room);

struct fleet_vantage_view {
	const char *name, *software, *address;
	bool is_up, is_fresh;
	bool is_blind; /* in a family at least: what it sees fail there is no evidence */
	double blind_s;
	double age_s; /* since it was last heard; -1 = not since the start */
	unsigned targets, failing;
	double stretch; /* of its intervals: 1 = as asked for */
};
size_t fleet_view_vantages(const struct fleet_judge *j, uint64_t now_us,
			   struct fleet_vantage_view *out, size_t room);

/* Since a node of the region last reported, or beat after a report; of one that was known before
 * the start, since then; -1 = never heard of. */
double fleet_view_report_age_s(const struct fleet_judge *j, uint32_t region, uint64_t now_us);

#endif
