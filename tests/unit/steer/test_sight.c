/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/sight: when a failed check speaks of the target (rule V6). */
#include "steer/sight.h"
#include "tests/unit/unit.h"

#define MS  UINT64_C(1000)
#define NOW (1000000 * MS)

/* Begins of checks that passed, in ms from NOW; -1 = one that failed; 0 ends the list. */
static struct sight row(const int *ms)
{
	struct sight s = { .n = 0 };

	for (; *ms; ms++)
		sight_add(&s, NOW + (uint64_t)*ms * MS, *ms > 0);
	return s;
}

static void a_pass_at_the_begin_and_the_next_one_after_the_answer_prove(void **state)
{
	static const struct {
		const char *why;
		int passes[8];
		unsigned begun_ms, rtt_ms;
		bool proven;
	} rows[] = {
		{ "together, and again", { 1000, 1100 }, 1000, 20, true },
		{ "nearly together", { 1000, 1100 }, 1040, 20, true },
		{ "the other first", { 1000, 1100 }, 996, 20, true },
		{ "the other long first", { 1000, 1100 }, 990, 20, false },
		{ "only at the begin", { 1000 }, 1000, 20, false },
		{ "only afterwards", { 1100, 1200 }, 1000, 20, false },
		{ "not together", { 1000, 1200 }, 1060, 20, false },
		{ "the second too early", { 1000, 1040 }, 1000, 20, false },
		{ "the second too late", { 1000, 1260 }, 1000, 20, false },
		{ "a failure between", { 1000, -1, 1100 }, 1000, 20, false },
		{ "a failure before", { -1, 1000, 1100 }, 1000, 20, true },
		{ "a failure since then", { 1000, 1100, -1 }, 1000, 20, false },
		{ "passes since then", { 1000, 1100, 2000, 3000 }, 1000, 20, true },
		{ "a far target: too early", { 1000, 1100 }, 1000, 250, false },
		{ "a far target: in time", { 1000, 1375 }, 1000, 250, true },
		{ "its time not known", { 1000, 1100 }, 1000, 0, true },
		{ "nothing seen", { 0 }, 1000, 20, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sight s = row(rows[i].passes);

		if (sight_is_around(&s, NOW + rows[i].begun_ms * MS, rows[i].rtt_ms * MS) !=
		    rows[i].proven)
			fail_msg("%s", rows[i].why);
	}
}

static void the_second_look_waits_for_the_answer_and_half_of_its_time_more(void **state)
{
	assert_int_equal(sight_again_us(0), 100 * MS);
	assert_int_equal(sight_again_us(60 * MS), 100 * MS);
	assert_int_equal(sight_again_us(200 * MS), 300 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pass_at_the_begin_and_the_next_one_after_the_answer_prove),
		cmocka_unit_test(the_second_look_waits_for_the_answer_and_half_of_its_time_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
