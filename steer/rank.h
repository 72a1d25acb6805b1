/* SPDX-License-Identifier: Apache-2.0 */
/* rank: the members of a pool in the order in which a class of clients is to get them, before
 * anyone is down: rules 2 (fence), 4 (tier), 5 (prefer) and 8 (distance).
 *
 * The result is a row of groups. A group is a set of members that tie; the first group with a
 * member that may serve answers, and rule 9 (rendezvous, pick.h) chooses inside it. A member is a
 * bit:
 *
 *   groups   [ {2}, {0,3}, {1} ]    as    0b0100, 0b1001, 0b0010
 *
 *   assign, latency, geo   tier, then `prefer` (what it does not name follows, equal), distance
 *   order                  tier, then the members as they stand in the configuration
 *   weighted               tier only
 *
 * Members tie when all that the method looks at is equal: the same region twice, or no position
 * known. Ties are for rules 9 and 10, which do not depend on the order of the configuration.
 *
 * Threads    any, pure; no allocation
 * Units      distances in metres
 * Errors     none: any input gives a row; a class whose fence names no member of the pool gives an
 *            empty row, and the service then has no answer there (its last resort stays fenced too)
 */
#ifndef FAIRLEAD_STEER_RANK_H
#define FAIRLEAD_STEER_RANK_H

#include "steer/place.h"
#include "steer/rules.h"

#include <stddef.h>

#define RANK_MEMBERS_MAX 64

enum rank_method { RANK_ASSIGN, RANK_LATENCY, RANK_GEO, RANK_WEIGHTED, RANK_ORDER };

struct rank_member {
	uint16_t region; /* index in the caller's list of regions */
	uint8_t tier;
	uint32_t weight; /* 0 = only when nobody else is left: see pick.h */
};

struct rank_fence {
	char country[3];   /* "" when continent is set */
	uint8_t continent; /* PLACE_NOWHERE when country is set */
	const uint16_t *regions;
	size_t n_regions;
};

struct rank_input {
	enum rank_method method;
	const struct rank_member *members; /* in configuration order */
	size_t n_members;
	const struct place *regions; /* by region index */
	size_t n_regions;
	const struct rank_fence *fences;
	size_t n_fences;
	const uint16_t *prefer; /* regions, in order; of the topology rule that matched */
	size_t n_prefer;
	const struct place *client; /* the class's place */
};

struct rank_row {
	uint64_t groups[RANK_MEMBERS_MAX];
	size_t n_groups;
	uint64_t allowed; /* members the fence leaves: the union of the groups */
};

void rank_members(const struct rank_input *in, struct rank_row *out);

/* The member as rules_compare() sees it: rules 2, 4, 5 and 8; the rest is zero. */
void rank_candidate(const struct rank_input *in, size_t member, struct rules_candidate *out);

#endif
