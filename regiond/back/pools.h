/* SPDX-License-Identifier: Apache-2.0 */
/* pools: all pools of one configuration, made from it and from the pools before.
 *
 * A backend with the same pool name and address is taken over as it is: state, counters,
 * connections in flight.
 *
 * Threads    made and freed by the control thread (or the last reader's grace period)
 * Ownership  pools hold references to their backends; their strings are the configuration's,
 *            which must outlive them
 * Errors     ERR_LIMIT: more backends or AZs in a pool than POOL_*_MAX, by name; ERR_MEMORY
 */
#ifndef FAIRLEAD_REGIOND_POOLS_H
#define FAIRLEAD_REGIOND_POOLS_H

#include "regiond/back/pool.h"

/* One pool for each of config->pools, in their order. `previous` may be NULL. */
enum err_code pools_new(struct pool **out, const struct regiond_config *config,
			const struct pool *previous, size_t n_previous, struct err *e);
void pools_free(struct pool *pools, size_t n);

/* NULL = none */
const struct pool *pools_find(const struct pool *pools, size_t n, const char *name);

#endif
