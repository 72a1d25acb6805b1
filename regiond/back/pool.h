/* SPDX-License-Identifier: Apache-2.0 */
/* pool: backends with one policy, and which of them takes the next connection.
 *
 * 1. Left out: what is down, not checked yet, drained, without weight, full, or already tried.
 *    What failed to connect a moment ago is left out while there is anything else.
 * 2. The local AZ alone, while what its usable backends have in flight is under 75 % of their
 *    `max` together. A backend without `max` never fills, so such an AZ never overflows.
 * 3. Else the AZ, the local one included, with the most free room.
 * 4. Within what is left, the policy (balance.h).
 * 5. A place there is reserved; when another worker took the last one, again from 1.
 *
 * Without local_az all AZs are equal and 2 and 3 are not asked.
 *
 * Threads    a pool does not change; pool_pick() from any worker
 * Ownership  belongs to its table; strings to the table's configuration
 * Units      in flight: connections
 * Source     docs/choices/regiond-balancing.md
 */
#ifndef FAIRLEAD_REGIOND_POOL_H
#define FAIRLEAD_REGIOND_POOL_H

#include "regiond/back/backend.h"
#include "regiond/back/balance.h"
#include "schema/config/regiond_config.h"

#define POOL_BACKENDS_MAX 1024 /* candidates lie on a worker's stack */
#define POOL_AZ_MAX	  64
#define POOL_AZ_NONE	  POOL_AZ_MAX
#define POOL_TRIES	  3 /* the first backend and up to two others */

/* From where on the local AZ shares with the others: 3/4. */
#define POOL_OVERFLOW_NUM 3
#define POOL_OVERFLOW_DEN 4

struct pool_slot {
	struct backend *backend;
	const struct config_backend *config;
	uint32_t weight, max;
	uint32_t az; /* index into az_names */
};

struct pool {
	const struct config_backend_pool *config;
	const struct balance *balance;
	void *balance_state; /* its own of this pool; workers share it */
	uint64_t slow_start_us;
	uint32_t local_az; /* POOL_AZ_NONE = all are equal */
	uint32_t n_az;
	const char *az_names[POOL_AZ_MAX];
	struct pool_slot *slots;
	size_t n_slots;
};

struct pool_want {
	uint64_t now_us;
	uint64_t key; /* for a policy that goes by it, else 0 */
	const struct backend *tried[POOL_TRIES];
	size_t n_tried;
};

enum pool_miss {
	POOL_FOUND,
	POOL_DOWN, /* nothing is usable */
	POOL_FULL, /* something is, and has no place left */
};

/* Is it within POOL_BACKENDS_MAX and POOL_AZ_MAX? ERR_LIMIT. */
enum err_code pool_check(const struct config_backend_pool *config, struct err *e);

/* The backend with a place reserved (backend_release() it), or NULL and why. */
struct backend *pool_pick(const struct pool *p, const struct pool_want *want, enum pool_miss *miss);

/* The weight of a slot in BALANCE_WEIGHT_ONE at this time: linear over slow_start, never 0. */
uint64_t pool_weight(const struct pool *p, const struct pool_slot *s, uint64_t now_us);

/* What it can carry and carries: only the usable ones for capacity, all for in_flight. */
struct pool_sum {
	uint64_t capacity; /* 0 = not limited (or nothing usable: see usable) */
	uint64_t in_flight;
	uint32_t usable, down, unknown, drained, all;
};
void pool_sum(const struct pool *p, struct pool_sum *out);

#endif
