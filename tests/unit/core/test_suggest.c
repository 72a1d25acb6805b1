/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ctl/suggest: which known word was meant. */
#include "core/suggest.h"
#include "tests/unit/unit.h"

#include <string.h>

static const char *best_of(const char *typed, const char *const *words)
{
	struct suggest s;

	suggest_init(&s, typed);
	for (; *words; words++)
		suggest_offer(&s, *words);
	return s.best;
}

static void distance_counts_single_edits(void **state)
{
	assert_int_equal(suggest_distance("drain", "drain"), 0);
	assert_int_equal(suggest_distance("drain", "drin"), 1);
	assert_int_equal(suggest_distance("drain", "drains"), 1);
	assert_int_equal(suggest_distance("drain", "brain"), 1);
	assert_int_equal(suggest_distance("drain", "drian"), 1); /* neighbours swapped */
	assert_int_equal(suggest_distance("", "dial"), 4);
	assert_int_equal(suggest_distance("dial", ""), 4);
	assert_int_equal(suggest_distance("drain", "explain"), 4);
}

static void a_word_that_is_too_long_is_as_far_as_it_is_long(void **state)
{
	char word[200];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	assert_int_equal(suggest_distance(word, "drain"), 199);
	assert_int_equal(suggest_distance("drain", word), 199);
}

static void the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = { "drain",	 "undrain",  "dial", "explain",
					     "failover", "failback", NULL };

	assert_string_equal(best_of("drian", words), "drain");
	assert_string_equal(best_of("explian", words), "explain");
	assert_string_equal(best_of("fialover", words), "failover");
	assert_string_equal(best_of("undrian", words), "undrain");
}

static void the_start_of_a_word_is_a_suggestion(void **state)
{
	static const char *const words[] = { "status", "failover", NULL };

	assert_string_equal(best_of("fail", words), "failover");
	assert_string_equal(best_of("stat", words), "status");
}

static void nothing_is_suggested_when_nothing_is_near(void **state)
{
	static const char *const words[] = { "status", "failover", NULL };

	assert_null(best_of("xyzzy", words));
	assert_null(best_of("", words));
	assert_null(best_of("s", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_counts_single_edits),
		cmocka_unit_test(a_word_that_is_too_long_is_as_far_as_it_is_long),
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(the_start_of_a_word_is_a_suggestion),
		cmocka_unit_test(nothing_is_suggested_when_nothing_is_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
