/* SPDX-License-Identifier: Apache-2.0 */
/* world: what is known of a service's members, and what follows. */
#include "steer/world.h"

#include <string.h>

/* ---- what is forced ---- */

static void set_target(struct world_service *w, uint64_t members)
{
	for (size_t m = 0; m < w->n_members; m++)
		w->members[m].is_target = members >> m & 1;
}

static void set_dial(struct world_service *w, uint64_t members, uint32_t ppm)
{
	for (; members; members &= members - 1)
		w->members[__builtin_ctzll(members)].dial_ppm = ppm;
}

void world_force(struct world_service *w, const struct world_override *list, size_t n)
{
	uint64_t own = 0; /* members with a dial of the service */

	for (size_t i = 0; i < n; i++) {
		const struct world_override *o = &list[i];

		if (o->kind == WORLD_FAILOVER) {
			set_target(w, o->members);
		} else if (o->kind == WORLD_DIAL) {
			set_dial(w, o->is_of_service ? o->members : o->members & ~own, o->dial_ppm);
			own |= o->is_of_service ? o->members : 0;
		}
		for (uint64_t rest = o->members; rest; rest &= rest - 1) {
			struct world_member *m = &w->members[__builtin_ctzll(rest)];

			m->is_drained |= o->kind == WORLD_DRAIN;
			m->is_held |= o->kind == WORLD_HELD;
		}
	}
}

/* ---- what follows ---- */

static void add_member(const struct world_member *m, uint64_t bit, struct world_masks *out)
{
	bool is_out = m->is_drained || !m->dial_ppm;

	if (is_out)
		out->out |= bit;
	if (m->health == HEALTH_DOWN)
		*(m->is_held_down ? &out->held_down : &out->down) |= bit;
	else if (!is_out)
		out->able |= bit;
	if (m->dial_ppm && m->dial_ppm < PICK_SHARE_ALL)
		out->live.dialled |= bit;
	if (m->is_target)
		out->live.forced |= bit;
	if (m->is_held)
		out->held |= bit;
}

void world_masks(const struct world_service *w, struct world_masks *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t m = 0; m < w->n_members; m++)
		add_member(&w->members[m], UINT64_C(1) << m, out);
	out->held &= out->able & ~out->live.forced; /* the operator's word goes before ours */
	out->live.serve = out->able & ~out->held;
	out->live.spare = out->held | (out->held_down & ~out->out);
	out->ttl_s = w->ttl_s;
	if (out->live.forced)
		out->ttl_why = WORLD_TTL_MOVED;
	else if (out->down | out->held_down)
		out->ttl_why = WORLD_TTL_DOWN;
	if (out->ttl_why != WORLD_TTL_NORMAL && out->ttl_s > WORLD_TTL_FAILOVER_S)
		out->ttl_s = WORLD_TTL_FAILOVER_S;
}

/* ---- failback: manual ---- */

bool world_must_hold(bool is_failback_auto, enum verdict_health from, enum verdict_health to,
		     bool was_active)
{
	return !is_failback_auto && to == HEALTH_DOWN && from != HEALTH_UNKNOWN && was_active;
}

uint64_t world_let_go(const struct world_masks *m, uint64_t held, bool is_failback_auto,
		      uint64_t active)
{
	if (is_failback_auto)
		return held;
	return m->able && m->held == m->able ? m->held & active : 0;
}
