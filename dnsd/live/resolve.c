/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: overrides by the numbers of a configuration. */
#include "dnsd/live/resolve.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static int by_name(const void *a, const void *b, void *config)
{
	const struct dnsd_config *c = config;

	return strcmp(c->services[*(const uint32_t *)a].name,
		      c->services[*(const uint32_t *)b].name);
}

enum err_code resolve_names_init(struct resolve_names *n, const struct dnsd_config *config)
{
	uint32_t *services = malloc((config->n_services + 1) * sizeof(*services));

	if (!services)
		return ERR_MEMORY;
	for (uint32_t i = 0; i < config->n_services; i++)
		services[i] = i;
	qsort_r(services, config->n_services, sizeof(*services), by_name, (void *)config);
	*n = (struct resolve_names){ services, config };
	return ERR_OK;
}

void resolve_names_fini(struct resolve_names *n)
{
	free(n->services);
	n->services = NULL;
}

uint32_t resolve_service(const struct resolve_names *n, const char *name)
{
	size_t low = 0, high = n->config->n_services;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, n->config->services[n->services[middle]].name);

		if (order == 0)
			return n->services[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return UINT32_MAX;
}

uint32_t resolve_region(const struct resolve_names *n, const char *name)
{
	for (uint32_t i = 0; i < n->config->n_regions; i++)
		if (strcmp(n->config->regions[i].name, name) == 0)
			return i;
	return UINT32_MAX;
}

/* ---- overrides ---- */

static const struct config_pool *pool_of(const struct resolve_names *n, uint32_t service)
{
	return &n->config->pools[n->config->services[service].pool];
}

uint64_t resolve_members(const struct resolve_names *names, const struct resolve_one *one,
			 uint32_t service)
{
	const struct config_pool *pool = pool_of(names, service);
	uint32_t nth = 0;
	uint64_t bits = 0;

	for (uint32_t m = 0; m < pool->n_members; m++) {
		if (pool->members[m].region != one->region)
			continue;
		if (one->o->kind != STORE_HELD || nth == one->o->nth)
			bits |= UINT64_C(1) << m;
		nth++;
	}
	return bits;
}

static bool bears_on_any(const struct resolve_names *names, const struct resolve_one *one)
{
	if (one->region == UINT32_MAX)
		return false;
	if (one->service != RESOLVE_ALL)
		return resolve_members(names, one, one->service);
	for (uint32_t s = 0; s < names->config->n_services; s++)
		if (resolve_members(names, one, s))
			return true;
	return false;
}

static int by_service(const void *a, const void *b)
{
	const struct resolve_one *x = a, *y = b;

	if (x->service != y->service)
		return x->service < y->service ? -1 : 1;
	return x->o < y->o ? -1 : x->o > y->o;
}

enum err_code resolve_init(struct resolve *r, const struct resolve_names *names,
			   struct overrides_set set)
{
	*r = (struct resolve){ .list = malloc((set.n + 1) * sizeof(*r->list)),
			       .idle = malloc((set.n + 1) * sizeof(*r->idle)) };
	if (!r->list || !r->idle) {
		resolve_fini(r);
		return ERR_MEMORY;
	}
	for (size_t i = 0; i < set.n; i++) {
		const struct store_override *o = &set.list[i];
		struct resolve_one one = { o, RESOLVE_ALL, resolve_region(names, o->region) };

		if (o->service[0])
			one.service = resolve_service(names, o->service);
		if (o->is_asleep || (o->service[0] && one.service == UINT32_MAX) ||
		    !bears_on_any(names, &one))
			r->idle[r->n_idle++] = o;
		else {
			r->list[r->n++] = one;
			r->n_held += o->kind == STORE_HELD;
		}
	}
	qsort(r->list, r->n, sizeof(*r->list), by_service);
	return ERR_OK;
}

void resolve_fini(struct resolve *r)
{
	free(r->list);
	free(r->idle);
	*r = (struct resolve){ 0 };
}

/* The first one of a service, or where it would stand. */
static size_t first_of(const struct resolve *r, uint32_t service)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->list[middle].service < service)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void each_of(const struct resolve *r, const struct resolve_names *names, uint32_t group,
		    uint32_t service, resolve_fn each, void *ctx)
{
	for (size_t i = first_of(r, group); i < r->n && r->list[i].service == group; i++) {
		uint64_t members = resolve_members(names, &r->list[i], service);

		if (members)
			each(ctx, &r->list[i], members);
	}
}

void resolve_each(const struct resolve *r, const struct resolve_names *names, uint32_t service,
		  resolve_fn each, void *ctx)
{
	each_of(r, names, RESOLVE_ALL, service, each, ctx);
	each_of(r, names, service, service, each, ctx);
}
