/* SPDX-License-Identifier: Apache-2.0 */
/* judge: the health of every member, from what nodes and vantages say. */
#include "dnsd/fleet/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VANTAGES_MAX 256

/* A region that was known and whose stream nobody has made since the start is stale from then on:
 * regiond dials again within 2 s, and a stream that is there is stale after 2 s of silence. */
#define RESTORED_STALE_US 4000000

const struct config_pool *fleet_judge_pool(const struct fleet_judge *j, uint32_t service)
{
	return &j->config->pools[j->config->services[service].pool];
}

uint32_t fleet_judge_nth(const struct config_pool *pool, uint32_t member)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < member; i++)
		n += pool->members[i].region == pool->members[member].region;
	return n;
}

/* ---- one member ---- */

void fleet_judge_stream(const struct fleet_judge *j, uint32_t service, uint32_t member,
			uint64_t now_us, struct verdict_stream *out, char reason[FLEET_REASON_MAX])
{
	const struct fleet_member *m = &j->services[service].members[member];
	uint32_t region = fleet_judge_pool(j, service)->members[member].region;

	fleet_node_stream(j->nodes, region, j->config->services[service].name, now_us, out, reason);
	if (out->ever || out->retracted || !m->is_restored)
		return;
	*out = m->restored;
	if (out->down || !fleet_node_is_known(j->nodes, region))
		return;
	out->ever = true;
	out->stale = out->stale || (now_us >= j->start_us + RESTORED_STALE_US &&
				    !fleet_node_is_live(j->nodes, region, now_us));
}

const char *fleet_judge_reason(enum verdict_cause cause, const char *said, const char *seen)
{
	bool by_vantages = cause == CAUSE_VANTAGES || cause == CAUSE_STALE_AND_FAILED;

	return (by_vantages && seen[0]) || !said[0] ? seen : said;
}

struct inputs {
	struct verdict_input in;
	struct verdict_vantage vantages[VANTAGES_MAX];
	char said[FLEET_REASON_MAX], seen[FLEET_REASON_MAX];
};

/* reason: what they see; NULL = not asked for. */
static void gather_vantages(const struct fleet_judge *j, uint32_t first, uint32_t n_targets,
			    uint64_t now_us, struct inputs *out, char *reason)
{
	const char *seen = "failed";
	unsigned failing = 0, known = 0;
	size_t n = 0;

	for (const struct fleet_vantage *v = j->vantages; v && n < VANTAGES_MAX; v = v->next, n++) {
		const struct verdict_vantage one =
			fleet_vantage_of(v, first, n_targets, now_us, &seen);

		known += one.fresh;
		failing += one.fresh && one.known && !one.pass;
		out->vantages[n] = one;
	}
	out->in.vantages = out->vantages;
	out->in.n_vantages = n;
	if (failing && reason)
		snprintf(reason, FLEET_REASON_MAX, "%u of %u vantages: %s", failing, known, seen);
}

static void gather(const struct fleet_judge *j, uint32_t service, uint32_t member, uint64_t now_us,
		   struct inputs *out)
{
	const struct fleet_member *m = &j->services[service].members[member];

	fleet_judge_stream(j, service, member, now_us, &out->in.stream, out->said);
	out->in.hold_down_us = j->config->services[service].hold_down_ms * 1000;
	out->seen[0] = 0;
	gather_vantages(j, m->first_target, m->n_targets, now_us, out, out->seen);
}

static void sooner(uint64_t *at, uint64_t candidate)
{
	if (candidate && (!*at || candidate < *at))
		*at = candidate;
}

void fleet_judge_name_addresses(struct fleet_member *m)
{
	uint64_t all = m->n_targets >= 64 ? UINT64_MAX : (UINT64_C(1) << m->n_targets) - 1;
	uint64_t up = all;

	for (uint32_t i = 0; i < m->n_targets && i < 64; i++)
		if (m->addresses[i].health == HEALTH_DOWN)
			up &= ~(UINT64_C(1) << i);
	m->addresses_up = up ? up : all;
}

static void judge_addresses(struct fleet_judge *j, uint32_t service, uint32_t member,
			    struct inputs *inputs, uint64_t now_us)
{
	struct fleet_member *m = &j->services[service].members[member];
	uint64_t before = m->addresses_up, next_us;

	inputs->in.stream = (struct verdict_stream){ 0 };
	for (uint32_t i = 0; i < m->n_targets && i < 64; i++) {
		gather_vantages(j, m->first_target + i, 1, now_us, inputs, NULL);
		verdict_member_update(&m->addresses[i], &inputs->in, now_us, &next_us);
		sooner(&m->next_us, next_us);
	}
	fleet_judge_name_addresses(m);
	if (m->addresses_up != before && j->addresses)
		j->addresses(j->ctx, service, member, m->addresses_up);
}

static void judge(struct fleet_judge *j, uint32_t service, uint32_t member, uint64_t now_us)
{
	struct fleet_member *m = &j->services[service].members[member];
	struct fleet_change change = { .service = service,
				       .member = member,
				       .from = m->verdict.health };
	bool was_good = m->verdict.good_at_us, changed;
	char reason[FLEET_REASON_MAX]; /* of the member: its addresses have others */
	struct inputs inputs;

	change.was_held_down = was_good && m->verdict.health == HEALTH_DOWN;
	change.was_resumed = m->verdict.is_resumed;
	gather(j, service, member, now_us, &inputs);
	changed = verdict_member_update(&m->verdict, &inputs.in, now_us, &m->next_us);
	snprintf(reason, sizeof(reason), "%s",
		 fleet_judge_reason(m->verdict.cause, inputs.said, inputs.seen));
	change.reason = reason;
	if (m->addresses)
		judge_addresses(j, service, member, &inputs, now_us);
	if (m->next_us && m->next_us < j->soonest_us)
		j->soonest_us = m->next_us;
	if (!changed) {
		if (was_good != (bool)m->verdict.good_at_us && j->eased)
			j->eased(j->ctx, service, member);
		return;
	}
	change.to = m->verdict.health;
	change.cause = m->verdict.cause;
	change.addresses_up = m->addresses_up;
	j->changed(j->ctx, &change);
}

/* ---- who is touched ---- */

uint32_t fleet_judge_find(const struct fleet_judge *j, const char *service)
{
	size_t low = 0, high = j->n_services;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strcmp(service, j->config->services[j->by_name[mid]].name);

		if (order == 0)
			return j->by_name[mid];
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return UINT32_MAX;
}

void fleet_judge_service(struct fleet_judge *j, uint32_t region, const char *service,
			 uint64_t now_us)
{
	uint32_t s = fleet_judge_find(j, service);
	const struct config_pool *pool = s == UINT32_MAX ? NULL : fleet_judge_pool(j, s);

	for (uint32_t m = 0; pool && m < pool->n_members; m++)
		if (pool->members[m].region == region)
			judge(j, s, m, now_us);
}

void fleet_judge_region(struct fleet_judge *j, uint32_t region, uint64_t now_us)
{
	if (!j->config || region >= j->config->n_regions)
		return;
	for (uint32_t i = j->region_first[region]; i < j->region_first[region + 1]; i++)
		judge(j, j->by_region[i].service, j->by_region[i].member, now_us);
}

void fleet_judge_target(struct fleet_judge *j, uint32_t target, uint64_t now_us)
{
	const struct fleet_target *t = &j->plan.targets[target];

	for (uint32_t i = j->pool_first[t->pool]; i < j->pool_first[t->pool + 1]; i++)
		judge(j, j->by_pool[i], t->member, now_us);
}

void fleet_judge_all(struct fleet_judge *j, uint64_t now_us)
{
	for (uint32_t s = 0; s < j->n_services; s++)
		for (uint32_t m = 0; m < j->services[s].n_members; m++)
			judge(j, s, m, now_us);
}

void fleet_judge_due(struct fleet_judge *j, uint64_t now_us)
{
	if (now_us < j->soonest_us)
		return;
	j->soonest_us = UINT64_MAX;
	for (uint32_t s = 0; s < j->n_services; s++)
		for (uint32_t m = 0; m < j->services[s].n_members; m++) {
			uint64_t next_us = j->services[s].members[m].next_us;

			if (next_us && next_us <= now_us)
				judge(j, s, m, now_us);
			else if (next_us && next_us < j->soonest_us)
				j->soonest_us = next_us;
		}
}

/* ---- configuration ---- */

/* What fleet_judge_configure() makes aside. */
struct draft {
	struct fleet_plan plan;
	struct fleet_service *services;
	size_t n_services;
	struct fleet_place *by_region;
	uint32_t *region_first, *by_pool, *pool_first, *by_name;
};

static void draft_free(struct draft *d)
{
	for (size_t s = 0; d->services && s < d->n_services; s++) {
		for (size_t m = 0; d->services[s].members && m < d->services[s].n_members; m++)
			free(d->services[s].members[m].addresses);
		free(d->services[s].members);
	}
	free(d->services);
	free(d->by_region);
	free(d->region_first);
	free(d->by_pool);
	free(d->pool_first);
	free(d->by_name);
	fleet_plan_fini(&d->plan);
}

static int by_service_name(const void *a, const void *b, void *config)
{
	const struct dnsd_config *c = config;

	return strcmp(c->services[*(const uint32_t *)a].name,
		      c->services[*(const uint32_t *)b].name);
}

/* counts[k + 1] holds how many of k there are: makes it where k begins. */
static void sum_up(uint32_t *counts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		counts[i + 1] += counts[i];
}

static void fill_indices(const struct dnsd_config *c, struct draft *d)
{
	for (uint32_t s = 0; s < c->n_services; s++) {
		const struct config_pool *pool = &c->pools[c->services[s].pool];

		d->by_name[s] = s;
		d->pool_first[c->services[s].pool + 1]++;
		for (uint32_t m = 0; m < pool->n_members; m++)
			d->region_first[pool->members[m].region + 1]++;
	}
	sum_up(d->pool_first, c->n_pools);
	sum_up(d->region_first, c->n_regions);
	for (uint32_t s = (uint32_t)c->n_services; s-- > 0;) {
		const struct config_pool *pool = &c->pools[c->services[s].pool];

		d->by_pool[--d->pool_first[c->services[s].pool + 1]] = s;
		for (uint32_t m = (uint32_t)pool->n_members; m-- > 0;)
			d->by_region[--d->region_first[pool->members[m].region + 1]] =
				(struct fleet_place){ s, m };
	}
	/* Each end has moved down to its begin, one place to the right. */
	memmove(d->pool_first, d->pool_first + 1, c->n_pools * sizeof(*d->pool_first));
	memmove(d->region_first, d->region_first + 1, c->n_regions * sizeof(*d->region_first));
	qsort_r(d->by_name, c->n_services, sizeof(*d->by_name), by_service_name, (void *)c);
}

static enum err_code make_indices(const struct dnsd_config *c, struct draft *d)
{
	size_t n_members = 0;

	for (size_t s = 0; s < c->n_services; s++)
		n_members += c->pools[c->services[s].pool].n_members;
	d->by_region = calloc(n_members + 1, sizeof(*d->by_region));
	d->region_first = calloc(c->n_regions + 2, sizeof(*d->region_first));
	d->by_pool = calloc(c->n_services + 1, sizeof(*d->by_pool));
	d->pool_first = calloc(c->n_pools + 2, sizeof(*d->pool_first));
	d->by_name = calloc(c->n_services + 1, sizeof(*d->by_name));
	if (!d->by_region || !d->region_first || !d->by_pool || !d->pool_first || !d->by_name)
		return ERR_MEMORY;
	fill_indices(c, d);
	d->region_first[c->n_regions] = (uint32_t)n_members;
	d->pool_first[c->n_pools] = (uint32_t)c->n_services;
	return ERR_OK;
}

static bool is_member(const struct fleet_judge *j, const struct config_pool *pool, uint32_t m,
		      const char *region, uint32_t nth)
{
	return strcmp(j->config->regions[pool->members[m].region].name, region) == 0 &&
	       fleet_judge_nth(pool, m) == nth;
}

/* The member of the configuration before that is this one: same region, same place in it. Mostly it
 * stands where it stood: that is looked at first. */
static const struct fleet_member *find_member(const struct fleet_judge *j, uint32_t s,
					      const char *region, uint32_t nth, uint32_t at)
{
	const struct config_pool *pool;

	if (s == UINT32_MAX)
		return NULL;
	pool = fleet_judge_pool(j, s);
	if (at < pool->n_members && is_member(j, pool, at, region, nth))
		return &j->services[s].members[at];
	for (uint32_t m = 0; m < pool->n_members; m++)
		if (is_member(j, pool, m, region, nth))
			return &j->services[s].members[m];
	return NULL;
}

/* The health of an address goes with the address, wherever it stands now. */
static void carry_addresses(const struct fleet_judge *j, const struct fleet_member *known,
			    const struct draft *d, struct fleet_member *out)
{
	uint64_t up = 0;

	for (uint32_t i = 0; i < out->n_targets; i++) {
		const struct fleet_target *t = &d->plan.targets[out->first_target + i];

		for (uint32_t k = 0; known && known->addresses && k < known->n_targets; k++)
			if (j->plan.targets[known->first_target + k].key == t->key)
				out->addresses[i] = known->addresses[k];
		if (out->addresses[i].health != HEALTH_DOWN && i < 64)
			up |= UINT64_C(1) << i;
	}
	if (up)
		out->addresses_up = up;
}

static enum err_code make_member(const struct fleet_judge *j, const struct fleet_member *known,
				 const struct draft *d, const struct dnsd_config *config,
				 uint32_t pool, uint32_t m, uint64_t now_us,
				 struct fleet_member *out)
{
	size_t n = config->pools[pool].members[m].n_addresses;

	if (known)
		*out = *known;
	else
		verdict_member_init(&out->verdict, now_us);
	out->addresses = NULL;
	out->addresses_up = n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
	out->first_target = fleet_plan_first(&d->plan, config, pool, m, &out->n_targets);
	if (out->n_targets < 2)
		return ERR_OK;
	out->addresses = calloc(out->n_targets, sizeof(*out->addresses));
	if (!out->addresses)
		return ERR_MEMORY;
	for (uint32_t i = 0; i < out->n_targets; i++)
		verdict_member_init(&out->addresses[i], now_us);
	carry_addresses(j, known, d, out);
	return ERR_OK;
}

static enum err_code make_service(const struct fleet_judge *j, struct draft *d,
				  const struct dnsd_config *config, uint32_t index, uint64_t now_us)
{
	const struct config_service *cs = &config->services[index];
	const struct config_pool *pool = &config->pools[cs->pool];
	struct fleet_service *out = &d->services[index];
	uint32_t was = fleet_judge_find(j, cs->name);
	enum err_code code = ERR_OK;

	out->members = calloc(pool->n_members + 1, sizeof(*out->members));
	if (!out->members)
		return ERR_MEMORY;
	out->n_members = pool->n_members;
	for (uint32_t m = 0; code == ERR_OK && m < pool->n_members; m++) {
		const char *region = config->regions[pool->members[m].region].name;
		const struct fleet_member *known =
			find_member(j, was, region, fleet_judge_nth(pool, m), m);

		code = make_member(j, known, d, config, cs->pool, m, now_us, &out->members[m]);
	}
	return code;
}

/* Proberds go on as they are when nothing changes for them. */
static void adopt_plan(struct fleet_judge *j, struct fleet_plan *plan, bool *is_new_plan)
{
	struct fleet_plan old = j->plan;
	uint32_t *map;

	*is_new_plan = !j->plan_revision || old.signature != plan->signature;
	j->plan = *plan;
	if (*is_new_plan) {
		map = fleet_plan_map(&old, plan);
		j->plan_revision++;
		for (struct fleet_vantage *v = j->vantages; v; v = v->next)
			fleet_vantage_carry(v, map, plan->n_targets);
		free(map);
	}
	*plan = old;
}

static void adopt(struct fleet_judge *j, struct draft *d, const struct dnsd_config *config)
{
	const struct draft old = { .services = j->services,
				   .n_services = j->n_services,
				   .by_region = j->by_region,
				   .region_first = j->region_first,
				   .by_pool = j->by_pool,
				   .pool_first = j->pool_first,
				   .by_name = j->by_name };

	j->config = config;
	j->services = d->services;
	j->n_services = d->n_services;
	j->by_region = d->by_region;
	j->region_first = d->region_first;
	j->by_pool = d->by_pool;
	j->pool_first = d->pool_first;
	j->by_name = d->by_name;
	d->services = old.services;
	d->n_services = old.n_services;
	d->by_region = old.by_region;
	d->region_first = old.region_first;
	d->by_pool = old.by_pool;
	d->pool_first = old.pool_first;
	d->by_name = old.by_name;
}

enum err_code fleet_judge_configure(struct fleet_judge *j, const struct dnsd_config *config,
				    uint64_t now_us, bool *is_new_plan, struct err *e)
{
	struct draft d = { .services = calloc(config->n_services + 1, sizeof(*d.services)),
			   .n_services = config->n_services };
	enum err_code code = d.services ? fleet_plan_make(config, &d.plan, e)
					: err_set(e, ERR_MEMORY, "out of memory");

	if (code == ERR_OK && make_indices(config, &d) != ERR_OK)
		code = err_set(e, ERR_MEMORY, "out of memory");
	for (uint32_t s = 0; code == ERR_OK && s < config->n_services; s++)
		if (make_service(j, &d, config, s, now_us) != ERR_OK)
			code = err_set(e, ERR_MEMORY, "out of memory for %zu services",
				       config->n_services);
	if (code == ERR_OK) {
		adopt_plan(j, &d.plan, is_new_plan);
		adopt(j, &d, config);
		for (struct fleet_node *n = j->nodes; n; n = n->next)
			fleet_node_resolve(n, config);
		j->soonest_us = UINT64_MAX;
		fleet_judge_all(j, now_us);
	}
	draft_free(&d);
	return code;
}

void fleet_judge_fini(struct fleet_judge *j)
{
	struct draft d = { 0 };

	adopt(j, &d, NULL);
	draft_free(&d);
	fleet_node_free_all(&j->nodes);
	fleet_vantage_free_all(&j->vantages);
	fleet_plan_fini(&j->plan);
}
