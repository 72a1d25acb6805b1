/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/metrics. */
#include "core/metrics.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_sample(double value, const char *line)
{
	struct buf out = BUF_INIT;

	metrics_sample(&out, "m", value, NULL);
	assert_string_equal(buf_text(&out), line);
	buf_fini(&out);
}

static void a_number_is_written_short_and_exact(void **state)
{
	expect_sample(0, "m 0\n");
	expect_sample(42, "m 42\n");
	expect_sample(-1, "m -1\n");
	expect_sample(0.1, "m 0.1\n");
	expect_sample(2.5, "m 2.5\n");
	expect_sample(1.0 / 3, "m 0.3333333333333333\n");
	expect_sample(9007199254740992.0, "m 9007199254740992\n");
	expect_sample(1e300, "m 1e+300\n");
	expect_sample(NAN, "m NaN\n");
	expect_sample(INFINITY, "m +Inf\n");
	expect_sample(-INFINITY, "m -Inf\n");
}

static void labels_are_escaped_and_stay_utf8(void **state)
{
	struct buf out = BUF_INIT;

	metrics_sample(&out, "m", 1, "a", "x", "b", "q\" s\\ n\n \xff \xc3\xa9", NULL);
	assert_string_equal(buf_text(&out),
			    "m{a=\"x\",b=\"q\\\" s\\\\ n\\n \xef\xbf\xbd \xc3\xa9\"} 1\n");
	buf_fini(&out);
}

static void a_family_has_help_and_type(void **state)
{
	struct buf out = BUF_INIT;

	metrics_family(&out, "m", "gauge", "a \"quote\", a \\ and\na line");
	assert_string_equal(buf_text(&out), "# HELP m a \"quote\", a \\\\ and\\na line\n"
					    "# TYPE m gauge\n");
	buf_fini(&out);
}

static void an_observation_falls_into_the_bucket_that_it_does_not_exceed(void **state)
{
	static const struct {
		uint64_t us;
		unsigned bucket;
	} rows[] = {
		{ 0, 0 },	   { 100, 0 },	       { 101, 1 },	{ 250, 1 },
		{ 251, 2 },	   { 1000, 3 },	       { 1000000, 12 }, { 100000000, 18 },
		{ 100000001, 19 }, { UINT64_MAX, 19 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct metrics_histogram h = { 0 };

		metrics_observe_us(&h, rows[i].us);
		assert_int_equal(h.count[rows[i].bucket], 1);
		assert_int_equal(h.sum_us, rows[i].us);
	}
}

static void a_histogram_is_cumulative_and_ends_in_inf(void **state)
{
	struct metrics_histogram h = { 0 };
	struct buf out = BUF_INIT;
	const char *text;

	metrics_observe_us(&h, 50);
	metrics_observe_us(&h, 2000);
	metrics_observe_us(&h, 200000000);
	metrics_histogram_write(&out, "h", &h, "r", "eu", NULL);
	text = buf_text(&out);
	assert_non_null(strstr(text, "h_bucket{r=\"eu\",le=\"0.0001\"} 1\n"
				     "h_bucket{r=\"eu\",le=\"0.00025\"} 1\n"));
	assert_non_null(strstr(text, "le=\"0.001\"} 1\nh_bucket{r=\"eu\",le=\"0.0025\"} 2\n"));
	assert_non_null(strstr(text, "le=\"100\"} 2\n"
				     "h_bucket{r=\"eu\",le=\"+Inf\"} 3\n"
				     "h_sum{r=\"eu\"} 200.00205\n"
				     "h_count{r=\"eu\"} 3\n"));
	buf_clear(&out);
	metrics_histogram_write(&out, "h", &h, NULL);
	assert_non_null(strstr(buf_text(&out), "h_bucket{le=\"0.0001\"} 1\n"));
	assert_non_null(strstr(buf_text(&out), "h_sum 200.00205\nh_count 3\n"));
	buf_fini(&out);
}

static void write_ctx(void *ctx, struct buf *out)
{
	buf_printf(out, "%s;", (const char *)ctx);
}

/* How many calls it took. */
static unsigned write_page(const struct metrics *m, struct buf *out)
{
	struct metrics_cursor at = metrics_begin(m);
	unsigned n = 0;

	while (metrics_next(m, &at, out))
		n++;
	assert_true(metrics_is_current(m, &at));
	return n;
}

static void collectors_write_in_the_order_of_registration(void **state)
{
	static char names[20][12];
	struct buf out = BUF_INIT, expected = BUF_INIT;
	struct metrics *m;

	assert_int_equal(metrics_new(&m), ERR_OK);
	for (int i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), "%d", i);
		assert_int_equal(metrics_add(m, write_ctx, names[i]), ERR_OK);
		buf_printf(&expected, "%d;", i);
	}
	write_page(m, &out);
	assert_string_equal(buf_text(&out), buf_text(&expected));
	buf_fini(&out);
	buf_fini(&expected);
	metrics_free(m);
	metrics_free(NULL);
}

static bool write_part(void *ctx, uint32_t part, struct buf *out)
{
	if (part >= *(const unsigned *)ctx)
		return false;
	buf_printf(out, "%u;", part);
	return true;
}

static void what_is_long_comes_in_parts(void **state)
{
	unsigned none = 0, three = 3;
	struct buf out = BUF_INIT;
	struct metrics *m;

	assert_int_equal(metrics_new(&m), ERR_OK);
	assert_int_equal(metrics_add(m, write_ctx, "a"), ERR_OK);
	assert_int_equal(metrics_add_parts(m, write_part, &none), ERR_OK);
	assert_int_equal(metrics_add_parts(m, write_part, &three), ERR_OK);
	assert_int_equal(metrics_add(m, write_ctx, "b"), ERR_OK);
	assert_int_equal(write_page(m, &out), 5);
	assert_string_equal(buf_text(&out), "a;0;1;2;b;");
	buf_fini(&out);
	metrics_free(m);
}

static uint64_t read_number(void *ctx)
{
	return *(const uint64_t *)ctx;
}

static void a_page_does_not_go_on_in_another_numbering(void **state)
{
	unsigned three = 3;
	uint64_t number = 7;
	struct buf out = BUF_INIT;
	struct metrics_cursor at;
	struct metrics *m;

	assert_int_equal(metrics_new(&m), ERR_OK);
	assert_int_equal(metrics_add_parts(m, write_part, &three), ERR_OK);
	metrics_number_by(m, read_number, &number);
	at = metrics_begin(m);
	assert_true(metrics_next(m, &at, &out));
	number++;
	assert_false(metrics_next(m, &at, &out));
	assert_false(metrics_is_current(m, &at));
	assert_int_equal(write_page(m, &out), 3);
	buf_fini(&out);
	metrics_free(m);
}

static void no_memory_is_told_by_maker_and_page(void **state)
{
	struct metrics_histogram h = { 0 };
	struct buf out = BUF_INIT;
	struct metrics *m = NULL;

	fail_alloc_at(1);
	assert_int_equal(metrics_new(&m), ERR_MEMORY);
	fail_alloc_end();
	assert_null(m);
	assert_int_equal(metrics_new(&m), ERR_OK);
	fail_alloc_at(1);
	assert_int_equal(metrics_add(m, write_ctx, "x"), ERR_MEMORY);
	fail_alloc_end();
	metrics_free(m);
	buf_add_str(&out, "has memory of its own");
	fail_alloc_at(1); /* of the labels, beside the page */
	metrics_histogram_write(&out, "m", &h, "a", "b", NULL);
	assert_true(fail_alloc_end());
	assert_true(out.failed);
	buf_fini(&out);
}

static void promtool_finds_nothing_wrong(void **state)
{
	struct metrics_histogram h = { 0 };
	struct buf out = BUF_INIT;
	FILE *promtool;

	if (system("command -v promtool >/dev/null 2>&1") != 0)
		skip();
	metrics_observe_us(&h, 1234);
	metrics_family(&out, "fairlead_test_total", "counter", "A \\ counter\nwith \"odd\" help.");
	metrics_sample(&out, "fairlead_test_total", 3, "a", "q\"\\\n\xff", NULL);
	metrics_sample(&out, "fairlead_test_total", 1e18, "a", "b", NULL);
	metrics_family(&out, "fairlead_test_ratio", "gauge", "A gauge.");
	metrics_sample(&out, "fairlead_test_ratio", NAN, NULL);
	metrics_family(&out, "fairlead_test_seconds", "histogram", "A histogram.");
	metrics_histogram_write(&out, "fairlead_test_seconds", &h, "a", "b", NULL);
	metrics_histogram_write(&out, "fairlead_test_seconds", &h, NULL);
	promtool = popen("promtool check metrics >&2", "w");
	assert_non_null(promtool);
	assert_int_equal(fwrite(buf_text(&out), 1, out.len, promtool), out.len);
	assert_int_equal(pclose(promtool), 0);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_written_short_and_exact),
		cmocka_unit_test(labels_are_escaped_and_stay_utf8),
		cmocka_unit_test(a_family_has_help_and_type),
		cmocka_unit_test(an_observation_falls_into_the_bucket_that_it_does_not_exceed),
		cmocka_unit_test(a_histogram_is_cumulative_and_ends_in_inf),
		cmocka_unit_test(collectors_write_in_the_order_of_registration),
		cmocka_unit_test(what_is_long_comes_in_parts),
		cmocka_unit_test(a_page_does_not_go_on_in_another_numbering),
		cmocka_unit_test(no_memory_is_told_by_maker_and_page),
		cmocka_unit_test(promtool_finds_nothing_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
