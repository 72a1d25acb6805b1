/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/buf. */
#include "core/buf.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static void what_is_added_stands_in_order(void **state)
{
	struct buf b = BUF_INIT;

	buf_add(&b, "ab", 2);
	buf_add_str(&b, "cd");
	buf_add(&b, NULL, 0);
	buf_printf(&b, "%d%s", 42, "!");
	assert_int_equal(b.len, 7);
	assert_string_equal(buf_text(&b), "abcd42!");
	assert_int_equal(b.len, 7);
	buf_fini(&b);
}

static void numbers_are_in_network_order(void **state)
{
	struct buf b = BUF_INIT;

	buf_u8(&b, 0x01);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "\x01\x02\x03\x04\x05\x06\x07", 7);
	buf_fini(&b);
}

static void it_grows_past_any_first_size(void **state)
{
	struct buf b = BUF_INIT;
	char big[5000];

	memset(big, 'x', sizeof(big));
	for (unsigned i = 0; i < 100000; i++)
		buf_u8(&b, (uint8_t)i);
	buf_add(&b, big, sizeof(big));
	buf_printf(&b, "%.*s", (int)sizeof(big), big);
	assert_false(b.failed);
	assert_int_equal(b.len, 110000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], (uint8_t)i);
	assert_int_equal(b.data[109999], 'x');
	buf_fini(&b);
}

static void an_empty_one_has_a_text_and_can_be_taken(void **state)
{
	struct buf b = BUF_INIT;
	size_t len = 77;
	uint8_t *data;

	assert_string_equal(buf_text(&b), "");
	buf_fini(&b);
	data = buf_take(&b, &len);
	assert_non_null(data);
	assert_int_equal(len, 0);
	free(data);
}

static void taking_leaves_it_empty_and_of_use(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t *data;
	size_t len;

	buf_add_str(&b, "first");
	data = buf_take(&b, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(data, "first", 6); /* terminated */
	assert_null(b.data);
	buf_add_str(&b, "second");
	assert_string_equal(buf_text(&b), "second");
	buf_fini(&b);
	free(data);
}

static void clearing_keeps_the_memory(void **state)
{
	struct buf b = BUF_INIT;
	uint8_t *data;

	buf_add_str(&b, "first");
	data = b.data;
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	buf_add_str(&b, "x");
	assert_ptr_equal(b.data, data);
	assert_string_equal(buf_text(&b), "x");
	buf_fini(&b);
}

static void a_failed_allocation_stays_failed_until_it_is_cleared(void **state)
{
	char big[1000] = { 0 };
	struct buf b = BUF_INIT;
	size_t len = 77;

	buf_add_str(&b, "kept");
	fail_alloc_at(1);
	buf_add(&b, big, sizeof(big));
	assert_true(fail_alloc_end());
	assert_true(b.failed);
	buf_add_str(&b, "more"); /* would fit, and must not look as if nothing was lost */
	buf_printf(&b, "more");
	buf_u32(&b, 1);
	assert_int_equal(b.len, 4);
	assert_string_equal(buf_text(&b), "");
	assert_null(buf_take(&b, &len));
	assert_int_equal(len, 77);
	assert_null(b.data);
	assert_false(b.failed);
}

static void an_absurd_length_fails_instead_of_wrapping(void **state)
{
	struct buf b = BUF_INIT;

	buf_add_str(&b, "x");
	buf_add(&b, "y", SIZE_MAX - 1);
	assert_true(b.failed);
	assert_int_equal(b.len, 1);
	buf_clear(&b);
	assert_false(b.failed);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_stands_in_order),
		cmocka_unit_test(numbers_are_in_network_order),
		cmocka_unit_test(it_grows_past_any_first_size),
		cmocka_unit_test(an_empty_one_has_a_text_and_can_be_taken),
		cmocka_unit_test(taking_leaves_it_empty_and_of_use),
		cmocka_unit_test(clearing_keeps_the_memory),
		cmocka_unit_test(a_failed_allocation_stays_failed_until_it_is_cleared),
		cmocka_unit_test(an_absurd_length_fails_instead_of_wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
