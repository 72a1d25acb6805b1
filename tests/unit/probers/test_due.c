/* SPDX-License-Identifier: Apache-2.0 */
/* test_due: the earliest comes first, whatever was added and removed before. */
#include "probers/due.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define N 500

static void an_empty_heap_has_no_first(void **state)
{
	struct due d = { 0 };
	struct due_item item = { 0 };

	assert_null(due_first(&d));
	due_remove(&d, &item); /* not inside */
	assert_null(due_first(&d));
	due_fini(&d);
}

static void items_come_out_by_time(void **state)
{
	static struct due_item items[N];
	struct due d = { 0 };
	uint64_t last = 0;
	unsigned seed = 1, i;

	assert_int_equal(due_reserve(&d, N), ERR_OK);
	for (i = 0; i < N; i++)
		due_add(&d, &items[i], (uint64_t)rand_r(&seed) % 1000);
	for (i = 0; i < N; i++) {
		struct due_item *first = due_first(&d);

		assert_true(first->at_us >= last);
		last = first->at_us;
		due_remove(&d, first);
		assert_int_equal(first->place, 0);
	}
	assert_null(due_first(&d));
	due_fini(&d);
}

/* Each random step is compared with a plain search over all. */
static void removing_from_the_middle_keeps_the_order(void **state)
{
	static struct due_item items[N];
	struct due d = { 0 };
	unsigned seed = 2;
	int step, i;

	assert_int_equal(due_reserve(&d, N), ERR_OK);
	for (step = 0; step < 20000; step++) {
		struct due_item *item = &items[rand_r(&seed) % N], *least = NULL;

		if (item->place)
			due_remove(&d, item);
		else
			due_add(&d, item, (uint64_t)rand_r(&seed) % 1000);
		for (i = 0; i < N; i++)
			if (items[i].place && (!least || items[i].at_us < least->at_us))
				least = &items[i];
		if (least)
			assert_int_equal(due_first(&d)->at_us, least->at_us);
		else
			assert_null(due_first(&d));
	}
	due_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_heap_has_no_first),
		cmocka_unit_test(items_come_out_by_time),
		cmocka_unit_test(removing_from_the_middle_keeps_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
