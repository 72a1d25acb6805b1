/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/reserve: what is kept of how many descriptors, and from whom. */
#include "core/reserve.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit before;

static int note_limit(void **state)
{
	return getrlimit(RLIMIT_NOFILE, &before);
}

static void before_the_start_nothing_is_kept(void **state)
{
	assert_false(reserve_is_reached(0));
	assert_false(reserve_is_reached(1 << 20));
	assert_int_equal(reserve_limit(), 0);
}

/* The hard limit can be lowered for good only, so the claims go from many to few. */
static void start_with(unsigned soft, unsigned hard)
{
	struct rlimit r = { soft, hard };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
	reserve_start();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	assert_int_equal(r.rlim_cur, hard);
	assert_int_equal(reserve_limit(), hard);
}

static void the_last_part_is_not_for_clients(void **state)
{
	if (before.rlim_max < 8192)
		skip();
	start_with(100, 8192);
	assert_int_equal(reserve_kept(), 1024);
	assert_false(reserve_is_reached(8192 - 1024 - 1));
	assert_true(reserve_is_reached(8192 - 1024));
	start_with(50, 200);
	assert_int_equal(reserve_kept(), 50);
	assert_false(reserve_is_reached(149));
	assert_true(reserve_is_reached(150));
	start_with(40, 40);
	assert_int_equal(reserve_kept(), 16);
	assert_false(reserve_is_reached(23));
	assert_true(reserve_is_reached(24));
}

/* As many as clients may have are opened; the kernel's next one is of the reserve. */
static void the_number_of_a_descriptor_says_how_many_are_open(void **state)
{
	int fd = -1, n = 0;

	while (!reserve_is_reached(fd = open("/dev/null", O_RDONLY))) {
		assert_true(fd >= 0);
		n++;
	}
	assert_true(n > 0 && fd == 24);
	assert_int_equal(reserve_refused(), 0);
	reserve_refuse(fd);
	assert_int_equal(reserve_refused(), 1);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */
	while (--fd > 2)
		close(fd);
}

/* One goes for each that comes, although their numbers are low again. */
static void a_cap_holds_for_a_minute_after_the_reserve_was_reached(void **state)
{
	struct reserve_cap cap = { 0 };
	const uint64_t minute_us = 60000000;

	assert_false(reserve_take_cap(&cap, 10, 0, 3, 1));
	assert_false(reserve_take_cap(&cap, 23, 2, 3, 1));
	assert_true(reserve_take_cap(&cap, 10, 3, 3, 1)); /* the bound of its own */
	assert_true(reserve_take_cap(&cap, 24, 2, 3, 1));
	assert_true(reserve_take_cap(&cap, 10, 2, 3, 2));
	assert_false(reserve_take_cap(&cap, 10, 1, 3, 2));
	assert_true(reserve_take_cap(&cap, 10, 2, 3, minute_us));
	assert_false(reserve_take_cap(&cap, 10, 2, 3, minute_us + 1));
	assert_false(reserve_take_cap(&cap, 24, 0, 3, 1)); /* there is nobody to make room */
	assert_true(reserve_take_cap(&cap, 10, 1, 3, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_the_start_nothing_is_kept),
		cmocka_unit_test(the_last_part_is_not_for_clients),
		cmocka_unit_test(a_cap_holds_for_a_minute_after_the_reserve_was_reached),
		cmocka_unit_test(the_number_of_a_descriptor_says_how_many_are_open),
	};

	return cmocka_run_group_tests_name("core/reserve", tests, note_limit, NULL);
}
