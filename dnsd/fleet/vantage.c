/* SPDX-License-Identifier: Apache-2.0 */
/* vantage: a proberd as this name server knows it: what it saw of each target, and whether to trust
 * it. */
#include "dnsd/fleet/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_PLACE_M  50000
#define RECENT_US     5000000ull
#define DOUBT_TARGETS 4

struct fleet_vantage *fleet_vantage_get(struct fleet *f, const char *name)
{
	struct fleet_vantage *v;

	for (v = f->vantages; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return v;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->fleet = f;
	snprintf(v->name, sizeof(v->name), "%s", name);
	v->next = f->vantages;
	f->vantages = v;
	return v;
}

void fleet_vantage_free(struct fleet_vantage *v)
{
	free(v->seen);
	free(v);
}

/* Two proberds in one city are one place: one broken uplink must not count as two witnesses. */
void fleet_vantage_place(struct fleet_vantage *v)
{
	const struct place here = { .lat_e4 = v->lat_e4,
				    .lon_e4 = v->lon_e4,
				    .has_position = true };
	uint32_t highest = 0;

	for (const struct fleet_vantage *o = v->fleet->vantages; o; o = o->next) {
		const struct place there = { .lat_e4 = o->lat_e4,
					     .lon_e4 = o->lon_e4,
					     .has_position = true };

		if (o == v)
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
	return v->link && v->full_us && !v->is_distrusted && !phi_is_stale(&v->phi, now_us);
}

/* ---- verdicts ---- */

static enum err_code start_plan(struct fleet_vantage *v)
{
	struct fleet_seen *seen = calloc(v->fleet->plan.n_targets + 1, sizeof(*seen));

	if (!seen)
		return ERR_MEMORY;
	free(v->seen);
	v->seen = seen;
	v->n_seen = v->fleet->plan.n_targets;
	return ERR_OK;
}

struct place_of_key {
	uint64_t key;
	size_t index;
};

static int by_key(const void *a, const void *b)
{
	const struct place_of_key *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static struct place_of_key *sort_keys(const struct fleet_plan *plan)
{
	struct place_of_key *list = calloc(plan->n_targets + 1, sizeof(*list));

	for (size_t i = 0; list && i < plan->n_targets; i++)
		list[i] = (struct place_of_key){ plan->targets[i].key, i };
	if (list)
		qsort(list, plan->n_targets, sizeof(*list), by_key);
	return list;
}

void fleet_vantage_carry(struct fleet_vantage *v, const struct fleet_plan *old,
			 const struct fleet_plan *plan)
{
	struct fleet_seen *seen = calloc(plan->n_targets + 1, sizeof(*seen));
	struct place_of_key *known = sort_keys(old);

	for (size_t i = 0; seen && known && i < plan->n_targets; i++) {
		const struct place_of_key key = { plan->targets[i].key, 0 };
		const struct place_of_key *at =
			bsearch(&key, known, old->n_targets, sizeof(*known), by_key);

		if (at && at->index < v->n_seen)
			seen[i] = v->seen[at->index];
	}
	if (!known || !seen)
		v->full_us = 0; /* it counts again when it has told all anew */
	free(known);
	free(v->seen);
	v->seen = seen;
	v->n_seen = seen ? plan->n_targets : 0;
}

static void take(struct fleet_vantage *v, const Fairlead__Wire__Verdict *from)
{
	struct fleet_seen *to = &v->seen[from->target];

	if (to->known != from->known || to->pass != from->pass)
		to->changed_us = fleet_now(v->fleet);
	to->known = from->known;
	to->pass = from->pass;
	to->rtt_us = from->rtt_us;
	fleet_copy(to->reason, sizeof(to->reason), from->reason);
}

enum err_code fleet_vantage_verdicts(struct fleet_vantage *v, const Fairlead__Wire__Verdicts *m,
				     struct err *e)
{
	struct fleet *f = v->fleet;

	if (m->revision < f->plan_revision)
		return ERR_OK; /* it will have the new plan in a moment */
	if (m->revision > f->plan_revision)
		return err_set(e, ERR_INPUT, "verdicts on plan %llu, which was never sent",
			       (unsigned long long)m->revision);
	if (v->n_seen != f->plan.n_targets || !v->seen || !v->full_us) {
		if (start_plan(v) != ERR_OK)
			return err_set(e, ERR_MEMORY, "no memory");
	}
	for (size_t i = 0; i < m->n_verdicts; i++) {
		if (m->verdicts[i]->target >= v->n_seen)
			return err_set(e, ERR_INPUT, "verdict on target %u of %zu",
				       m->verdicts[i]->target, v->n_seen);
		take(v, m->verdicts[i]);
	}
	if (m->full || v->full_us)
		v->full_us = fleet_now(f);
	return ERR_OK;
}

/* ---- trust ---- */

/* Does a living stream, or another vantage that is trusted, say that this target is well? */
static bool is_contradicted(const struct fleet_vantage *v, size_t target, uint64_t now_us)
{
	struct fleet *f = v->fleet;
	const struct fleet_target *t = &f->plan.targets[target];
	uint32_t region = f->config->pools[t->pool].members[t->member].region;

	for (const struct fleet_vantage *o = f->vantages; o; o = o->next)
		if (o != v && fleet_vantage_is_fresh(o, now_us) && target < o->n_seen &&
		    o->seen[target].known && o->seen[target].pass)
			return true;
	for (uint32_t s = 0; s < f->n_services; s++) {
		char reason[FLEET_REASON_MAX];
		struct verdict_stream stream;

		if (f->config->services[s].pool != t->pool)
			continue;
		fleet_region_stream(f, region, s, &stream, reason);
		if (stream.ever && !stream.stale && !stream.down)
			return true;
	}
	return false;
}

void fleet_vantage_doubt(struct fleet_vantage *v, uint64_t now_us)
{
	struct verdict_self self = { 0 };
	size_t failing = 0;

	for (size_t i = 0; i < v->n_seen; i++) {
		const struct fleet_seen *s = &v->seen[i];
		bool fails = s->known && !s->pass;

		self.targets += s->known;
		failing += fails;
		if (!fails || now_us - s->changed_us > RECENT_US)
			continue;
		self.failed_recently++;
		if (!self.contradicted)
			self.contradicted = is_contradicted(v, i, now_us);
	}
	if (verdict_is_distrusted(&self))
		v->is_distrusted = true;
	else if (failing * 2 < self.targets || self.targets < DOUBT_TARGETS)
		v->is_distrusted = false; /* trusted again when most of what it sees is well */
}

void fleet_vantage_of(const struct fleet_vantage *v, const struct fleet_member *m, uint64_t now_us,
		      struct verdict_vantage *out, const char **reason)
{
	*out = (struct verdict_vantage){ .place = v->place };
	for (uint32_t i = m->first_target; i < m->first_target + m->n_targets && i < v->n_seen;
	     i++) {
		const struct fleet_seen *s = &v->seen[i];

		if (!s->known)
			continue;
		out->known = true;
		out->pass |= s->pass;
		if (!s->pass)
			*reason = s->reason;
	}
	out->fresh = out->known && fleet_vantage_is_fresh(v, now_us);
}
