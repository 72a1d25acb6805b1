/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/log, read back from standard error. */
#include "core/log.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIME_LEN 24

static int saved_stderr, pipe_ends[2];
static char got[65536];

static int set_up(void **state)
{
	log_set_json(false);
	log_set_level(LOG_INFO);
	if (pipe(pipe_ends) != 0 || fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) != 0)
		return -1;
	saved_stderr = dup(STDERR_FILENO);
	return dup2(pipe_ends[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return 0;
}

/* What was written since the last call. */
static const char *take(void)
{
	ssize_t n = read(pipe_ends[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = 0;
	return got;
}

/* The line without its time, which must have its form. */
static const char *take_after_time(void)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
	const char *line = take();

	for (size_t i = 0; i < TIME_LEN + 1; i++)
		if (form[i] == 'd' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
			fail_msg("no time at the start of `%s`", line);
	return line + TIME_LEN + 1;
}

static void a_text_line_has_aligned_columns(void **state)
{
	log_warn("dnsd/fleet", "region %s: stream is stale", "eu-west");
	assert_string_equal(take_after_time(),
			    "warn  dnsd/fleet: region eu-west: stream is stale\n");
	log_error("core/link", "x");
	assert_string_equal(take_after_time(), "error core/link: x\n");
	log_info("core/link", "x");
	assert_string_equal(take_after_time(), "info  core/link: x\n");
}

static void a_line_for_the_journal_begins_with_its_priority(void **state)
{
	log_set_priorities(true);
	log_error("core/link", "x");
	assert_memory_equal(take(), "<3>", 3);
	log_warn("core/link", "x");
	assert_memory_equal(take(), "<4>", 3);
	log_info("core/link", "x");
	assert_memory_equal(take(), "<6>", 3);
	log_set_json(true);
	log_warn("core/link", "x");
	assert_memory_equal(take(), "<4>{\"time\":", 11);
	log_set_priorities(false);
}

static void what_is_under_the_level_is_silent(void **state)
{
	struct log_limit limit = LOG_LIMIT_INIT(9);

	log_debug("a", "x");
	log_limited(&limit, LOG_DEBUG, "a", "x");
	assert_string_equal(take(), "");
	log_set_level(LOG_DEBUG);
	log_debug("a", "x");
	assert_string_equal(take_after_time(), "debug a: x\n");
	log_set_level(LOG_ERROR);
	log_warn("a", "x");
	assert_string_equal(take(), "");
}

static void no_message_can_forge_a_line_or_reach_the_terminal(void **state)
{
	log_info("a", "%s", "one\ntwo\r\t\x1b[31m\x7f\xc2\x9b\xff\xc3 \xc3\xa9");
	assert_string_equal(take_after_time(),
			    "info  a: one\\ntwo\\r\\t\\x1b[31m\\x7f\\x9b\\xff\\xc3 \xc3\xa9\n");
}

static json_t *take_json(void)
{
	const char *line = take();
	json_error_t error;
	json_t *doc;

	assert_int_equal(strcspn(line, "\n") + 1, strlen(line)); /* one line */
	doc = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!doc)
		fail_msg("`%s`: %s", line, error.text);
	return doc;
}

static void a_json_line_is_read_back_by_a_parser(void **state)
{
	json_t *doc;

	log_set_json(true);
	log_error("dnsd/fleet", "%s", "say \"hi\" \\ \n\x01 \xc3\xa9 \xf0\x9f\x98\x80");
	doc = take_json();
	assert_int_equal(json_object_size(doc), 4);
	assert_string_equal(json_string_value(json_object_get(doc, "level")), "error");
	assert_string_equal(json_string_value(json_object_get(doc, "component")), "dnsd/fleet");
	assert_string_equal(json_string_value(json_object_get(doc, "message")),
			    "say \"hi\" \\ \n\x01 \xc3\xa9 \xf0\x9f\x98\x80");
	assert_int_equal(json_string_length(json_object_get(doc, "time")), TIME_LEN);
	json_decref(doc);
}

static void bytes_that_are_not_utf8_become_the_replacement_character(void **state)
{
	json_t *doc;

	log_set_json(true);
	log_info("a", "%s", "x\xff\xc0\x80\xed\xa0\x80y\xe2\x82");
	doc = take_json();
	assert_string_equal(
		json_string_value(json_object_get(doc, "message")),
		"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy"
		"\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(doc);
}

static void every_byte_gives_a_good_json_line(void **state)
{
	log_set_json(true);
	for (int byte = 1; byte < 256; byte++) {
		log_info("a", "<%c>", byte);
		json_decref(take_json());
	}
}

static void a_long_message_is_cut_with_dots_and_stays_one_write(void **state)
{
	char big[6000];
	const char *line;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = 0;
	log_info("a", "%s", big);
	line = take();
	assert_true(strlen(line) < PIPE_BUF);
	assert_string_equal(line + strlen(line) - 5, "x...\n");

	memset(big, 1, sizeof(big) - 1); /* six bytes each in JSON: the line itself is full */
	log_set_json(true);
	log_info("a", "%s", big);
	line = take();
	assert_true(strlen(line) <= PIPE_BUF);
	assert_string_equal(line + strlen(line) - 12, "\\u0001...\"}\n");
}

static void errno_is_left_alone(void **state)
{
	errno = EXDEV;
	log_info("a", "x");
	assert_int_equal(errno, EXDEV);
	close(STDERR_FILENO); /* the log itself fails */
	log_info("a", "x");
	assert_int_equal(errno, EXDEV);
}

static void a_limit_holds_back_and_tells_in_the_next_minute(void **state)
{
	struct log_limit limit = LOG_LIMIT_INIT(2);
	const char *line, *second;

	for (int i = 0; i < 2; i++) {
		log_limited(&limit, LOG_WARN, "a", "n%d", i);
		assert_non_null(strstr(take(), i ? "n1\n" : "n0\n"));
	}
	for (int i = 0; i < 5; i++)
		log_limited(&limit, LOG_WARN, "a", "held");
	assert_string_equal(take(), "");
	limit.window_min--; /* a minute goes by */
	log_limited(&limit, LOG_WARN, "a", "again");
	line = take();
	second = strchr(line, '\n') + 1;
	assert_non_null(strstr(line, "warn  a: 5 lines like the next were held back\n"));
	assert_string_equal(second + TIME_LEN + 1, "warn  a: again\n");
}

static void *write_many(void *arg)
{
	for (int i = 0; i < 100; i++)
		log_info("t", "%s end", (const char *)arg);
	return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
	char a[101], b[101];
	pthread_t threads[2];
	char *line, *rest;
	int count = 0;

	memset(a, 'a', 100);
	memset(b, 'b', 100);
	a[100] = b[100] = 0;
	assert_int_equal(fcntl(pipe_ends[1], F_SETPIPE_SZ, 65536), 65536);
	assert_int_equal(pthread_create(&threads[0], NULL, write_many, a), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, write_many, b), 0);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	take();
	for (line = strtok_r(got, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), count++)
		assert_true(strlen(line) ==
				    TIME_LEN + strlen(" info  t: ") + 100 + strlen(" end") &&
			    (strstr(line, a) || strstr(line, b)));
	assert_int_equal(count, 200);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_text_line_has_aligned_columns),
		CLAIM(a_line_for_the_journal_begins_with_its_priority),
		CLAIM(what_is_under_the_level_is_silent),
		CLAIM(no_message_can_forge_a_line_or_reach_the_terminal),
		CLAIM(a_json_line_is_read_back_by_a_parser),
		CLAIM(bytes_that_are_not_utf8_become_the_replacement_character),
		CLAIM(every_byte_gives_a_good_json_line),
		CLAIM(a_long_message_is_cut_with_dots_and_stays_one_write),
		CLAIM(errno_is_left_alone),
		CLAIM(a_limit_holds_back_and_tells_in_the_next_minute),
		CLAIM(lines_of_several_threads_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
