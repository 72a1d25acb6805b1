/* SPDX-License-Identifier: Apache-2.0 */
/* test_regiond: a whole regiond on a thread of its own: its files, its signals, its socket.
 *
 * Signals go to the process, as in life; the regiond's loop takes them. Every wait has a limit. */
#include "core/file.h"
#include "regiond/control/load.h"
#include "regiond/control/regiond.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define WAIT_S	10
#define USUAL	"drain: 5s\n"
#define SERVICE "  a.example.com: {listen: ['127.0.0.1:%u'], protocol: tcp, routes: [{pool: p}]}\n"

static struct certs fleet;

struct world {
	struct regiond *regiond;
	pthread_t thread;
	int backend; /* listens */
	uint16_t backend_port, port;
};

/* ---- files */

static void write_config(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void write_config(const char *fmt, ...)
{
	char text[4096], path[PATH_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	assert_int_equal(file_replace(certs_path(&fleet, "regiond.yaml", path), text, strlen(text),
				      0600, NULL),
			 ERR_OK);
}

static void write_usual(const struct world *w, const char *more, uint16_t port)
{
	write_config("fleet: acme\nregion: here\nnode: one\nworkers: 1\n"
		     "listen: {admin: %s/r.sock}\n"
		     "state: {path: %s/r.db}\n"
		     "%s"
		     "monitors: {live: {type: tcp, interval: 500ms, timeout: 200ms}}\n"
		     "pools:\n"
		     "  p: {monitors: [live], backends: [{az: a, address: '127.0.0.1:%u'}]}\n"
		     "services:\n" SERVICE,
		     fleet.dir, fleet.dir, more, w->backend_port, port);
}

static struct regiond_config *load(void)
{
	struct regiond_config *config = NULL;
	struct config_report report;
	char path[PATH_MAX];
	config_report_init(&report);
	if (load_file(certs_path(&fleet, "regiond.yaml", path), &config, NULL, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	config_report_fini(&report);
	return config;
}

static void load_fails(const char *const *mistakes)
{
	struct regiond_config *config = NULL;
	struct config_report report;
	char path[PATH_MAX];
	config_report_init(&report);
	certs_path(&fleet, "regiond.yaml", path);
	assert_int_not_equal(load_file(path, &config, NULL, &report), ERR_OK);
	for (; *mistakes; mistakes++)
		if (!strstr(buf_text(&report.errors), *mistakes))
			fail_msg("expected '%s' in: %s", *mistakes, buf_text(&report.errors));
	config_report_fini(&report);
}

static void a_file_that_names_what_cannot_be_used_is_refused_with_every_place(void **state)
{
	static const char *const mistakes[] = {
		"regiond.yaml:5:",
		"is of spiffe://acme/dnsd/ns1, expected spiffe://acme/regiond/here/one",
		"regiond.yaml:8:",
		"65 availability zones, expected at most 64",
		NULL,
	};
	struct buf backends = BUF_INIT;
	for (int i = 1; i <= 65; i++)
		buf_printf(&backends, "{az: z%d, address: '127.0.0.1:%d'}, ", i, i);
	write_config("fleet: acme\nregion: here\nnode: one\n"
		     "listen: {admin: /tmp/unused.sock}\n"
		     "tls: {certificate: %s/ns1.crt, key: %s/ns1.key, ca: %s/ca.crt}\n"
		     "directors: ['127.0.0.1:1']\n"
		     "pools:\n"
		     "  p: {backends: [%s]}\n"
		     "services:\n" SERVICE,
		     fleet.dir, fleet.dir, fleet.dir, buf_text(&backends), 1);
	buf_fini(&backends);
	load_fails(mistakes);
}

static void a_certificate_that_is_missing_is_refused_with_its_place(void **state)
{
	static const char *const mistakes[] = { "regiond.yaml:5:", "nosuch.crt", NULL };
	write_config("fleet: acme\nregion: here\nnode: one\n"
		     "listen: {admin: /tmp/unused.sock}\n"
		     "tls: {certificate: %s/nosuch.crt, key: %s/ns1.key, ca: %s/ca.crt}\n"
		     "pools: {p: {backends: [{az: a, address: '127.0.0.1:1'}]}}\n"
		     "services:\n" SERVICE,
		     fleet.dir, fleet.dir, fleet.dir, 1);
	load_fails(mistakes);
}

/* ---- sockets */

static int open_listener(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(fd, 64), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	*port = ntohs(sin.sin_port);
	return fd;
}

static uint16_t free_port(void)
{
	uint16_t port;
	close(open_listener(&port));
	return port;
}

static void limit_waits(int fd)
{
	const struct timeval limit = { .tv_sec = WAIT_S };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* A connection, or -1 when it is refused. */
static int dial(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) },
				   .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	limit_waits(fd);
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One request to the admin socket; the whole answer. */
static const char *ask(const char *method, const char *path, const char *body)
{
	static char answer[16384];
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t got = 0;
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/r.sock", fleet.dir);
	limit_waits(fd);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	snprintf(answer, sizeof(answer),
		 "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
		 method, path, strlen(body), body);
	assert_int_equal(send(fd, answer, strlen(answer), 0), strlen(answer));
	while ((n = recv(fd, answer + got, sizeof(answer) - 1 - got, 0)) > 0)
		got += (size_t)n;
	answer[got] = '\0';
	close(fd);
	return answer;
}

static void asked_until(const char *path, const char *text)
{
	time_t until = time(NULL) + WAIT_S;
	const char *answer;
	do {
		answer = ask("GET", path, "");
		if (strstr(answer, text))
			return;
		usleep(10000);
	} while (time(NULL) < until);
	fail_msg("%s never says %s: %s", path, text, answer);
}

/* ---- life */

static void *run(void *arg)
{
	regiond_run(arg);
	return NULL;
}

static void start(struct world *w)
{
	struct err e = { "" };
	if (regiond_new(&w->regiond, load(), &e) != ERR_OK)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&w->thread, NULL, run, w->regiond), 0);
	asked_until("/v1/status", "\"state\":\"serving\"");
}

static void ends(struct world *w)
{
	struct timespec limit;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAIT_S;
	assert_int_equal(pthread_timedjoin_np(w->thread, NULL, &limit), 0);
	regiond_free(w->regiond);
	w->regiond = NULL;
}

/* The second signal means now. */
static void stop_now(struct world *w)
{
	kill(getpid(), SIGTERM);
	asked_until("/v1/status", "\"state\":\"stopping\"");
	kill(getpid(), SIGTERM);
	ends(w);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->backend = open_listener(&w->backend_port);
	w->port = free_port();
	write_usual(w, USUAL, w->port);
	start(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char path[PATH_MAX];
	if (w->regiond)
		stop_now(w);
	unlink(certs_path(&fleet, "r.db", path));
	unlink(certs_path(&fleet, "r.db-wal", path));
	close(w->backend);
	free(w);
	return 0;
}

/* Through the regiond to the backend and back. */
static int talk(struct world *w, uint16_t port, int *backend)
{
	char got[8] = "";
	int client = dial(port);
	assert_true(client >= 0);
	assert_int_equal(send(client, "hello", 5, 0), 5);
	/* Health checks come to the same port, and say nothing. */
	for (int i = 0; i < 100; i++) {
		*backend = accept(w->backend, NULL, NULL);
		limit_waits(*backend);
		if (recv(*backend, got, 5, MSG_WAITALL) == 5)
			break;
		close(*backend);
	}
	assert_string_equal(got, "hello");
	return client;
}

static void a_reload_with_mistakes_keeps_the_running_configuration(void **state)
{
	struct world *w = *state;
	int backend;
	write_config("fleet: acme\nnonsense: 1\n");
	assert_non_null(strstr(ask("POST", "/v1/reload", ""), "\"code\":\"input\""));
	kill(getpid(), SIGHUP);
	asked_until("/v1/status", "\"reload_failures\":2");
	int client = talk(w, w->port, &backend);
	close(client);
	close(backend);
	assert_non_null(strstr(ask("GET", "/v1/services", ""), "a.example.com"));
}

static void a_reload_moves_a_listener_and_keeps_the_connection(void **state)
{
	struct world *w = *state;
	int backend, second;
	char got[8] = "";
	int client = talk(w, w->port, &backend);
	uint16_t other = free_port();
	write_usual(w, USUAL, other);
	kill(getpid(), SIGHUP);
	asked_until("/v1/status", "\"reloads\":1");
	assert_int_equal(send(backend, "still", 5, 0), 5);
	assert_int_equal(recv(client, got, 5, MSG_WAITALL), 5);
	assert_string_equal(got, "still");
	close(talk(w, other, &second));
	close(second);
	close(client);
	close(backend);
}

static void a_reload_to_an_address_that_is_taken_changes_nothing(void **state)
{
	struct world *w = *state;
	int backend;
	write_usual(w, USUAL, w->backend_port);
	const char *answer = ask("POST", "/v1/reload", "");
	assert_non_null(strstr(answer, "a.example.com: listen on 127.0.0.1:"));
	close(talk(w, w->port, &backend));
	close(backend);
}

static void a_drain_is_still_there_after_a_restart(void **state)
{
	struct world *w = *state;
	assert_non_null(strstr(ask("POST", "/v1/drain", "{\"reason\":\"disk\"}"), "\"id\":1"));
	stop_now(w);
	start(w);
	assert_non_null(strstr(ask("GET", "/v1/overrides", ""), "\"reason\":\"disk\""));
	assert_non_null(strstr(ask("GET", "/v1/services", ""), "\"reason\":\"drained\""));
}

static void on_sigterm_it_serves_until_nobody_is_left(void **state)
{
	struct world *w = *state;
	int backend, backend2;
	char got[8] = "";
	int client = talk(w, w->port, &backend);
	kill(getpid(), SIGTERM);
	asked_until("/v1/status", "\"state\":\"stopping\"");
	assert_non_null(strstr(ask("POST", "/v1/reload", ""), "\"code\":\"again\""));
	int late = talk(w, w->port, &backend2); /* whom a DNS cache still sends */
	assert_int_equal(send(backend, "still", 5, 0), 5);
	assert_int_equal(recv(client, got, 5, MSG_WAITALL), 5);
	close(client);
	close(backend);
	close(late);
	close(backend2);
	ends(w); /* after STOP_QUIET_MS, well before the drain time and WAIT_S */
	assert_int_equal(dial(w->port), -1);
}

static void a_start_on_an_address_that_is_taken_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct regiond *second;
	struct err e = { "" };
	char path[PATH_MAX];
	stop_now(w);
	write_usual(w, USUAL, w->backend_port);
	assert_int_equal(regiond_new(&second, load(), &e), ERR_IO);
	assert_non_null(strstr(e.text, "listen on"));
	assert_int_equal(access(certs_path(&fleet, "r.sock", path), F_OK), -1);
}

static int make_fleet(void **state)
{
	certs_init(&fleet, "acme");
	certs_issue(&fleet, IDENTITY_DNSD, NULL, "ns1");
	return 0;
}

static int remove_fleet(void **state)
{
	certs_fini(&fleet);
	return 0;
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_names_what_cannot_be_used_is_refused_with_every_place),
		cmocka_unit_test(a_certificate_that_is_missing_is_refused_with_its_place),
		CLAIM(a_reload_with_mistakes_keeps_the_running_configuration),
		CLAIM(a_reload_moves_a_listener_and_keeps_the_connection),
		CLAIM(a_reload_to_an_address_that_is_taken_changes_nothing),
		CLAIM(a_drain_is_still_there_after_a_restart),
		CLAIM(on_sigterm_it_serves_until_nobody_is_left),
		CLAIM(a_start_on_an_address_that_is_taken_leaves_nothing),
	};
	alarm(120); /* SIGTERM is taken by what is tested */
	return cmocka_run_group_tests(tests, make_fleet, remove_fleet);
}
