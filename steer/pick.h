/* SPDX-License-Identifier: Apache-2.0 */
/* pick: the choice at query time, out of a row: rules 1 (forced), 3 (health) and 9 (weight).
 *
 * This is the code of the data path, and `explain` calls the same function. It reads a few words:
 *
 *   serve    members that may serve: healthy (or stale, or unknown), not drained, dial over 0
 *   forced   members that a failover put first; 0 = none
 *   dialled  members whose dial is between 0 and 100 %
 *
 *   1. forced & serve, when not empty, is the first group
 *   2. else the groups of the row, in order, each & serve
 *   3. within a group, a member with a dial under 100 % is left out for the clients whose hash falls
 *      outside its share; they go on to the next group; if nobody at all is left, the dials are ignored
 *   4. within what is left: the only one, or weighted rendezvous
 *   5. nobody: panic (the caller applies last_resort: all = this again with serve = row's allowed)
 *
 * Threads    any, pure; no allocation, integers only, so that all name servers agree
 * Source     weighted rendezvous hashing: score = weight / -log2(hash), in fixed point
 */
#ifndef FAIRLEAD_STEER_PICK_H
#define FAIRLEAD_STEER_PICK_H

#include "steer/rank.h"

#define PICK_NOBODY (-1)

struct pick_live {
	uint64_t serve, forced, dialled;
};

struct pick_member {
	uint64_t seed;	   /* hash of the member's stable name (region and addresses): same everywhere */
	uint32_t weight;
	uint32_t dial_ppm; /* 1000000 = all */
};

/* Index of the member, or PICK_NOBODY. client_key is pick_client_key() of the client. */
int pick_member(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
		const struct pick_member *members, uint64_t client_key);

/* The key of a client's prefix: its /24 or /48, so that a split is sticky. family is 4 or 6. */
uint64_t pick_client_key(uint8_t family, const uint8_t *address);

/* -log2(x / 2^64) in 32.32 fixed point, at least 1; and the score that is compared. */
uint64_t pick_minus_log2(uint64_t x);

#endif
