/* SPDX-License-Identifier: Apache-2.0 */
/* decide: the one function that chooses a member for a client. */
#include "steer/decide.h"

void decide_without(const struct decide_row *row, const struct pick_live *live,
		    const struct pick_member *members, uint64_t last, uint64_t client_key,
		    struct decide_choice *out)
{
	struct pick_live others = *live;

	others.serve = live->spare;
	out->how = DECIDE_SPARE;
	out->member = pick_member(row->groups, row->n_groups, &others, members, client_key);
	if (out->member != PICK_NOBODY)
		return;
	out->how = DECIDE_PANIC;
	others.serve = last & row->allowed;
	out->member = pick_member(row->groups, row->n_groups, &others, members, client_key);
}

/* Rules 1 and 3. Among those that are held back, being held back tells nobody apart; in panic
 * nothing of rule 1 and 3 does but a failover. */
static void force(const struct decide_question *q, enum decide_how how, size_t member,
		  struct rules_candidate *out)
{
	uint64_t bit = UINT64_C(1) << member;
	bool may_serve = q->live->serve & bit;

	if (how == DECIDE_NORMAL) {
		out->is_out = q->out & bit;
		out->is_held = q->held & ~q->live->serve & bit;
		out->health = q->down & bit ? 2 : q->held_down & bit ? 1 : 0;
	} else if (how == DECIDE_SPARE) {
		may_serve = q->live->spare & bit;
		out->is_out = q->out & bit;
		out->health = q->down & bit ? 2 : 0;
	} else {
		may_serve = true;
	}
	out->is_target = may_serve && !out->is_fenced_out && q->live->forced & bit;
}

void decide_candidate(const struct decide_question *q, enum decide_how how, size_t member,
		      struct rules_candidate *out)
{
	rank_candidate(q->rank, member, out);
	pick_score(&q->members[member], q->client_key, out);
	force(q, how, member, out);
	if (q->ignores_dials || !(q->live->dialled >> member & 1) ||
	    pick_is_dialled_in(&q->members[member], q->client_key))
		return;
	out->is_out = true;
	out->is_target = false;
}

bool decide_is_kept(const struct rules_candidate *c)
{
	return !c->is_out && !c->is_held && !c->is_fenced_out && !c->health;
}
