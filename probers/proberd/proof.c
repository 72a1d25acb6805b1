/* SPDX-License-Identifier: Apache-2.0 */
/* proof: which failures of a plan are proven: the prober could see when the target failed. */
#include "probers/proberd/proof.h"

#include <stdlib.h>
#include <string.h>

/* All targets are looked at after a pass while some failure waits for its proof. In a large plan
 * not for each pass. */
#define SMALL_PLAN	1024
#define REVIEW_EVERY_US 50000

/* ---- sites: a region in a family ---- */

static uint32_t find_site(const struct proof *p, const struct proof_target *t)
{
	uint32_t i = 0;

	while (i < p->n && !(p->sites[i].family == t->family &&
			     strcmp(p->sites[i].first->region, t->region) == 0))
		i++;
	return i;
}

static uint32_t region_id(const struct proof *p, const char *region)
{
	uint32_t i = 0;

	while (strcmp(p->sites[i].first->region, region) != 0)
		i++;
	return i;
}

static void add_target(struct proof *p, struct proof_target *t)
{
	uint32_t site = find_site(p, t);
	struct proof_site *at = &p->sites[site];
	const struct schedule_state *state = schedule_state(t->watch);

	t->site = site;
	t->next = site < p->n ? at->first : NULL;
	at->first = at->turn = t;
	if (site == p->n) {
		p->n++;
		at->family = t->family;
		at->region = region_id(p, t->region);
	}
	t->is_passing = state->known && state->pass;
	t->is_failing = state->known && !state->pass;
	t->is_proven &= t->is_failing;
	t->rtt_us = state->rtt_us;
	at->passing += t->is_passing;
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
	*p = (struct proof){ .sites = calloc(count_sites(targets, n) + 1, sizeof(*p->sites)),
			     .targets = targets,
			     .n_targets = n };
	if (!p->sites)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++)
		if (targets[i]->watch)
			add_target(p, targets[i]);
	return ERR_OK;
}

void proof_fini(struct proof *p)
{
	free(p->sites);
	*p = (struct proof){ 0 };
}

/* ---- companions ---- */

static bool is_elsewhere(const struct proof *p, uint32_t site, const struct proof_target *t)
{
	const struct proof_site *own = &p->sites[t->site];

	return p->sites[site].region != own->region && p->sites[site].family == own->family;
}

/* The next target of the site that passes; NULL = none does. */
static struct proof_target *take_turn(struct proof_site *site)
{
	struct proof_target *begin = site->turn, *t = begin;

	if (!site->passing)
		return NULL;
	do {
		t = t->next ? t->next : site->first;
		if (t->is_passing) {
			site->turn = t;
			return t;
		}
	} while (t != begin);
	return NULL;
}

/* The check of t that is due at at_us begins together with others: at the time that comes first,
 * since a check is only ever brought forward. */
static void accompany(struct proof *p, struct proof_target *t, uint64_t at_us)
{
	unsigned found = 0;

	for (size_t i = 0; i < p->n && found < PROOF_COMPANIONS; i++) {
		uint32_t site = (uint32_t)((p->next_site + i) % p->n);
		struct proof_target *other;
		uint64_t due_us;

		if (!is_elsewhere(p, site, t))
			continue;
		other = take_turn(&p->sites[site]);
		due_us = other && !other->again_us ? schedule_next_us(other->watch) : 0;
		if (!due_us) /* nobody there passes, its check runs, or it accompanies another */
			continue;
		t->next_beside[found++] = other;
		at_us = due_us < at_us ? due_us : at_us;
	}
	p->next_site++;
	for (unsigned i = 0; i < found; i++) {
		t->next_beside[i]->again_us = at_us + sight_again_us(t->rtt_us);
		schedule_hurry(t->next_beside[i]->watch, at_us);
	}
	schedule_hurry(t->watch, at_us);
}

/* ---- judging ---- */

static bool can_prove(const struct proof_target *t)
{
	for (unsigned i = 0; t->failed_us && i < PROOF_COMPANIONS; i++)
		if (t->beside[i] && sight_is_around(&t->beside[i]->sight, t->failed_us, t->rtt_us))
			return true;
	return false;
}

/* Does another region pass now? Without one no proof holds. */
static bool has_other(const struct proof *p, const struct proof_target *t)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (is_elsewhere(p, i, t) && p->sites[i].passing)
			return true;
	return false;
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

		if (!t->is_failing || !(t->is_proven ? !has_other(p, t) : can_prove(t)))
			continue;
		set_proven(p, t, !t->is_proven);
		news = true;
	}
	return news;
}

/* What its verdict is now. */
static void set_state(struct proof *p, struct proof_target *t, const struct schedule_state *state)
{
	bool is_passing = state->known && state->pass, is_failing = state->known && !state->pass;

	if (is_passing != t->is_passing)
		p->sites[t->site].passing += is_passing ? 1 : -(uint32_t)1;
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
	memcpy(t->beside, t->next_beside, sizeof(t->beside));
	memset(t->next_beside, 0, sizeof(t->next_beside));
	t->failed_us = t->is_failing ? state->begun_us : 0;
	if (can_prove(t)) {
		set_proven(p, t, true);
		return true;
	}
	if (is_new && !t->beside[0])
		accompany(p, t, now_us);
	else if (is_new) /* the second look may still come */
		accompany(p, t, now_us + SIGHT_AGAIN_US + SIGHT_LATE_US);
	else if (t->is_failing || state->streak + 1 >= state->fall)
		accompany(p, t, schedule_next_us(t->watch));
	return false;
}

static bool take_pass(struct proof *p, struct proof_target *t, const struct schedule_state *state,
		      uint64_t now_us)
{
	t->failed_us = 0;
	memset(t->next_beside, 0, sizeof(t->next_beside));
	t->rtt_us = state->rtt_us;
	if (t->again_us)
		schedule_hurry(t->watch, t->again_us);
	t->again_us = 0;
	if (!p->n_unproven ||
	    (p->n_targets > SMALL_PLAN && now_us < p->reviewed_us + REVIEW_EVERY_US))
		return false;
	return review(p, now_us);
}

bool proof_take(struct proof *p, struct proof_target *t, const struct schedule_state *state,
		bool passed, uint64_t now_us)
{
	bool was_failing = t->is_failing, was_seen = p->sites[t->site].passing > 0;
	bool news;

	sight_add(&t->sight, state->begun_us, passed);
	set_state(p, t, state);
	if (passed)
		return take_pass(p, t, state, now_us);
	t->again_us = 0;
	news = take_failure(p, t, state, t->is_failing && !was_failing, now_us);
	if (was_seen && !p->sites[t->site].passing)
		news |= review(p, now_us);
	return news;
}
