/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_memory: whichever allocation fails, a load ends whole or not at all. */
#include "schema/config/config.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/schema/golden.h"
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>

static char *text;
static size_t len;

static void read_golden(const char *name)
{
	char path[PATH_MAX];

	free(text);
	golden_path(path, sizeof(path), "tests/golden/config/%s.yaml", name);
	text = golden_read(path, &len);
	assert_non_null(text);
}

static void a_good_file_loads_or_says_there_is_no_memory(void **state)
{
	read_golden("contract-dnsd");
	for (unsigned n = 1;; n++) {
		struct dnsd_config *c = NULL;
		struct config_report report;
		enum err_code code;

		config_report_init(&report);
		fail_alloc_at(n);
		code = config_dnsd_parse("test", text, len, &c, &report);
		if (!fail_alloc_end()) {
			assert_int_equal(code, ERR_OK);
			assert_true(n > 5);
			config_dnsd_free(c);
			config_report_fini(&report);
			return;
		}
		/* A note that could not be kept is no reason to refuse the file. */
		assert_true(code == ERR_OK || code == ERR_MEMORY);
		assert_int_equal(c != NULL, code == ERR_OK);
		assert_int_equal(report.n_errors > 0, code != ERR_OK);
		config_dnsd_free(c);
		config_report_fini(&report);
	}
}

static void a_bad_file_is_refused_whatever_fails(void **state)
{
	bool has_failed = true;

	read_golden("regiond-routes");
	for (unsigned n = 1; has_failed; n++) {
		struct regiond_config *c = NULL;
		struct config_report report;
		enum err_code code;

		config_report_init(&report);
		fail_alloc_from(n);
		code = config_regiond_parse("test", text, len, &c, &report);
		has_failed = fail_alloc_end();
		assert_true(code == ERR_INPUT || code == ERR_MEMORY);
		assert_null(c);
		assert_true(report.n_errors > 0);
		config_report_fini(&report);
	}
}

static void a_page_that_did_not_fit_says_so(void **state)
{
	for (unsigned n = 1; n < 20; n++) {
		struct buf out = BUF_INIT;

		fail_alloc_from(n);
		config_reference(CONFIG_DNSD, &out);
		assert_true(fail_alloc_end());
		assert_true(out.failed);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_loads_or_says_there_is_no_memory),
		cmocka_unit_test(a_bad_file_is_refused_whatever_fails),
		cmocka_unit_test(a_page_that_did_not_fit_says_so),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}
