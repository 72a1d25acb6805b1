/* SPDX-License-Identifier: Apache-2.0 */
/* route: what stands between a service and its pools: which pool takes a request. */
#include "regiond/route/route.h"

#include <stdlib.h>

enum err_code routes_init(struct routes *r, const struct config_region_service *service,
			  const struct pool *pools)
{
	r->list = calloc(1, sizeof(*r->list));
	if (!r->list)
		return ERR_MEMORY;
	r->list[0].pool = &pools[service->pool];
	r->n = 1;
	return ERR_OK;
}

void routes_fini(struct routes *r)
{
	free(r->list);
	*r = (struct routes){ 0 };
}

const struct route *routes_rest(const struct routes *r)
{
	return &r->list[r->n - 1];
}

static bool is_counted(const struct routes *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (r->list[k].pool == r->list[i].pool)
			return true;
	return false;
}

static void add(struct pool_sum *all, const struct pool_sum *one)
{
	/* 0 is "not limited" where something is usable: it swallows every number. */
	bool unlimited = (all->usable && !all->capacity) || (one->usable && !one->capacity);
	all->capacity = unlimited ? 0 : all->capacity + one->capacity;
	all->in_flight += one->in_flight;
	all->usable += one->usable;
	all->down += one->down;
	all->unknown += one->unknown;
	all->drained += one->drained;
	all->all += one->all;
}

void routes_sum(const struct routes *r, struct pool_sum *out)
{
	*out = (struct pool_sum){ 0 };
	for (size_t i = 0; i < r->n; i++) {
		struct pool_sum one;
		if (is_counted(r, i))
			continue;
		pool_sum(r->list[i].pool, &one);
		add(out, &one);
	}
}
