/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/utf8. */
#include "core/utf8.h"
#include "tests/unit/unit.h"

#include <string.h>

/* RFC 3629 from the other side: decode by arithmetic, and ask that the form be the shortest one. */
static size_t decoded_len(const unsigned char *b)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = b[0] < 0x80       ? 1
		     : b[0] >> 5 == 6  ? 2
		     : b[0] >> 4 == 14 ? 3
		     : b[0] >> 3 == 30 ? 4
				       : 0;
	uint32_t point;

	if (len < 2)
		return len;
	point = b[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (b[i] >> 6 != 2)
			return 0;
		point = point << 6 | (b[i] & 0x3f);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return len;
}

static void every_pair_of_first_bytes_agrees_with_decoding(void **state)
{
	for (unsigned first = 0; first < 256; first++)
		for (unsigned second = 0; second < 256; second++) {
			unsigned char b[] = { (unsigned char)first, (unsigned char)second, 0x80,
					      0xbf };

			assert_int_equal(utf8_char_len((char *)b, sizeof(b)), decoded_len(b));
		}
}

static void a_cut_or_broken_character_is_none(void **state)
{
	assert_int_equal(utf8_char_len("", 0), 0);
	assert_int_equal(utf8_char_len("\xc3\xa9", 1), 0);
	assert_int_equal(utf8_char_len("\xe2\x82\xac", 2), 0);
	assert_int_equal(utf8_char_len("\xf0\x9f\x98\x80", 3), 0);
	assert_int_equal(utf8_char_len("\xf0\x9f\x98\x80", 4), 4);
	assert_int_equal(utf8_char_len("\xe2\x82x", 3), 0);
	assert_int_equal(utf8_char_len("\xf0\x9f\x98x", 4), 0);
}

static void both_sets_of_controls_are_told(void **state)
{
	assert_true(utf8_is_control("\x1b", 1));
	assert_true(utf8_is_control("\x7f", 1));
	assert_true(utf8_is_control("\xc2\x9b", 2)); /* CSI in one character */
	assert_false(utf8_is_control(" ", 1));
	assert_false(utf8_is_control("\xc2\xa0", 2));
	assert_false(utf8_is_control("\xc3\x9b", 2));
	assert_false(utf8_is_control("\xe2\x80\xa8", 3));
}

static void assert_trimmed(const char *text, const char *wanted)
{
	char copy[16];

	strcpy(copy, text);
	utf8_trim(copy);
	assert_string_equal(copy, wanted);
}

static void what_is_left_of_a_cut_character_is_taken_off(void **state)
{
	assert_trimmed("", "");
	assert_trimmed("abc", "abc");
	assert_trimmed("ab\xc3\xa9", "ab\xc3\xa9");
	assert_trimmed("ab\xc3", "ab");
	assert_trimmed("a\xe2\x98\x80", "a\xe2\x98\x80");
	assert_trimmed("a\xe2\x98", "a");
	assert_trimmed("a\xe2", "a");
	assert_trimmed("\xf0\x9f\x98", "");
	assert_trimmed("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
}

static void a_copy_has_whole_characters(void **state)
{
	char out[5];

	utf8_copy(out, sizeof(out), "abc\xc3\xa9");
	assert_string_equal(out, "abc");
	utf8_copy(out, sizeof(out), "ab\xc3\xa9z");
	assert_string_equal(out, "ab\xc3\xa9");
	utf8_copy(out, sizeof(out), "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
	assert_string_equal(out, "\xf0\x9f\x98\x80");
	utf8_copy(out, 1, "abc");
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_of_a_cut_character_is_taken_off),
		cmocka_unit_test(a_copy_has_whole_characters),
		cmocka_unit_test(every_pair_of_first_bytes_agrees_with_decoding),
		cmocka_unit_test(a_cut_or_broken_character_is_none),
		cmocka_unit_test(both_sets_of_controls_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
