/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/process: this test is the process. */
#include "core/clock.h"
#include "core/process.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double value_of(const char *name)
{
	struct buf out = BUF_INIT;
	char line[128];
	const char *at;
	double value;

	process_metrics(NULL, &out);
	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(buf_text(&out), line);
	assert_non_null(at);
	value = strtod(at + strlen(line), NULL);
	buf_fini(&out);
	return value;
}

static void the_version_is_a_label(void **state)
{
	struct buf out = BUF_INIT;

	process_metrics(NULL, &out);
	assert_non_null(strstr(buf_text(&out),
			       "\nfairlead_build_info{version=\"" PACKAGE_VERSION "\"} 1\n"));
	buf_fini(&out);
}

static void descriptors_are_counted(void **state)
{
	double before = value_of("process_open_fds");
	int fd = open("/dev/null", O_RDONLY);

	assert_true(value_of("process_open_fds") == before + 1);
	close(fd);
	assert_true(value_of("process_max_fds") >= before);
}

static void memory_threads_and_times_are_plausible(void **state)
{
	double now = (double)clock_wall_ms(clock_system()) / 1000;

	assert_true(value_of("process_resident_memory_bytes") > 100000);
	assert_true(value_of("process_threads") >= 1);
	assert_true(value_of("process_cpu_seconds_total") < 60);
	assert_true(value_of("process_start_time_seconds") <= now + 2);
	assert_true(value_of("process_start_time_seconds") > now - 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_a_label),
		cmocka_unit_test(descriptors_are_counted),
		cmocka_unit_test(memory_threads_and_times_are_plausible),
	};

	return cmocka_run_group_tests_name("core/process", tests, NULL, NULL);
}
