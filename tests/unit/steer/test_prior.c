/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/prior. */
#include "steer/place.h"
#include "steer/prior.h"
#include "tests/unit/unit.h"

static void the_points_of_the_table_are_met(void **state)
{
	assert_int_equal(prior_rtt_us(0), 4000);
	assert_int_equal(prior_rtt_us(100000), 4000);
	assert_int_equal(prior_rtt_us(500000), 12000);
	assert_int_equal(prior_rtt_us(20000000), 263000);
}

static void between_two_points_it_is_linear_and_never_falls(void **state)
{
	uint32_t last = 0;

	assert_int_equal(prior_rtt_us(3000000), 52000);
	for (uint32_t m = 0; m < 21000000; m += 12345) {
		assert_true(prior_rtt_us(m) >= last);
		last = prior_rtt_us(m);
	}
}

static void no_position_gives_no_guess(void **state)
{
	assert_int_equal(prior_rtt_us(PLACE_FAR), PRIOR_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_points_of_the_table_are_met),
		cmocka_unit_test(between_two_points_it_is_linear_and_never_falls),
		cmocka_unit_test(no_position_gives_no_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
