/* SPDX-License-Identifier: Apache-2.0 */
/* vantage: a proberd as this name server knows it: what it saw of each target of the plan. */
#include "dnsd/fleet/vantage.h"

#include "core/utf8.h"
#include "steer/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_PLACE_M 50000
#define PPM	     1000000u

struct fleet_vantage *fleet_vantage_get(struct fleet_vantage **list, const char *name)
{
	struct fleet_vantage *v;

	for (v = *list; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->owner.vantage = v;
	snprintf(v->name, sizeof(v->name), "%s", name);
	v->phi.closed = true;
	v->stretch_ppm = PPM;
	v->next = *list;
	*list = v;
	return v;
}

void fleet_vantage_free(struct fleet_vantage *v)
{
	free(v->seen);
	free(v->touched);
	free(v);
}

void fleet_vantage_free_all(struct fleet_vantage **list)
{
	while (*list) {
		struct fleet_vantage *v = *list;

		*list = v->next;
		fleet_vantage_free(v);
	}
}

void fleet_vantage_place(struct fleet_vantage *v, const struct fleet_vantage *list)
{
	const struct place here = { .lat_e4 = v->lat_e4,
				    .lon_e4 = v->lon_e4,
				    .has_position = true };
	uint32_t highest = 0;

	for (const struct fleet_vantage *o = list; o; o = o->next) {
		const struct place there = { .lat_e4 = o->lat_e4,
					     .lon_e4 = o->lon_e4,
					     .has_position = true };

		if (o == v || !o->is_heard)
			continue;
		if (place_distance_m(&here, &there) < SAME_PLACE_M) {
			v->place = o->place;
			return;
		}
		if (o->place > highest)
			highest = o->place;
	}
	v->place = highest + 1;
}

bool fleet_vantage_is_fresh(const struct fleet_vantage *v, uint64_t now_us)
{
	return v->link && v->full_us && !phi_is_stale(&v->phi, now_us);
}

/* ---- verdicts ---- */

static enum err_code make_room(struct fleet_vantage *v, size_t n)
{
	struct fleet_seen *seen = calloc(n + 1, sizeof(*seen));
	uint32_t *touched = calloc(n + 1, sizeof(*touched));

	if (!seen || !touched) {
		free(seen);
		free(touched);
		return ERR_MEMORY;
	}
	free(v->seen);
	free(v->touched);
	v->seen = seen;
	v->touched = touched;
	v->n_seen = n;
	v->n_touched = 0;
	return ERR_OK;
}

void fleet_vantage_carry(struct fleet_vantage *v, const uint32_t *map, size_t n_targets)
{
	struct fleet_seen *before = v->seen;
	size_t n_before = v->n_seen;

	v->seen = NULL;
	v->next_part = 0;
	if (make_room(v, n_targets) != ERR_OK) {
		v->n_seen = v->n_touched = 0;
		v->full_us = 0;
	}
	for (size_t i = 0; map && i < v->n_seen; i++)
		if (map[i] < n_before)
			v->seen[i] = before[map[i]];
	if (!map)
		v->full_us = 0;
	free(before);
}

static void take(struct fleet_vantage *v, const Fairlead__Wire__Verdict *from)
{
	struct fleet_seen *to = &v->seen[from->target];
	bool proven = from->known && !from->pass && from->proven;

	if ((to->known != from->known || to->pass != from->pass || to->proven != proven) &&
	    v->n_touched < v->n_seen)
		v->touched[v->n_touched++] = from->target;
	to->known = from->known;
	to->pass = from->pass;
	to->proven = proven;
	to->rtt_us = from->rtt_us;
	utf8_copy(to->reason, sizeof(to->reason), from->reason);
}

/* A full set counts when its last part is there. */
static enum err_code note_part(struct fleet_vantage *v, const Fairlead__Wire__Verdicts *m,
			       uint64_t now_us, struct err *e)
{
	if (!m->full)
		return ERR_OK;
	if (m->part != 0 && m->part != v->next_part)
		return err_set(e, ERR_INPUT, "part %u of %u verdicts after part %u", m->part,
			       m->parts, v->next_part);
	v->next_part = m->part + 1;
	if (v->next_part >= m->parts) {
		v->full_us = now_us;
		v->next_part = 0;
	}
	return ERR_OK;
}

static void look_for_blindness(struct fleet_vantage *v, const struct fleet_plan *plan,
			       uint64_t now_us)
{
	bool is_blind[FAMILIES] = { false, false }, sees[FAMILIES] = { false, false };

	for (size_t i = 0; i < v->n_seen; i++) {
		const struct fleet_seen *s = &v->seen[i];
		enum fleet_family f = plan->targets[i].address.family == 4 ? FAMILY_4 : FAMILY_6;

		is_blind[f] |= s->known && !s->pass && !s->proven;
		sees[f] |= s->known && (s->pass || s->proven);
	}
	for (int f = 0; f < FAMILIES; f++) {
		if (!is_blind[f] || sees[f] || !v->full_us)
			v->blind_us[f] = 0;
		else if (!v->blind_us[f])
			v->blind_us[f] = now_us;
	}
}

enum err_code fleet_vantage_verdicts(struct fleet_vantage *v, const Fairlead__Wire__Verdicts *m,
				     const struct fleet_plan *plan, uint64_t revision,
				     uint64_t now_us, struct err *e)
{
	v->n_touched = 0;
	if (m->revision < revision)
		return ERR_OK; /* it will have the new plan in a moment */
	if (m->revision > revision)
		return err_set(e, ERR_INPUT, "verdicts on plan %llu, which was never sent",
			       (unsigned long long)m->revision);
	if ((v->n_seen != plan->n_targets || !v->seen) && make_room(v, plan->n_targets) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < m->n_verdicts; i++) {
		if (m->verdicts[i]->target >= v->n_seen)
			return err_set(e, ERR_INPUT, "verdict on target %u of %zu",
				       m->verdicts[i]->target, v->n_seen);
		take(v, m->verdicts[i]);
	}
	v->stretch_ppm = m->stretch_ppm ? m->stretch_ppm : PPM;
	if (note_part(v, m, now_us, e) != ERR_OK)
		return ERR_INPUT;
	look_for_blindness(v, plan, now_us);
	return ERR_OK;
}

/* ---- as a witness ---- */

struct verdict_vantage fleet_vantage_of(const struct fleet_vantage *v, uint32_t first_target,
					uint32_t n_targets, uint64_t now_us, const char **reason)
{
	struct verdict_vantage out = { .place = v->place };
	bool passes = false, fails = false, undecided = false;

	for (uint32_t i = first_target; i < first_target + n_targets && i < v->n_seen; i++) {
		const struct fleet_seen *s = &v->seen[i];

		passes |= s->known && s->pass;
		fails |= s->proven;
		undecided |= !s->known;
		if (s->proven)
			*reason = s->reason;
	}
	out.known = passes || (fails && !undecided);
	out.pass = passes;
	out.fresh = (passes || fails || undecided) && fleet_vantage_is_fresh(v, now_us);
	return out;
}
