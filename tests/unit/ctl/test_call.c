/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of ctl/call against core/http in another thread: sockets, mutual TLS, what goes wrong. */
#include "core/http.h"
#include "core/loop.h"
#include "ctl/call.h"
#include "tests/unit/certs.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct server {
	struct loop *loop;
	struct http_server *http;
	struct tls *tls;
	pthread_t thread;
	struct http_reply *late; /* what /late owes */
	char path[PATH_MAX], at[64];
};

/* /echo tells what it was asked; /unsafe refuses; /text is no JSON; /late answers at the end. */
static void answer(void *server, const struct http_request *req, struct http_reply *reply)
{
	const char *key = http_query(req, "key");
	struct server *s = server;
	char body[256];

	snprintf(body, sizeof(body), "%.*s", (int)req->len, (const char *)req->body);
	if (strcmp(req->path, "/echo") == 0)
		http_reply_json(reply, 200,
				json_pack("{s:s, s:s, s:s, s:s}", "method", req->method, "body",
					  body, "key", key ? key : "", "who", req->peer->who));
	else if (strcmp(req->path, "/unsafe") == 0)
		http_reply_error(reply, ERR_UNSAFE, "too few would be left");
	else if (strcmp(req->path, "/text") == 0)
		http_reply_text(reply, 200, "text/plain", "hello", 5);
	else if (strcmp(req->path, "/missing") == 0)
		http_reply_text(reply, 404, "text/plain", "gone", 4);
	else if (strcmp(req->path, "/late") == 0)
		s->late = reply;
	else
		http_reply_error(reply, ERR_NOT_FOUND, "no such path");
}

static void *serve(void *loop)
{
	loop_run(loop);
	return NULL;
}

static void server_start(struct server *s, const struct certs *certs, const char *name)
{
	struct endpoint at;
	struct err e = { "" };

	*s = (struct server){ 0 };
	assert_int_equal(loop_new(&s->loop, &e), ERR_OK);
	assert_int_equal(http_server_new(&s->http, s->loop, answer, s, &e), ERR_OK);
	if (name) {
		s->tls = certs_tls(certs, name, certs);
		assert_int_equal(endpoint_parse("127.0.0.1:0", &at, &e), ERR_OK);
		assert_int_equal(http_listen_tcp(s->http, &at, s->tls, &e), ERR_OK);
		snprintf(s->at, sizeof(s->at), "127.0.0.1:%u", http_port(s->http));
	} else {
		certs_path(certs, "d.sock", s->path);
		assert_int_equal(http_listen_unix(s->http, s->path, &e), ERR_OK);
	}
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s->loop), 0);
}

static void server_stop(struct server *s)
{
	loop_stop(s->loop);
	pthread_join(s->thread, NULL);
	if (s->late)
		http_reply_error(s->late, ERR_AGAIN, "too late");
	http_server_free(s->http);
	tls_free(s->tls);
	loop_free(s->loop);
}

static struct certs certs; /* of the fleet "ex" */

static enum outcome ask(const struct call_target *target, const struct call_request *request,
			json_t **doc, struct failure *p)
{
	struct call *c = NULL;
	enum outcome outcome = call_new(&c, target, p);

	if (outcome == OUTCOME_DONE)
		outcome = call_send(c, request, doc, p);
	call_free(c);
	return outcome;
}

static enum outcome ask_socket(const char *path, const char *what, json_t **doc, struct failure *p)
{
	const struct call_target target = { .socket = path };
	const struct call_request request = { .method = "GET", .path = what, .timeout_s = 5 };

	return ask(&target, &request, doc, p);
}

static const char *text_of(const json_t *doc, const char *key)
{
	return json_string_value(json_object_get(doc, key));
}

/* ---- over the socket ---- */

static void methods_bodies_and_queries_arrive(void **state)
{
	static const char *const methods[] = { "GET", "POST", "DELETE" };
	struct buf path = BUF_INIT;
	struct failure p;
	struct server s;
	json_t *body = json_pack("{s:s}", "region", "eu");
	struct call *c;

	server_start(&s, &certs, NULL);
	buf_add_str(&path, "/echo");
	call_query(&path, "none", NULL);
	call_query(&path, "key", "a b&c=\xc3\xa9/?");
	call_query(&path, "x", "");
	assert_string_equal(buf_text(&path), "/echo?key=a%20b%26c%3D%C3%A9%2F%3F&x=");
	const struct call_target target = { .socket = s.path };

	assert_int_equal(call_new(&c, &target, &p), OUTCOME_DONE);
	for (size_t i = 0; i < 3; i++) { /* one connection, request after request */
		const struct call_request request = { .method = methods[i],
						      .path = buf_text(&path),
						      .body = i == 1 ? body : NULL };
		json_t *doc = NULL;

		if (call_send(c, &request, &doc, &p) != OUTCOME_DONE)
			fail_msg("%s", p.e.text);
		assert_string_equal(text_of(doc, "method"), methods[i]);
		assert_string_equal(text_of(doc, "key"), "a b&c=\xc3\xa9/?");
		assert_string_equal(text_of(doc, "body"), i == 1 ? "{\"region\":\"eu\"}" : "");
		assert_memory_equal(text_of(doc, "who"), "uid:", 4);
		json_decref(doc);
	}
	call_free(c);
	server_stop(&s);
	json_decref(body);
	buf_fini(&path);
}

static void the_daemons_refusals_keep_their_code(void **state)
{
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	server_start(&s, &certs, NULL);
	assert_int_equal(ask_socket(s.path, "/unsafe", &doc, &p), OUTCOME_UNSAFE);
	assert_string_equal(p.code, "unsafe");
	assert_string_equal(p.e.text, "too few would be left");
	assert_int_equal(ask_socket(s.path, "/nowhere", &doc, &p), OUTCOME_FAILED);
	assert_string_equal(p.code, "not_found");
	assert_null(doc);
	server_stop(&s);
}

static void what_is_no_admin_api_is_told_apart(void **state)
{
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	server_start(&s, &certs, NULL);
	assert_int_equal(ask_socket(s.path, "/text", &doc, &p), OUTCOME_FAILED);
	assert_non_null(strstr(p.e.text, "answered with HTTP 200: is it Fairlead's admin API?"));
	assert_int_equal(ask_socket(s.path, "/missing", &doc, &p), OUTCOME_FAILED);
	assert_non_null(strstr(p.e.text, "answered with HTTP 404"));
	server_stop(&s);
}

static void no_answer_in_time_is_no_daemon(void **state)
{
	const struct call_request request = { .method = "GET", .path = "/late", .timeout_s = 1 };
	struct call_target target = { 0 };
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	server_start(&s, &certs, NULL);
	target.socket = s.path;
	assert_int_equal(ask(&target, &request, &doc, &p), OUTCOME_UNREACHED);
	assert_non_null(strstr(p.e.text, "no answer in time"));
	server_stop(&s);
}

static void a_socket_that_is_not_there_says_what_to_do(void **state)
{
	char path[PATH_MAX];
	json_t *doc = NULL;
	struct failure p;

	certs_path(&certs, "none.sock", path);
	assert_int_equal(ask_socket(path, "/echo", &doc, &p), OUTCOME_UNREACHED);
	assert_string_equal(p.code, "unreached");
	assert_non_null(strstr(p.e.text, path));
	assert_non_null(strstr(p.e.text, "is the daemon running?"));
}

static void a_socket_nobody_listens_on_says_so(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char path[PATH_MAX];
	json_t *doc = NULL;
	struct failure p;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	certs_path(&certs, "dead.sock", path);
	snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	assert_int_equal(ask_socket(path, "/echo", &doc, &p), OUTCOME_UNREACHED);
	assert_non_null(strstr(p.e.text, "nobody answers on"));
	unlink(path);
}

static void a_socket_of_others_says_what_to_try(void **state)
{
	json_t *doc = NULL;
	struct failure p;
	struct server s;
	enum outcome outcome;
	bool is_root = geteuid() == 0;

	server_start(&s, &certs, NULL);
	assert_int_equal(chmod(s.path, 0), 0);
	if (is_root) { /* whom no mode stops */
		assert_int_equal(chmod(certs.dir, 0700), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	outcome = ask_socket(s.path, "/echo", &doc, &p);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(outcome, OUTCOME_UNREACHED);
	assert_non_null(strstr(p.e.text, "try sudo"));
	server_stop(&s);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char path[200];
	json_t *doc = NULL;
	struct failure p;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	assert_int_equal(ask_socket(path, "/echo", &doc, &p), OUTCOME_UNREACHED);
}

/* ---- over mutual TLS ---- */

static enum outcome ask_tls(const struct server *s, const struct certs *ours, const char *name,
			    const struct certs *trusted, json_t **doc, struct failure *p)
{
	char crt[PATH_MAX], key[PATH_MAX], ca[PATH_MAX], file[64];
	const struct call_request request = { .method = "GET", .path = "/echo", .timeout_s = 5 };
	const struct call_target target = {
		.host = s->at, .certificate = crt, .key = key, .ca = ca
	};

	snprintf(file, sizeof(file), "%s.crt", name);
	certs_path(ours, file, crt);
	snprintf(file, sizeof(file), "%s.key", name);
	certs_path(ours, file, key);
	certs_path(trusted, "ca.crt", ca);
	return ask(&target, &request, doc, p);
}

static void a_name_server_of_the_fleet_is_trusted(void **state)
{
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	server_start(&s, &certs, "ns1");
	if (ask_tls(&s, &certs, "alice", &certs, &doc, &p) != OUTCOME_DONE)
		fail_msg("%s", p.e.text);
	assert_string_equal(text_of(doc, "who"), "spiffe://ex/admin/alice");
	json_decref(doc);
	server_stop(&s);
}

static void whoever_else_of_the_fleet_is_no_name_server(void **state)
{
	static const char *const rows[][2] = {
		{ "bob", "the server is spiffe://ex/operator/bob: not a name server" },
		{ "eu1", "the server is spiffe://ex/regiond/eu/eu1: not a name server" },
	};

	for (size_t i = 0; i < 2; i++) {
		json_t *doc = NULL;
		struct failure p;
		struct server s;

		server_start(&s, &certs, rows[i][0]);
		assert_int_equal(ask_tls(&s, &certs, "alice", &certs, &doc, &p), OUTCOME_UNREACHED);
		assert_non_null(strstr(p.e.text, rows[i][1]));
		server_stop(&s);
	}
}

static void another_authority_is_not_trusted(void **state)
{
	struct certs other;
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	certs_init(&other, "ex");
	certs_issue(&other, IDENTITY_ADMIN, NULL, "mallory");
	server_start(&s, &certs, "ns1");
	/* we do not trust them */
	assert_int_equal(ask_tls(&s, &other, "mallory", &other, &doc, &p), OUTCOME_UNREACHED);
	/* they do not trust us */
	assert_int_equal(ask_tls(&s, &other, "mallory", &certs, &doc, &p), OUTCOME_DENIED);
	assert_non_null(strstr(p.e.text, "not accept the certificate"));
	assert_null(doc);
	server_stop(&s);
	certs_fini(&other);
}

static void another_fleet_under_one_authority_is_not_ours(void **state)
{
	struct certs other;
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	certs_init(&other, "second");
	certs_issue(&other, IDENTITY_ADMIN, NULL, "eve");
	server_start(&s, &certs, "ns1");
	assert_int_equal(ask_tls(&s, &other, "eve", &certs, &doc, &p), OUTCOME_UNREACHED);
	assert_non_null(strstr(p.e.text, "of another fleet than ours (second)"));
	server_stop(&s);
	certs_fini(&other);
}

static void files_that_cannot_be_read_are_our_own_fault(void **state)
{
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	server_start(&s, &certs, "ns1");
	assert_int_equal(ask_tls(&s, &certs, "nobody", &certs, &doc, &p), OUTCOME_FAILED);
	assert_string_equal(p.code, "input");
	server_stop(&s);
}

static void a_port_nobody_listens_on_is_no_daemon(void **state)
{
	json_t *doc = NULL;
	struct failure p;
	struct server s;

	server_start(&s, &certs, "ns1");
	server_stop(&s);
	assert_int_equal(ask_tls(&s, &certs, "alice", &certs, &doc, &p), OUTCOME_UNREACHED);
	assert_non_null(strstr(p.e.text, s.at));
}

static int make_certs(void **state)
{
	certs_init(&certs, "ex");
	certs_issue(&certs, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&certs, IDENTITY_REGIOND, "eu", "eu1");
	certs_issue(&certs, IDENTITY_ADMIN, NULL, "alice");
	certs_issue(&certs, IDENTITY_OPERATOR, NULL, "bob");
	return 0;
}

static int remove_certs(void **state)
{
	certs_fini(&certs);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_bodies_and_queries_arrive),
		cmocka_unit_test(the_daemons_refusals_keep_their_code),
		cmocka_unit_test(what_is_no_admin_api_is_told_apart),
		cmocka_unit_test(no_answer_in_time_is_no_daemon),
		cmocka_unit_test(a_socket_that_is_not_there_says_what_to_do),
		cmocka_unit_test(a_socket_nobody_listens_on_says_so),
		cmocka_unit_test(a_socket_of_others_says_what_to_try),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(a_name_server_of_the_fleet_is_trusted),
		cmocka_unit_test(whoever_else_of_the_fleet_is_no_name_server),
		cmocka_unit_test(another_authority_is_not_trusted),
		cmocka_unit_test(another_fleet_under_one_authority_is_not_ours),
		cmocka_unit_test(files_that_cannot_be_read_are_our_own_fault),
		cmocka_unit_test(a_port_nobody_listens_on_is_no_daemon),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
