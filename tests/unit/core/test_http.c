/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/http, with a client that speaks bytes over sockets; bounded in turns. */
#include "tests/unit/core/http_world.h"

static struct certs acme, rival;

/* ---- claims */

static void a_handler_sees_method_path_query_header_and_body(void **state)
{
	const char *reply =
		ask("PUT /v1/regions%2Fa%20b?x=1&q=a%20b HTTP/1.1\r\nHost: h\r\nX-Test: yes\r\n"
		    "Content-Length: 5" END "hello");
	char expected[256];

	snprintf(expected, sizeof(expected),
		 "PUT /v1/regions/a b q=a b h=yes who=uid:%u from=unix len=5 body=hello", getuid());
	assert_string_equal(world.seen, expected);
	assert_reply(reply, "HTTP/1.1 201 ", "\r\n\r\n{\"path\":\"/v1/regions/a b\"}\n");
	assert_non_null(strstr(reply, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(reply, "Content-Length: 27\r\n"));
}

static void a_page_of_text_has_its_own_type(void **state)
{
	const char *reply = ask("GET /text HTTP/1.1\r\nHost: h" END);

	assert_reply(reply, "HTTP/1.1 200 ", "\r\n\r\nup 1\n");
	assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4\r\n"));
	assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
}

static void head_is_get_without_the_body(void **state)
{
	const char *reply = ask("HEAD /text HTTP/1.1\r\nHost: h" END);

	assert_memory_equal(world.seen, "GET /text ", 10);
	assert_reply(reply, "HTTP/1.1 200 ", "Content-Length: 5\r\n");
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
}

static void other_methods_are_refused_in_json(void **state)
{
	static const char *const methods[] = { "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW" };
	char request[128];

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		snprintf(request, sizeof(request), "%s /v1 HTTP/1.1\r\nHost: h" END, methods[i]);
		assert_reply(ask(request), "HTTP/1.1 405 ",
			     "{\"error\":{\"code\":\"input\",\"message\":\"this method is not "
			     "known here\"}}");
	}
	assert_int_equal(world.calls, 0);
}

static void errors_have_the_status_of_their_code(void **state)
{
	static const struct {
		enum err_code code;
		int status;
	} cases[] = {
		{ ERR_INPUT, 400 },  { ERR_DENIED, 403 },  { ERR_NOT_FOUND, 404 },
		{ ERR_EXISTS, 409 }, { ERR_REFUSED, 409 }, { ERR_UNSAFE, 409 },
		{ ERR_AGAIN, 409 },  { ERR_LIMIT, 429 },   { ERR_FULL, 507 },
		{ ERR_IO, 500 },     { ERR_MEMORY, 500 },
	};
	char status[32], body[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		world.fail_with = cases[i].code;
		world.fail_text = "it is \"so\"";
		snprintf(status, sizeof(status), "HTTP/1.1 %d ", cases[i].status);
		snprintf(body, sizeof(body),
			 "{\"error\":{\"code\":\"%s\",\"message\":\"it is \\\"so\\\"\"}}",
			 err_name(cases[i].code));
		assert_reply(ask("GET / HTTP/1.1\r\nHost: h" END), status, body);
	}
}

static void a_message_with_odd_bytes_still_makes_json(void **state)
{
	world.fail_with = ERR_INPUT;
	world.fail_text = "name \xff\xc3";
	assert_reply(ask("GET / HTTP/1.1\r\nHost: h" END), "HTTP/1.1 400 ", "\"name ??\"");
	world.fail_text = "name \xc3\xa9";
	assert_reply(ask("GET / HTTP/1.1\r\nHost: h" END), "HTTP/1.1 400 ", "\"name \xc3\xa9\"");
}

static void a_reply_that_cannot_be_made_is_an_error(void **state)
{
	assert_reply(ask("GET /broken HTTP/1.1\r\nHost: h" END), "HTTP/1.1 500 ", "\"memory\"");
}

static void bad_requests_never_reach_the_handler(void **state)
{
	assert_reply(ask("GET /a%00b HTTP/1.1\r\nHost: h" END), "HTTP/1.1 400 ", "zero byte");
	assert_reply(ask("GET /a?&&==& HTTP/1.1\r\nHost: h" END), "HTTP/1.1 400 ",
		     "the query is not");
	assert_reply(ask("\x16\x03\x01 not http at all\r\n\r\n"), "HTTP/1.1 400 ", NULL);
	assert_reply(ask("GET / HTTP/1.1\r\nno colon here\r\n\r\n"), "HTTP/1.1 400 ", NULL);
	assert_reply(ask("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), "HTTP/1.1 400 ", NULL);
	assert_int_equal(world.calls, 0);
}

static void what_two_readers_could_understand_differently_is_refused(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\nHost: h\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\n folded: yes\r\n\r\n",
		"GET / HTTP/1.1\r\nX: a\rb\r\n\r\n",
		"GET /  HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
		"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
		"POST / HTTP/1.1\r\nContent-Length: 1 1\r\n\r\nx",
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_reply(ask(requests[i]), "HTTP/1.1 400 ", "\"code\":\"input\"");
	assert_reply(ask("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), "HTTP/1.1 505 ", NULL);
	assert_reply(ask("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
		     "HTTP/1.1 413 ", NULL);
	assert_int_equal(world.calls, 0);
}

static void a_body_over_the_limit_is_refused(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n";
	size_t len = strlen(head) + (1 << 20) + 1;
	char *request = calloc(1, len), reply[2048];

	memcpy(request, head, strlen(head));
	exchange(connect_unix(), request, len, reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 413 ", NULL);
	assert_int_equal(world.calls, 0);
	free(request);
}

static void a_body_of_just_the_limit_is_read(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
				   "Content-Length: 1048576\r\n\r\n";
	size_t len = strlen(head) + (1 << 20);
	char *request = calloc(1, len), reply[2048];

	memcpy(request, head, strlen(head));
	exchange(connect_unix(), request, len, reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 201 ", NULL);
	assert_non_null(strstr(world.seen, "len=1048576"));
	free(request);
}

static void a_chunked_body_is_bounded_too(void **state)
{
	static const char head[] =
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
		"100001\r\n";
	size_t len = strlen(head) + (1 << 20) + 1;
	char *request = calloc(1, len), reply[2048];

	memcpy(request, head, strlen(head));
	exchange(connect_unix(), request, len, reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 411 ", "must have a Content-Length");
	assert_int_equal(world.calls, 0);
	free(request);
}

static void headers_over_the_limit_are_refused(void **state)
{
	char *request = malloc(40000), reply[2048];
	int len = sprintf(request, "GET / HTTP/1.1\r\nX-Long: ");

	memset(request + len, 'x', 20000);
	strcpy(request + len + 20000, "\r\n\r\n");
	exchange(connect_unix(), request, strlen(request), reply, sizeof(reply));
	assert_int_equal(world.calls, 0);
	assert_reply(reply, "HTTP/1.1 431 ", "longer than 16 KiB");
	free(request);
}

static void requests_on_one_connection_are_answered_in_order(void **state)
{
	const char *reply =
		ask("GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /two HTTP/1.1\r\nHost: h" END);
	const char *one = strstr(reply, "\"/one\""), *two = strstr(reply, "\"/two\"");

	assert_int_equal(world.calls, 2);
	assert_true(one && two && one < two);
}

/* ---- replies that come later */

static void a_reply_may_come_later(void **state)
{
	int fd = connect_unix();
	char reply[1024];

	send_kept(fd);
	http_reply_error(world.kept, ERR_AGAIN, "not yet");
	exchange(fd, "", 0, reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 409 ", "not yet");
}

static void a_client_that_leaves_before_its_reply_does_no_harm(void **state)
{
	for (int i = 0; i < 3; i++) {
		int fd = connect_unix();
		const struct linger hard = { 1, 0 };

		world.kept = NULL;
		send_kept(fd);
		if (i == 1)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		if (i == 2)
			shutdown(fd, SHUT_WR);
		else
			close(fd);
		for (int turn = 0; turn < 10; turn++)
			loop_run_once(world.loop);
		http_reply_error(world.kept, ERR_AGAIN, "too late");
		for (int turn = 0; turn < 10; turn++)
			loop_run_once(world.loop);
		if (i == 2)
			close(fd);
	}
	world.keep = false;
	assert_reply(ask("GET / HTTP/1.1\r\nHost: h" END), "HTTP/1.1 201 ", NULL);
}

static void a_reply_after_the_server_is_gone_does_nothing(void **state)
{
	int fd = connect_unix();
	char byte;

	send_kept(fd);
	http_server_free(world.server);
	world.server = NULL;
	http_reply_json(world.kept, 200, json_object());
	assert_true(read(fd, &byte, 1) <= 0); /* closed, or reset: nothing was said */
	close(fd);
}

/* ---- sockets */

static void the_unix_socket_is_for_owner_and_group(void **state)
{
	struct stat st;

	assert_int_equal(stat(world.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	http_server_free(world.server);
	world.server = NULL;
	assert_int_equal(stat(world.path, &st), -1);
}

/* A request of this process, as `who` it says it was before it became root. */
static void ask_by(const char *sudo_user)
{
	char request[256], reply[1024];

	snprintf(request, sizeof(request),
		 "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nFairlead-Sudo-User: "
		 "%s\r\n\r\n",
		 sudo_user);
	exchange(connect_unix(), request, strlen(request), reply, sizeof(reply));
}

static void the_kernel_says_who_asks_and_root_says_who_it_was(void **state)
{
	char uid[64], sudo[96];

	snprintf(uid, sizeof(uid), "uid:%u", getuid());
	snprintf(sudo, sizeof(sudo), "uid:%u%s", getuid(), getuid() ? "" : " (sudo by alice)");
	ask_by("alice");
	assert_string_equal(world.by, sudo);
	assert_true(world.n_groups > 0);
	assert_int_equal(world.group, getgid());
	ask_by("a b"); /* no user's name */
	assert_string_equal(world.by, uid);
	ask_by("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	assert_string_equal(world.by, uid);
}

static void a_live_socket_is_not_taken_over(void **state)
{
	struct http_server *second;
	struct err e;

	assert_int_equal(http_server_new(&second, world.loop, handle, NULL, &e), ERR_OK);
	assert_int_equal(http_listen_unix(second, world.path, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "is served by another process"));
	http_server_free(second);
	assert_reply(ask("GET / HTTP/1.1\r\nHost: h" END), "HTTP/1.1 201 ", NULL);
}

static void a_stale_socket_is_replaced_and_a_file_is_not(void **state)
{
	char stale[128], file[128], too_long[300];
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct err e;

	snprintf(stale, sizeof(stale), "%s/stale", world.dir);
	memcpy(sa.sun_path, stale, strlen(stale) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
	assert_int_equal(http_listen_unix(world.server, stale, &e), ERR_OK);
	snprintf(file, sizeof(file), "%s/file", world.dir);
	fclose(fopen(file, "w"));
	assert_int_equal(http_listen_unix(world.server, file, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "exists and is not a socket"));
	assert_int_equal(unlink(file), 0);
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = 0;
	assert_int_equal(http_listen_unix(world.server, too_long, &e), ERR_INPUT);
	assert_non_null(strstr(e.text, "longer than 107 bytes"));
}

static void a_server_out_of_descriptors_pauses_and_recovers(void **state)
{
	struct rlimit before, none;
	int fd = connect_unix(), spare = dup(fd);
	char reply[1024];

	close(spare);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)spare;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int turn = 0; turn < 10; turn++)
		loop_run_once(world.loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	exchange(fd, "GET / HTTP/1.1\r\nHost: h" END, strlen("GET / HTTP/1.1\r\nHost: h" END),
		 reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 201 ", NULL);
}

static void in_the_clear_a_peer_is_anyone(void **state)
{
	static const char request[] = "GET /text HTTP/1.1\r\nHost: h" END;
	char reply[1024];

	listen_tcp(NULL);
	exchange(connect_tcp(), request, strlen(request), reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 200 ", "up 1\n");
	assert_non_null(strstr(world.seen, "who=anyone from=127.0.0.1 "));
}

static void a_port_that_is_taken_is_named(void **state)
{
	struct endpoint at = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } } };
	struct err e;

	listen_tcp(NULL);
	at.port = http_port(world.server);
	assert_int_equal(http_listen_tcp(world.server, &at, NULL, &e), ERR_IO);
	assert_non_null(strstr(e.text, ": Address already in use"));
}

/* The reply of a TLS server to a client with the certificate of `client`, "" when it got none. */
static const char *ask_tls(struct tls *client, const char *request)
{
	static char reply[4096];
	SSL *ssl = tls_connect(client);
	int fd = connect_tcp(), got = 0;
	bool sent = false;

	SSL_set_fd(ssl, fd);
	for (int turn = 0; turn < TURNS; turn++) {
		int n = sent ? 1 : SSL_write(ssl, request, (int)strlen(request));

		sent = sent || n > 0;
		loop_run_once(world.loop);
		if (!sent && SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
			break;
		if (!sent)
			continue;
		n = SSL_read(ssl, reply + got, (int)sizeof(reply) - 1 - got);
		if (n > 0)
			got += n;
		else if (SSL_get_error(ssl, n) != SSL_ERROR_WANT_READ)
			break;
	}
	reply[got] = 0;
	SSL_free(ssl);
	close(fd);
	return reply;
}

static void over_tls_a_peer_is_known_by_its_certificate(void **state)
{
	struct tls *ann = certs_tls(&acme, "ann", &acme);

	world.tls = certs_tls(&acme, "ns1", &acme);
	listen_tcp(world.tls);
	assert_reply(ask_tls(ann, "GET /text HTTP/1.1\r\nHost: h" END), "HTTP/1.1 200 ", "up 1\n");
	assert_non_null(strstr(world.seen, "who=spiffe://acme/operator/ann from=127.0.0.1 "));
	tls_free(ann);
}

static void a_stranger_does_not_get_through_tls(void **state)
{
	struct tls *spy = certs_tls(&rival, "ann", &acme);

	world.tls = certs_tls(&acme, "ns1", &acme);
	listen_tcp(world.tls);
	assert_string_equal(ask_tls(spy, "GET / HTTP/1.1\r\nHost: h" END), "");
	assert_int_equal(world.calls, 0);
	tls_free(spy);
}

static void a_peer_without_identity_is_refused_in_json(void **state)
{
	struct tls *ann = certs_tls(&acme, "ann", &acme);

	world.tls = certs_tls(&acme, "ns1", NULL); /* asks for no certificate */
	listen_tcp(world.tls);
	assert_reply(ask_tls(ann, "GET / HTTP/1.1\r\nHost: h" END), "HTTP/1.1 403 ",
		     "{\"error\":{\"code\":\"denied\",\"message\":\"the peer presented no "
		     "certificate\"}}");
	assert_int_equal(world.calls, 0);
	tls_free(ann);
}

static int make_fleets(void **state)
{
	certs_init(&acme, "acme");
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&acme, IDENTITY_OPERATOR, NULL, "ann");
	certs_init(&rival, "acme");
	certs_issue(&rival, IDENTITY_OPERATOR, NULL, "ann");
	return 0;
}

static int remove_fleets(void **state)
{
	certs_fini(&acme);
	certs_fini(&rival);
	return 0;
}

static enum err_code make_server(struct http_server **server)
{
	static const struct endpoint any_port = { .addr = { .family = 4,
							    .bytes = { 127, 0, 0, 1 } } };
	char path[128];
	enum err_code code = http_server_new(server, world.loop, handle, NULL, NULL);

	snprintf(path, sizeof(path), "%s/second", world.dir);
	if (code == ERR_OK)
		code = http_listen_unix(*server, path, NULL);
	if (code == ERR_OK)
		code = http_listen_tcp(*server, &any_port, NULL, NULL);
	return code;
}

static void each_failed_allocation_of_the_server_is_said(void **state)
{
	bool failed = true;
	unsigned n;

	for (n = 1; failed; n++) {
		struct http_server *server = NULL;
		enum err_code code;

		fail_alloc_at(n);
		code = make_server(&server);
		failed = fail_alloc_end();
		assert_int_equal(code, failed ? ERR_MEMORY : ERR_OK);
		http_server_free(server);
	}
	assert_true(n > 6);
}

static void a_request_without_memory_gets_an_error(void **state)
{
	bool failed = true;

	for (unsigned n = 1; failed; n++) {
		const char *reply;

		fail_alloc_at(n);
		reply = ask("GET /v1?q=1 HTTP/1.1\r\nHost: h" END);
		failed = fail_alloc_end();
		if (reply[0]) /* else it was closed for want of memory to accept it */
			assert_reply(reply, failed ? "HTTP/1.1 500 " : "HTTP/1.1 201 ", NULL);
		assert_true(failed || reply[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(a_handler_sees_method_path_query_header_and_body),
		WITH_SERVER(a_page_of_text_has_its_own_type),
		WITH_SERVER(head_is_get_without_the_body),
		WITH_SERVER(other_methods_are_refused_in_json),
		WITH_SERVER(errors_have_the_status_of_their_code),
		WITH_SERVER(a_message_with_odd_bytes_still_makes_json),
		WITH_SERVER(a_reply_that_cannot_be_made_is_an_error),
		WITH_SERVER(bad_requests_never_reach_the_handler),
		WITH_SERVER(a_body_over_the_limit_is_refused),
		WITH_SERVER(a_body_of_just_the_limit_is_read),
		WITH_SERVER(a_chunked_body_is_bounded_too),
		WITH_SERVER(headers_over_the_limit_are_refused),
		WITH_SERVER(requests_on_one_connection_are_answered_in_order),
		WITH_SERVER(a_reply_may_come_later),
		WITH_SERVER(a_client_that_leaves_before_its_reply_does_no_harm),
		WITH_SERVER(a_reply_after_the_server_is_gone_does_nothing),
		WITH_SERVER(what_two_readers_could_understand_differently_is_refused),
		WITH_SERVER(the_unix_socket_is_for_owner_and_group),
		WITH_SERVER(the_kernel_says_who_asks_and_root_says_who_it_was),
		WITH_SERVER(a_live_socket_is_not_taken_over),
		WITH_SERVER(a_stale_socket_is_replaced_and_a_file_is_not),
		WITH_SERVER(a_server_out_of_descriptors_pauses_and_recovers),
		WITH_SERVER(in_the_clear_a_peer_is_anyone),
		WITH_SERVER(a_port_that_is_taken_is_named),
		WITH_SERVER(over_tls_a_peer_is_known_by_its_certificate),
		WITH_SERVER(a_stranger_does_not_get_through_tls),
		WITH_SERVER(a_peer_without_identity_is_refused_in_json),
		WITH_SERVER(each_failed_allocation_of_the_server_is_said),
		WITH_SERVER(a_request_without_memory_gets_an_error),
	};

	return cmocka_run_group_tests_name("core/http", tests, make_fleets, remove_fleets);
}
