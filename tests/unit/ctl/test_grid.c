/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ctl/grid: tables that line up. */
#include "ctl/grid.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *text;
static size_t len;

static struct grid *begin(FILE **out, bool has_colours)
{
	struct grid_style style = { .has_colours = has_colours };
	struct grid *g;

	*out = open_memstream(&text, &len);
	style.out = *out;
	g = grid_new(&style);
	grid_column(g, "NAME", GRID_LEFT);
	grid_column(g, "N", GRID_RIGHT);
	grid_column(g, "WHY", GRID_WRAP);
	return g;
}

static void assert_printed(FILE *out, struct grid *g, const char *expected)
{
	assert_int_equal(grid_print(g), ERR_OK);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	text = NULL;
}

static void columns_line_up(void **state)
{
	FILE *out;
	struct grid *g = begin(&out, false);

	grid_row(g);
	grid_cell(g, NULL, "%s", "a");
	grid_cell(g, NULL, "%d", 1234);
	grid_cell(g, NULL, "because");
	grid_row(g);
	grid_cell(g, NULL, "longer");
	grid_cell(g, NULL, "5");
	grid_cell(g, NULL, "so");
	assert_int_equal(grid_rows(g), 2);
	assert_printed(out, g,
		       "NAME       N  WHY\n"
		       "a       1234  because\n"
		       "longer     5  so\n");
}

static void an_empty_cell_is_a_dash(void **state)
{
	FILE *out;
	struct grid *g = begin(&out, false);

	grid_row(g);
	grid_cell(g, NULL, "%s", "");
	grid_cell(g, NULL, "1");
	grid_cell(g, NULL, "x");
	assert_printed(out, g,
		       "NAME  N  WHY\n"
		       "-     1  x\n");
}

static void colours_come_only_where_they_are_wanted(void **state)
{
	FILE *out;
	struct grid *g = begin(&out, true);

	grid_row(g);
	grid_cell(g, "red", "a");
	grid_cell(g, NULL, "1");
	grid_cell(g, "red", "-"); /* nothing to point at */
	assert_int_equal(grid_print(g), ERR_OK);
	fclose(out);
	assert_non_null(strstr(text, "\033[31ma"));
	assert_null(strstr(strstr(text, "1"), "\033[31m-"));
	free(text);

	g = begin(&out, false);
	grid_row(g);
	grid_cell(g, "red", "a");
	grid_cell(g, NULL, "1");
	grid_cell(g, NULL, "x");
	assert_printed(out, g,
		       "NAME  N  WHY\n"
		       "a     1  x\n");
}

static void a_pipe_gets_whole_lines(void **state)
{
	FILE *out;
	struct grid *g = begin(&out, false);
	char word[400], expected[1024];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = 0;
	grid_row(g);
	grid_cell(g, NULL, "%s", word);
	grid_cell(g, NULL, "1");
	grid_cell(g, NULL, "%s", word);
	snprintf(expected, sizeof(expected), "%s  1  %s\n", word, word);
	assert_int_equal(grid_print(g), ERR_OK);
	fclose(out);
	assert_string_equal(strchr(text, '\n') + 1, expected);
	free(text);
}

static void assert_within(unsigned width, const char *expected)
{
	struct grid_style style = { .width = width };
	FILE *out = open_memstream(&text, &len);
	struct grid *g;

	style.out = out;
	g = grid_new(&style);
	grid_column(g, "REGION", GRID_LEFT);
	grid_column(g, "ADDRESSES", GRID_WRAP);
	grid_column(g, "WHY", GRID_WRAP);
	grid_row(g);
	grid_cell(g, NULL, "eu-west");
	grid_cell(g, NULL, "192.0.2.10, 2001:db8:1234:5678::10");
	grid_cell(g, NULL, "two of three vantages see it fail");
	grid_row(g);
	grid_cell(g, NULL, "us");
	grid_cell(g, NULL, "-");
	grid_cell(g, NULL, "%s", "");
	assert_printed(out, g, expected);
}

static void sentences_are_broken_between_words_and_addresses_never(void **state)
{
	assert_within(76,
		      "REGION   ADDRESSES                           WHY\n"
		      "eu-west  192.0.2.10, 2001:db8:1234:5678::10  two of three vantages see it\n"
		      "                                             fail\n"
		      "us       -                                   -\n");
	assert_within(50, "REGION   ADDRESSES               WHY\n"
			  "eu-west  192.0.2.10,             two of three\n"
			  "         2001:db8:1234:5678::10  vantages see\n"
			  "                                 it fail\n"
			  "us       -                       -\n");
}

static void what_is_too_wide_for_a_table_is_a_list(void **state)
{
	assert_within(40, "eu-west\n"
			  "  ADDRESSES  192.0.2.10,\n"
			  "             2001:db8:1234:5678::10\n"
			  "  WHY        two of three vantages see\n"
			  "             it fail\n"
			  "us\n");
}

static void control_bytes_do_not_reach_the_terminal(void **state)
{
	FILE *out;
	struct grid *g = begin(&out, false);

	grid_row(g);
	grid_cell(g, NULL, "a\033[31mb");
	grid_cell(g, NULL, "1");
	grid_cell(g, NULL, "x\ay");
	assert_int_equal(grid_print(g), ERR_OK);
	fclose(out);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\a'));
	assert_non_null(strstr(text, "\\x1b"));
	free(text);
}

static void no_grid_is_an_error_not_a_crash(void **state)
{
	grid_column(NULL, "NAME", GRID_LEFT);
	grid_row(NULL);
	grid_cell(NULL, NULL, "x");
	assert_int_equal(grid_rows(NULL), 0);
	assert_int_equal(grid_print(NULL), ERR_MEMORY);
}

static void a_cell_too_many_is_an_error(void **state)
{
	FILE *out;
	struct grid *g = begin(&out, false);

	grid_row(g);
	for (int i = 0; i < 4; i++)
		grid_cell(g, NULL, "%d", i);
	assert_int_equal(grid_print(g), ERR_MEMORY);
	fclose(out);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up),
		cmocka_unit_test(an_empty_cell_is_a_dash),
		cmocka_unit_test(colours_come_only_where_they_are_wanted),
		cmocka_unit_test(a_pipe_gets_whole_lines),
		cmocka_unit_test(sentences_are_broken_between_words_and_addresses_never),
		cmocka_unit_test(what_is_too_wide_for_a_table_is_a_list),
		cmocka_unit_test(control_bytes_do_not_reach_the_terminal),
		cmocka_unit_test(no_grid_is_an_error_not_a_crash),
		cmocka_unit_test(a_cell_too_many_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
