/* SPDX-License-Identifier: Apache-2.0 */
/* balance: the vtable of a policy that chooses one of the backends that may be chosen.
 *
 * The pool has already left out what is down, drained, full, or in the wrong AZ (pool.h); a
 * policy only compares. It keeps no state of its own: what must be shared by the workers is in
 * the backends, and what differs from choice to choice is `turn`.
 *
 * Threads    any worker, pure
 * Units      weight: the configured one times BALANCE_WEIGHT_ONE, less while starting slowly
 */
#ifndef FAIRLEAD_REGIOND_BALANCE_H
#define FAIRLEAD_REGIOND_BALANCE_H

#include "schema/config/regiond_config.h"

#include <stddef.h>
#include <stdint.h>

#define BALANCE_WEIGHT_ONE 1024

struct balance_candidate {
	uint32_t slot; /* in the pool */
	uint32_t in_flight;
	uint64_t weight; /* > 0 */
};

struct balance {
	const char *name; /* as the configuration spells it */
	/* An index into c[0..n), n > 0. `turn` grows with each choice of a worker: for ties. */
	size_t (*pick)(const struct balance_candidate *c, size_t n, uint32_t turn);
};

extern const struct balance balance_least_connections;

/* What `policy` is done by. A policy that is not there yet is done by least connections; the
 * loader has said so. */
const struct balance *balance_of(enum balance_policy policy);

#endif
