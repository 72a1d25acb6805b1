/* SPDX-License-Identifier: Apache-2.0 */
/* hash: the policy that sends a key to the same backend each time. */
#include "regiond/back/hash.h"

#include "steer/fixed.h"

#include <xxhash.h>

static uint64_t cost(const struct balance_candidate *c, uint64_t key)
{
	return fixed_minus_log2(XXH3_64bits_withSeed(&key, sizeof(key), c->backend->seed));
}

/* weight_a / cost_a > weight_b / cost_b */
static bool is_better(uint64_t weight_a, uint64_t cost_a, uint64_t weight_b, uint64_t cost_b)
{
	return (unsigned __int128)weight_a * cost_b > (unsigned __int128)weight_b * cost_a;
}

static size_t pick_by_key(void *state, const struct balance_candidate *c, size_t n, uint64_t key)
{
	size_t best = 0;
	uint64_t least = cost(&c[0], key);
	for (size_t i = 1; i < n; i++) {
		uint64_t one = cost(&c[i], key);
		if (!is_better(c[i].weight, one, c[best].weight, least))
			continue;
		best = i;
		least = one;
	}
	return best;
}

const struct balance balance_hash = {
	.name = "hash",
	.by_key = true,
	.pick = pick_by_key,
};
