/* SPDX-License-Identifier: Apache-2.0 */
/* decide: the one function that chooses a member for a client: answers, `explain` and dry runs call
 * it, and so does whatever asks "what if".
 *
 *   1. The members that may serve (pick.h).
 *   2. Nobody: those that are only held back and alive (hold_down, a failback that waits): who is
 *      held back serves before anybody who is dead.
 *   3. Nobody: panic. last_resort: all = the row again as if everybody whom the fence allows could
 *      serve; else nobody, and the caller has fixed addresses or an error.
 *
 * Threads    any, pure; no allocation
 * Units      ttl_s seconds
 * Source     docs/decision.md
 */
#ifndef FAIRLEAD_STEER_DECIDE_H
#define FAIRLEAD_STEER_DECIDE_H

#include "steer/pick.h"

#define DECIDE_TTL_PANIC_S 5

enum decide_how {
	DECIDE_NORMAL, /* of those that may serve */
	DECIDE_SPARE,  /* of those that are held back */
	DECIDE_PANIC,  /* the last resort */
};

struct decide_row {
	const uint64_t *groups; /* rank.h */
	size_t n_groups;
	uint64_t allowed;
	bool is_tie; /* some group has more than one */
};

struct decide_choice {
	int member; /* PICK_NOBODY: only in panic */
	enum decide_how how;
};

/* decide_choose() when nobody of `serve` is in the row. */
void decide_without(const struct decide_row *row, const struct pick_live *live,
		    const struct pick_member *members, uint64_t last, uint64_t client_key,
		    struct decide_choice *out);

/* last: whom a panic may take; 0 = nobody, the service's last_resort is not `all`. */
static inline void decide_choose(const struct decide_row *row, const struct pick_live *live,
				 const struct pick_member *members, uint64_t last,
				 uint64_t client_key, struct decide_choice *out)
{
	struct pick_live fenced = *live;

	fenced.forced &= row->allowed;
	out->how = DECIDE_NORMAL;
	out->member = pick_member(row->groups, row->n_groups, &fenced, members, client_key);
	if (__builtin_expect(out->member == PICK_NOBODY, 0))
		decide_without(row, &fenced, members, last, client_key, out);
}

/* How long an answer lives that was chosen so; ttl_s is what the service's masks say (world.h). */
static inline uint32_t decide_ttl_s(enum decide_how how, uint32_t ttl_s)
{
	return how == DECIDE_PANIC ? DECIDE_TTL_PANIC_S : ttl_s;
}

/* What an explanation looks at: the row's input, what is live, and what the two masks of `serve`
 * are made from. */
struct decide_question {
	const struct rank_input *rank;
	const struct pick_live *live;
	const struct pick_member *members;
	uint64_t out;	    /* drained, or dialled to 0 */
	uint64_t held;	    /* for a failback */
	uint64_t held_down; /* alive, in hold_down */
	uint64_t down;	    /* the others that are down */
	uint64_t client_key;
	bool ignores_dials; /* they would have left this client with nobody */
};

/* A member as the comparator of rules.h saw it when the choice was made in this way. */
void decide_candidate(const struct decide_question *q, enum decide_how how, size_t member,
		      struct rules_candidate *out);
/* Were the dials ignored when this member was chosen? */
static inline bool decide_ignored_dials(const struct pick_live *live,
					const struct pick_member *members, uint64_t client_key,
					int chosen)
{
	return chosen != PICK_NOBODY && live->dialled >> chosen & 1 &&
	       !pick_is_dialled_in(&members[chosen], client_key);
}
/* Was it in the question, or dropped by rule 1, 2 or 3? */
bool decide_is_kept(const struct rules_candidate *c);

#endif
