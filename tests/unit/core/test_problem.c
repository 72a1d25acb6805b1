/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/problem. */
#include "core/problem.h"
#include "tests/unit/unit.h"

#include <string.h>

static void down(struct problems *p, const char *service, const char *region, double since_s)
{
	problems_add(p, PROBLEM_CRITICAL, "member_down", service, since_s, "refused", "%s is down",
		     region);
}

static void one_cause_is_one_group_with_a_count(void **state)
{
	struct problems p = PROBLEMS_INIT;
	struct problem_group g;

	down(&p, "a.example.com", "eu", 3);
	down(&p, "a.example.com", "us", 9);
	problems_add(&p, PROBLEM_WARNING, "prober_blind", "p1", -1, "", "prober p1 sees nothing");
	down(&p, "b.example.com", "eu", 5);
	problems_sort(&p);
	assert_true(problems_group(&p, 0, &g));
	assert_int_equal(g.n, 2);
	assert_float_equal(g.since_s, 5, 0);
	assert_string_equal(p.list[0].what, "eu is down");
	assert_string_equal(p.list[0].subject, "a.example.com");
	assert_string_equal(p.list[1].subject, "b.example.com");
	assert_true(problems_group(&p, g.first + g.n, &g));
	assert_int_equal(g.n, 1);
	assert_string_equal(p.list[g.first].what, "us is down");
	assert_true(problems_group(&p, g.first + g.n, &g));
	assert_string_equal(p.list[g.first].kind, "prober_blind");
	assert_false(problems_group(&p, g.first + g.n, &g));
	problems_fini(&p);
}

static void critical_ones_stand_first(void **state)
{
	struct problems p = PROBLEMS_INIT;

	problems_add(&p, PROBLEM_WARNING, "disk", "", 0, "", "the disk is full");
	down(&p, "a.example.com", "eu", 0);
	problems_sort(&p);
	assert_int_equal(p.list[0].severity, PROBLEM_CRITICAL);
	assert_string_equal(problem_severity_name(p.list[0].severity), "critical");
	assert_string_equal(problem_severity_name(p.list[1].severity), "warning");
	problems_fini(&p);
}

static void a_long_text_is_whole(void **state)
{
	struct problems p = PROBLEMS_INIT;
	char text[4000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	problems_add(&p, PROBLEM_WARNING, "disk", text, 0, text, "%s", text);
	assert_int_equal(strlen(p.list[0].what), sizeof(text) - 1);
	assert_int_equal(strlen(p.list[0].reason), sizeof(text) - 1);
	problems_fini(&p);
}

static void nothing_wrong_is_an_empty_list(void **state)
{
	struct problems p = PROBLEMS_INIT;
	struct problem_group g;

	problems_sort(&p);
	assert_false(problems_group(&p, 0, &g));
	problems_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cause_is_one_group_with_a_count),
		cmocka_unit_test(critical_ones_stand_first),
		cmocka_unit_test(a_long_text_is_whole),
		cmocka_unit_test(nothing_wrong_is_an_empty_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
