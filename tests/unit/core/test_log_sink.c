/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/log_sink. The writer lives as long as its process, so each runs in a child; an
 * alarm ends a child that is held up. */
#include "core/clock.h"
#include "core/log.h"
#include "core/log_sink.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 5000, PATIENCE_S = 20 };

static int ends[2]; /* standard error of the child; the parent reads when it wants to */
static char dir[64], file[96], renamed[96];

/* The exit code of the child, or 100 + the signal that ended it. */
static int run_child(void (*body)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		alarm(PATIENCE_S);
		dup2(ends[1], STDERR_FILENO);
		body();
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int start(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/fairlead-test-XXXXXX");
	if (!mkdtemp(dir) || pipe(ends) != 0)
		return -1;
	snprintf(file, sizeof(file), "%s/log", dir);
	snprintf(renamed, sizeof(renamed), "%s/log.1", dir);
	return 0;
}

static int finish(void **state)
{
	close(ends[0]);
	close(ends[1]);
	unlink(file);
	unlink(renamed);
	return rmdir(dir);
}

static const char *read_file(const char *path)
{
	static char text[8192];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

static void demand(bool is_so)
{
	if (!is_so)
		_exit(9);
}

/* ---- nobody reads */

static void fill(void)
{
	for (int i = 0; i < MANY; i++)
		log_warn("tests", "line %d %0100d", i, 0);
}

static void log_into_a_full_pipe(void)
{
	char waste[1 << 16];
	ssize_t n;

	demand(log_sink_start(NULL) == ERR_OK);
	fill();
	demand(log_sink_dropped() > MANY / 10);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	/* Somebody reads again, until a line says how many are missing. */
	for (;;) {
		log_warn("tests", "more");
		n = read(ends[0], waste, sizeof(waste) - 1);
		waste[n > 0 ? n : 0] = 0;
		if (strstr(waste, " lines were dropped: the log was not taken\n"))
			break;
	}
}

static void who_logs_is_not_held_up_by_a_pipe_that_nobody_reads(void **state)
{
	assert_int_equal(run_child(log_into_a_full_pipe), 0);
}

static void end_with_a_full_pipe(void)
{
	demand(log_sink_start(NULL) == ERR_OK);
	fill();
}

static void a_process_ends_with_a_log_that_nobody_reads(void **state)
{
	uint64_t began_us = clock_mono_us(clock_system());

	assert_int_equal(run_child(end_with_a_full_pipe), 0);
	assert_true(clock_mono_us(clock_system()) - began_us < PATIENCE_S * 1000000ull / 2);
}

static void end_at_once(void)
{
	demand(log_sink_start(NULL) == ERR_OK);
	log_warn("tests", "the last word");
}

static void what_was_logged_before_the_end_is_written(void **state)
{
	char text[512] = "";

	assert_int_equal(run_child(end_at_once), 0);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "warn  tests: the last word\n"));
}

/* ---- a file */

static void wait_for(const char *path, const char *text)
{
	while (!strstr(read_file(path), text))
		usleep(1000); /* of the writer; the alarm bounds it */
}

static void rotate(void)
{
	demand(log_sink_file(file, NULL) == ERR_OK);
	demand(log_sink_start(NULL) == ERR_OK);
	demand(!log_sink_is_standard_error());
	log_warn("tests", "first");
	wait_for(file, "first\n");
	demand(rename(file, renamed) == 0);
	log_warn("tests", "second");
	wait_for(renamed, "second\n");
	log_sink_reopen();
	while (access(file, F_OK) != 0) /* without a line that asks for it */
		usleep(1000);
	log_warn("tests", "third");
	wait_for(file, "third\n");
	demand(!strstr(read_file(renamed), "third"));
}

static void a_renamed_file_is_opened_anew(void **state)
{
	assert_int_equal(run_child(rotate), 0);
}

static void echo(void)
{
	demand(log_sink_file(file, NULL) == ERR_OK);
	log_sink_echo(true);
	log_warn("tests", "seen twice");
	log_sink_echo(false);
	log_warn("tests", "seen once");
}

static void while_a_daemon_starts_its_lines_are_on_standard_error_too(void **state)
{
	char text[512] = "";

	assert_int_equal(run_child(echo), 0);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "seen twice\n"));
	assert_null(strstr(text, "seen once"));
	assert_non_null(strstr(read_file(file), "seen once\n"));
}

static void a_file_that_cannot_be_opened_is_named(void **state)
{
	struct err e;

	assert_int_equal(log_sink_file("/nonexistent/log", &e), ERR_IO);
	assert_string_equal(e.text, "log file /nonexistent/log: No such file or directory");
}

#define IN_CHILD(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_CHILD(who_logs_is_not_held_up_by_a_pipe_that_nobody_reads),
		IN_CHILD(a_process_ends_with_a_log_that_nobody_reads),
		IN_CHILD(what_was_logged_before_the_end_is_written),
		IN_CHILD(a_renamed_file_is_opened_anew),
		IN_CHILD(while_a_daemon_starts_its_lines_are_on_standard_error_too),
		cmocka_unit_test(a_file_that_cannot_be_opened_is_named),
	};

	return cmocka_run_group_tests_name("core/log_sink", tests, NULL, NULL);
}
