/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the numbered list by which members are kept, dropped and ranked. The code,
 * docs/decision.md, `explain` and the tests use these numbers.
 *
 *    1 forced      failover, drain, dial: what an operator said
 *    2 fence       places whose clients never leave given regions; a country goes before its
 * continent 3 health      what monitors, reports and vantages say 4 tier        lower first 5
 * prefer      the topology rule that matched: an order, not a filter 6 assignment  where the demand
 * of this class was placed   (method assign) 7 latency     measured round trips (methods assign,
 * latency) 8 distance    great circle                                (methods geo, and assign,
 * latency) 9 weight      weighted rendezvous of the client's prefix 10 name        so that two
 * nodes never differ
 *
 * Each method uses the rules that are its own: `order` takes the members as they stand (1-4),
 * `weighted` has 1-4 and 9. 2, 4, 5, 8 and 10 depend on the configuration and the class
 * alone: they are compiled into rows (rank.h). 1, 3 and 9 are decided per query (pick.h).
 *
 * Threads    any, pure
 */
#ifndef FAIRLEAD_STEER_RULES_H
#define FAIRLEAD_STEER_RULES_H

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

#endif
