/* SPDX-License-Identifier: Apache-2.0 */
/* checks: what the monitors of a pool say of each backend, and so whether it is up. */
#include "regiond/back/checks.h"

#include "probers/check_compile.h"

#include <stdlib.h>
#include <string.h>

/* One backend with all its monitors. */
struct subject {
	struct checks_plan *plan;
	struct backend *backend;
	struct schedule_watch **watches; /* in the order of the pool's monitors */
	struct check_spec **specs;	 /* of these; held by the plan */
	size_t n_watches;
	bool judged; /* its results move the backend: the plan is followed, or it alone has it */
};

/* What one table asks for. */
struct checks_plan {
	struct checks *checks;
	struct check_spec **specs; /* by the index of the monitor in the configuration */
	size_t n_specs;
	struct subject *subjects; /* sorted by the address of the backend, once it is whole */
	size_t n_subjects;
};

struct checks {
	struct schedule *schedule;
	const struct clock *clock;
	checks_changed_fn changed;
	void *ctx;
	struct checks_plan *plan; /* the one that is followed; NULL before the first */
};

enum err_code checks_new(struct checks **out, struct schedule *schedule, const struct clock *clock,
			 checks_changed_fn changed, void *ctx)
{
	struct checks *c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_MEMORY;
	c->schedule = schedule;
	c->clock = clock;
	c->changed = changed;
	c->ctx = ctx;
	*out = c;
	return ERR_OK;
}

static void subject_fini(struct subject *s)
{
	for (size_t k = 0; k < s->n_watches; k++)
		schedule_unwatch(s->watches[k]);
	free(s->watches);
	free(s->specs);
	backend_unref(s->backend);
}

void checks_plan_free(struct checks_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_subjects; i++)
		subject_fini(&p->subjects[i]);
	for (size_t i = 0; i < p->n_specs; i++)
		check_spec_free(p->specs[i]);
	free(p->subjects);
	free(p->specs);
	free(p);
}

void checks_free(struct checks *c)
{
	if (!c)
		return;
	checks_plan_free(c->plan);
	free(c);
}

/* The reason of the first monitor that fails; NULL when none does. */
static const char *failure_of(const struct subject *s)
{
	for (size_t i = 0; i < s->n_watches; i++) {
		const struct schedule_state *st = schedule_state(s->watches[i]);
		if (st->known && !st->pass)
			return st->reason;
	}
	return NULL;
}

static bool is_settled(const struct subject *s)
{
	for (size_t i = 0; i < s->n_watches; i++)
		if (!schedule_state(s->watches[i])->known)
			return false;
	return true;
}

static void evaluate(const struct subject *s)
{
	struct checks *c = s->plan->checks;
	enum backend_state before = atomic_load(&s->backend->state), now = before;
	const char *failure = failure_of(s);
	if (failure)
		now = BACKEND_DOWN;
	else if (is_settled(s))
		now = BACKEND_UP;
	if (now == before)
		return;
	backend_set_state(s->backend, now, clock_mono_us(c->clock));
	c->changed(c->ctx, s->backend, failure ? failure : "");
}

static void on_result(void *arg, const struct schedule_state *state,
		      const struct check_result *result, bool changed)
{
	const struct subject *s = arg;
	if (changed && s->judged)
		evaluate(s);
}

static int compare_backends(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct subject *)a)->backend;
	uintptr_t y = (uintptr_t)((const struct subject *)b)->backend;
	return x < y ? -1 : x > y;
}

static struct subject *find_subject(const struct checks_plan *p, const struct backend *b)
{
	const struct subject key = { .backend = (struct backend *)b };
	if (!p || !p->n_subjects)
		return NULL;
	return bsearch(&key, p->subjects, p->n_subjects, sizeof(key), compare_backends);
}

static enum err_code specs_init(struct checks_plan *p, const struct regiond_config *config,
				struct err *e)
{
	p->specs = calloc(config->n_monitors + 1, sizeof(*p->specs));
	if (!p->specs)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < config->n_monitors; i++, p->n_specs++) {
		if (config->monitors[i].n_of)
			continue; /* made of others: the loader says that it checks nothing yet */
		enum err_code code = check_compile(&config->monitors[i], &p->specs[i], e);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

/* What it is and what is to be asked of it; nothing is watched yet. */
static enum err_code subject_init(struct subject *s, struct checks_plan *p, const struct pool *pool,
				  struct backend *b)
{
	size_t n = pool->config->n_monitors;
	s->plan = p;
	s->backend = backend_ref(b);
	s->watches = calloc(n + 1, sizeof(struct schedule_watch *));
	s->specs = calloc(n + 1, sizeof(struct check_spec *));
	if (!s->watches || !s->specs)
		return ERR_MEMORY;
	for (size_t i = 0, k = 0; i < n; i++)
		if (p->specs[pool->config->monitors[i]])
			s->specs[k++] = p->specs[pool->config->monitors[i]];
	return ERR_OK;
}

static enum err_code subjects_init(struct checks_plan *p, const struct regiond_config *config,
				   const struct pool *pools)
{
	size_t n = 0;
	for (size_t i = 0; i < config->n_pools; i++)
		n += pools[i].n_slots;
	p->subjects = calloc(n + 1, sizeof(*p->subjects));
	if (!p->subjects)
		return ERR_MEMORY;
	for (size_t i = 0; i < config->n_pools; i++) {
		const struct pool *pool = &pools[i];
		for (size_t k = 0; k < pool->n_slots; k++) {
			struct subject *s = &p->subjects[p->n_subjects++];
			enum err_code code = subject_init(s, p, pool, pool->slots[k].backend);
			if (code != ERR_OK)
				return code;
		}
	}
	return ERR_OK;
}

/* A monitor is known by its name: `from` is the same backend before the reload. */
static void inherit(struct subject *s, size_t watch, const struct subject *from)
{
	for (size_t i = 0; from && i < from->n_watches; i++)
		if (strcmp(from->specs[i]->name, s->specs[watch]->name) == 0)
			schedule_inherit(s->watches[watch], from->watches[i]);
}

static enum err_code watch_subject(struct subject *s)
{
	struct checks *c = s->plan->checks;
	const struct subject *before = find_subject(c->plan, s->backend);
	s->judged = before == NULL;
	for (size_t i = 0; s->specs[i]; i++) {
		struct endpoint to = check_spec_endpoint(s->specs[i], &s->backend->address);
		enum err_code code =
			schedule_watch(c->schedule, s->specs[i], &to, on_result, s, &s->watches[i]);
		if (code != ERR_OK)
			return code;
		s->n_watches++;
		inherit(s, i, before);
	}
	return ERR_OK;
}

static enum err_code plan_fill(struct checks_plan *p, const struct regiond_config *config,
			       const struct pool *pools, struct err *e)
{
	enum err_code code = specs_init(p, config, e);
	if (code != ERR_OK)
		return code;
	code = subjects_init(p, config, pools);
	/* Before anything is watched: watches know their subject by its address. */
	if (code == ERR_OK)
		qsort(p->subjects, p->n_subjects, sizeof(*p->subjects), compare_backends);
	for (size_t i = 0; code == ERR_OK && i < p->n_subjects; i++)
		code = watch_subject(&p->subjects[i]);
	return code == ERR_OK ? code : err_set(e, code, "out of memory");
}

enum err_code checks_prepare(struct checks *c, const struct regiond_config *config,
			     const struct pool *pools, struct checks_plan **out, struct err *e)
{
	struct checks_plan *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->checks = c;
	enum err_code code = plan_fill(p, config, pools, e);
	if (code != ERR_OK) {
		checks_plan_free(p);
		return code;
	}
	/* An address that another pool checks by the same monitor is known at once. */
	for (size_t i = 0; i < p->n_subjects; i++)
		if (p->subjects[i].judged)
			evaluate(&p->subjects[i]);
	*out = p;
	return ERR_OK;
}

void checks_commit(struct checks *c, struct checks_plan *p)
{
	/* The new watches are there before the old ones go: what stays keeps its history. */
	checks_plan_free(c->plan);
	c->plan = p;
	for (size_t i = 0; i < p->n_subjects; i++) {
		p->subjects[i].judged = true;
		evaluate(&p->subjects[i]);
	}
}

bool checks_are_settled(const struct checks *c)
{
	for (size_t i = 0; c->plan && i < c->plan->n_subjects; i++)
		if (!is_settled(&c->plan->subjects[i]))
			return false;
	return true;
}

const char *checks_reason(const struct checks *c, const struct backend *b)
{
	const struct subject *s = find_subject(c->plan, b);
	const char *failure = s ? failure_of(s) : NULL;
	return failure ? failure : "";
}
