/* SPDX-License-Identifier: Apache-2.0 */
/* pick: the choice at query time, out of a row: rules 1 (forced), 3 (health) and 9 (weight). */
#include "steer/pick.h"

/* Sets the dial's hash apart from the rendezvous': else a dial would take the very clients that the
 * member wins, or none of them. */
#define DIAL_SALT UINT64_C(0x9e3779b97f4a7c15)

/* A bijection in which every input bit reaches every output bit: the finalizer of splitmix64, with
 * constants by D. Stafford (variant 13). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t pick_client_key(uint8_t family, const uint8_t *address)
{
	size_t len = (family == 4 ? PICK_KEY_BITS_4 : PICK_KEY_BITS_6) / 8;
	uint64_t key = family;

	for (size_t i = 0; i < len; i++)
		key = key << 8 | address[i];
	return mix(key);
}

static bool is_dialled_in(const struct pick_member *m, uint64_t client_key)
{
	uint64_t hash = mix(client_key ^ mix(m->seed ^ DIAL_SALT));

	return (uint64_t)((unsigned __int128)hash * PICK_SHARE_ALL >> 64) < m->dial_ppm;
}

static uint64_t within_dials(uint64_t group, uint64_t dialled, const struct pick_member *members,
			     uint64_t client_key)
{
	for (uint64_t rest = group & dialled; rest; rest &= rest - 1) {
		int i = __builtin_ctzll(rest);

		if (!is_dialled_in(&members[i], client_key))
			group &= ~(UINT64_C(1) << i);
	}
	return group;
}

/* The group without its members of weight 0, unless it has no others. */
static uint64_t without_weightless(uint64_t group, const struct pick_member *members)
{
	uint64_t weighted = 0;

	for (uint64_t rest = group; rest; rest &= rest - 1) {
		int i = __builtin_ctzll(rest);

		if (members[i].weight)
			weighted |= UINT64_C(1) << i;
	}
	return weighted ? weighted : group;
}

/* Rule 9. Scores are weight / -log2(hash); a/b > c/d is compared as a*d > c*b. Of equal scores the
 * lower seed wins, so that the order of the configuration never matters. */
static int rendezvous(uint64_t group, const struct pick_member *members, uint64_t client_key)
{
	uint64_t best_weight = 0, best_cost = 1, best_seed = 0;
	int best = PICK_NOBODY;

	group = without_weightless(group, members);
	for (; group; group &= group - 1) {
		int i = __builtin_ctzll(group);
		const struct pick_member *m = &members[i];
		uint64_t weight = m->weight ? m->weight : 1;
		uint64_t cost = fixed_minus_log2(mix(client_key ^ m->seed));
		unsigned __int128 mine = (unsigned __int128)weight * best_cost;
		unsigned __int128 other = (unsigned __int128)best_weight * cost;

		if (mine > other || (mine == other && m->seed < best_seed)) {
			best_weight = weight;
			best_cost = cost;
			best_seed = m->seed;
			best = i;
		}
	}
	return best;
}

static uint64_t union_of(const uint64_t *groups, size_t n_groups)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n_groups; i++)
		all |= groups[i];
	return all;
}

static int pick_with_dials(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
			   uint64_t dialled, const struct pick_member *members, uint64_t client_key)
{
	uint64_t group = 0;

	if (live->forced)
		group = within_dials(live->forced & live->serve & union_of(groups, n_groups),
				     dialled, members, client_key);
	for (size_t i = 0; !group && i < n_groups; i++)
		group = within_dials(groups[i] & live->serve, dialled, members, client_key);
	if (!group)
		return PICK_NOBODY;
	if (!(group & (group - 1)))
		return __builtin_ctzll(group);
	return rendezvous(group, members, client_key);
}

int pick_contested(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
		   const struct pick_member *members, uint64_t client_key)
{
	int picked = pick_with_dials(groups, n_groups, live, live->dialled, members, client_key);

	if (picked == PICK_NOBODY && live->dialled)
		picked = pick_with_dials(groups, n_groups, live, 0, members, client_key);
	return picked;
}

static size_t group_of(const uint64_t *groups, size_t n_groups, uint64_t bit)
{
	size_t i = 0;

	while (i < n_groups && !(groups[i] & bit))
		i++;
	return i;
}

enum steer_rule pick_why(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
			 const struct pick_member *members, uint64_t client_key, int chosen,
			 int member)
{
	uint64_t bit = UINT64_C(1) << member, chosen_bit;

	if (member == chosen)
		return RULE_NONE;
	if (!(union_of(groups, n_groups) & bit))
		return RULE_FENCE;
	if (!(live->serve & bit) || chosen == PICK_NOBODY)
		return RULE_HEALTH;
	chosen_bit = UINT64_C(1) << chosen;
	if ((live->forced & chosen_bit) && !(live->forced & bit))
		return RULE_FORCED;
	if ((live->dialled & bit) && !is_dialled_in(&members[member], client_key))
		return RULE_FORCED;
	if (group_of(groups, n_groups, bit) != group_of(groups, n_groups, chosen_bit) &&
	    !(live->forced & bit))
		return RULE_TIER;
	return RULE_WEIGHT;
}
