/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/fixed. */
#include "steer/fixed.h"
#include "tests/unit/unit.h"

#include <math.h>

static const double one_q60 = 0x1p60;

static uint64_t random_u64(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state ^ *state >> 29;
}

static void a_square_root_is_the_largest_whole_one(void **state)
{
	uint64_t seed = 1, x;
	static const uint64_t edges[] = {
		0, 1, 2, 3, 4, UINT32_MAX, UINT64_MAX, UINT64_C(18446744065119617025)
	};

	for (size_t i = 0; i < 100000; i++) {
		x = i < 8 ? edges[i] : random_u64(&seed) >> (i % 60);
		uint64_t root = fixed_sqrt(x);
		assert_true(root * root <= x);
		assert_true((unsigned __int128)(root + 1) * (root + 1) > x);
	}
}

static void sine_and_arc_sine_agree_with_the_library(void **state)
{
	for (int i = -1000; i <= 1000; i++) {
		double angle = i * M_PI_2 / 1000;
		int64_t angle_q60 = FIXED_HALF_PI_Q60 / 1000 * i;

		assert_true(fabs(fixed_sin_q60(angle_q60) / one_q60 - sin(angle)) < 1e-13);
	}
	for (int i = 0; i <= 1000; i++) {
		double got = fixed_asin_q60((INT64_C(1) << 60) / 1000 * i) / one_q60;

		assert_true(fabs(got - asin(i / 1000.0)) < (i <= 500 ? 4e-9 : 3e-5));
	}
}

static void a_logarithm_is_right_within_two_in_a_thousand(void **state)
{
	uint64_t seed = 7;

	for (size_t i = 0; i < 200000; i++) {
		uint64_t x = random_u64(&seed) >> (i % 64);
		double got = (double)fixed_minus_log2(x) / 0x1p32;
		double want = 64 - log2((double)(x ? x : 1));

		if (x < UINT64_MAX - (UINT64_C(1) << 40)) /* beyond, a double has no bits left */
			assert_true(fabs(got - want) <= 0.002 * want + 0x1p-31);
	}
}

static void a_logarithm_never_rises_and_is_never_zero(void **state)
{
	uint64_t last = UINT64_MAX;

	for (uint64_t x = 0; x < UINT64_MAX - (UINT64_C(1) << 47); x += UINT64_C(1) << 47) {
		assert_true(fixed_minus_log2(x) <= last);
		last = fixed_minus_log2(x);
	}
	assert_int_equal(fixed_minus_log2(UINT64_MAX), 1);
	assert_int_equal(fixed_minus_log2(1), UINT64_C(64) << 32);
	assert_int_equal(fixed_minus_log2(0), UINT64_C(64) << 32);
	assert_int_equal(fixed_minus_log2(UINT64_C(1) << 63), UINT64_C(1) << 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_square_root_is_the_largest_whole_one),
		cmocka_unit_test(sine_and_arc_sine_agree_with_the_library),
		cmocka_unit_test(a_logarithm_is_right_within_two_in_a_thousand),
		cmocka_unit_test(a_logarithm_never_rises_and_is_never_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
