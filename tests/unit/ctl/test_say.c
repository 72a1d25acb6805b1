/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ctl/say: values of documents as words. */
#include "ctl/say.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

typedef const char *(*say_fn)(const json_t *doc, const char *key, char out[SAY_MAX]);

static void assert_says(say_fn say, const char *value, const char *expected)
{
	char json[512], out[SAY_MAX];
	json_t *doc;

	snprintf(json, sizeof(json), "{\"k\": %s}", value);
	doc = json_loads(json, 0, NULL);
	assert_non_null(doc);
	assert_string_equal(say(doc, "k", out), expected);
	assert_string_equal(say(doc, "missing", out), "-");
	json_decref(doc);
}

static void values_of_any_type_are_words(void **state)
{
	assert_says(say_text, "\"up\"", "up");
	assert_says(say_text, "\"\"", "-");
	assert_says(say_text, "null", "-");
	assert_says(say_text, "{}", "-");
	assert_says(say_text, "12345678901", "12345678901");
	assert_says(say_text, "1.5", "1.5");
	assert_says(say_text, "true", "yes");
	assert_says(say_text, "false", "no");
}

static void lists_are_parted_by_commas(void **state)
{
	char json[1024] = "[";

	assert_says(say_list, "[]", "-");
	assert_says(say_list, "[\"a\"]", "a");
	assert_says(say_list, "[\"a\", 5, \"b\"]", "a, b");
	assert_says(say_list, "\"a\"", "-");
	for (int i = 0; i < 60; i++)
		strcat(json, i ? ",\"abcdef\"" : "\"abcdef\"");
	strcat(json, "]");
	char out[SAY_MAX];
	json_t *doc = json_pack("{s:o}", "k", json_loads(json, 0, NULL));

	assert_int_equal(strlen(say_list(doc, "k", out)), SAY_MAX - 1); /* cut, not overrun */
	json_decref(doc);
}

static void shares_are_percentages(void **state)
{
	assert_says(say_share, "0", "0%");
	assert_says(say_share, "1", "100%");
	assert_says(say_share, "0.25", "25%");
	assert_says(say_share, "0.025", "2.5%");
	assert_says(say_share, "0.001", "0.1%");
	assert_says(say_share, "1.12", "112%");
	assert_says(say_share, "\"x\"", "-");
}

static void times_lose_their_milliseconds(void **state)
{
	assert_says(say_time, "\"2026-01-02T03:04:05.678Z\"", "2026-01-02 03:04:05");
	assert_says(say_time, "\"soon\"", "soon");
	assert_says(say_time, "null", "-");
}

static void seconds_are_said_in_two_units_at_most(void **state)
{
	assert_says(say_seconds, "0.44", "0.4s");
	assert_says(say_seconds, "9.9", "9.9s");
	assert_says(say_seconds, "59.9", "59s");
	assert_says(say_seconds, "60", "1m 0s");
	assert_says(say_seconds, "3725", "1h 2m");
	assert_says(say_seconds, "90000", "1d 1h");
	assert_says(say_seconds, "-1", "-"); /* never heard */
	assert_says(say_seconds, "1e300", "0s");
}

static void assert_of(const char *(*say)(const json_t *doc, char out[SAY_MAX]), const char *json,
		      const char *expected)
{
	json_t *doc = json_loads(json, 0, NULL);
	char out[SAY_MAX];

	assert_non_null(doc);
	assert_string_equal(say(doc, out), expected);
	json_decref(doc);
}

static void what_is_forced_is_one_phrase(void **state)
{
	assert_of(say_forced, "{\"forced\": null}", "-");
	assert_of(say_forced, "{}", "-");
	assert_of(say_forced,
		  "{\"forced\": {\"id\": 1, \"kind\": \"drain\", \"by\": \"uid:0\", \"reason\": "
		  "\"\", "
		  "\"until\": null}}",
		  "drain by uid:0");
	assert_of(say_forced,
		  "{\"forced\": {\"id\": 1, \"kind\": \"drain\", \"by\": \"uid:0\", \"reason\": "
		  "\"disks\", \"until\": \"2026-01-02T03:04:05.678Z\"}}",
		  "drain (disks) by uid:0 until 2026-01-02 03:04:05");
}

static void load_is_a_bar(void **state)
{
	assert_of(say_load, "{\"capacity\": 0, \"used\": 4}", "-");
	assert_of(say_load, "{}", "-");
	assert_of(say_load, "{\"capacity\": 100, \"used\": 0}", "[..........]   0%");
	assert_of(say_load, "{\"capacity\": 100, \"used\": 42}", "[####......]  42%");
	assert_of(say_load, "{\"capacity\": 100, \"used\": 250}", "[##########] 250%");
}

static void colours_warn(void **state)
{
	json_t *down = json_pack("{s:s}", "health", "down");
	json_t *full = json_pack("{s:i, s:i}", "capacity", 100, "used", 96);
	json_t *odd = json_pack("{s:s}", "health", "purple");

	assert_string_equal(say_health_colour(down), "red");
	assert_null(say_health_colour(odd));
	assert_string_equal(say_load_colour(full), "red");
	assert_null(say_load_colour(odd));
	json_decref(down);
	json_decref(full);
	json_decref(odd);
}

static void a_line_holds_no_control_byte(void **state)
{
	struct cli cli = { 0 };
	char *text;
	size_t len;

	cli.out = open_memstream(&text, &len);
	say_line(&cli, "red", "a\033[2J\nb \xff \xc2\x9b caf\xc3\xa9");
	cli.style.has_colours = true;
	say_line(&cli, "red", "c");
	fclose(cli.out);
	assert_string_equal(text, "a?[2J?b ? ? caf\xc3\xa9\n\033[31mc\033[0m\n");
	free(text);
}

static void lines_keep_their_ends_and_lose_escapes(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	say_lines(out, "z:1: error: \033]0;x\a\n\tcaf\xc3\xa9 \xc2\x9b\n");
	fclose(out);
	assert_string_equal(text, "z:1: error: ?]0;x?\n\tcaf\xc3\xa9 ?\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_any_type_are_words),
		cmocka_unit_test(lists_are_parted_by_commas),
		cmocka_unit_test(shares_are_percentages),
		cmocka_unit_test(times_lose_their_milliseconds),
		cmocka_unit_test(seconds_are_said_in_two_units_at_most),
		cmocka_unit_test(what_is_forced_is_one_phrase),
		cmocka_unit_test(load_is_a_bar),
		cmocka_unit_test(colours_warn),
		cmocka_unit_test(a_line_holds_no_control_byte),
		cmocka_unit_test(lines_keep_their_ends_and_lose_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
