/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/units. */
#include "core/units.h"
#include "tests/unit/unit.h"

#include <string.h>

static void a_duration_becomes_milliseconds_and_back(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
		const char *again;
	} rows[] = {
		{ "500ms", 500, "500ms" },
		{ "0ms", 0, "0s" },
		{ "30s", 30000, "30s" },
		{ "15m", 900000, "15m" },
		{ "1h", 3600000, "1h" },
		{ "7d", 604800000, "7d" },
		{ "1000ms", 1000, "1s" },
		{ "90s", 90000, "90s" },
		{ "60s", 60000, "1m" },
		{ "24h", 86400000, "1d" },
		{ "1500ms", 1500, "1500ms" },
		{ "1.5s", 1500, "1500ms" },
		{ "0.5m", 30000, "30s" },
		{ "2.50h", 9000000, "150m" },
		{ "1.0ms", 1, "1ms" },
		{ "18446744073709551615ms", UINT64_MAX, "18446744073709551615ms" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[UNITS_TEXT_MAX];
		uint64_t ms;

		assert_int_equal(units_parse_duration(rows[i].text, &ms, NULL), ERR_OK);
		assert_int_equal(ms, rows[i].ms);
		units_duration_text(ms, text);
		assert_string_equal(text, rows[i].again);
	}
}

static void a_size_becomes_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ "64KiB", 65536 },
		{ "1MiB", 1048576 },
		{ "2GiB", 2147483648 },
		{ "1TiB", 1099511627776 },
		{ "18446744073709551615", UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bytes;

		assert_int_equal(units_parse_size(rows[i].text, &bytes, NULL), ERR_OK);
		assert_int_equal(bytes, rows[i].bytes);
	}
}

static void a_share_becomes_ppm_and_back(void **state)
{
	static const struct {
		const char *text;
		uint32_t ppm;
		const char *again;
	} rows[] = {
		{ "0%", 0, "0%" },
		{ "10%", 100000, "10%" },
		{ "2.5%", 25000, "2.5%" },
		{ "100%", 1000000, "100%" },
		{ "100.0000%", 1000000, "100%" },
		{ "0.0001%", 1, "0.0001%" },
		{ "33.3333%", 333333, "33.3333%" },
		{ "0.10%", 1000, "0.1%" },
		{ "0.05%", 500, "0.05%" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[UNITS_TEXT_MAX];
		uint32_t ppm;

		assert_int_equal(units_parse_share(rows[i].text, &ppm, NULL), ERR_OK);
		assert_int_equal(ppm, rows[i].ppm);
		units_share_text(ppm, text);
		assert_string_equal(text, rows[i].again);
	}
}

static void any_number_can_be_written_as_a_share(void **state)
{
	char text[UNITS_TEXT_MAX];

	units_share_text(UINT32_MAX, text); /* over 100 %: a fault elsewhere, still readable */
	assert_string_equal(text, "429496.7295%");
}

static void what_is_no_duration_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"s",
		"5",
		"0",
		"5 s",
		" 5s",
		"5s ",
		"5s\n",
		"-5s",
		"+5s",
		"05s",
		"00s",
		"1.5ms",
		"1.s",
		".5s",
		"1..5s",
		"1.5.5s",
		"0.0005s",
		"1.0000000s",
		"1.5",
		"1,5s",
		"5S",
		"5sec",
		"5us",
		"5ns",
		"5w",
		"1h30m",
		"5mss",
		"0x5s",
		"1e3s",
		"18446744073709551616ms", /* over 64 bits */
		"18446744073709552s",	  /* over 64 bits once in ms */
		"99999999999999999999999999d",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { "" };
		uint64_t ms = 77;

		if (units_parse_duration(rows[i], &ms, &e) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i]);
		assert_int_equal(ms, 77);
		assert_non_null(strstr(e.text, "ms, s, m, h or d"));
	}
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"KiB",
		"64 KiB",
		"64K",
		"64KB",
		"64kib",
		"64KiB ",
		"-1",
		"+1",
		"0512",
		"1.5MiB",
		"1B",
		"0x10",
		"18446744073709551616",
		"16777216TiB",
		"99999999999999999999999KiB",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { "" };
		uint64_t bytes = 77;

		if (units_parse_size(rows[i], &bytes, &e) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i]);
		assert_int_equal(bytes, 77);
		assert_non_null(strstr(e.text, "KiB"));
	}
}

static void what_is_no_share_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"%",
		"10",
		"10 %",
		" 10%",
		"10% ",
		"10%%",
		"-1%",
		"+1%",
		"010%",
		"101%",
		"100.0001%",
		"1.%",
		".5%",
		"1.00001%",
		"1.2.3%",
		"1,5%",
		"1e1%",
		"0.5",
		"4294967296%",
		"18446744073709551616%",
		"1844674407370956%",
		"10.99999999999999999999999999%",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { "" };
		uint32_t ppm = 77;

		if (units_parse_share(rows[i], &ppm, &e) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i]);
		assert_int_equal(ppm, 77);
		assert_non_null(strstr(e.text, "0% to 100%"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_duration_becomes_milliseconds_and_back),
		cmocka_unit_test(a_size_becomes_bytes),
		cmocka_unit_test(a_share_becomes_ppm_and_back),
		cmocka_unit_test(any_number_can_be_written_as_a_share),
		cmocka_unit_test(what_is_no_duration_is_refused),
		cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(what_is_no_share_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
