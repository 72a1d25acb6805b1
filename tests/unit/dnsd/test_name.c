/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/packet/name. */
#include "dnsd/packet/hash.h"
#include "dnsd/packet/name.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct name parsed(const char *text)
{
	struct name n;
	struct err e;

	if (name_parse(text, NULL, &n, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return n;
}

static void text_and_wire_are_the_same_name(void **state)
{
	static const char *const texts[] = {
		".",	    "example.com.", "WWW.Example.COM.", "*.a.",
		"a\\.b.c.", "sp\\032ace.",  "q\\\"uo\\;te.",	"\\000\\255."
	};
	char text[NAME_TEXT_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct name n = parsed(texts[i]);

		assert_string_equal(name_text(n.wire, text), texts[i]);
		assert_int_equal(name_len(n.wire), n.len);
		assert_int_equal(name_labels(n.wire), n.labels);
	}
}

static void a_name_without_the_last_dot_is_below_its_origin(void **state)
{
	struct name origin = parsed("example.com."), n;
	char text[NAME_TEXT_MAX];

	assert_int_equal(name_parse("a.b", &origin, &n, NULL), ERR_OK);
	assert_string_equal(name_text(n.wire, text), "a.b.example.com.");
	assert_int_equal(n.labels, 4);
	assert_int_equal(name_parse("a.b.", &origin, &n, NULL), ERR_OK);
	assert_string_equal(name_text(n.wire, text), "a.b.");
	assert_int_equal(name_parse(".", &origin, &n, NULL), ERR_OK);
	assert_int_equal(n.len, 1);
}

static void text_that_is_no_name_is_refused_with_the_reason(void **state)
{
	static const char *const bad[][2] = {
		{ "", "it is empty" },	       { "a..b.", "an empty label" },
		{ ".a.", "an empty label" },   { "a\\", "a bad escape" },
		{ "a\\256.", "a bad escape" }, { "a\\12.", "a bad escape" },
	};
	char big[300];
	struct name n = { .len = 77 };
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(name_parse(bad[i][0], NULL, &n, &e), ERR_INPUT);
		if (!strstr(e.text, bad[i][1]))
			fail_msg("%s: got \"%s\"", bad[i][0], e.text);
	}
	memset(big, 'a', 64);
	big[64] = '\0';
	assert_int_equal(name_parse(big, NULL, &n, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "a label over 63 bytes"));
	for (size_t i = 0; i < 256; i += 2)
		memcpy(big + i, "a.", 3);
	assert_int_equal(name_parse(big, NULL, &n, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "over 255 bytes"));
	assert_int_equal(n.len, 77);
	big[254] = '\0'; /* 127 labels and the root: 255 bytes */
	assert_int_equal(name_parse(big, NULL, &n, &e), ERR_OK);
	assert_int_equal(n.len, 255);
	assert_int_equal(n.labels, 127);
}

static void only_letters_are_lowered_whatever_the_length(void **state)
{
	uint8_t in[40], exact[40], padded[48];

	for (unsigned first = 0; first < 256; first++) {
		for (unsigned i = 0; i < sizeof(in); i++)
			in[i] = (uint8_t)(first + i);
		name_lower(exact, in, 33);
		name_lower_padded(padded, in, 33);
		assert_memory_equal(exact, padded, 33);
		for (unsigned i = 0; i < 33; i++) {
			uint8_t c = in[i];

			assert_int_equal(exact[i], c >= 'A' && c <= 'Z' ? c + 32 : c);
		}
	}
}

static void compressed_names_are_followed(void **state)
{
	static const uint8_t msg[] = { 3, 'c', 'o', 'm', 0, 1, 'A', 0xc0, 0, 1, 'b', 0xc0, 5, 9 };
	char text[NAME_TEXT_MAX];
	struct name n;
	size_t at = 9;

	assert_int_equal(name_read(msg, sizeof(msg), &at, &n), ERR_OK);
	assert_string_equal(name_text(n.wire, text), "b.A.com.");
	assert_int_equal(at, 13);
	assert_int_equal(n.labels, 3);
}

static void a_name_that_does_not_end_is_refused(void **state)
{
	static const struct {
		uint8_t len, at;
		uint8_t bytes[12];
	} bad[] = {
		{ 2, 0, { 0xc0, 0 } },				/* to itself */
		{ 4, 2, { 0xc0, 2, 0xc0, 0 } },			/* to each other */
		{ 3, 0, { 1, 'a', 0xc0 } },			/* half a pointer */
		{ 2, 0, { 2, 'a' } },				/* beyond the end */
		{ 2, 0, { 1, 'a' } },				/* no root */
		{ 2, 0, { 0x40, 0 } },				/* a label type of old */
		{ 4, 0, { 0xc0, 2, 1, 0 } },			/* forwards */
		{ 5, 2, { 1, 'a', 1, 'b', 0xc0 } },		/* half a pointer at the end */
		{ 8, 4, { 1, 'a', 0xc0, 4, 1, 'b', 0xc0, 0 } }, /* round and round */
	};
	struct name n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		size_t at = bad[i].at;

		assert_int_equal(name_read(bad[i].bytes, bad[i].len, &at, &n), ERR_INPUT);
		assert_int_equal(at, bad[i].at);
	}
}

/* The example of RFC 4034 section 6.1. */
static void names_sort_as_the_rfc_shows(void **state)
{
	static const char *const sorted[] = {
		"example.",	    "a.example.",      "yljkjljk.a.example.",
		"Z.a.example.",	    "zABC.a.EXAMPLE.", "z.example.",
		"\\001.z.example.", "*.z.example.",    "\\200.z.example."
	};
	size_t n = sizeof(sorted) / sizeof(*sorted);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			struct name a = parsed(sorted[i]), b = parsed(sorted[k]);
			int diff = name_compare(a.wire, b.wire);

			assert_int_equal((diff > 0) - (diff < 0), (i > k) - (i < k));
		}
}

static void equal_ignores_case_and_nothing_else(void **state)
{
	struct name a = parsed("WWW.example."), b = parsed("www.EXAMPLE."),
		    c = parsed("vww.example.");

	assert_true(name_is_equal(a.wire, a.len, b.wire, b.len));
	assert_false(name_is_equal(a.wire, a.len, c.wire, c.len));
	assert_false(name_is_equal(a.wire, a.len, a.wire + 4, a.len - 4u));
	assert_int_equal(name_compare(a.wire, b.wire), 0);
}

static void within_looks_at_whole_labels(void **state)
{
	struct name top = parsed("ample.com."), in = parsed("a.ample.com."),
		    no = parsed("example.com.");

	assert_true(name_is_within(in.wire, in.len, top.wire, top.len));
	assert_true(name_is_within(top.wire, top.len, top.wire, top.len));
	assert_false(name_is_within(no.wire, no.len, top.wire, top.len));
	assert_false(name_is_within(top.wire, top.len, in.wire, in.len));
	assert_true(name_is_within(in.wire, in.len, (const uint8_t *)"", 1));
}

static void a_suffix_is_replaced_up_to_255_bytes(void **state)
{
	struct name from = parsed("a.b.old.example."), old = parsed("old.example."),
		    to = parsed("new."), out;
	char text[NAME_TEXT_MAX], big[260];

	assert_int_equal(name_replace_suffix(from.wire, from.len, old.len, to.wire, to.len, &out),
			 ERR_OK);
	assert_string_equal(name_text(out.wire, text), "a.b.new.");
	assert_int_equal(out.labels, 3);
	for (size_t i = 0; i < 250; i += 2)
		memcpy(big + i, "x.", 3);
	to = parsed(big); /* 251 bytes, and a.b. makes 255 */
	assert_int_equal(name_replace_suffix(from.wire, from.len, old.len, to.wire, to.len, &out),
			 ERR_OK);
	assert_int_equal(out.len, 255);
	memcpy(big, "xx.", 3);
	big[3] = '\0';
	for (size_t i = 3; i < 251; i += 2)
		memcpy(big + i, "x.", 3);
	to = parsed(big);
	assert_int_equal(to.len, 252);
	assert_int_equal(name_replace_suffix(from.wire, from.len, old.len, to.wire, to.len, &out),
			 ERR_LIMIT);
}

static void the_seed_changes_the_hash(void **state)
{
	struct name n = parsed("example.com.");

	assert_true(hash_name(n.wire, n.len, 1) == hash_name(n.wire, n.len, 1));
	assert_true(hash_name(n.wire, n.len, 1) != hash_name(n.wire, n.len, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_wire_are_the_same_name),
		cmocka_unit_test(a_name_without_the_last_dot_is_below_its_origin),
		cmocka_unit_test(text_that_is_no_name_is_refused_with_the_reason),
		cmocka_unit_test(only_letters_are_lowered_whatever_the_length),
		cmocka_unit_test(compressed_names_are_followed),
		cmocka_unit_test(a_name_that_does_not_end_is_refused),
		cmocka_unit_test(names_sort_as_the_rfc_shows),
		cmocka_unit_test(equal_ignores_case_and_nothing_else),
		cmocka_unit_test(within_looks_at_whole_labels),
		cmocka_unit_test(a_suffix_is_replaced_up_to_255_bytes),
		cmocka_unit_test(the_seed_changes_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
