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

bool pick_is_dialled_in(const struct pick_member *m, uint64_t client_key)
{
	uint64_t hash = mix(client_key ^ mix(m->seed ^ DIAL_SALT));

	return (uint64_t)((unsigned __int128)hash * PICK_SHARE_ALL >> 64) < m->dial_ppm;
}

static uint64_t within_dials(uint64_t group, uint64_t dialled, const struct pick_member *members,
			     uint64_t client_key)
{
	for (uint64_t rest = group & dialled; rest; rest &= rest - 1) {
		int i = __builtin_ctzll(rest);

		if (!pick_is_dialled_in(&members[i], client_key))
			group &= ~(UINT64_C(1) << i);
	}
	return group;
}

void pick_score(const struct pick_member *m, uint64_t client_key, struct rules_candidate *out)
{
	out->weight = m->weight;
	out->cost = fixed_minus_log2(mix(client_key ^ m->seed));
	out->seed = m->seed;
}

/* Rules 9 and 10: the order of the configuration never matters. */
static int rendezvous(uint64_t group, const struct pick_member *members, uint64_t client_key)
{
	struct rules_candidate best = { 0 }, one = { 0 };
	int chosen = PICK_NOBODY, sign;

	for (; group; group &= group - 1) {
		int i = __builtin_ctzll(group);

		pick_score(&members[i], client_key, &one);
		if (chosen != PICK_NOBODY)
			rules_compare_weight(&one, &best, &sign);
		if (chosen == PICK_NOBODY || sign < 0) {
			best = one;
			chosen = i;
		}
	}
	return chosen;
}

/* The first group with one of `serve` whose dial lets the client in. */
static uint64_t first_group(const uint64_t *groups, size_t n_groups, uint64_t serve,
			    uint64_t dialled, const struct pick_member *members,
			    uint64_t client_key)
{
	uint64_t group = 0;

	for (size_t i = 0; !group && i < n_groups; i++)
		group = within_dials(groups[i] & serve, dialled, members, client_key);
	return group;
}

static int pick_with_dials(const uint64_t *groups, size_t n_groups, const struct pick_live *live,
			   uint64_t dialled, const struct pick_member *members, uint64_t client_key)
{
	uint64_t group = 0;

	if (live->forced)
		group = first_group(groups, n_groups, live->serve & live->forced, dialled, members,
				    client_key);
	if (!group)
		group = first_group(groups, n_groups, live->serve, dialled, members, client_key);
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
