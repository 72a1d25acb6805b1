/* SPDX-License-Identifier: Apache-2.0 */
/* tally: what one service can carry, carries and has taken, as the directors are told.
 *
 *   UP          something can take a connection
 *   DEGRADED    the same, with backends of its pool down
 *   DOWN        nothing can
 *   WITHDRAWN   this node goes away or was drained, or every backend of the pool was
 *
 * A pool that is shared by services is told in full by each: the room is there for any of them.
 * `used` counts what is in flight to all backends, those that are down or drained too, so that
 * "empty" is true; `capacity` only where new connections can go.
 *
 * Threads    the control thread (reads the workers' atomics)
 * Ownership  plain values; `service` belongs to the table
 * Units      connections
 */
#ifndef FAIRLEAD_REGIOND_TALLY_H
#define FAIRLEAD_REGIOND_TALLY_H

#include "regiond/route/table.h"
#include "schema/wire/wire.h"

#include <stdbool.h>

#define TALLY_UNIT "connections"

struct tally {
	const struct service *service;
	Fairlead__Wire__Health health;
	char reason[WIRE_REASON_MAX + 1];
	uint64_t capacity; /* 0 = not limited, or nothing serves */
	uint64_t used;
	uint64_t arrivals; /* since the process started */
	uint32_t backends_up, backends_all;
};

/* withdrawn: why this node takes no new clients; NULL when it does. */
void tally_take(struct tally *out, const struct table_service *ts, const char *withdrawn);

bool tally_is_equal(const struct tally *a, const struct tally *b);
/* The contract's words: "up", "degraded", "down", "unknown". A withdrawn one is "down". */
const char *tally_health_name(Fairlead__Wire__Health health);

#endif
