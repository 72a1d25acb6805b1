/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_http: answers that are right, wrong, late, too long, and no HTTP at all. */
#include "tests/unit/probers/little.h"

#include <stdlib.h>
#include <string.h>

static const struct config_monitor http = {
	.name = "h",
	.type = MONITOR_HTTP,
	.method = (char *)"GET",
	.path = (char *)"/healthz",
	.interval_ms = 1000,
	.timeout_ms = 3000,
	.rise = 1,
	.fall = 1,
};

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nready\n"

static void check_reply(struct little *l, const struct config_monitor *m, const char *reply)
{
	little_init(l);
	little_serve(l, reply);
	little_check(l, m, &l->server.at);
	little_fini(l);
}

static void a_good_answer_passes_with_its_round_trip(void **state)
{
	struct little l;

	check_reply(&l, &http, OK_REPLY);
	assert_true(l.result.pass);
	assert_string_equal(l.result.reason, "");
	assert_in_range(l.result.rtt_us, 1, 3000000);
}

static void the_request_is_what_the_monitor_says(void **state)
{
	struct config_header headers[] = { { (char *)"X-Probe", (char *)"yes" },
					   { (char *)"X-Empty", (char *)"" } };
	struct config_monitor m = http;
	struct little l;

	m.method = (char *)"POST";
	m.path = (char *)"/v1/a/../b?x=1";
	m.host = (char *)"chat.example.com";
	m.headers = headers;
	m.n_headers = 2;
	m.body = (char *)"{\"n\":1}";
	check_reply(&l, &m, OK_REPLY);
	assert_true(l.result.pass);
	assert_non_null(strstr(l.server.seen, "POST /v1/a/../b?x=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(l.server.seen, "Host: chat.example.com\r\n"));
	assert_non_null(strstr(l.server.seen, "X-Probe: yes\r\n"));
	assert_non_null(strstr(l.server.seen, "X-Empty:\r\n"));
	assert_non_null(strstr(l.server.seen, "\r\n\r\n{\"n\":1}"));
	assert_null(strstr(l.server.seen, "Expect:"));
}

static void a_proxy_of_the_environment_is_ignored(void **state)
{
	struct little l;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	check_reply(&l, &http, OK_REPLY);
	unsetenv("http_proxy");
	assert_true(l.result.pass);
}

static void each_check_makes_a_connection_of_its_own(void **state)
{
	struct little l;

	little_init(&l);
	little_serve(&l, OK_REPLY);
	l.server.stays_open = true;
	little_check(&l, &http, &l.server.at);
	little_check(&l, &http, &l.server.at);
	assert_true(l.result.pass);
	assert_int_equal(l.server.accepted, 2);
	little_fini(&l);
}

static void a_status_that_is_not_the_expected_one_fails(void **state)
{
	struct config_monitor m = http;
	struct little l;

	check_reply(&l, &m, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "status 503, expected 2xx or 3xx");
	m.expect_status = 200;
	check_reply(&l, &m, "HTTP/1.1 204 None\r\n\r\n");
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "status 204, expected 200");
}

static void a_redirect_is_an_answer_and_is_not_followed(void **state)
{
	struct little l;

	check_reply(
		&l, &http,
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
	assert_true(l.result.pass);
	assert_int_equal(l.server.accepted, 1);
}

static void the_body_must_match_the_regex_line_by_line(void **state)
{
	struct config_monitor m = http;
	struct little l;

	m.expect_body_regex = (char *)"^(ready|fine)$";
	check_reply(&l, &m, OK_REPLY);
	assert_true(l.result.pass);
	check_reply(&l, &m, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nunready\n");
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "body does not match");
	check_reply(&l, &m, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	assert_string_equal(l.result.reason, "body does not match");
}

static void only_the_first_64_kib_of_a_body_are_looked_at(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
	size_t head_len = strlen(head), len = 1000000;
	char *reply = malloc(head_len + len + 1);
	struct config_monitor m = http;
	struct little l;

	memcpy(reply, head, head_len);
	memset(reply + head_len, 'x', len);
	reply[head_len + len] = '\0';
	m.expect_body_regex = (char *)"needle";
	memcpy(reply + head_len + 65530, "needle", 6);
	check_reply(&l, &m, reply);
	assert_true(l.result.pass);
	memset(reply + head_len, 'x', len);
	memcpy(reply + head_len + 65531, "needle", 6);
	check_reply(&l, &m, reply);
	assert_string_equal(l.result.reason,
			    "body_regex does not match the first 64 KiB of the body");
	m.expect_body_regex = NULL;
	check_reply(&l, &m, reply);
	assert_true(l.result.pass);
	free(reply);
}

static void huge_headers_fail(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n", line[] = "X-Long: 0123456789abcdef\r\n";
	size_t n = 4000, i;
	char *reply = malloc(sizeof(head) + n * strlen(line) + 3);
	struct little l;

	strcpy(reply, head);
	for (i = 0; i < n; i++)
		memcpy(reply + strlen(head) + i * strlen(line), line, strlen(line) + 1);
	strcpy(reply + strlen(head) + n * strlen(line), "\r\n");
	check_reply(&l, &http, reply);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "headers over 64 KiB");
	free(reply);
}

static void what_is_no_http_fails_as_such(void **state)
{
	struct little l;

	check_reply(&l, &http, "SSH-2.0-OpenSSH_9.2\r\n");
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "not an HTTP answer");
	check_reply(&l, &http, "\x15\x03\x01\x02\x02\x16");
	assert_false(l.result.pass);
	check_reply(&l, &http, "HTTP/9.9 hello\r\n\r\n");
	assert_false(l.result.pass);
	little_init(&l);
	little_serve(&l, "");
	l.server.reply_len = 0;
	little_check(&l, &http, &l.server.at);
	assert_string_equal(l.result.reason, "closed without an answer");
	little_fini(&l);
}

static void an_answer_that_breaks_off_fails_when_its_body_is_asked_for(void **state)
{
	static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\nshort";
	struct config_monitor m = http;
	struct little l;

	check_reply(&l, &m, "HTTP/1.1 200 OK\r\nContent-");
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "closed within the headers");
	m.expect_body_regex = (char *)"short";
	check_reply(&l, &m, cut);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "closed within the body");
	check_reply(&l, &http, cut);
	assert_true(l.result.pass);
}

static void a_request_without_a_body_says_so_where_one_is_expected(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "PATCH", "GET", "DELETE" };
	struct little l;
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct config_monitor m = http;

		m.method = (char *)methods[i];
		check_reply(&l, &m, OK_REPLY);
		assert_true(l.result.pass);
		assert_int_equal(!!strstr(l.server.seen, "\r\nContent-Length: 0\r\n"), i < 3);
		assert_null(strstr(l.server.seen, "Content-Type"));
	}
}

static void without_a_descriptor_it_is_not_made_and_is_no_failure(void **state)
{
	struct little l;

	little_init(&l);
	little_serve(&l, OK_REPLY);
	little_check(&l, &http, &l.server.at); /* the first one opens what all share */
	assert_true(l.result.pass);
	little_start(&l, &http, &l.server.at);
	little_has_no_fds(&l);
	little_wait(&l);
	little_has_fds(&l);
	assert_true(l.result.not_made);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "socket: Too many open files");
	little_fini(&l);
}

static void a_closed_port_is_refused(void **state)
{
	struct endpoint nobody = little_nobody();
	struct little l;

	little_init(&l);
	little_check(&l, &http, &nobody);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "refused");
	little_fini(&l);
}

static void a_server_without_a_word_is_a_timeout(void **state)
{
	struct config_monitor m = http;
	struct little l;

	m.timeout_ms = 60;
	check_reply(&l, &m, NULL);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "timeout: no answer within 60 ms");
}

static void check_endless(struct little *l, const struct config_monitor *m, const char *reply)
{
	little_init(l);
	little_serve(l, reply);
	l->server.stays_open = true;
	little_check(l, m, &l->server.at);
	little_fini(l);
}

static void a_body_that_never_ends_is_a_timeout_only_where_it_is_asked_for(void **state)
{
	static const char slow[] = "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\nslow";
	struct config_monitor m = http;
	struct little l;

	m.timeout_ms = 60;
	m.expect_body_regex = (char *)"slow";
	check_endless(&l, &m, slow);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "timeout: no end of the answer within 60 ms");
	m.expect_body_regex = NULL;
	check_endless(&l, &m, slow);
	assert_true(l.result.pass);
	assert_true(l.result.rtt_us > 0);
	m.expect_status = 204;
	check_endless(&l, &m, slow);
	assert_string_equal(l.result.reason, "status 200, expected 204");
	/* A 1xx is no answer yet. */
	check_endless(&l, &http, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
	assert_true(l.result.pass);
	m.expect_status = 0;
	check_endless(&l, &m, "HTTP/1.1 103 Early Hints\r\n\r\n");
	assert_false(l.result.pass);
}

static void https_is_not_verified(void **state)
{
	struct config_monitor m = http;
	struct little l;

	m.type = MONITOR_HTTPS;
	m.host = (char *)"chat.example.com";
	little_init(&l);
	little_serve_tls(&l, OK_REPLY);
	little_check(&l, &m, &l.server.at);
	assert_string_equal(l.result.reason, "");
	assert_true(l.result.pass);
	little_fini(&l);
}

static void https_to_a_server_in_the_clear_fails_by_name(void **state)
{
	struct config_monitor m = http;
	struct little l;

	m.type = MONITOR_HTTPS;
	little_init(&l);
	/* It never sees an end of headers in a TLS greeting, so it is the bytes that must tell. */
	little_serve(&l, OK_REPLY);
	l.server.answers_anything = true;
	little_check(&l, &m, &l.server.at);
	assert_false(l.result.pass);
	assert_memory_equal(l.result.reason, "tls: ", 5);
	little_fini(&l);
}

static void cancelling_in_the_middle_leaves_nothing(void **state)
{
	struct little l;
	int i;

	little_init(&l);
	little_serve(&l, NULL);
	for (i = 0; i < 5; i++) {
		int turns = i * 3;

		little_start(&l, &http, &l.server.at);
		while (turns--)
			loop_run_once(l.loop);
		check_cancel(l.check);
	}
	assert_false(l.is_done);
	little_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_answer_passes_with_its_round_trip),
		cmocka_unit_test(the_request_is_what_the_monitor_says),
		cmocka_unit_test(a_proxy_of_the_environment_is_ignored),
		cmocka_unit_test(each_check_makes_a_connection_of_its_own),
		cmocka_unit_test(a_status_that_is_not_the_expected_one_fails),
		cmocka_unit_test(a_redirect_is_an_answer_and_is_not_followed),
		cmocka_unit_test(the_body_must_match_the_regex_line_by_line),
		cmocka_unit_test(only_the_first_64_kib_of_a_body_are_looked_at),
		cmocka_unit_test(huge_headers_fail),
		cmocka_unit_test(what_is_no_http_fails_as_such),
		cmocka_unit_test(an_answer_that_breaks_off_fails_when_its_body_is_asked_for),
		cmocka_unit_test(a_request_without_a_body_says_so_where_one_is_expected),
		cmocka_unit_test(without_a_descriptor_it_is_not_made_and_is_no_failure),
		cmocka_unit_test(a_closed_port_is_refused),
		cmocka_unit_test(a_server_without_a_word_is_a_timeout),
		cmocka_unit_test(a_body_that_never_ends_is_a_timeout_only_where_it_is_asked_for),
		cmocka_unit_test(https_is_not_verified),
		cmocka_unit_test(https_to_a_server_in_the_clear_fails_by_name),
		cmocka_unit_test(cancelling_in_the_middle_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
