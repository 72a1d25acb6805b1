/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/pick: rules 1, 3 and 9 of docs/decision.md. */
#include "steer/pick.h"
#include "tests/unit/unit.h"

#include <math.h>

#define ALL  1000000u
#define KEYS 1000000u

static uint64_t key_of(uint32_t i)
{
	uint8_t address[4] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 1 };

	return pick_client_key(4, address);
}

/* Any hash of a name will do: here FNV-1a. */
static uint64_t seed_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return hash;
}

static struct pick_member member(const char *name, uint32_t weight)
{
	return (struct pick_member){ seed_of(name), weight, ALL };
}

static void a_lone_candidate_needs_no_hash(void **state)
{
	const uint64_t groups[] = { 4, 3 };
	struct pick_live live = { .serve = 7 };

	assert_int_equal(pick_member(groups, 2, &live, NULL, 1), 2);
	live.serve = 2; /* the first group is out, one of the second left */
	assert_int_equal(pick_member(groups, 2, &live, NULL, 1), 1);
}

static void rule_1_a_failover_goes_first(void **state)
{
	const uint64_t groups[] = { 1, 2, 4 };
	struct pick_live live = { .serve = 7, .forced = 4 };

	assert_int_equal(pick_member(groups, 3, &live, NULL, 1), 2);
	live.serve = 3; /* its target is down: the row as it stands */
	assert_int_equal(pick_member(groups, 3, &live, NULL, 1), 0);
}

static void rule_1_a_failover_does_not_break_a_fence(void **state)
{
	const uint64_t fenced[] = { 1, 2 };
	struct pick_live live = { .serve = 7, .forced = 4 };

	assert_int_equal(pick_member(fenced, 2, &live, NULL, 1), 0);
}

static void rule_1_a_dial_keeps_its_share_and_sends_the_rest_on(void **state)
{
	static const uint32_t dials[] = { 1, 10000, 250000, 500000, 999999 };
	const uint64_t groups[] = { 1, 2 };
	struct pick_member m[] = { member("a", 100), member("b", 100) };
	struct pick_live live = { .serve = 3, .dialled = 1 };

	for (size_t d = 0; d < 5; d++) {
		uint32_t kept = 0;

		m[0].dial_ppm = dials[d];
		for (uint32_t i = 0; i < KEYS; i++)
			kept += pick_member(groups, 2, &live, m, key_of(i)) == 0;
		assert_in_range(kept + 2000, dials[d], dials[d] + 4000);
	}
}

static void rule_1_raising_a_dial_takes_nobody_away(void **state)
{
	const uint64_t groups[] = { 1, 2 };
	struct pick_member low[] = { member("a", 100), member("b", 100) };
	struct pick_member high[] = { low[0], low[1] };
	struct pick_live live = { .serve = 3, .dialled = 1 };

	low[0].dial_ppm = 300000;
	high[0].dial_ppm = 400000;
	for (uint32_t i = 0; i < 100000; i++)
		if (pick_member(groups, 2, &live, low, key_of(i)) == 0)
			assert_int_equal(pick_member(groups, 2, &live, high, key_of(i)), 0);
}

static void rule_1_dials_are_ignored_when_nobody_else_is_left(void **state)
{
	const uint64_t groups[] = { 1, 2 };
	struct pick_member m[] = { member("a", 100), member("b", 100) };
	struct pick_live live = { .serve = 3, .dialled = 3 };

	m[0].dial_ppm = m[1].dial_ppm = 1;
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(pick_member(groups, 2, &live, m, key_of(i)), 0);
}

static void a_dial_inside_a_group_halves_the_share(void **state)
{
	const uint64_t groups[] = { 3 };
	struct pick_member m[] = { member("a", 100), member("b", 100) };
	struct pick_live live = { .serve = 3, .dialled = 1 };
	uint32_t first = 0;

	m[0].dial_ppm = ALL / 2;
	for (uint32_t i = 0; i < KEYS; i++)
		first += pick_member(groups, 1, &live, m, key_of(i)) == 0;
	assert_in_range(first, KEYS / 4 - 2500, KEYS / 4 + 2500); /* half of its half */
}

static void rule_3_the_next_group_serves_when_the_first_is_down(void **state)
{
	const uint64_t groups[] = { 3, 12, 16 };
	struct pick_member m[] = { member("a", 1), member("b", 1), member("c", 1), member("d", 1),
				   member("e", 1) };
	struct pick_live live = { .serve = 8 + 16 };

	assert_int_equal(pick_member(groups, 3, &live, m, 1), 3);
	live.serve = 16;
	assert_int_equal(pick_member(groups, 3, &live, m, 1), 4);
	live.serve = 0;
	assert_int_equal(pick_member(groups, 3, &live, m, 1), PICK_NOBODY);
	assert_int_equal(pick_member(NULL, 0, &live, m, 1), PICK_NOBODY);
}

static void assert_split(const uint32_t *weights, size_t n)
{
	static const char *const names[] = { "eu-west", "us-east", "ap-south", "sa-east",
					     "af-south" };
	const uint64_t groups[] = { (UINT64_C(1) << n) - 1 };
	struct pick_live live = { .serve = UINT64_MAX };
	struct pick_member m[5];
	uint32_t got[5] = { 0 };
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		m[i] = member(names[i], weights[i]);
		sum += weights[i];
	}
	for (uint32_t i = 0; i < KEYS; i++)
		got[pick_member(groups, 1, &live, m, key_of(i))]++;
	for (size_t i = 0; i < n; i++) {
		double want = (double)KEYS * weights[i] / (double)sum;

		/* One per cent, or four sigma of pure chance where that is more. */
		assert_true(fabs(got[i] - want) <= fmax(0.01 * want, 4 * sqrt(want)));
	}
}

static void rule_9_the_split_follows_the_weights_within_one_per_cent(void **state)
{
	assert_split((const uint32_t[]){ 100, 100 }, 2);
	assert_split((const uint32_t[]){ 50, 100, 150, 200, 500 }, 5);
	assert_split((const uint32_t[]){ 1, 99 }, 2);
	assert_split((const uint32_t[]){ UINT32_MAX, UINT32_MAX / 2, UINT32_MAX / 2 }, 3);
	assert_split((const uint32_t[]){ 1, 1000000 }, 2);
}

static void rule_9_a_lost_member_moves_only_its_own_clients(void **state)
{
	const uint64_t groups[] = { 15 };
	struct pick_member m[] = { member("a", 10), member("b", 20), member("c", 30),
				   member("d", 40) };
	struct pick_live all = { .serve = 15 }, without = { .serve = 11 };

	for (uint32_t i = 0; i < 200000; i++) {
		int before = pick_member(groups, 1, &all, m, key_of(i));
		int after = pick_member(groups, 1, &without, m, key_of(i));

		assert_int_not_equal(after, 2);
		if (before != 2)
			assert_int_equal(after, before);
	}
}

static void rule_9_a_raised_weight_takes_clients_and_gives_none(void **state)
{
	const uint64_t groups[] = { 7 };
	struct pick_member m[] = { member("a", 100), member("b", 100), member("c", 100) };
	struct pick_member raised[] = { m[0], m[1], m[2] };
	struct pick_live live = { .serve = 7 };

	raised[1].weight = 150;
	for (uint32_t i = 0; i < 200000; i++) {
		int before = pick_member(groups, 1, &live, m, key_of(i));
		int after = pick_member(groups, 1, &live, raised, key_of(i));

		if (after != 1)
			assert_int_equal(after, before);
	}
}

static void rule_9_the_order_of_the_members_does_not_matter(void **state)
{
	const uint64_t groups[] = { 7 };
	struct pick_member m[] = { member("a", 1), member("b", 2), member("c", 3) };
	struct pick_member turned[] = { m[2], m[0], m[1] };
	struct pick_live live = { .serve = 7 };

	for (uint32_t i = 0; i < 100000; i++) {
		int a = pick_member(groups, 1, &live, m, key_of(i));
		int b = pick_member(groups, 1, &live, turned, key_of(i));

		assert_int_equal(m[a].seed, turned[b].seed);
	}
}

static void rule_9_weight_0_serves_only_when_the_others_cannot(void **state)
{
	const uint64_t groups[] = { 7 };
	struct pick_member m[] = { member("a", 0), member("b", 1), member("c", 0) };
	struct pick_live live = { .serve = 7 };
	uint32_t first = 0;

	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(pick_member(groups, 1, &live, m, key_of(i)), 1);
	live.serve = 5; /* two of weight 0 share as equals */
	for (uint32_t i = 0; i < 100000; i++)
		first += pick_member(groups, 1, &live, m, key_of(i)) == 0;
	assert_in_range(first, 49000, 51000);
}

static void rule_9_and_dials_are_chosen_apart(void **state)
{
	/* Of the clients that b wins, its dial keeps the same share as of all. */
	const uint64_t groups[] = { 3 };
	struct pick_member m[] = { member("a", 100), member("b", 100) };
	struct pick_live plain = { .serve = 3 }, dialled = { .serve = 3, .dialled = 2 };
	uint32_t won = 0, kept = 0;

	m[1].dial_ppm = 300000;
	for (uint32_t i = 0; i < KEYS; i++)
		if (pick_member(groups, 1, &plain, m, key_of(i)) == 1) {
			won++;
			kept += pick_member(groups, 1, &dialled, m, key_of(i)) == 1;
		}
	assert_in_range((uint64_t)kept * 1000 / won, 295, 305);
}

static void equal_seeds_still_give_one_answer(void **state)
{
	const uint64_t groups[] = { 3 };
	struct pick_member m[] = { member("same", 1), member("same", 1) };
	struct pick_live live = { .serve = 3 };

	assert_int_equal(pick_member(groups, 1, &live, m, 1), 0);
}

static void a_client_is_its_24_or_48(void **state)
{
	const uint8_t v4[] = { 192, 0, 2, 1 }, same4[] = { 192, 0, 2, 200 },
		      other4[] = { 192, 0, 3, 1 };
	const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, 0, 1, 0, 9 };
	const uint8_t same6[16] = { 0x20, 1, 0xd, 0xb8, 0, 1, 7, 9 };
	const uint8_t other6[16] = { 0x20, 1, 0xd, 0xb8, 0, 2 };

	assert_int_equal(pick_client_key(4, v4), pick_client_key(4, same4));
	assert_int_not_equal(pick_client_key(4, v4), pick_client_key(4, other4));
	assert_int_equal(pick_client_key(6, v6), pick_client_key(6, same6));
	assert_int_not_equal(pick_client_key(6, v6), pick_client_key(6, other6));
}

/* Frozen: another value would move clients on an upgrade, and between nodes of two versions. */
static void keys_and_choices_are_the_same_in_every_version(void **state)
{
	const uint64_t groups[] = { 7 };
	struct pick_member m[] = { member("eu-west", 100), member("us-east", 100),
				   member("ap-south", 50) };
	struct pick_live live = { .serve = 7 };
	uint64_t choices = 0;

	for (uint32_t i = 0; i < 32; i++)
		choices = choices << 2 | (uint64_t)pick_member(groups, 1, &live, m, key_of(i));
	assert_int_equal(key_of(0xc00002), UINT64_C(0x89d3102d5d7bd3ed));
	assert_int_equal(choices, UINT64_C(0x19098a8502868a05));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_candidate_needs_no_hash),
		cmocka_unit_test(rule_1_a_failover_goes_first),
		cmocka_unit_test(rule_1_a_failover_does_not_break_a_fence),
		cmocka_unit_test(rule_1_a_dial_keeps_its_share_and_sends_the_rest_on),
		cmocka_unit_test(rule_1_raising_a_dial_takes_nobody_away),
		cmocka_unit_test(rule_1_dials_are_ignored_when_nobody_else_is_left),
		cmocka_unit_test(a_dial_inside_a_group_halves_the_share),
		cmocka_unit_test(rule_3_the_next_group_serves_when_the_first_is_down),
		cmocka_unit_test(rule_9_the_split_follows_the_weights_within_one_per_cent),
		cmocka_unit_test(rule_9_a_lost_member_moves_only_its_own_clients),
		cmocka_unit_test(rule_9_a_raised_weight_takes_clients_and_gives_none),
		cmocka_unit_test(rule_9_the_order_of_the_members_does_not_matter),
		cmocka_unit_test(rule_9_weight_0_serves_only_when_the_others_cannot),
		cmocka_unit_test(rule_9_and_dials_are_chosen_apart),
		cmocka_unit_test(equal_seeds_still_give_one_answer),
		cmocka_unit_test(a_client_is_its_24_or_48),
		cmocka_unit_test(keys_and_choices_are_the_same_in_every_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
