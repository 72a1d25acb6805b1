/* SPDX-License-Identifier: Apache-2.0 */
/* turn: who is next among backends that are as good as each other, by weight. */
#include "regiond/back/turn.h"

/* One turn of weight 1. Weights are at most 10^6 x 1024: a turn is 1,000 units at least. The clock
 * wraps after 2^24 turns of weight 1, and is compared by its difference. */
#define TURN_ONE (UINT64_C(1) << 40)

bool turn_is_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

uint64_t turn_start(struct turn_clock *c, _Atomic uint64_t *next, uint64_t weight)
{
	uint64_t now = atomic_load_explicit(&c->now, memory_order_relaxed);
	uint64_t at = atomic_load_explicit(next, memory_order_relaxed);
	uint64_t interval = TURN_ONE / weight;
	if (at && !turn_is_before(at, now) && at - now <= interval)
		return at;
	/* It was away, or its weight has grown: kept, so that its time comes. */
	at = now + (at && turn_is_before(now, at) ? interval : interval / 2);
	atomic_store_explicit(next, at, memory_order_relaxed);
	return at;
}

void turn_take(struct turn_clock *c, _Atomic uint64_t *next, uint64_t weight)
{
	uint64_t at = turn_start(c, next, weight);
	atomic_store_explicit(&c->now, at, memory_order_relaxed);
	atomic_store_explicit(next, at + TURN_ONE / weight, memory_order_relaxed);
}
