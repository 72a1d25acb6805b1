/* SPDX-License-Identifier: Apache-2.0 */
/* pick: the choice at query time, out of a row: rules 1 (forced), 3 (health) and 9 (weight).
 *
 * It reads a few words that stand for the rules 1 and 3 (made by world.h):
 *
 *   serve    members that may serve: healthy (or stale, or unknown), not drained, dial over 0
 *   forced   members that a failover put first; 0 = none
 *   dialled  members whose dial is between 0 and 100 %
 *
 *   1. The first group with one of forced & serve, if there is one: a failover moves everyone whom
 *      the fence (the union of the groups) lets go, and nobody else.
 *   2. Then the groups of the row, in order, each & serve.
 *   3. Within a group, a member with a dial under 100 % is left out for the clients whose hash
 *      falls outside its share; they go on to the next group. If nobody at all is left, the dials
 *      are ignored.
 *   4. Within what is left: the only one, or weighted rendezvous. Members of weight 0 take part
 *      only when nobody with a weight is left in the group, and then as equals.
 *   5. Nobody: the caller goes on (decide.h).
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
	uint64_t spare; /* held back, and alive: they serve when nobody of `serve` can (decide.h) */
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

/* Does the member's dial let this client in? */
bool pick_is_dialled_in(const struct pick_member *m, uint64_t client_key);
/* What rules 9 and 10 look at. */
void pick_score(const struct pick_member *m, uint64_t client_key, struct rules_candidate *out);

#define PICK_KEY_BITS_4 24
#define PICK_KEY_BITS_6 48

/* The key of a client's prefix: its /24 or /48, so that a split is sticky. family is 4 or 6. */
uint64_t pick_client_key(uint8_t family, const uint8_t *address);

#endif
