/* SPDX-License-Identifier: Apache-2.0 */
/* proof: which failures of a plan are proven: the prober could see when the target failed. */
#include "probers/proberd/proof.h"

#include <stdlib.h>
#include <string.h>

/* In how many other regions a check is accompanied: one of them may be dead as well. */
#define COMPANIONS 2
/* All targets are looked at after a pass while some failure waits for its proof. In a large plan
 * not for each pass. */
#define SMALL_PLAN	1024
#define REVIEW_EVERY_US 50000

/* ---- sites: a region in a family ---- */

static uint32_t find_site(const struct proof *p, const struct proof_target *t)
{
	uint32_t i = 0;

	while (i < p->n &&
	       !(p->sights[i].family == t->family && strcmp(p->first[i]->region, t->region) == 0))
		i++;
	return i;
}

/* Equal for the sites of one region. */
static uint32_t region_id(const struct proof *p, uint32_t site)
{
	uint32_t i = 0;

	while (strcmp(p->first[i]->region, p->first[site]->region) != 0)
		i++;
	return i;
}

static void add_target(struct proof *p, struct proof_target *t)
{
	uint32_t site = find_site(p, t);
	const struct schedule_state *state = schedule_state(t->watch);

	t->site = site;
	t->next = site < p->n ? p->first[site] : NULL;
	p->first[site] = p->turn[site] = t;
	if (site == p->n) {
		p->n++;
		p->sights[site].family = t->family;
		p->sights[site].region = region_id(p, site);
	}
	t->is_passing = state->known && state->pass;
	t->is_failing = state->known && !state->pass;
	t->is_proven &= t->is_failing;
	p->sights[site].passing += t->is_passing;
	p->n_unproven += t->is_failing && !t->is_proven;
}

static size_t count_sites(struct proof_target *const *targets, size_t n)
{
	size_t sites = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && !(targets[k]->family == targets[i]->family &&
				  strcmp(targets[k]->region, targets[i]->region) == 0))
			k++;
		sites += k == i;
	}
	return sites;
}

enum err_code proof_init(struct proof *p, struct proof_target **targets, size_t n)
{
	size_t room = count_sites(targets, n) + 1;

	*p = (struct proof){ .sights = calloc(room, sizeof(*p->sights)),
			     .first = calloc(room, sizeof(struct proof_target *)),
			     .turn = calloc(room, sizeof(struct proof_target *)),
			     .targets = targets,
			     .n_targets = n };
	if (!p->sights || !p->first || !p->turn) {
		proof_fini(p);
		return ERR_MEMORY;
	}
	for (size_t i = 0; i < n; i++)
		if (targets[i]->watch)
			add_target(p, targets[i]);
	return ERR_OK;
}

void proof_fini(struct proof *p)
{
	free(p->sights);
	free(p->first);
	free(p->turn);
	*p = (struct proof){ 0 };
}

/* ---- companions ---- */

/* The next target of the site that passes; NULL = none does. */
static struct proof_target *take_turn(struct proof *p, uint32_t site)
{
	struct proof_target *begin = p->turn[site], *t = begin;

	if (!p->sights[site].passing)
		return NULL;
	do {
		t = t->next ? t->next : p->first[site];
		if (t->is_passing) {
			p->turn[site] = t;
			return t;
		}
	} while (t != begin);
	return NULL;
}

/* The check of t that is due at at_us begins together with others: at the time that comes first,
 * since a check is only ever brought forward. */
static void accompany(struct proof *p, const struct proof_target *t, uint64_t at_us)
{
	const struct sight *own = &p->sights[t->site];
	struct proof_target *others[COMPANIONS];
	unsigned found = 0;

	for (size_t i = 0; i < p->n && found < COMPANIONS; i++) {
		uint32_t site = (uint32_t)((p->next_site + i) % p->n);
		struct proof_target *other;
		uint64_t due_us;

		if (p->sights[site].region == own->region || p->sights[site].family != own->family)
			continue;
		other = take_turn(p, site);
		due_us = other ? schedule_next_us(other->watch) : 0;
		if (!due_us) /* nobody there passes, or its check runs already */
			continue;
		others[found++] = other;
		at_us = due_us < at_us ? due_us : at_us;
	}
	p->next_site++;
	for (unsigned i = 0; i < found; i++)
		schedule_hurry(others[i]->watch, at_us);
	schedule_hurry(t->watch, at_us);
}

/* ---- judging ---- */

static bool can_prove(const struct proof *p, const struct proof_target *t)
{
	const struct sight *own = &p->sights[t->site];

	return t->failed_us &&
	       sight_is_proven(p->sights, p->n, own->region, own->family, t->failed_us);
}

static void set_proven(struct proof *p, struct proof_target *t, bool is_proven)
{
	t->is_proven = is_proven;
	t->has_news = true;
	p->n_unproven += is_proven ? -(size_t)1 : 1;
	if (!is_proven)
		t->failed_us = 0; /* the next failure is to be proven */
}

/* Proofs that have come in, and those that hold no more. */
static bool review(struct proof *p, uint64_t now_us)
{
	bool news = false;

	p->reviewed_us = now_us;
	for (size_t i = 0; i < p->n_targets; i++) {
		struct proof_target *t = p->targets[i];
		const struct sight *own;

		if (!t->is_failing)
			continue;
		own = &p->sights[t->site];
		if (t->is_proven ? !sight_has_other(p->sights, p->n, own->region, own->family)
				 : can_prove(p, t)) {
			set_proven(p, t, !t->is_proven);
			news = true;
		}
	}
	return news;
}

/* What its verdict is now. */
static void set_state(struct proof *p, struct proof_target *t, const struct schedule_state *state)
{
	bool is_passing = state->known && state->pass, is_failing = state->known && !state->pass;

	if (is_passing != t->is_passing)
		p->sights[t->site].passing += is_passing ? 1 : -(uint32_t)1;
	p->n_unproven -= t->is_failing && !t->is_proven;
	if (is_failing != t->is_failing)
		t->is_proven = false;
	t->is_passing = is_passing;
	t->is_failing = is_failing;
	p->n_unproven += t->is_failing && !t->is_proven;
}

/* A check failed: is it proven, and is the next one to be accompanied? */
static bool take_failure(struct proof *p, struct proof_target *t,
			 const struct schedule_state *state, bool is_new, uint64_t now_us)
{
	if (t->is_proven)
		return false;
	t->failed_us = t->is_failing ? state->begun_us : 0;
	if (t->is_failing && can_prove(p, t)) {
		set_proven(p, t, true);
		return true;
	}
	if (is_new)
		accompany(p, t, now_us);
	else if (t->is_failing || state->streak + 1 >= state->fall)
		accompany(p, t, schedule_next_us(t->watch));
	return false;
}

bool proof_take(struct proof *p, struct proof_target *t, const struct schedule_state *state,
		bool passed, uint64_t now_us)
{
	bool was_failing = t->is_failing, was_seen = p->sights[t->site].passing > 0;
	bool news, is_due;

	set_state(p, t, state);
	if (passed) {
		t->failed_us = 0;
		sight_mark(&p->sights[t->site], state->begun_us);
		is_due = p->n_unproven &&
			 (p->n_targets <= SMALL_PLAN || now_us >= p->reviewed_us + REVIEW_EVERY_US);
		return is_due && review(p, now_us);
	}
	news = take_failure(p, t, state, t->is_failing && !was_failing, now_us);
	if (was_seen && !p->sights[t->site].passing)
		news |= review(p, now_us);
	return news;
}
