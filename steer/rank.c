/* SPDX-License-Identifier: Apache-2.0 */
/* rank: the members of a pool in the order in which a class of clients is to get them. */
#include "steer/rank.h"

#include <string.h>

/* The fence that holds for the client: its country's, else its continent's, else none. */
static const struct rank_fence *find_fence(const struct rank_input *in)
{
	const struct place *client = in->client;
	const struct rank_fence *wide = NULL;
	uint8_t continent = client->continent;

	if (continent == PLACE_NOWHERE)
		continent = place_continent_of(client->country);
	for (size_t i = 0; i < in->n_fences; i++) {
		const struct rank_fence *fence = &in->fences[i];

		if (fence->country[0] && strcmp(fence->country, client->country) == 0)
			return fence;
		if (!wide && fence->continent != PLACE_NOWHERE && fence->continent == continent)
			wide = fence;
	}
	return wide;
}

static size_t position_of(uint16_t region, const uint16_t *list, size_t n)
{
	size_t i = 0;

	while (i < n && list[i] != region)
		i++;
	return i;
}

static uint64_t allowed_members(const struct rank_input *in)
{
	const struct rank_fence *fence = find_fence(in);
	uint64_t allowed = 0;

	for (size_t i = 0; i < in->n_members && i < RANK_MEMBERS_MAX; i++) {
		uint16_t region = in->members[i].region;

		if (!fence ||
		    position_of(region, fence->regions, fence->n_regions) < fence->n_regions)
			allowed |= UINT64_C(1) << i;
	}
	return allowed;
}

static void fill(const struct rank_input *in, size_t member, struct rules_candidate *out)
{
	const struct rank_member *m = &in->members[member];

	*out = (struct rules_candidate){ .tier = m->tier };
	switch (in->method) {
	case RANK_WEIGHTED: break;
	case RANK_ORDER: out->preference = (uint32_t)member; break;
	case RANK_ASSIGN:
	case RANK_LATENCY:
	case RANK_GEO:
		out->preference = (uint32_t)position_of(m->region, in->prefer, in->n_prefer);
		out->distance_m = place_distance_m(in->client, &in->regions[m->region]);
		break;
	}
}

void rank_candidate(const struct rank_input *in, size_t member, struct rules_candidate *out)
{
	fill(in, member, out);
	out->is_fenced_out = !(allowed_members(in) >> member & 1);
}

static bool is_before(const struct rules_candidate *a, const struct rules_candidate *b)
{
	int sign;

	rules_compare(a, b, &sign);
	return sign < 0;
}

void rank_members(const struct rank_input *in, struct rank_row *out)
{
	struct rules_candidate keys[RANK_MEMBERS_MAX];
	uint64_t allowed = allowed_members(in);

	*out = (struct rank_row){ .allowed = allowed };
	/* Insertion into the sorted groups: a handful of members, most of them alone in theirs. */
	for (; allowed; allowed &= allowed - 1) {
		size_t member = (size_t)__builtin_ctzll(allowed), at = out->n_groups;
		struct rules_candidate key;

		fill(in, member, &key);
		while (at > 0 && is_before(&key, &keys[at - 1]))
			at--;
		if (at > 0 && !is_before(&keys[at - 1], &key)) {
			out->groups[at - 1] |= UINT64_C(1) << member;
			continue;
		}
		memmove(&keys[at + 1], &keys[at], (out->n_groups - at) * sizeof(keys[0]));
		memmove(&out->groups[at + 1], &out->groups[at],
			(out->n_groups - at) * sizeof(out->groups[0]));
		keys[at] = key;
		out->groups[at] = UINT64_C(1) << member;
		out->n_groups++;
	}
}
