/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the numbered list by which members are kept, dropped and ranked, and the comparator that
 * goes through it. The code, docs/decision.md, `explain` and the tests use these numbers.
 *
 *    1 forced      what an operator said: failover, drain, dial; who is held for a failback
 *    2 fence       places whose clients never leave given regions; country before continent
 *    3 health      what monitors, reports and vantages say; hold_down
 *    4 tier        lower first
 *    5 prefer      the topology rule that matched: an order, not a filter
 *    6 assignment  where the demand of this class was placed   (method assign; not yet)
 *    7 latency     measured round trips                        (assign, latency; not yet)
 *    8 distance    great circle                                (assign, latency, geo)
 *    9 weight      weighted rendezvous of the client's prefix
 *   10 name        so that two nodes never differ
 *
 * Each method uses the rules that are its own: `order` takes the members as they stand (1-5),
 * `weighted` has 1-4 and 9.
 *
 * Nobody walks this list for each query. Rules 2, 4, 5 and 8 depend on the configuration and the
 * class alone: rank.h compiles them into rows, with this comparator. Rules 1 and 3 are masks over
 * a row (world.h), 9 and 10 choose within a group (pick.h). That this gives whom the comparator
 * puts first is a claim of tests/unit/steer/test_decide.c.
 *
 * Threads    any, pure
 * Units      distances in metres
 */
#ifndef FAIRLEAD_STEER_RULES_H
#define FAIRLEAD_STEER_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum steer_rule {
	RULE_NONE = 0,
	RULE_FORCED = 1,
	RULE_FENCE = 2,
	RULE_HEALTH = 3,
	RULE_TIER = 4,
	RULE_PREFER = 5,
	RULE_ASSIGNMENT = 6,
	RULE_LATENCY = 7,
	RULE_DISTANCE = 8,
	RULE_WEIGHT = 9,
	RULE_NAME = 10,
};

const char *rules_name(enum steer_rule rule); /* "fence"; as `explain` prints it: "2 fence" */

/* What the rules look at, of one member for one client. All zero ties with all zero. */
struct rules_candidate {
	bool is_target;	     /* 1: a failover leads here, and it may serve */
	bool is_out;	     /* 1: drained, dialled to 0, or its dial leaves this client out */
	bool is_held;	     /* 1: held for a failback */
	bool is_fenced_out;  /* 2 */
	uint8_t health;	     /* 3: 0 serves, 1 held down, 2 down */
	uint32_t tier;	     /* 4 */
	uint32_t preference; /* 5: its place in the list */
	uint32_t distance_m; /* 8 */
	uint32_t weight;     /* 9: 0 = only when nobody with a weight is left */
	uint64_t cost;	     /* 9: -log2 of the hash of client and member, 0 = not asked */
	uint64_t seed;	     /* 10 */
};

/* The first rule that tells a from b. *sign < 0: a comes first. RULE_NONE and 0: they tie. */
enum steer_rule rules_compare(const struct rules_candidate *a, const struct rules_candidate *b,
			      int *sign);

/* Rules 9 and 10 of it, for those that tie on all others. Scores are weight / cost, and a/b > c/d
 * is compared as a*d > c*b. */
static inline enum steer_rule rules_compare_weight(const struct rules_candidate *a,
						   const struct rules_candidate *b, int *sign)
{
	uint64_t weight_a = a->weight ? a->weight : 1, weight_b = b->weight ? b->weight : 1;
	unsigned __int128 score_a = (unsigned __int128)weight_a * b->cost;
	unsigned __int128 score_b = (unsigned __int128)weight_b * a->cost;

	if (!a->weight != !b->weight) {
		*sign = a->weight ? -1 : 1;
		return RULE_WEIGHT;
	}
	if (score_a != score_b) {
		*sign = score_a > score_b ? -1 : 1;
		return RULE_WEIGHT;
	}
	*sign = a->seed < b->seed ? -1 : a->seed > b->seed;
	return *sign ? RULE_NAME : RULE_NONE;
}

#endif
