/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/status_pages and core/reload_count: what anybody can read of a daemon. */
#include "core/reload_count.h"
#include "core/status_pages.h"
#include "tests/unit/core/http_world.h"

static const char *why_not;
static struct status_pages pages;
static struct reload_count reloads;

static const char *why_not_ready(const void *ctx)
{
	return why_not;
}

static int start_pages(void **state)
{
	memset(&world, 0, sizeof(world));
	snprintf(world.dir, sizeof(world.dir), "/tmp/fairlead-test-XXXXXX");
	assert_non_null(mkdtemp(world.dir));
	snprintf(world.path, sizeof(world.path), "%s/pages.sock", world.dir);
	pages = (struct status_pages){ NULL, why_not_ready, NULL };
	reload_count_start(&reloads, 1500);
	assert_int_equal(metrics_new(&pages.metrics), ERR_OK);
	assert_int_equal(metrics_add(pages.metrics, reload_count_metrics, &reloads), ERR_OK);
	assert_int_equal(loop_new(&world.loop, NULL), ERR_OK);
	assert_int_equal(
		http_server_new(&world.server, world.loop, status_pages_handle, &pages, NULL),
		ERR_OK);
	return http_listen_unix(world.server, world.path, NULL) == ERR_OK ? 0 : -1;
}

static int finish_pages(void **state)
{
	metrics_free(pages.metrics);
	return finish(state);
}

static void it_is_healthy_while_it_runs(void **state)
{
	assert_reply(ask("GET /healthz HTTP/1.1\r\nHost: h" END), "HTTP/1.1 200 ", "\r\nok\n");
}

static void who_is_not_ready_says_why(void **state)
{
	why_not = "no plan yet";
	assert_reply(ask("GET /readyz HTTP/1.1\r\nHost: h" END), "HTTP/1.1 503 ",
		     "\r\nno plan yet\n");
	why_not = NULL;
	assert_reply(ask("GET /readyz HTTP/1.1\r\nHost: h" END), "HTTP/1.1 200 ", "\r\nready\n");
}

static void the_pages_are_read_only_and_few(void **state)
{
	assert_reply(ask("POST /metrics HTTP/1.1\r\nContent-Length: 0" END), "HTTP/1.1 403 ",
		     "read only");
	assert_reply(ask("GET / HTTP/1.1\r\nHost: h" END), "HTTP/1.1 404 ", "/healthz and /readyz");
}

static void reloads_are_counted_and_the_last_one_shows(void **state)
{
	struct err why;
	const char *reply = ask("GET /metrics HTTP/1.1\r\nHost: h" END);

	assert_reply(reply, "HTTP/1.1 200 ", "\nfairlead_reload_ok 1\n");
	assert_non_null(strstr(reply, "\nfairlead_reload_time_seconds 1.5\n"));
	err_set(&why, ERR_INPUT, "line 3");
	reload_count_refused(&reloads, 2500, &why);
	assert_string_equal(reloads.why.text, "line 3");
	reply = ask("GET /metrics HTTP/1.1\r\nHost: h" END);
	assert_reply(reply, "HTTP/1.1 200 ", "\nfairlead_reload_ok 0\n");
	assert_non_null(strstr(reply, "\nfairlead_reload_time_seconds 1.5\n"));
	assert_non_null(strstr(reply, "\nfairlead_reloads_total{result=\"refused\"} 1\n"));
	reload_count_done(&reloads, 3500);
	assert_false(reloads.is_refused);
	reply = ask("GET /metrics HTTP/1.1\r\nHost: h" END);
	assert_reply(reply, "HTTP/1.1 200 ", "\nfairlead_reload_time_seconds 3.5\n");
	assert_non_null(strstr(reply, "\nfairlead_reloads_total{result=\"done\"} 1\n"));
}

#define WITH_PAGES(claim) cmocka_unit_test_setup_teardown(claim, start_pages, finish_pages)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAGES(it_is_healthy_while_it_runs),
		WITH_PAGES(who_is_not_ready_says_why),
		WITH_PAGES(the_pages_are_read_only_and_few),
		WITH_PAGES(reloads_are_counted_and_the_last_one_shows),
	};

	return cmocka_run_group_tests_name("core/status_pages", tests, NULL, NULL);
}
