/* SPDX-License-Identifier: Apache-2.0 */
/* checks: what the monitors of a pool say of each backend, and so whether it is up. */
#include "regiond/back/checks.h"

#include <stdlib.h>

struct plan;

/* One backend with all its monitors. */
struct subject {
	struct plan *plan;
	struct backend *backend;
	struct schedule_watch **watches;
	size_t n_watches;
};

/* What one table asks for. */
struct plan {
	struct checks *checks;
	struct check_spec **specs; /* by the index of the monitor in the configuration */
	size_t n_specs;
	struct subject *subjects;
	size_t n_subjects;
};

struct checks {
	struct schedule *schedule;
	const struct clock *clock;
	checks_changed_fn changed;
	void *ctx;
	struct plan *plan; /* NULL until the first checks_follow() */
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

static void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_subjects; i++) {
		struct subject *s = &p->subjects[i];
		for (size_t k = 0; k < s->n_watches; k++)
			schedule_unwatch(s->watches[k]);
		free(s->watches);
		backend_unref(s->backend);
	}
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
	plan_free(c->plan);
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
	if (changed)
		evaluate(arg);
}

static enum err_code specs_init(struct plan *p, const struct regiond_config *config, struct err *e)
{
	p->specs = calloc(config->n_monitors + 1, sizeof(*p->specs));
	if (!p->specs)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < config->n_monitors; i++) {
		enum err_code code = check_spec_from_config(&config->monitors[i], &p->specs[i], e);
		if (code != ERR_OK)
			return code;
		p->n_specs++;
	}
	return ERR_OK;
}

static enum err_code subject_init(struct subject *s, struct plan *p, const struct pool *pool,
				  struct backend *b)
{
	s->plan = p;
	s->backend = backend_ref(b);
	s->watches = calloc(pool->config->n_monitors + 1, sizeof(struct schedule_watch *));
	if (!s->watches)
		return ERR_MEMORY;
	for (size_t i = 0; i < pool->config->n_monitors; i++) {
		struct check_spec *spec = p->specs[pool->config->monitors[i]];
		struct endpoint to = check_spec_endpoint(spec, &b->address);
		enum err_code code = schedule_watch(p->checks->schedule, spec, &to, on_result, s,
						    &s->watches[i]);
		if (code != ERR_OK)
			return code;
		s->n_watches++;
	}
	return ERR_OK;
}

static enum err_code plan_fill(struct plan *p, const struct regiond_config *config,
			       const struct pool *pools, struct err *e)
{
	enum err_code code = specs_init(p, config, e);
	if (code != ERR_OK)
		return code;
	size_t n = 0;
	for (size_t i = 0; i < config->n_pools; i++)
		n += pools[i].n_slots;
	p->subjects = calloc(n + 1, sizeof(*p->subjects));
	if (!p->subjects)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < config->n_pools; i++) {
		const struct pool *pool = &pools[i];
		for (size_t k = 0; k < pool->n_slots; k++) {
			struct subject *s = &p->subjects[p->n_subjects++];
			code = subject_init(s, p, pool, pool->slots[k].backend);
			if (code != ERR_OK)
				return err_set(e, code, "out of memory");
		}
	}
	return ERR_OK;
}

enum err_code checks_follow(struct checks *c, const struct regiond_config *config,
			    const struct pool *pools, struct err *e)
{
	struct plan *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->checks = c;
	enum err_code code = plan_fill(p, config, pools, e);
	if (code != ERR_OK) {
		plan_free(p);
		return code;
	}
	/* The new watches are there before the old ones go: what stays keeps its history. */
	plan_free(c->plan);
	c->plan = p;
	for (size_t i = 0; i < p->n_subjects; i++)
		evaluate(&p->subjects[i]);
	return ERR_OK;
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
	for (size_t i = 0; c->plan && i < c->plan->n_subjects; i++) {
		const struct subject *s = &c->plan->subjects[i];
		const char *failure = s->backend == b ? failure_of(s) : NULL;
		if (failure)
			return failure;
	}
	return "";
}
