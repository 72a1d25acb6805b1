/* SPDX-License-Identifier: Apache-2.0 */
/* test_front: a real worker between clients and backends that the test plays itself, over loopback.
 *
 * The worker's clock is wound by hand. Every wait is a blocking call with a limit of WAIT_S; that
 * the worker has done all that came before is told by a connection through it (catch_up()).
 */
#include "regiond/front/front.h"
#include "regiond/front/worker.h"
#include "tests/unit/regiond/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_S 10
#define NAME   "web.example.com"
#define FENCE  "fence.example.com" /* catch_up()'s own */

/* Read by the worker, wound by the test. */
struct hand {
	struct clock clock; /* first */
	_Atomic uint64_t now_us;
};

struct world {
	struct hand hand;
	struct table_ref ref;
	struct table *table;
	struct front *front;
	int backends[2]; /* listening */
	uint16_t ports[2];
	int fence;
	uint16_t fence_port;
};

static uint64_t hand_us(const struct clock *clock)
{
	return atomic_load(&((const struct hand *)clock)->now_us);
}

static void limit_waits(int fd)
{
	const struct timeval limit = { .tv_sec = WAIT_S };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int open_backend(uint16_t *port, int backlog)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	*port = ntohs(sin.sin_port);
	limit_waits(fd);
	return fd;
}

static int dial_at(uint32_t address, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(address) },
				   .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	limit_waits(fd);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

static int dial(uint16_t port)
{
	return dial_at(INADDR_LOOPBACK, port);
}

/* A configuration of both backends, with a listener on `port` (0 = any). */
static struct table *make_named(struct world *w, const char *name, uint32_t max, uint16_t port,
				const struct table *previous)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 WORLD_HEAD "pools:\n"
			    "  p:\n"
			    "    backends:\n"
			    "      - {az: a, address: '127.0.0.1:%u', max: %u}\n"
			    "      - {az: a, address: '127.0.0.1:%u', max: %u}\n"
			    "  f: {backends: [{az: a, address: '127.0.0.1:%u'}]}\n"
			    "services:\n"
			    "  %s:\n"
			    "    listen: ['127.0.0.1:%u']\n"
			    "    protocol: tcp\n"
			    "    routes: [{pool: p}]\n"
			    "  " FENCE ": {listen: ['127.0.0.2:2'], routes: [{pool: f}]}\n",
		 w->ports[0], max, w->ports[1], max, w->fence_port, name, port ? port : 1);
	struct regiond_config *config = world_config(text);
	config->services[0].listen[0].port = port;
	config->services[0].connect_ms = 200;
	config->services[1].listen[0].port = 0;
	struct table *t = NULL;
	struct err e = { "" };
	if (table_new(&t, config, previous, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return t;
}

static struct table *make_table(struct world *w, uint32_t max, uint16_t port,
				const struct table *previous)
{
	return make_named(w, NAME, max, port, previous);
}

static void serve(struct world *w, struct table *t)
{
	struct front_plan *plan;
	struct err e = { "" };
	world_all_up(t);
	if (front_prepare(w->front, t, &plan, &e) != ERR_OK)
		fail_msg("%s", e.text);
	w->table = t;
	assert_int_equal(table_publish(&w->ref, t), ERR_OK);
	assert_int_equal(front_change(w->front, plan), ERR_OK);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e = { "" };
	for (int i = 0; i < 2; i++)
		w->backends[i] = open_backend(&w->ports[i], 16);
	w->fence = open_backend(&w->fence_port, 16);
	w->hand.clock.mono_us = hand_us;
	atomic_store(&w->hand.now_us, clock_mono_us(clock_system()));
	assert_int_equal(front_new(&w->front, 1, &w->ref, &w->hand.clock, &e), ERR_OK);
	*state = w;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int teardown(void **state)
{
	struct world *w = *state;
	front_free(w->front);
	rcu_barrier_wait();
	table_free(w->table);
	for (int i = 0; i < 2; i++)
		close_fd(&w->backends[i]);
	close_fd(&w->fence);
	free(w);
	return 0;
}

static int client_of(struct world *w)
{
	return dial(front_port(w->front, NAME));
}

/* The next connection at either backend; which one in *at. */
static int accept_any(struct world *w, int *at)
{
	fd_set set;
	struct timeval limit = { .tv_sec = WAIT_S };
	FD_ZERO(&set);
	FD_SET(w->backends[0], &set);
	FD_SET(w->backends[1], &set);
	assert_true(select(FD_SETSIZE, &set, NULL, NULL, &limit) > 0);
	*at = FD_ISSET(w->backends[0], &set) ? 0 : 1;
	int fd = accept(w->backends[*at], NULL, NULL);
	assert_true(fd >= 0);
	limit_waits(fd);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hear(int fd, const char *text)
{
	char got[64] = "";
	assert_int_equal(recv(fd, got, strlen(text), MSG_WAITALL), strlen(text));
	assert_string_equal(got, text);
}

static void hears_end(int fd)
{
	char c;
	assert_int_equal(recv(fd, &c, 1, 0), 0);
}

static void hears_reset(int fd)
{
	char c;
	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

/* When a byte has come through, the worker has done what was there before: it takes events in their
 * order, and messages between two batches. */
static void catch_up(struct world *w)
{
	int client = dial_at(INADDR_LOOPBACK + 1, front_port(w->front, FENCE));
	int backend = accept(w->fence, NULL, NULL);
	assert_true(backend >= 0);
	limit_waits(backend);
	say(client, "?");
	hear(backend, "?");
	say(backend, "!");
	hear(client, "!");
	close(client);
	hears_end(backend);
	close(backend);
}

/* So much later, and the worker knows it. */
static void pass(struct world *w, uint64_t ms)
{
	catch_up(w);
	atomic_fetch_add(&w->hand.now_us, ms * 1000);
	catch_up(w);
}

/* What the test has seen on a socket is counted when the worker has caught up. */
static void reaches(struct world *w, _Atomic uint64_t *counter, uint64_t value)
{
	catch_up(w);
	assert_int_equal(atomic_load(counter), value);
}

static struct service *service_of(const struct world *w)
{
	return w->table->services[0].service;
}

static void a_client_talks_with_a_backend_until_both_have_closed(void **state)
{
	struct world *w = *state;
	int at;
	serve(w, make_table(w, 0, 0, NULL));
	int client = client_of(w), backend = accept_any(w, &at);
	say(client, "question");
	hear(backend, "question");
	shutdown(client, SHUT_WR);
	hears_end(backend);
	say(backend, "answer");
	hear(client, "answer");
	close(backend);
	hears_end(client);
	close(client);
	reaches(w, &service_of(w)->ends[SERVICE_DONE], 1);
	assert_int_equal(atomic_load(&service_of(w)->in_flight), 0);
	assert_int_equal(atomic_load(&service_of(w)->arrivals), 1);
	assert_int_equal(atomic_load(&service_of(w)->bytes[SERVICE_FROM_CLIENT]), 8);
	assert_int_equal(atomic_load(&service_of(w)->bytes[SERVICE_FROM_BACKEND]), 6);
	assert_int_equal(atomic_load(&service_of(w)->spoken), 1);
}

/* A connection that says this, and is gone. */
static void comes_and_says(struct world *w, const char *said)
{
	int at, client = client_of(w), backend = accept_any(w, &at);
	if (*said) {
		say(client, said);
		hear(backend, said);
	}
	close(client);
	hears_end(backend);
	close(backend);
}

/* As health checks come: one that only connects, and one of a prober that asks. */
static void a_check_from_outside_is_no_client(void **state)
{
	struct world *w = *state;
	struct addr prober;
	serve(w, make_table(w, 0, 0, NULL));
	comes_and_says(w, "");
	assert_int_equal(addr_parse("127.0.0.1", &prober, NULL), ERR_OK);
	assert_int_equal(checkers_publish(&w->ref.checkers, &prober, 1), ERR_OK);
	comes_and_says(w, "well?");
	reaches(w, &service_of(w)->ends[SERVICE_DONE], 2);
	assert_int_equal(atomic_load(&service_of(w)->arrivals), 1);
	assert_int_equal(atomic_load(&service_of(w)->spoken), 0);
	checkers_free(&w->ref.checkers);
}

static void a_client_that_speaks_first_is_heard_by_the_second_backend_if_one_refuses(void **state)
{
	struct world *w = *state;
	int at, clients[4], backend;
	serve(w, make_table(w, 0, 0, NULL));
	close_fd(&w->backends[0]); /* its port refuses from now on */
	w->backends[0] = open_backend(&(uint16_t){ 0 }, 1);
	for (int i = 0; i < 4; i++) {
		clients[i] = client_of(w);
		say(clients[i], "early");
		backend = accept_any(w, &at);
		assert_int_equal(at, 1);
		hear(backend, "early");
		close(backend);
	}
	assert_true(atomic_load(&w->table->pools[0].slots[0].backend->connect_failures) >= 1);
	for (int i = 0; i < 4; i++)
		close(clients[i]);
}

static void a_backend_that_hangs_is_given_up_for_another(void **state)
{
	struct world *w = *state;
	int at, full[8];
	uint16_t port;
	/* A backlog of one that is full: the kernel drops what more comes. */
	int hung = open_backend(&port, 0);
	for (int i = 0; i < 8; i++) {
		struct sockaddr_in sin = { .sin_family = AF_INET,
					   .sin_addr = { htonl(INADDR_LOOPBACK) },
					   .sin_port = htons(port) };
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(full[i], (struct sockaddr *)&sin, sizeof(sin));
	}
	w->ports[0] = port;
	serve(w, make_table(w, 0, 0, NULL));
	int clients[2], backend[2];
	for (int i = 0; i < 2; i++) { /* one of them meets the hung one first */
		clients[i] = client_of(w);
		pass(w, 200 + 2 * WHEEL_TICK_MS);
		backend[i] = accept_any(w, &at);
		assert_int_equal(at, 1);
	}
	for (int i = 0; i < 2; i++) {
		close(clients[i]);
		close(backend[i]);
	}
	for (int i = 0; i < 8; i++)
		close(full[i]);
	close(hung);
}

static void a_full_pool_resets_the_next_client_and_takes_one_when_a_place_is_free(void **state)
{
	struct world *w = *state;
	int at, clients[2], backends[2];
	serve(w, make_table(w, 1, 0, NULL));
	for (int i = 0; i < 2; i++) {
		clients[i] = client_of(w);
		backends[i] = accept_any(w, &at);
	}
	int third = client_of(w);
	hears_reset(third);
	close(third);
	reaches(w, &service_of(w)->ends[SERVICE_FULL], 1);
	close(clients[0]);
	close(clients[1]);
	close(backends[0]);
	close(backends[1]);
	reaches(w, &service_of(w)->in_flight, 0);
	int fourth = client_of(w), backend = accept_any(w, &at);
	say(backend, "welcome");
	hear(fourth, "welcome");
	close(fourth);
	close(backend);
}

static void a_pool_that_is_down_resets_the_client(void **state)
{
	struct world *w = *state;
	serve(w, make_table(w, 0, 0, NULL));
	for (int i = 0; i < 2; i++)
		backend_set_state(w->table->pools[0].slots[i].backend, BACKEND_DOWN, 1);
	int client = client_of(w);
	hears_reset(client);
	close(client);
	reaches(w, &service_of(w)->ends[SERVICE_DOWN], 1);
}

static void a_backend_that_dies_resets_its_client(void **state)
{
	struct world *w = *state;
	const struct linger now = { .l_onoff = 1 };
	int at;
	serve(w, make_table(w, 0, 0, NULL));
	int client = client_of(w), backend = accept_any(w, &at);
	say(client, "hello");
	hear(backend, "hello");
	setsockopt(backend, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(backend);
	hears_reset(client);
	close(client);
	reaches(w, &service_of(w)->ends[SERVICE_RESET], 1);
	assert_int_equal(atomic_load(&w->table->pools[0].slots[at].backend->in_flight), 0);
}

static void a_connection_on_which_nothing_moves_is_reset(void **state)
{
	struct world *w = *state;
	struct table *t = make_table(w, 0, 0, NULL);
	int at;
	((struct config_region_service *)t->services[0].config)->idle_ms = 100;
	serve(w, t);
	int client = client_of(w), backend = accept_any(w, &at);
	/* Once it is asked what has moved, and then nothing has. */
	pass(w, 300);
	pass(w, 300);
	hears_reset(client);
	hears_reset(backend);
	close(client);
	close(backend);
}

/* Fills what lies between them, without waiting; the number of bytes. */
static size_t pour(struct world *w, int from)
{
	static const char text[65536];
	size_t all = 0;
	for (int quiet = 0; quiet < 3; quiet++) {
		ssize_t n;
		while ((n = send(from, text, sizeof(text), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
			all += (size_t)n;
			quiet = 0;
		}
		catch_up(w);
	}
	return all;
}

static void drain_all(int to, size_t all)
{
	static char text[65536];
	while (all) {
		ssize_t n = recv(to, text, all < sizeof(text) ? all : sizeof(text), 0);
		assert_true(n > 0);
		all -= (size_t)n;
	}
}

static void who_is_owed_bytes_and_lives_is_not_idle(void **state)
{
	struct world *w = *state;
	struct table *t = make_table(w, 0, 0, NULL);
	int at;
	((struct config_region_service *)t->services[0].config)->idle_ms = 1000;
	serve(w, t);
	int client = client_of(w), backend = accept_any(w, &at);
	for (int way = 0; way < 2; way++) { /* a download, an upload */
		size_t all = pour(w, way ? client : backend);
		assert_true(all > 1 << 20);
		for (int i = 0; i < 5; i++)
			pass(w, 5000);
		drain_all(way ? backend : client, all);
	}
	say(client, "still here");
	hear(backend, "still here");
	pass(w, 3000);
	pass(w, 3000);
	hears_reset(client);
	close(client);
	close(backend);
}

static void a_renamed_service_serves_what_its_listener_accepts_meanwhile(void **state)
{
	struct world *w = *state;
	struct front_plan *plan;
	struct err e = { "" };
	int at;
	serve(w, make_table(w, 0, 0, NULL));
	uint16_t port = front_port(w->front, NAME);
	/* The plan asks for the same listener: as written in the configuration. */
	struct table *t = make_named(w, "other.example.com", 0, 0, w->table);
	world_all_up(t);
	assert_int_equal(front_prepare(w->front, t, &plan, &e), ERR_OK);
	w->table = t;
	assert_int_equal(table_publish(&w->ref, t), ERR_OK);
	int client = dial(port), backend = accept_any(w, &at);
	say(client, "meanwhile");
	hear(backend, "meanwhile");
	assert_int_equal(atomic_load(&service_of(w)->arrivals), 1);
	assert_int_equal(front_change(w->front, plan), ERR_OK);
	catch_up(w);
	int second = dial(port), backend2 = accept_any(w, &at);
	say(second, "later");
	hear(backend2, "later");
	assert_int_equal(atomic_load(&service_of(w)->arrivals), 2);
	close(client);
	close(backend);
	close(second);
	close(backend2);
}

static void a_reload_keeps_listeners_and_connections(void **state)
{
	struct world *w = *state;
	int at;
	serve(w, make_table(w, 0, 0, NULL));
	uint16_t before = front_port(w->front, NAME);
	int client = client_of(w), backend = accept_any(w, &at);
	serve(w, make_table(w, 5, 0, w->table));
	assert_int_equal(front_port(w->front, NAME), before);
	say(client, "still here");
	hear(backend, "still here");
	int second = client_of(w), backend2 = accept_any(w, &at);
	say(backend2, "and new ones");
	hear(second, "and new ones");
	close(client);
	close(backend);
	close(second);
	close(backend2);
}

static void a_listener_that_a_reload_drops_is_closed_and_its_connections_stay(void **state)
{
	struct world *w = *state;
	int at;
	uint16_t port;
	serve(w, make_table(w, 0, 0, NULL));
	uint16_t before = front_port(w->front, NAME);
	int client = client_of(w), backend = accept_any(w, &at);
	int spare = open_backend(&port, 1); /* a port that is free for sure */
	close(spare);
	serve(w, make_table(w, 0, port, w->table));
	int second = client_of(w), backend2 = accept_any(w, &at);
	say(client, "still here");
	hear(backend, "still here");
	catch_up(w);
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) },
				   .sin_port = htons(before) };
	int third = socket(AF_INET, SOCK_STREAM, 0);
	bool refused = connect(third, (struct sockaddr *)&sin, sizeof(sin)) != 0;
	close(third);
	assert_true(refused);
	close(client);
	close(backend);
	close(second);
	close(backend2);
}

static void an_address_that_is_taken_is_an_error_that_names_it_and_the_service(void **state)
{
	struct world *w = *state;
	struct front_plan *plan;
	struct err e = { "" };
	char text[32];
	struct table *t = make_table(w, 0, w->ports[0], NULL);
	assert_int_equal(front_prepare(w->front, t, &plan, &e), ERR_IO);
	snprintf(text, sizeof(text), "127.0.0.1:%u", w->ports[0]);
	assert_non_null(strstr(e.text, text));
	assert_non_null(strstr(e.text, NAME));
	table_free(t);
}

/* Takes every descriptor but `left`; how many were taken. */
static int take_descriptors(int *fds, int left)
{
	struct rlimit limit = { .rlim_cur = 128 }, before;
	int n = 0;
	getrlimit(RLIMIT_NOFILE, &before);
	limit.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (n < 128 && (fds[n] = dup(0)) >= 0)
		n++;
	while (left--)
		close(fds[--n]);
	return n;
}

static void without_descriptors_clients_wait_and_nobody_is_turned_away(void **state)
{
	struct world *w = *state;
	int at, fds[128], clients[3], backends[3];
	serve(w, make_table(w, 0, 0, NULL));
	for (int i = 0; i < 3; i++)
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
	/* One is left for the first client; its backend's is the worker's reserve. */
	int n = take_descriptors(fds, 1);
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) },
				   .sin_port = htons(front_port(w->front, NAME)) };
	for (int i = 0; i < 3; i++) {
		limit_waits(clients[i]);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&sin, sizeof(sin)), 0);
	}
	/* When the first one reaches a backend, of the reserve, there is none for the others. */
	struct pollfd any[2] = { { .fd = w->backends[0], .events = POLLIN },
				 { .fd = w->backends[1], .events = POLLIN } };
	assert_int_equal(poll(any, 2, WAIT_S * 1000), 1);
	while (n)
		close(fds[--n]);
	atomic_fetch_add(&w->hand.now_us, 2000 * WORKER_PAUSE_MS);
	for (int i = 0; i < 3; i++)
		backends[i] = accept_any(w, &at);
	assert_true(front_pauses(w->front) > 0);
	assert_int_equal(atomic_load(&service_of(w)->ends[SERVICE_EXHAUSTED]), 0);
	for (int i = 0; i < 3; i++) {
		close(clients[i]);
		close(backends[i]);
	}
}

static void what_is_open_at_the_end_is_reset(void **state)
{
	struct world *w = *state;
	int at;
	serve(w, make_table(w, 0, 0, NULL));
	int client = client_of(w), backend = accept_any(w, &at);
	say(client, "hello");
	hear(backend, "hello");
	assert_int_equal(front_open(w->front), 1);
	front_free(w->front);
	w->front = NULL;
	hears_reset(client);
	hears_reset(backend);
	close(client);
	close(backend);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_client_talks_with_a_backend_until_both_have_closed),
		CLAIM(a_check_from_outside_is_no_client),
		CLAIM(a_client_that_speaks_first_is_heard_by_the_second_backend_if_one_refuses),
		CLAIM(a_backend_that_hangs_is_given_up_for_another),
		CLAIM(a_full_pool_resets_the_next_client_and_takes_one_when_a_place_is_free),
		CLAIM(a_pool_that_is_down_resets_the_client),
		CLAIM(a_backend_that_dies_resets_its_client),
		CLAIM(a_connection_on_which_nothing_moves_is_reset),
		CLAIM(who_is_owed_bytes_and_lives_is_not_idle),
		CLAIM(a_renamed_service_serves_what_its_listener_accepts_meanwhile),
		CLAIM(a_reload_keeps_listeners_and_connections),
		CLAIM(a_listener_that_a_reload_drops_is_closed_and_its_connections_stay),
		CLAIM(an_address_that_is_taken_is_an_error_that_names_it_and_the_service),
		CLAIM(without_descriptors_clients_wait_and_nobody_is_turned_away),
		CLAIM(what_is_open_at_the_end_is_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
