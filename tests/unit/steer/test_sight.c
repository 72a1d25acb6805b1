/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/sight: when a failed check speaks of the target (rule V6). */
#include "steer/sight.h"
#include "tests/unit/unit.h"

#define MS  UINT64_C(1000)
#define NOW (1000000 * MS)

enum { EU, US };

static void a_pass_elsewhere_at_the_same_moment_proves_and_another_moment_does_not(void **state)
{
	struct sight us = { .region = US, .family = 4 };

	sight_mark(&us, NOW);
	assert_true(sight_is_proven(&us, 1, EU, 4, NOW));
	assert_true(sight_is_proven(&us, 1, EU, 4, NOW + 40 * MS));
	assert_true(sight_is_proven(&us, 1, EU, 4, NOW - 40 * MS));
	assert_false(sight_is_proven(&us, 1, EU, 4, NOW + 101 * MS));
	assert_false(sight_is_proven(&us, 1, EU, 4, NOW - 101 * MS));
}

static void the_own_region_and_another_family_prove_nothing(void **state)
{
	struct sight list[] = { { .region = EU, .family = 4 }, { .region = US, .family = 6 } };

	sight_mark(&list[0], NOW);
	sight_mark(&list[1], NOW);
	assert_false(sight_is_proven(list, 2, EU, 4, NOW));
	assert_true(sight_is_proven(list, 2, EU, 6, NOW));
	assert_true(sight_is_proven(list, 2, US, 4, NOW));
	assert_false(sight_is_proven(list, 2, US, 6, NOW));
}

static void a_slow_failure_is_proven_by_what_passed_when_it_began(void **state)
{
	struct sight us = { .region = US, .family = 4 };

	for (unsigned i = 0; i < 1000; i++) /* 100 s of passes that began later */
		sight_mark(&us, NOW + i * 100 * MS);
	assert_true(sight_is_near(&us, NOW));
	sight_mark(&us, NOW + 110000 * MS);
	assert_false(sight_is_near(&us, NOW)); /* it is too long ago */
}

static void passes_that_end_out_of_order_are_all_remembered(void **state)
{
	struct sight us = { .region = US, .family = 4 };

	sight_mark(&us, NOW + 5000 * MS);
	sight_mark(&us, NOW);
	assert_true(sight_is_near(&us, NOW));
	assert_true(sight_is_near(&us, NOW + 5000 * MS));
	assert_false(sight_is_near(&us, NOW + 2500 * MS));
}

static void a_long_silence_forgets_all_that_was_before(void **state)
{
	struct sight us = { .region = US, .family = 4 };

	sight_mark(&us, NOW);
	sight_mark(&us, NOW + 7 * SIGHT_SLOTS * SIGHT_SLOT_US);
	assert_false(sight_is_near(&us, NOW));
	assert_false(sight_is_near(&us, NOW + 6 * SIGHT_SLOTS * SIGHT_SLOT_US));
	assert_true(sight_is_near(&us, NOW + 7 * SIGHT_SLOTS * SIGHT_SLOT_US));
}

static void a_proof_holds_while_another_region_passes(void **state)
{
	struct sight list[] = { { .region = EU, .family = 4, .passing = 2 },
				{ .region = US, .family = 4, .passing = 1 } };

	assert_true(sight_has_other(list, 2, EU, 4));
	assert_true(sight_has_other(list, 2, US, 4));
	assert_false(sight_has_other(list, 2, EU, 6));
	list[US].passing = 0;
	assert_false(sight_has_other(list, 2, EU, 4));
	assert_true(sight_has_other(list, 2, US, 4));
}

static void nothing_was_ever_seen_at_the_begin_of_time(void **state)
{
	struct sight us = { .region = US, .family = 4 };

	assert_false(sight_is_near(&us, 0));
	assert_false(sight_is_near(&us, NOW));
	sight_mark(&us, 0);
	assert_true(sight_is_near(&us, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_pass_elsewhere_at_the_same_moment_proves_and_another_moment_does_not),
		cmocka_unit_test(the_own_region_and_another_family_prove_nothing),
		cmocka_unit_test(a_slow_failure_is_proven_by_what_passed_when_it_began),
		cmocka_unit_test(passes_that_end_out_of_order_are_all_remembered),
		cmocka_unit_test(a_long_silence_forgets_all_that_was_before),
		cmocka_unit_test(a_proof_holds_while_another_region_passes),
		cmocka_unit_test(nothing_was_ever_seen_at_the_begin_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
