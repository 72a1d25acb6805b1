/* SPDX-License-Identifier: Apache-2.0 */
/* policies: which policy does what the configuration names, and the two that share the turns of a
 * pool (turn.h). */
#include "regiond/back/policies.h"

#include "regiond/back/hash.h"
#include "regiond/back/turn.h"

#include <stdlib.h>

static enum err_code build_turns(void **state)
{
	*state = calloc(1, sizeof(struct turn_clock));
	return *state ? ERR_OK : ERR_MEMORY;
}

static void take_turn(void *state, const struct balance_candidate *c)
{
	turn_take(state, &c->backend->next_turn, c->weight);
}

/* Is a less busy than b, when both have got one more? */
static bool is_less_busy(const struct balance_candidate *a, const struct balance_candidate *b)
{
	return ((uint64_t)a->in_flight + 1) * b->weight < ((uint64_t)b->in_flight + 1) * a->weight;
}

static bool is_as_good_as(const struct balance_candidate *c, const struct balance_candidate *best)
{
	return c->in_flight * best->weight < ((uint64_t)best->in_flight + 1) * c->weight;
}

/* Whose turn it is among those that are as good as `best`; NULL = among all. */
static size_t next_turn(void *state, const struct balance_candidate *c, size_t n,
			const struct balance_candidate *best)
{
	size_t next = 0;
	uint64_t earliest = 0;
	bool found = false;
	for (size_t i = 0; i < n; i++) {
		if (best && !is_as_good_as(&c[i], best))
			continue;
		uint64_t at = turn_start(state, &c[i].backend->next_turn, c[i].weight);
		if (found && !turn_is_before(at, earliest))
			continue;
		found = true;
		earliest = at;
		next = i;
	}
	return next;
}

static size_t pick_round_robin(void *state, const struct balance_candidate *c, size_t n,
			       uint64_t key)
{
	return next_turn(state, c, n, NULL);
}

static size_t pick_least_connections(void *state, const struct balance_candidate *c, size_t n,
				     uint64_t key)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (is_less_busy(&c[i], &c[best]))
			best = i;
	return next_turn(state, c, n, &c[best]);
}

const struct balance balance_round_robin = {
	.name = "round-robin",
	.build = build_turns,
	.pick = pick_round_robin,
	.started = take_turn,
	.free = free,
};

const struct balance balance_least_connections = {
	.name = "least-connections",
	.build = build_turns,
	.pick = pick_least_connections,
	.started = take_turn,
	.free = free,
};

const struct balance *policies_find(enum balance_policy policy)
{
	switch (policy) {
	case BALANCE_ROUND_ROBIN: return &balance_round_robin;
	case BALANCE_HASH: return &balance_hash;
	case BALANCE_LEAST_CONNECTIONS:
	case BALANCE_PEAK_EWMA:
	case BALANCE_LEAST_TOKENS:
	case BALANCE_LMETRIC: break;
	}
	return &balance_least_connections;
}
