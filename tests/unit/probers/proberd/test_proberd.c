/* SPDX-License-Identifier: Apache-2.0 */
/* test_proberd: a whole proberd on a loop of its own thread: its files, its pages, its reload. */
#include "core/file.h"
#include "probers/proberd/proberd.h"
#include "schema/config/config.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct certs fleet;

static void write_config(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void write_config(const char *fmt, ...)
{
	char text[4096], path[PATH_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	assert_int_equal(file_replace(certs_path(&fleet, "proberd.yaml", path), text, strlen(text),
				      0600, NULL),
			 ERR_OK);
}

static void write_usual(const char *node, const char *certificate, const char *directors,
			const char *more)
{
	write_config("fleet: acme\n"
		     "node: %s\n"
		     "directors: [%s]\n"
		     "listen: {admin: %s/admin.sock}\n"
		     "tls: {certificate: %s/%s.crt, key: %s/%s.key, ca: %s/ca.crt}\n"
		     "%s",
		     node, directors, fleet.dir, fleet.dir, certificate, fleet.dir, certificate,
		     fleet.dir, more);
}

/* ---- loading */

static void load_fails(const char *mistake)
{
	struct proberd_config *config = NULL;
	struct config_report report;
	char path[PATH_MAX];

	config_report_init(&report);
	assert_int_not_equal(
		proberd_load(certs_path(&fleet, "proberd.yaml", path), &config, &report), ERR_OK);
	assert_null(config);
	if (!strstr(buf_text(&report.errors), mistake))
		fail_msg("expected '%s' in: %s", mistake, buf_text(&report.errors));
	config_report_fini(&report);
}

static void a_certificate_of_somebody_else_is_a_mistake_with_its_place(void **state)
{
	write_usual("probe", "ns1", "127.0.0.1:1", "");
	load_fails("proberd.yaml:5:");
	load_fails("is of spiffe://acme/dnsd/ns1, expected spiffe://acme/prober/probe");
	write_usual("other", "probe", "127.0.0.1:1", "");
	load_fails("is of spiffe://acme/prober/probe, expected spiffe://acme/prober/other");
}

static void a_file_that_is_missing_is_a_mistake_with_its_place(void **state)
{
	write_usual("probe", "nosuch", "127.0.0.1:1", "");
	load_fails("proberd.yaml:5:");
	load_fails("nosuch.crt");
}

/* ---- running */

struct running {
	struct loop *loop;
	struct proberd *proberd;
	pthread_t thread;
};

static void *run_loop(void *arg)
{
	loop_run(((struct running *)arg)->loop);
	return NULL;
}

static void start(struct running *r)
{
	struct proberd_config *config;
	struct config_report report;
	struct err e = { "" };
	char path[PATH_MAX];

	config_report_init(&report);
	if (proberd_load(certs_path(&fleet, "proberd.yaml", path), &config, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	config_report_fini(&report);
	assert_int_equal(loop_new(&r->loop, &e), ERR_OK);
	if (proberd_new(&r->proberd, r->loop, config, &e) != ERR_OK)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&r->thread, NULL, run_loop, r), 0);
}

static void on_stopped(void *arg)
{
	loop_stop(((struct running *)arg)->loop);
}

static void stop_now(void *arg)
{
	struct running *r = arg;

	proberd_stop(r->proberd, on_stopped, r);
}

static void stop(struct running *r)
{
	assert_int_equal(loop_post(r->loop, stop_now, r), ERR_OK);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	proberd_free(r->proberd);
	loop_free(r->loop);
}

static size_t on_bytes(char *bytes, size_t one, size_t len, void *arg)
{
	buf_add(arg, bytes, len);
	return len;
}

/* The status code; the body is in `body`. port 0: the admin socket. */
static long ask(const char *method, uint16_t port, const char *path, struct buf *body)
{
	CURL *easy = curl_easy_init();
	char url[128], socket_path[PATH_MAX];
	long status = 0;
	CURLcode code;

	buf_clear(body);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", port ? port : 1, path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	if (!port)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH,
				 certs_path(&fleet, "admin.sock", socket_path));
	code = curl_easy_perform(easy);
	if (code != CURLE_OK)
		fail_msg("%s %s: %s", method, path, curl_easy_strerror(code));
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(easy);
	return status;
}

static json_t *ask_json(const char *path)
{
	struct buf body = BUF_INIT;
	json_t *doc;

	assert_int_equal(ask("GET", 0, path, &body), 200);
	doc = json_loads(buf_text(&body), 0, NULL);
	assert_non_null(doc);
	buf_fini(&body);
	return doc;
}

static size_t count_directors(void)
{
	json_t *doc = ask_json("/v1/status");
	size_t n = json_array_size(json_object_get(doc, "directors"));

	json_decref(doc);
	return n;
}

static uint16_t free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

static void its_pages_are_there_and_no_others(void **state)
{
	struct running r;
	struct buf body = BUF_INIT;
	uint16_t port = free_port();
	json_t *doc;

	write_config("fleet: acme\n"
		     "node: probe\n"
		     "directors: [127.0.0.1:1, \"[::1]:1\"]\n"
		     "listen: {admin: %s/admin.sock, http: 127.0.0.1:%u}\n"
		     "tls: {certificate: %s/probe.crt, key: %s/probe.key, ca: %s/ca.crt}\n",
		     fleet.dir, port, fleet.dir, fleet.dir, fleet.dir);
	start(&r);
	assert_int_equal(ask("GET", port, "/healthz", &body), 200);
	assert_int_equal(ask("GET", port, "/readyz", &body), 503);
	assert_int_equal(ask("GET", port, "/metrics", &body), 200);
	assert_non_null(strstr(buf_text(&body), "\nfairlead_probe_targets 0\n"));
	assert_non_null(strstr(buf_text(&body),
			       "\nfairlead_probe_director_up{director=\"127.0.0.1:1\"} 0\n"));
	assert_int_equal(ask("GET", port, "/v1/status", &body), 404);
	assert_int_equal(ask("POST", port, "/v1/reload", &body), 404);
	assert_int_equal(ask("GET", 0, "/v1/nosuch", &body), 404);
	doc = ask_json("/v1/status");
	assert_string_equal(json_string_value(json_object_get(doc, "node")), "probe");
	assert_int_equal(json_array_size(json_object_get(doc, "directors")), 2);
	json_decref(doc);
	doc = ask_json("/v1/config");
	assert_string_equal(json_string_value(json_object_get(doc, "fleet")), "acme");
	json_decref(doc);
	stop(&r);
	buf_fini(&body);
}

static void a_reload_takes_new_directors_and_a_bad_file_changes_nothing(void **state)
{
	struct running r;
	struct buf body = BUF_INIT;
	json_t *doc;

	write_usual("probe", "probe", "127.0.0.1:1", "");
	start(&r);
	assert_int_equal(count_directors(), 1);
	write_usual("probe", "probe", "127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3",
		    "limits: {probes_per_second: 7}\nat: [1.5, 2.5]\n");
	assert_int_equal(ask("POST", 0, "/v1/reload", &body), 200);
	assert_int_equal(count_directors(), 3);
	doc = ask_json("/v1/status");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(doc, "probes"), "per_second")),
		7);
	json_decref(doc);

	write_usual("probe", "ns1", "127.0.0.1:9", "");
	assert_int_not_equal(ask("POST", 0, "/v1/reload", &body), 200);
	assert_non_null(strstr(buf_text(&body), "expected spiffe://acme/prober/probe"));
	assert_int_equal(count_directors(), 3);

	/* Other files of the same identity: everything is dialled anew. */
	write_usual("probe", "probe2", "127.0.0.1:3", "");
	assert_int_equal(ask("POST", 0, "/v1/reload", &body), 200);
	assert_int_equal(count_directors(), 1);
	stop(&r);
	buf_fini(&body);
}

/* Reading it would wait for a writer. */
static void a_configuration_that_is_no_file_is_refused_and_holds_up_nothing(void **state)
{
	struct running r;
	struct buf body = BUF_INIT;
	char path[PATH_MAX];

	write_usual("probe", "probe", "127.0.0.1:1, 127.0.0.1:2", "");
	certs_path(&fleet, "proberd.yaml", path);
	start(&r);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ask("POST", 0, "/v1/reload", &body), 400);
	assert_non_null(strstr(buf_text(&body), "is no regular file"));
	assert_int_equal(count_directors(), 2);
	stop(&r);
	unlink(path);
	buf_fini(&body);
}

static void a_socket_that_is_taken_is_an_error_of_the_start(void **state)
{
	struct proberd_config *config;
	struct proberd *second;
	struct config_report report;
	struct running r;
	struct loop *loop;
	struct err e = { "" };
	char path[PATH_MAX];

	write_usual("probe", "probe", "127.0.0.1:1", "");
	start(&r);
	config_report_init(&report);
	assert_int_equal(proberd_load(certs_path(&fleet, "proberd.yaml", path), &config, &report),
			 ERR_OK);
	assert_int_equal(loop_new(&loop, &e), ERR_OK);
	assert_int_equal(proberd_new(&second, loop, config, &e), ERR_EXISTS);
	assert_non_null(strstr(e.text, "listen.admin: "));
	config_proberd_free(config);
	config_report_fini(&report);
	loop_free(loop);
	stop(&r);
}

static int copy_file(const char *from, const char *to)
{
	char path[PATH_MAX], *text;
	size_t len;

	if (file_read(certs_path(&fleet, from, path), 65536, &text, &len, NULL) != ERR_OK ||
	    file_replace(certs_path(&fleet, to, path), text, len, 0600, NULL) != ERR_OK)
		return -1;
	free(text);
	return 0;
}

static int make_certs(void **state)
{
	certs_init(&fleet, "acme");
	certs_issue(&fleet, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&fleet, IDENTITY_PROBER, NULL, "probe");
	return copy_file("probe.crt", "probe2.crt") || copy_file("probe.key", "probe2.key");
}

static int drop_certs(void **state)
{
	certs_fini(&fleet);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_of_somebody_else_is_a_mistake_with_its_place),
		cmocka_unit_test(a_file_that_is_missing_is_a_mistake_with_its_place),
		cmocka_unit_test(its_pages_are_there_and_no_others),
		cmocka_unit_test(a_reload_takes_new_directors_and_a_bad_file_changes_nothing),
		cmocka_unit_test(a_configuration_that_is_no_file_is_refused_and_holds_up_nothing),
		cmocka_unit_test(a_socket_that_is_taken_is_an_error_of_the_start),
	};

	return cmocka_run_group_tests(tests, make_certs, drop_certs);
}
