/* SPDX-License-Identifier: Apache-2.0 */
/* rules: the numbered list, as code. */
#include "steer/rules.h"

const char *rules_name(enum steer_rule rule)
{
	static const char *const names[] = {
		"none",		"1 forced",  "2 fence",	   "3 health", "4 tier",  "5 prefer",
		"6 assignment", "7 latency", "8 distance", "9 weight", "10 name",
	};

	return (unsigned)rule < sizeof(names) / sizeof(names[0]) ? names[rule] : "none";
}

/* To be read top to bottom: each rule decides only what those before it left open. */
enum steer_rule rules_compare(const struct rules_candidate *a, const struct rules_candidate *b,
			      int *sign)
{
	/* 1. forced: the target of a failover first; then those whom nothing forces out; then those
	 * held for a failback; last those that are drained, or dialled away from this client. */
	if (a->is_target != b->is_target) {
		*sign = a->is_target ? -1 : 1;
		return RULE_FORCED;
	}
	if (a->is_out != b->is_out) {
		*sign = a->is_out ? 1 : -1;
		return RULE_FORCED;
	}
	if (a->is_held != b->is_held) {
		*sign = a->is_held ? 1 : -1;
		return RULE_FORCED;
	}
	/* 2. fence: nobody outside of it. */
	if (a->is_fenced_out != b->is_fenced_out) {
		*sign = a->is_fenced_out ? 1 : -1;
		return RULE_FENCE;
	}
	/* 3. health: who serves, who is only held down, who is down. */
	if (a->health != b->health) {
		*sign = a->health < b->health ? -1 : 1;
		return RULE_HEALTH;
	}
	/* 4. tier: lower first, however far away. */
	if (a->tier != b->tier) {
		*sign = a->tier < b->tier ? -1 : 1;
		return RULE_TIER;
	}
	/* 5. prefer: the order of the topology rule, or of the configuration (method order). */
	if (a->preference != b->preference) {
		*sign = a->preference < b->preference ? -1 : 1;
		return RULE_PREFER;
	}
	/* 6. assignment and 7. latency: no method has them yet. */
	/* 8. distance: nearer first. */
	if (a->distance_m != b->distance_m) {
		*sign = a->distance_m < b->distance_m ? -1 : 1;
		return RULE_DISTANCE;
	}
	/* 9. weight: the better score of a weighted rendezvous; 10. name: the lower seed. */
	return rules_compare_weight(a, b, sign);
}
