/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/err. */
#include "core/err.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

static void wrap_reads_from_the_outside_in(void **state)
{
	struct err e;

	assert_int_equal(err_set(&e, ERR_INPUT, "line %d", 4), ERR_INPUT);
	assert_int_equal(err_wrap(&e, ERR_INPUT, "zone %s", "a."), ERR_INPUT);
	assert_string_equal(e.text, "zone a.: line 4");
}

static void a_long_text_is_cut_with_dots(void **state)
{
	struct err e;
	char long_text[2 * ERR_TEXT_MAX];

	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = 0;
	err_set(&e, ERR_INPUT, "%s", long_text);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	assert_string_equal(e.text + ERR_TEXT_MAX - 4, "...");
	err_wrap(&e, ERR_INPUT, "at");
	assert_string_equal(e.text + ERR_TEXT_MAX - 4, "...");
}

static void a_full_disk_has_its_own_code(void **state)
{
	struct err e;

	assert_int_equal(err_errno(&e, ENOSPC, "write"), ERR_FULL);
	assert_int_equal(err_errno(&e, EACCES, "open %s", "f"), ERR_IO);
	assert_string_equal(e.text, "open f: Permission denied");
}

static void no_err_to_fill_is_fine(void **state)
{
	assert_int_equal(err_set(NULL, ERR_LIMIT, "x"), ERR_LIMIT);
	assert_int_equal(err_wrap(NULL, ERR_LIMIT, "x"), ERR_LIMIT);
	assert_int_equal(err_errno(NULL, ENOMEM, "x"), ERR_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrap_reads_from_the_outside_in),
		cmocka_unit_test(a_long_text_is_cut_with_dots),
		cmocka_unit_test(a_full_disk_has_its_own_code),
		cmocka_unit_test(no_err_to_fill_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
