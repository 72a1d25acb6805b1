/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/rank: rules 2, 4, 5 and 8 of docs/decision.md. */
#include "steer/rank.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

enum { DUBLIN, ASHBURN, MUMBAI, NOWHERE, N_REGIONS };

static const struct place regions[N_REGIONS] = {
	[DUBLIN] = { 533500, -62600, true, "IE", PLACE_EU },
	[ASHBURN] = { 390400, -774900, true, "US", PLACE_NA },
	[MUMBAI] = { 190800, 728800, true, "IN", PLACE_AS },
	[NOWHERE] = { 0 },
};

static const struct place berlin = { 525200, 134100, true, "DE", PLACE_EU };
static const struct place paris = { 488600, 23500, true, "FR", PLACE_EU };
static const struct place delhi = { 286100, 772100, true, "IN", PLACE_AS };
static const struct place unknown = { 0 };

static const struct rank_member three[] = { { DUBLIN, 0, 100 },
					    { ASHBURN, 0, 100 },
					    { MUMBAI, 0, 100 } };

static struct rank_input input(enum rank_method method, const struct place *client)
{
	return (struct rank_input){ .method = method,
				    .members = three,
				    .n_members = 3,
				    .regions = regions,
				    .n_regions = N_REGIONS,
				    .client = client };
}

static void assert_row(const struct rank_input *in, size_t n, const uint64_t *groups)
{
	struct rank_row row;
	uint64_t all = 0;

	rank_members(in, &row);
	assert_int_equal(row.n_groups, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(row.groups[i], groups[i]);
		all |= groups[i];
	}
	assert_int_equal(row.allowed, all);
}
#define ASSERT_ROW(in, ...)                                                            \
	assert_row((in), sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		   (const uint64_t[]){ __VA_ARGS__ })

static void rule_2_a_fence_keeps_a_continent_in_its_regions(void **state)
{
	static const uint16_t inside[] = { DUBLIN, MUMBAI };
	struct rank_fence fence = { "", PLACE_EU, inside, 2 };
	struct rank_input in = input(RANK_GEO, &berlin);

	in.fences = &fence;
	in.n_fences = 1;
	ASSERT_ROW(&in, 1, 4);
	in.client = &delhi; /* not his */
	ASSERT_ROW(&in, 4, 1, 2);
	in.client = &unknown;
	ASSERT_ROW(&in, 7);
}

static void rule_2_a_country_fence_goes_before_its_continents(void **state)
{
	static const uint16_t eu[] = { DUBLIN, ASHBURN }, de[] = { ASHBURN };
	struct rank_fence fences[] = { { "", PLACE_EU, eu, 2 }, { "DE", PLACE_NOWHERE, de, 1 } };
	struct rank_input in = input(RANK_GEO, &berlin);

	in.fences = fences;
	in.n_fences = 2;
	ASSERT_ROW(&in, 2);
	in.client = &paris;
	ASSERT_ROW(&in, 1, 2);
}

static void rule_2_a_continent_is_known_by_the_country(void **state)
{
	static const uint16_t inside[] = { DUBLIN };
	struct rank_fence fence = { "", PLACE_EU, inside, 1 };
	struct place client = { 0, 0, false, "DE", PLACE_NOWHERE, 0 };
	struct rank_input in = input(RANK_GEO, &client);

	in.fences = &fence;
	in.n_fences = 1;
	ASSERT_ROW(&in, 1);
}

static void rule_2_a_fence_around_no_member_leaves_nobody(void **state)
{
	static const uint16_t inside[] = { NOWHERE };
	struct rank_fence fence = { "DE", PLACE_NOWHERE, inside, 1 };
	struct rank_input in = input(RANK_GEO, &berlin);
	struct rank_row row;

	in.fences = &fence;
	in.n_fences = 1;
	rank_members(&in, &row);
	assert_int_equal(row.n_groups, 0);
	assert_int_equal(row.allowed, 0);
}

static void rule_4_a_lower_tier_goes_before_anything_near(void **state)
{
	static const struct rank_member tiers[] = { { DUBLIN, 1, 100 },
						    { ASHBURN, 0, 100 },
						    { MUMBAI, 0, 100 } };
	static const uint16_t prefer[] = { DUBLIN };
	static const enum rank_method by_place[] = { RANK_GEO, RANK_LATENCY, RANK_ASSIGN };
	struct rank_input in;

	for (size_t i = 0; i < 3; i++) {
		in = input(by_place[i], &berlin);
		in.members = tiers;
		in.prefer = prefer;
		in.n_prefer = 1;
		ASSERT_ROW(&in, 4, 2, 1); /* Berlin: Mumbai 6,290 km, Ashburn 6,610 */
	}
	in.method = RANK_WEIGHTED;
	ASSERT_ROW(&in, 6, 1);
	in.method = RANK_ORDER;
	ASSERT_ROW(&in, 2, 4, 1);
}

static void rule_5_prefer_is_an_order_and_the_rest_follow_by_distance(void **state)
{
	static const uint16_t prefer[] = { MUMBAI, ASHBURN }, twice[] = { ASHBURN, ASHBURN };
	struct rank_input in = input(RANK_GEO, &berlin);

	in.prefer = prefer;
	in.n_prefer = 2;
	ASSERT_ROW(&in, 4, 2, 1);
	in.prefer = twice;
	ASSERT_ROW(&in, 2, 1, 4);
	in.method = RANK_WEIGHTED; /* looks at tiers only */
	ASSERT_ROW(&in, 7);
	in.method = RANK_ORDER;
	ASSERT_ROW(&in, 1, 2, 4);
}

static void rule_8_the_nearest_comes_first(void **state)
{
	struct rank_input in = input(RANK_GEO, &berlin);

	ASSERT_ROW(&in, 1, 4, 2);
	in.client = &delhi;
	ASSERT_ROW(&in, 4, 1, 2);
}

static void rule_8_an_unknown_client_ties_all(void **state)
{
	struct rank_input in = input(RANK_GEO, &unknown);

	ASSERT_ROW(&in, 7);
}

static void rule_8_a_region_without_a_position_comes_last(void **state)
{
	static const struct rank_member members[] = { { NOWHERE, 0, 1 }, { DUBLIN, 0, 1 } };
	struct rank_input in = input(RANK_GEO, &berlin);

	in.members = members;
	in.n_members = 2;
	ASSERT_ROW(&in, 2, 1);
}

static void the_same_region_twice_is_one_group(void **state)
{
	static const struct rank_member members[] = { { DUBLIN, 0, 1 },
						      { MUMBAI, 0, 1 },
						      { DUBLIN, 0, 1 } };
	struct rank_input in = input(RANK_GEO, &berlin);

	in.members = members;
	ASSERT_ROW(&in, 5, 2);
}

static enum steer_rule compare(const struct rank_input *in, size_t a, size_t b, int *sign)
{
	struct rules_candidate x, y;

	rank_candidate(in, a, &x);
	rank_candidate(in, b, &y);
	return rules_compare(&x, &y, sign);
}

static void compare_names_the_first_rule_that_differs(void **state)
{
	static const struct rank_member members[] = { { DUBLIN, 0, 1 },
						      { ASHBURN, 0, 1 },
						      { MUMBAI, 1, 1 },
						      { DUBLIN, 0, 1 },
						      { NOWHERE, 0, 1 } };
	static const uint16_t inside[] = { DUBLIN, ASHBURN, MUMBAI }, prefer[] = { ASHBURN };
	struct rank_fence fence = { "DE", PLACE_NOWHERE, inside, 3 };
	struct rank_input in = input(RANK_GEO, &berlin);
	int sign;

	in.members = members;
	in.n_members = 5;
	in.fences = &fence;
	in.n_fences = 1;
	assert_int_equal(compare(&in, 4, 0, &sign), RULE_FENCE);
	assert_int_equal(sign, 1);
	assert_int_equal(compare(&in, 0, 2, &sign), RULE_TIER);
	assert_int_equal(sign, -1);
	assert_int_equal(compare(&in, 0, 1, &sign), RULE_DISTANCE);
	assert_int_equal(sign, -1);
	in.prefer = prefer;
	in.n_prefer = 1;
	assert_int_equal(compare(&in, 0, 1, &sign), RULE_PREFER);
	assert_int_equal(sign, 1);
	assert_int_equal(compare(&in, 0, 3, &sign), RULE_NONE);
	assert_int_equal(sign, 0);
}

/* A random pool, and the same pool with its members in another order: the same groups of regions.
 */
static void the_order_of_the_configuration_matters_to_order_only(void **state)
{
	unsigned seed = 5;

	for (int round = 0; round < 2000; round++) {
		struct place places[20];
		struct rank_member a[20], b[20];
		size_t n = 1 + (size_t)rand_r(&seed) % 20, to[20];
		struct rank_input in =
			input((enum rank_method)(rand_r(&seed) % RANK_ORDER), &berlin);
		struct rank_row row_a, row_b;

		in.regions = places;
		in.n_regions = in.n_members = n;
		for (size_t i = 0; i < n; i++) {
			to[i] = i;
			places[i] = regions[rand_r(&seed) % N_REGIONS];
			a[i] = (struct rank_member){ (uint16_t)i, (uint8_t)(rand_r(&seed) % 3), 1 };
		}
		for (size_t i = n; i-- > 1;) {
			size_t j = (size_t)rand_r(&seed) % (i + 1), was = to[i];

			to[i] = to[j];
			to[j] = was;
		}
		for (size_t i = 0; i < n; i++)
			b[to[i]] = a[i];
		in.members = a;
		rank_members(&in, &row_a);
		in.members = b;
		rank_members(&in, &row_b);
		assert_int_equal(row_a.n_groups, row_b.n_groups);
		for (size_t g = 0; g < row_a.n_groups; g++) {
			uint64_t moved = 0;

			for (size_t i = 0; i < n; i++)
				moved |= (row_a.groups[g] >> i & 1) << to[i];
			assert_int_equal(moved, row_b.groups[g]);
		}
	}
}

static void sixty_four_members_fit_and_more_are_cut(void **state)
{
	struct rank_member members[70];
	struct rank_input in = input(RANK_ORDER, &berlin);
	struct rank_row row;

	for (size_t i = 0; i < 70; i++)
		members[i] = (struct rank_member){ DUBLIN, (uint8_t)(70 - i), 1 };
	in.members = members;
	in.n_members = 70;
	rank_members(&in, &row);
	assert_int_equal(row.n_groups, RANK_MEMBERS_MAX);
	assert_int_equal(row.groups[0], UINT64_C(1) << 63);
	assert_int_equal(row.allowed, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_2_a_fence_keeps_a_continent_in_its_regions),
		cmocka_unit_test(rule_2_a_country_fence_goes_before_its_continents),
		cmocka_unit_test(rule_2_a_continent_is_known_by_the_country),
		cmocka_unit_test(rule_2_a_fence_around_no_member_leaves_nobody),
		cmocka_unit_test(rule_4_a_lower_tier_goes_before_anything_near),
		cmocka_unit_test(rule_5_prefer_is_an_order_and_the_rest_follow_by_distance),
		cmocka_unit_test(rule_8_the_nearest_comes_first),
		cmocka_unit_test(rule_8_an_unknown_client_ties_all),
		cmocka_unit_test(rule_8_a_region_without_a_position_comes_last),
		cmocka_unit_test(the_same_region_twice_is_one_group),
		cmocka_unit_test(compare_names_the_first_rule_that_differs),
		cmocka_unit_test(the_order_of_the_configuration_matters_to_order_only),
		cmocka_unit_test(sixty_four_members_fit_and_more_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
