/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/clock. */
#include "core/clock.h"
#include "tests/unit/unit.h"

static void a_time_is_written_in_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1767323045678, "2026-01-02T03:04:05.678Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 4107542399999, "2100-02-28T23:59:59.999Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[CLOCK_TEXT_MAX];

		clock_text(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void the_longest_time_fits(void **state)
{
	char text[CLOCK_TEXT_MAX];

	clock_text(INT64_MAX, text);
	assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
	clock_text(INT64_MIN, text);
	assert_string_equal(text, "-292275055-05-16T16:47:04.192Z");
}

static void a_hand_wound_clock_moves_only_by_hand(void **state)
{
	struct clock_hand hand;

	clock_hand_init(&hand, 5000, -3);
	assert_int_equal(clock_mono_us(&hand.clock), 5000);
	assert_int_equal(clock_wall_ms(&hand.clock), -3);
	clock_hand_advance_ms(&hand, 7);
	assert_int_equal(clock_mono_us(&hand.clock), 12000);
	assert_int_equal(clock_wall_ms(&hand.clock), 4);
	hand.now_ms = -100; /* the wall clock may be set back, the other never */
	assert_int_equal(clock_wall_ms(&hand.clock), -100);
	assert_int_equal(clock_mono_us(&hand.clock), 12000);
}

static void the_system_clock_does_not_go_back(void **state)
{
	const struct clock *c = clock_system();
	uint64_t before = clock_mono_us(c);

	for (int i = 0; i < 1000; i++) {
		uint64_t now = clock_mono_us(c);

		assert_true(now >= before);
		before = now;
	}
	assert_true(clock_wall_ms(c) > 1700000000000); /* milliseconds, not seconds */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_written_in_utc_with_milliseconds),
		cmocka_unit_test(the_longest_time_fits),
		cmocka_unit_test(a_hand_wound_clock_moves_only_by_hand),
		cmocka_unit_test(the_system_clock_does_not_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
