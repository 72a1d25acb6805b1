/* SPDX-License-Identifier: Apache-2.0 */
/* least_connections: the backend with the least in flight for its weight; ties take turns.
 *
 * Compared is (in_flight + 1) / weight, the fill after this connection: with in_flight / weight
 * every empty backend would look alike, and one that is starting slowly would get the first of
 * every pause.
 */
#include "regiond/back/balance.h"

#include <stdbool.h>

static bool is_less_busy(const struct balance_candidate *a, const struct balance_candidate *b)
{
	return ((uint64_t)a->in_flight + 1) * b->weight < ((uint64_t)b->in_flight + 1) * a->weight;
}

static size_t least_connections_pick(const struct balance_candidate *c, size_t n, uint32_t turn)
{
	size_t best = turn % n;
	for (size_t i = 1; i < n; i++) {
		size_t at = (turn + i) % n;
		if (is_less_busy(&c[at], &c[best]))
			best = at;
	}
	return best;
}

const struct balance balance_least_connections = {
	.name = "least-connections",
	.pick = least_connections_pick,
};
