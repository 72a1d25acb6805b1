/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/metrics_page. */
#include "core/metrics_page.h"
#include "tests/unit/core/http_world.h"

#define LINE "a_sample_of_some_family_that_is_long{service=\"s\"} 1\n"

/* `parts` parts of `lines` lines, each of which takes part_ms. */
static struct series {
	unsigned parts, lines;
	uint64_t part_ms, numbering;
	struct clock_hand clock;
} series;

static bool write_part(void *ctx, uint32_t part, struct buf *out)
{
	if (part >= series.parts)
		return false;
	clock_hand_advance_ms(&series.clock, series.part_ms);
	for (unsigned i = 0; i < series.lines; i++)
		buf_add_str(out, LINE);
	return true;
}

static uint64_t numbering(void *ctx)
{
	return series.numbering;
}

static struct metrics *metrics;
static char *page; /* what the client has got */
#define PAGE_ROOM (4 << 20)

static int start_page(void **state)
{
	assert_int_equal(start(state), 0);
	page = calloc(1, PAGE_ROOM);
	assert_non_null(page);
	memset(&series, 0, sizeof(series));
	clock_hand_init(&series.clock, 1, 1);
	assert_int_equal(metrics_new(&metrics), ERR_OK);
	assert_int_equal(metrics_add_parts(metrics, write_part, NULL), ERR_OK);
	metrics_number_by(metrics, numbering, NULL);
	return 0;
}

static int finish_page(void **state)
{
	finish(state);
	metrics_free(metrics);
	free(page);
	return 0;
}

/* The request has come to its handler. */
static int begin(const char *request)
{
	int fd = connect_unix();

	world.keep = true;
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	for (int turn = 0; turn < TURNS && !world.kept; turn++)
		loop_run_once(world.loop);
	assert_non_null(world.kept);
	return fd;
}

#define GET  "GET /metrics HTTP/1.1\r\nHost: h" END
#define HEAD "HEAD /metrics HTTP/1.1\r\nHost: h" END

static void get(const char *request)
{
	int fd = begin(request);

	metrics_page_send(metrics, &series.clock.clock, world.kept);
	exchange(fd, "", 0, page, PAGE_ROOM);
}

static unsigned count(const char *what)
{
	unsigned n = 0;

	for (const char *at = page; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

static void a_small_page_is_an_ordinary_reply(void **state)
{
	series.parts = 2;
	series.lines = 3;
	get(GET);
	assert_reply(page, "HTTP/1.1 200 ", "Content-Type: text/plain; version=0.0.4");
	assert_non_null(strstr(page, "Content-Length: "));
	assert_int_equal(count(LINE), 6);
}

static void a_long_page_comes_whole_in_pieces(void **state)
{
	series.parts = 400;
	series.lines = 100; /* two megabytes */
	get(GET);
	assert_non_null(strstr(page, "Transfer-Encoding: chunked"));
	assert_true(count("\r\n" LINE) > 7);
	assert_int_equal(count(LINE), 40000);
	assert_non_null(strstr(page + strlen(page) - 5, "0\r\n\r\n"));
}

static void a_part_longer_than_a_stream_takes_comes_whole_too(void **state)
{
	series.parts = 2;
	series.lines = HTTP_STREAM_MAX / strlen(LINE) + 1;
	get(GET);
	assert_true(strlen(page) > (size_t)2 * HTTP_STREAM_MAX);
	assert_non_null(strstr(page + strlen(page) - 5, "0\r\n\r\n"));
}

static void a_piece_ends_when_its_time_is_over(void **state)
{
	series.parts = 6;
	series.lines = 1;
	series.part_ms = 5;
	get(GET);
	assert_int_equal(count("\r\n" LINE "\r\n"), 6);
}

static void a_reload_leaves_the_page_unfinished(void **state)
{
	int fd = begin(GET);

	series.parts = 400;
	series.lines = 100;
	metrics_page_send(metrics, &series.clock.clock, world.kept);
	series.numbering++;
	exchange(fd, "", 0, page, PAGE_ROOM);
	assert_true(count(LINE) > 0);
	assert_null(strstr(page, "\r\n0\r\n"));
}

static void a_head_of_a_long_page_ends(void **state)
{
	series.parts = 400;
	series.lines = 100;
	get(HEAD);
	assert_reply(page, "HTTP/1.1 200 ", NULL);
	assert_int_equal(count(LINE), 0);
}

static void who_goes_away_leaves_nothing_behind(void **state)
{
	int fd = begin(GET);

	series.parts = 400;
	series.lines = 100;
	metrics_page_send(metrics, &series.clock.clock, world.kept);
	close(fd);
	for (int turn = 0; turn < TURNS && http_connections(world.server) > 0; turn++)
		loop_run_once(world.loop);
	assert_int_equal(http_connections(world.server), 0);
}

static void out_of_memory_is_told(void **state)
{
	int fd = begin(GET);

	series.parts = series.lines = 1;
	fail_alloc_at(2); /* the page is there, its text is not */
	metrics_page_send(metrics, &series.clock.clock, world.kept);
	assert_true(fail_alloc_end());
	exchange(fd, "", 0, page, PAGE_ROOM);
	assert_reply(page, "HTTP/1.1 5", "out of memory");
}

#define WITH_PAGE(claim) cmocka_unit_test_setup_teardown(claim, start_page, finish_page)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAGE(a_small_page_is_an_ordinary_reply),
		WITH_PAGE(a_long_page_comes_whole_in_pieces),
		WITH_PAGE(a_part_longer_than_a_stream_takes_comes_whole_too),
		WITH_PAGE(a_piece_ends_when_its_time_is_over),
		WITH_PAGE(a_reload_leaves_the_page_unfinished),
		WITH_PAGE(a_head_of_a_long_page_ends),
		WITH_PAGE(who_goes_away_leaves_nothing_behind),
		WITH_PAGE(out_of_memory_is_told),
	};

	return cmocka_run_group_tests_name("core/metrics_page", tests, NULL, NULL);
}
