/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_golden: each NAME.yaml of tests/golden/config says exactly what its NAME.ok holds. */
#include "schema/config/config.h"
#include "tests/unit/schema/golden.h"
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned different;

/* Which program's file it is stands in its name. */
static enum err_code parse(const char *name, const char *text, size_t len,
			   struct config_report *report)
{
	struct regiond_config *regiond = NULL;
	struct proberd_config *proberd = NULL;
	struct dnsd_config *dnsd = NULL;
	enum err_code code;

	if (strstr(name, "regiond"))
		code = config_regiond_parse(name, text, len, &regiond, report);
	else if (strstr(name, "proberd"))
		code = config_proberd_parse(name, text, len, &proberd, report);
	else
		code = config_dnsd_parse(name, text, len, &dnsd, report);
	config_regiond_free(regiond);
	config_proberd_free(proberd);
	config_dnsd_free(dnsd);
	return code;
}

static void compare(const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct config_report report;
	struct buf said = BUF_INIT;
	enum err_code code;
	size_t len;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	text = golden_read(path, &len);
	assert_non_null(text);
	config_report_init(&report);
	code = parse(name, text, len, &report);
	assert_int_equal(code != ERR_OK, report.n_errors > 0);
	assert_int_equal(report.errors.len > 0, report.n_errors > 0);
	buf_printf(&said, "%s%s%s", buf_text(&report.errors), buf_text(&report.notes),
		   code == ERR_OK ? "loads\n" : "");
	snprintf(path, sizeof(path), "%s/%.*s.ok", directory, (int)(strlen(name) - 5), name);
	different += !golden_is_equal(path, buf_text(&said));
	buf_fini(&said);
	config_report_fini(&report);
	free(text);
}

static void every_file_says_what_is_kept_beside_it(void **state)
{
	char directory[PATH_MAX];

	golden_path(directory, sizeof(directory), "tests/golden/config");
	assert_true(golden_each(directory, ".yaml", compare) >= 30);
	assert_int_equal(different, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_says_what_is_kept_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
