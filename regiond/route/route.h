/* SPDX-License-Identifier: Apache-2.0 */
/* route: what stands between a service and its pools: which pool takes a request.
 *
 * Routes are asked in the order of the configuration; the last one takes the rest. A connection of
 * which nothing is read (protocol tcp) is all "the rest". What matches on a request's host, path or
 * headers is not in effect yet: the loader says so and keeps the route that takes the rest only.
 *
 * Threads    routes do not change; any worker
 * Ownership  routes belong to a table_service; pools to its table
 */
#ifndef FAIRLEAD_REGIOND_ROUTE_H
#define FAIRLEAD_REGIOND_ROUTE_H

#include "regiond/back/pool.h"

struct route {
	const struct pool *pool;
};

struct routes {
	struct route *list;
	size_t n; /* at least 1 */
};

/* `pools` are those of the configuration of which `service` is a part. ERR_MEMORY. */
enum err_code routes_init(struct routes *r, const struct config_region_service *service,
			  const struct pool *pools);
void routes_fini(struct routes *r);

/* The route that takes what no other one matches. */
const struct route *routes_rest(const struct routes *r);

/* What the pools of all routes can carry and carry, each pool once. */
void routes_sum(const struct routes *r, struct pool_sum *out);

#endif
