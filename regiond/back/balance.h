/* SPDX-License-Identifier: Apache-2.0 */
/* balance: the vtable of a policy that chooses one of the backends that may be chosen.
 *
 * The pool has already left out what is down, drained, full, or in the wrong AZ (pool.h); a policy
 * only compares. What it keeps of a pool is made by build(); what it keeps of a backend stands in
 * the backend (backend.h), where it outlives reloads.
 *
 *   build -> { pick -> (a place is reserved) -> started }... -> free
 *
 * Only pick() must be there.
 *
 * Threads    build and free: the control thread; pick and started: any worker, so all state is
 *            atomic
 * Ownership  the pool's state belongs to the pool
 * Units      weight: the configured one times BALANCE_WEIGHT_ONE, less while starting slowly
 * Errors     ERR_MEMORY from build()
 */
#ifndef FAIRLEAD_REGIOND_BALANCE_H
#define FAIRLEAD_REGIOND_BALANCE_H

#include "regiond/back/backend.h"

#include <stddef.h>

#define BALANCE_WEIGHT_ONE 1024

struct balance_candidate {
	struct backend *backend;
	uint32_t slot; /* in the pool */
	uint32_t in_flight;
	uint64_t weight; /* > 0 */
};

struct balance {
	const char *name; /* as the configuration spells it */
	bool by_key;	  /* pick() looks at the request's key */
	enum err_code (*build)(void **state);
	/* An index into c[0..n), n > 0. */
	size_t (*pick)(void *state, const struct balance_candidate *c, size_t n, uint64_t key);
	/* What was picked has its place. */
	void (*started)(void *state, const struct balance_candidate *c);
	void (*free)(void *state); /* NULL is fine */
};

#endif
