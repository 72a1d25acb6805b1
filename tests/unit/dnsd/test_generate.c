/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/zone/generate and lines: from a directive or a file to the text of each record.
 */
#include "dnsd/zone/generate.h"
#include "dnsd/zone/lines.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* All records of a directive, one a line. */
static void assert_generated(const char *arguments, const char *expected)
{
	struct buf all = BUF_INIT, one = BUF_INIT;
	struct generate g;
	const char *why;

	assert_int_equal(generate_init(&g, arguments, &why), ERR_OK);
	while (generate_next(&g, &one, &why) == ERR_OK) {
		buf_add_str(&all, (char *)one.data);
		buf_add_str(&all, "\n");
	}
	assert_string_equal(buf_text(&all), expected);
	buf_fini(&all);
	buf_fini(&one);
}

static void the_counter_runs_from_start_to_stop_by_step(void **state)
{
	assert_generated(" 1-3 a$ A 10.0.0.$", "a1 A 10.0.0.1\na2 A 10.0.0.2\na3 A 10.0.0.3\n");
	assert_generated(" 0-9/4 $ A", "0 A\n4 A\n8 A\n");
	assert_generated(" 7-7\t$\tA", "7\tA\n");
	assert_generated(" 2147483646-2147483647/1 x $", "x 2147483646\nx 2147483647\n");
}

static void offset_width_and_base_are_as_in_bind(void **state)
{
	assert_generated(" 10-10 ${0,4,d} ${-1} ${1,0,x} ${5,3,X} ${0,4,o}", "0010 9 b 00F 0012\n");
	assert_generated(" 26-26 ${0,0,n} ${0,5,n} ${0,1,N} ${0,7,n}", "a.1 a.1.0 A.1 a.1.0.0\n");
}

static void dollars_can_be_written(void **state)
{
	assert_generated(" 1-1 $$ \\$ \\a$ $", "$ $ \\a1 1\n");
}

static void a_wrong_directive_says_what_was_expected(void **state)
{
	static const char *const bad[] = {
		"",	      " a-b x A",	   " 1 x A",	" 1-2",
		" 1-2 x",     " 1-2 x ",	   " 2-1 x A",	" 1-2/0 x A",
		" 1-2/x x A", " 1-2147483648 x A", " 1-2x A b",
	};
	struct generate g;
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (generate_init(&g, bad[i], &why) != ERR_INPUT)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(why, "expected"));
	}
}

static void a_wrong_template_is_refused(void **state)
{
	static const char *const bad[] = {
		"${", "${1", "${a}", "${1,2,d", "${1,300}", "${1,2,z}", "${-9}x${-9,2,x}", "${}"
	};
	struct buf one = BUF_INIT;
	char text[64];
	struct generate g;
	const char *why;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), " 1-2 x %s", bad[i]);
		assert_int_equal(generate_init(&g, text, &why), ERR_OK);
		if (generate_next(&g, &one, &why) != ERR_INPUT)
			fail_msg("taken: %s", bad[i]);
	}
	buf_fini(&one);
}

static void entries_lose_comments_and_parentheses_and_keep_their_line(void **state)
{
	static const char text[] =
		"; nothing\n\n \t \r\na A 1 ; one\n b \"(;\" ( c ; two\n d\n)\te\r\n"
		"f\\;g \\\" h\nlast";
	static const struct {
		const char *text;
		uint32_t line;
	} expected[] = { { "a A 1", 4 },
			 { " b \"(;\"   c   d  \te", 5 },
			 { "f\\;g \\\" h", 8 },
			 { "last", 9 } };
	struct lines l;
	const char *why;
	uint32_t line;
	char *entry;

	lines_init(&l, text, sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		assert_int_equal(lines_next(&l, &entry, &line, &why), ERR_OK);
		assert_string_equal(entry, expected[i].text);
		assert_int_equal(line, expected[i].line);
	}
	assert_int_equal(lines_next(&l, &entry, &line, &why), ERR_NOT_FOUND);
	lines_fini(&l);
}

static void after_a_bad_entry_comes_the_next_line(void **state)
{
	static const char text[] = "a ) b\nc\n\"open\nd\ne\0f\ng\n( h\n";
	static const char *const expected[] = { NULL, "c", NULL, "d", NULL, "g", NULL };
	struct lines l;
	const char *why;
	uint32_t line;
	char *entry;

	lines_init(&l, text, sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
		enum err_code rc = lines_next(&l, &entry, &line, &why);

		assert_int_equal(rc, expected[i] ? ERR_OK : ERR_INPUT);
		assert_int_equal(line, i + 1);
		if (expected[i])
			assert_string_equal(entry, expected[i]);
		else
			assert_non_null(why);
	}
	lines_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counter_runs_from_start_to_stop_by_step),
		cmocka_unit_test(offset_width_and_base_are_as_in_bind),
		cmocka_unit_test(dollars_can_be_written),
		cmocka_unit_test(a_wrong_directive_says_what_was_expected),
		cmocka_unit_test(a_wrong_template_is_refused),
		cmocka_unit_test(entries_lose_comments_and_parentheses_and_keep_their_line),
		cmocka_unit_test(after_a_bad_entry_comes_the_next_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
