/* SPDX-License-Identifier: Apache-2.0 */
/* judge: the health of every member, from what nodes and vantages say (steer/verdict.h).
 *
 * It is woken for what changed: a service of a region, a target of the plan, a region whose stream
 * was lost or is back, or time alone. Indices lead from each of these to the members that hang on
 * it, so that a heartbeat costs nothing and a report what it names.
 *
 * A member with several addresses has a small verdict for each, from the vantages alone: V2 over
 * the targets of that address, and back after hold_down when a vantage sees it well. A dead address
 * leaves the answers while the member serves with the others.
 *
 * Threads    the control thread
 * Ownership  the configuration is borrowed until the next fleet_judge_configure(); nodes, vantages
 *            and the plan belong to the judge
 * Units      _us monotonic microseconds
 * Errors     ERR_MEMORY, ERR_LIMIT (see plan.h): all is as it was
 */
#ifndef FAIRLEAD_DNSD_FLEET_JUDGE_H
#define FAIRLEAD_DNSD_FLEET_JUDGE_H

#include "dnsd/fleet/node.h"
#include "dnsd/fleet/plan.h"
#include "dnsd/fleet/vantage.h"

/* A change of health. */
struct fleet_change {
	uint32_t service, member;
	enum verdict_health from, to;
	enum verdict_cause cause;
	bool was_held_down;    /* until now it was well, and only hold_down kept it out */
	bool was_resumed;      /* an operator ended that */
	uint64_t addresses_up; /* of the member, by their order in the configuration */
	const char *reason; /* for people: "withdrawn: SIGTERM", "2 of 2 vantages: timeout"; "" */
};

struct fleet_member {
	struct verdict_member verdict;
	/* What was known when the state was last written; it stands until the region speaks. */
	bool is_restored;
	struct verdict_stream restored;
	uint32_t first_target, n_targets;
	struct verdict_member *addresses; /* n_targets, when there are two or more; else NULL */
	uint64_t addresses_up;
	uint64_t next_us; /* when time alone changes something; 0 = never */
};

struct fleet_service {
	struct fleet_member *members;
	size_t n_members;
};

/* A member, by its service's index and its index in the pool. */
struct fleet_place {
	uint32_t service, member;
};

struct fleet_judge {
	const struct dnsd_config *config;
	struct fleet_node *nodes;
	struct fleet_vantage *vantages;
	struct fleet_plan plan;
	uint64_t plan_revision; /* 0 = none yet */
	struct fleet_service *services;
	size_t n_services;
	uint64_t soonest_us; /* of all next_us; UINT64_MAX = none */
	uint64_t start_us;   /* when nothing was heard yet */

	/* indices */
	struct fleet_place *by_region; /* members, in the order of regions */
	uint32_t *region_first;	       /* n_regions + 1 */
	uint32_t *by_pool;	       /* services, in the order of pools */
	uint32_t *pool_first;	       /* n_pools + 1 */
	uint32_t *by_name;	       /* services, in the order of names */

	void (*changed)(void *ctx, const struct fleet_change *change);
	void (*eased)(void *ctx, uint32_t service, uint32_t member); /* or NULL: see fleet.h */
	void (*addresses)(void *ctx, uint32_t service, uint32_t member, uint64_t up); /* or NULL */
	void *ctx;
};

void fleet_judge_fini(struct fleet_judge *j);

/* Members that stay keep their health: same service, region, and place among its region's members.
 * *is_new_plan: proberds are to be told. */
enum err_code fleet_judge_configure(struct fleet_judge *j, const struct dnsd_config *config,
				    uint64_t now_us, bool *is_new_plan, struct err *e);

void fleet_judge_service(struct fleet_judge *j, uint32_t region, const char *service,
			 uint64_t now_us);
void fleet_judge_region(struct fleet_judge *j, uint32_t region, uint64_t now_us);
void fleet_judge_target(struct fleet_judge *j, uint32_t target, uint64_t now_us);
void fleet_judge_all(struct fleet_judge *j, uint64_t now_us);
/* Names the addresses that are seen well; all of them when none is, since then the member itself is
 * judged. */
void fleet_judge_name_addresses(struct fleet_member *m);
void fleet_judge_due(struct fleet_judge *j, uint64_t now_us); /* those whose next_us is over */

/* Of both sides' texts, what a region said and what vantages saw, the one that is of the cause. */
const char *fleet_judge_reason(enum verdict_cause cause, const char *said, const char *seen);

/* The stream of a member's region for its service, or what was restored of it. */
void fleet_judge_stream(const struct fleet_judge *j, uint32_t service, uint32_t member,
			uint64_t now_us, struct verdict_stream *out, char reason[FLEET_REASON_MAX]);

uint32_t fleet_judge_find(const struct fleet_judge *j, const char *service); /* UINT32_MAX */
/* Which of its region's members in this pool it is: 0 for the first. */
uint32_t fleet_judge_nth(const struct config_pool *pool, uint32_t member);
const struct config_pool *fleet_judge_pool(const struct fleet_judge *j, uint32_t service);

#endif
