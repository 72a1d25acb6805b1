/* SPDX-License-Identifier: Apache-2.0 */
/* pick: the choice at query time, out of a row: rules 1 (forced), 3 (health) and 9 (weight).
 *
 * This is the code of the data path, and `explain` calls the same function. It reads a few words:
 *
 *   serve    members that may serve: healthy (or stale, or unknown), not drained, dial over 0
 *   forced   members that a failover put first; 0 = none
 *   dialled  members whose dial is between 0 and 100 %
 *
 *   1. forced & serve, within the fence (the union of the groups), is the first group when not
 * empty: a failover moves everyone whom the fence lets go, and nobody else
 *   2. then the groups of the row, in order, each & serve
 *   3. within a group, a member with a dial under 100 % is left out for the clients whose hash
 * falls outside its share; they go on to the next group; if nobody at all is left, the dials are
 * ignored
 *   4. within what is left: the only one, or weighted rendezvous. Members of weight 0 take part
 * only when nobody with a weight is left in the group, and then as equals
 *   5. nobody: panic (the caller applies last_resort: all = this again with serve = row's allowed)
 *
 * Threads    any, pure; no allocation, integers only, so that all name servers agree
 * Source     weighted rendezvous hashing: score = weight / -log2(hash), in fixed point
 */
#ifndef FAIRLEAD_STEER_PICK_H
#define FAIRLEAD_STEER_PICK_H

#include "steer/fixed.h"
#include "steer/rank.h"

#define PICK_NOBODY    (-1)
#define PICK_SHARE_ALL 1000000u /* of a dial, in ppm */

struct pick_live {
	uint64_t serve, forced, dialled;
};

struct pick_member {
	/* A hash of the member's stable name (region and addresses): the same everywhere. Never of
	 * its place in a list: adding a member must move only the clients that it wins. */
	uint64_t seed;
	uint32_t weight;
	uint32_t dial_ppm; /* 1000000 = all */
};

/* pick_member() for what is not the plain case: several in the group, a failover, a dial. */
int pick_contested(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
		   const struct pick_member *members, uint64_t client_key);

/* Index of the member, or PICK_NOBODY. client_key is pick_client_key() of the client. Inline,
 * because with distances hardly two members tie and the answer is the one bit of the first group.
 */
static inline int pick_member(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
			      const struct pick_member *members, uint64_t client_key)
{
	uint64_t first = n_groups ? groups[0] & live->serve : 0;

	if (__builtin_expect(first && !(first & (first - 1)) &&
				     !(live->forced | (first & live->dialled)),
			     1))
		return __builtin_ctzll(first);
	return pick_contested(groups, n_groups, live, members, client_key);
}

/* Why `member` is not the answer when `chosen` is: the rule that put it behind. RULE_NONE for the
 * chosen itself, RULE_HEALTH for one that may not serve (the caller knows whether an operator said
 * so: then it is rule 1). The rest is rank_compare()'s to say: RULE_TIER stands for "a later
 * group". */
enum steer_rule pick_why(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
			 const struct pick_member *members, uint64_t client_key, int chosen,
			 int member);

#define PICK_KEY_BITS_4 24
#define PICK_KEY_BITS_6 48

/* The key of a client's prefix: its /24 or /48, so that a split is sticky. family is 4 or 6. */
uint64_t pick_client_key(uint8_t family, const uint8_t *address);

#endif
