/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/admin/traffic: answers of the last minutes, from counts since the start. */
#include "dnsd/admin/traffic.h"
#include "tests/unit/unit.h"

static double counts[4];

static double count(void *ctx, uint32_t slot)
{
	return counts[slot];
}

static void before_the_first_note_all_is_lately(void **state)
{
	struct traffic *t;

	counts[1] = 7;
	assert_int_equal(traffic_new(&t, count, NULL), ERR_OK);
	assert_int_equal(traffic_answers(t, 1, 60), 7);
	assert_int_equal(traffic_answers(t, 0, 60), 0); /* everything beyond the labels */
	traffic_free(t);
}

static void what_is_older_than_asked_does_not_count(void **state)
{
	struct traffic *t;

	counts[1] = 1000;
	assert_int_equal(traffic_new(&t, count, NULL), ERR_OK);
	for (int i = 0; i < 40; i++) {
		traffic_note(t, 2);
		counts[1] += 10;
	}
	assert_int_equal(traffic_answers(t, 1, 60), 60);
	assert_int_equal(traffic_answers(t, 1, 300), 300);
	assert_int_equal(traffic_answers(t, 1, 10), 10);
	traffic_free(t);
}

static void a_slot_that_is_new_counts_from_nothing(void **state)
{
	struct traffic *t;

	counts[3] = 0;
	assert_int_equal(traffic_new(&t, count, NULL), ERR_OK);
	for (int i = 0; i < 6; i++)
		traffic_note(t, 3);
	counts[3] = 5;
	assert_int_equal(traffic_answers(t, 3, 60), 5);
	traffic_free(t);
}

static void a_count_beyond_32_bits_is_none_the_worse(void **state)
{
	struct traffic *t;

	counts[2] = 4294967290.0;
	assert_int_equal(traffic_new(&t, count, NULL), ERR_OK);
	for (int i = 0; i < 6; i++)
		traffic_note(t, 3);
	counts[2] += 20;
	assert_int_equal(traffic_answers(t, 2, 60), 20);
	traffic_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_the_first_note_all_is_lately),
		cmocka_unit_test(what_is_older_than_asked_does_not_count),
		cmocka_unit_test(a_slot_that_is_new_counts_from_nothing),
		cmocka_unit_test(a_count_beyond_32_bits_is_none_the_worse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
