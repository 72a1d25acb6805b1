/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/addr. */
#include "core/addr.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct addr must_parse(const char *text)
{
	struct addr a;
	struct err e = { "" };

	if (addr_parse(text, &a, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return a;
}

static void an_address_is_written_as_rfc_5952_says(void **state)
{
	static const char *const rows[][2] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1" }, /* 4.1, 4.2.1, 4.3 */
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },	      /* 4.2.2 */
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },		      /* 4.2.3 longest */
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },	      /* 4.2.3 first */
		{ "::", "::" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0" },
		{ "fe80::", "fe80::" },
		{ "::ffff:c000:201", "::ffff:192.0.2.1" }, /* 5 */
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = must_parse(rows[i][0]), again;
		char text[ADDR_TEXT_MAX];

		addr_text(&a, text);
		assert_string_equal(text, rows[i][1]);
		again = must_parse(text);
		assert_true(addr_is_equal(&a, &again));
	}
}

static void what_is_no_address_is_refused_and_out_untouched(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"1.2.3.1000",
		"01.2.3.4", /* octal elsewhere */
		"1.2.3.04",
		"0x1.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4\n",
		"1.2.3.-4",
		"+1.2.3.4",
		"1..3.4",
		"1.2.3.4.",
		":",
		":::",
		"1::2::3",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"12345::",
		"::g",
		"::1 ",
		"::1/64",
		"::1%lo",
		"[::1]",
		"::1.2.3",
		"::01.2.3.4",
		"1.2.3.4::",
		"example.com",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = { .family = 77 };
		struct err e = { "" };

		if (addr_parse(rows[i], &a, &e) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i]);
		assert_int_equal(a.family, 77);
		assert_non_null(strstr(e.text, "expected one like 192.0.2.1"));
		assert_true(strlen(e.text) < 200);
	}
}

static void an_absent_address_has_a_text_too(void **state)
{
	struct addr none = { 0 };
	char text[ADDR_TEXT_MAX];

	addr_text(&none, text);
	assert_string_equal(text, "none");
}

static void the_longest_texts_fit(void **state)
{
	const char *longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
	struct prefix p = { must_parse(longest), 128 };
	struct endpoint at = { must_parse(longest), 65535 };
	char text[ENDPOINT_TEXT_MAX];

	prefix_text(&p, text);
	assert_string_equal(text, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	endpoint_text(&at, text);
	assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void a_prefix_keeps_its_text(void **state)
{
	static const char *const rows[] = { "0.0.0.0/0",       "192.0.2.0/24", "192.0.2.1/32",
					    "192.0.2.128/25",  "::/0",	       "2001:db8::/32",
					    "2001:db8::1/128", "8000::/1" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix p;

		assert_int_equal(prefix_parse(rows[i], &p, NULL), ERR_OK);
		prefix_text(&p, text);
		assert_string_equal(text, rows[i]);
	}
}

static void what_is_no_prefix_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"/",
		"/24",
		"192.0.2.0",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/-1",
		"192.0.2.0/+8",
		"192.0.2.0/024",
		"192.0.2.0/24 ",
		"192.0.2.0/ 24",
		"192.0.2.0/2 4",
		"192.0.2.0/24/8",
		"2001:db8::/129",
		"2001:db8::/1e1",
		"192.0.2.0/99999999999999999999",
		"192.0.2/24",
		"192.0.2.0/0x18",
		"::/00",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix p = { .len = 200 };
		struct err e = { "" };

		if (prefix_parse(rows[i], &p, &e) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i]);
		assert_int_equal(p.len, 200);
		assert_true(e.text[0] != 0);
	}
}

static void bits_after_the_length_are_named_with_the_prefix_that_was_meant(void **state)
{
	struct prefix p;
	struct err e;

	assert_int_equal(prefix_parse("10.1.2.3/8", &p, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "expected 10.0.0.0/8"));
	assert_int_equal(prefix_parse("2001:db8::1/127", &p, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "expected 2001:db8::/127"));
}

static void an_endpoint_keeps_its_text(void **state)
{
	static const char *const rows[] = { "192.0.2.1:53", "0.0.0.0:0", "[::]:53",
					    "[2001:db8::1]:65535" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[ENDPOINT_TEXT_MAX];
		struct endpoint at;

		assert_int_equal(endpoint_parse(rows[i], &at, NULL), ERR_OK);
		endpoint_text(&at, text);
		assert_string_equal(text, rows[i]);
	}
}

static void what_is_no_endpoint_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		":53",
		"53",
		"192.0.2.1",
		"192.0.2.1:",
		"192.0.2.1:65536",
		"192.0.2.1:053",
		"192.0.2.1:53 ",
		"192.0.2.1:-1",
		"192.0.2.1:5:3",
		"192.0.2.1 :53",
		"::1",
		"::1:53",
		"2001:db8::1:53",
		"[::1]",
		"[::1]53",
		"[::1]:",
		"[::1:53",
		"[192.0.2.1]:53",
		"[]:53",
		"[[::1]]:53",
		"[::1] :53",
		"*:53",
		"localhost:53",
		"192.0.2.1:99999999999999999999",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint at = { .port = 77 };

		if (endpoint_parse(rows[i], &at, NULL) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i]);
		assert_int_equal(at.port, 77);
	}
}

static void a_v6_endpoint_without_brackets_is_told_of_them(void **state)
{
	struct endpoint at;
	struct err e;

	assert_int_equal(endpoint_parse("2001:db8::1:53", &at, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "or [2001:db8::1]:53"));
}

static void a_mask_leaves_the_bits_before_it(void **state)
{
	struct addr all = must_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

	for (unsigned len = 0; len <= 128; len++) {
		struct addr a = all;
		unsigned ones = 0;

		addr_mask(&a, (uint8_t)len);
		for (size_t i = 0; i < sizeof(a.bytes); i++)
			ones += (unsigned)__builtin_popcount(a.bytes[i]);
		assert_int_equal(ones, len);
		for (unsigned bit = 0; bit < len; bit++)
			assert_true(a.bytes[bit / 8] & (0x80 >> bit % 8));
	}
}

static void a_prefix_has_its_own_addresses_and_no_others(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool has;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "0.0.0.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "192.0.2.1/32", "192.0.2.1", true },
		{ "::1/128", "::2", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = must_parse(rows[i].addr);
		struct prefix p;

		assert_int_equal(prefix_parse(rows[i].prefix, &p, NULL), ERR_OK);
		assert_int_equal(prefix_has(&p, &a), rows[i].has);
	}
}

static void the_v4_address_inside_a_v6_one_is_found(void **state)
{
	static const struct {
		const char *addr, *inside; /* NULL: none */
		int before;
	} rows[] = {
		{ "::ffff:192.0.2.1", "192.0.2.1", 96 },
		{ "64:ff9b::203.0.113.9", "203.0.113.9", 96 },
		{ "2002:c000:201::1", "192.0.2.1", 16 },
		{ "2002:c000:201:ffff:ffff:ffff:ffff:ffff", "192.0.2.1", 16 },
		/* The client of RFC 4380's example form: 192.0.2.45 inverted. */
		{ "2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45", 96 },
		{ "::192.0.2.1", "192.0.2.1", 96 },
		{ "::1.0.0.0", "1.0.0.0", 96 },
		{ "::ffff:0:192.0.2.1", "192.0.2.1", 96 },
		{ "::ffff:0:0:0", "0.0.0.0", 96 },
		{ "::", NULL, -1 },
		{ "::1", NULL, -1 },
		{ "::0.255.255.255", NULL, -1 },
		{ "::fffe:192.0.2.1", NULL, -1 },
		{ "1::ffff:192.0.2.1", NULL, -1 },
		{ "64:ff9b:1::192.0.2.1", NULL, -1 }, /* RFC 8215: local use, any length */
		{ "64:ff9b:0:0:1:0:c000:201", NULL, -1 },
		{ "2001:db8::1", NULL, -1 },
		{ "2001:1::1", NULL, -1 },
		{ "2003::1", NULL, -1 },
		{ "192.0.2.1", NULL, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = must_parse(rows[i].addr), inside = { .family = 77 };

		assert_int_equal(addr_embedded_v4(&a, &inside), rows[i].before);
		if (rows[i].inside) {
			struct addr expected = must_parse(rows[i].inside);

			assert_memory_equal(&inside, &expected, sizeof(inside));
		} else {
			assert_int_equal(inside.family, 77);
		}
	}
}

static void a_sockaddr_and_back_is_the_same(void **state)
{
	static const char *const rows[] = { "192.0.2.1:53", "[2001:db8::1]:853" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sockaddr_storage sa;
		struct endpoint at, again;
		socklen_t len;

		assert_int_equal(endpoint_parse(rows[i], &at, NULL), ERR_OK);
		len = endpoint_to_sockaddr(&at, &sa);
		assert_int_equal(len, at.addr.family == 4 ? sizeof(struct sockaddr_in)
							  : sizeof(struct sockaddr_in6));
		assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&sa, &again), ERR_OK);
		assert_memory_equal(&at.addr, &again.addr, sizeof(at.addr));
		assert_int_equal(at.port, again.port);
	}
}

static void a_sockaddr_of_another_family_is_refused(void **state)
{
	struct sockaddr sa = { .sa_family = AF_UNIX };
	struct endpoint at = { .port = 77 };

	assert_int_equal(endpoint_from_sockaddr(&sa, &at), ERR_INPUT);
	assert_int_equal(at.port, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_written_as_rfc_5952_says),
		cmocka_unit_test(what_is_no_address_is_refused_and_out_untouched),
		cmocka_unit_test(an_absent_address_has_a_text_too),
		cmocka_unit_test(the_longest_texts_fit),
		cmocka_unit_test(a_prefix_keeps_its_text),
		cmocka_unit_test(what_is_no_prefix_is_refused),
		cmocka_unit_test(bits_after_the_length_are_named_with_the_prefix_that_was_meant),
		cmocka_unit_test(an_endpoint_keeps_its_text),
		cmocka_unit_test(what_is_no_endpoint_is_refused),
		cmocka_unit_test(a_v6_endpoint_without_brackets_is_told_of_them),
		cmocka_unit_test(a_mask_leaves_the_bits_before_it),
		cmocka_unit_test(a_prefix_has_its_own_addresses_and_no_others),
		cmocka_unit_test(the_v4_address_inside_a_v6_one_is_found),
		cmocka_unit_test(a_sockaddr_and_back_is_the_same),
		cmocka_unit_test(a_sockaddr_of_another_family_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
