/* SPDX-License-Identifier: Apache-2.0 */
/* link_world: a listener and a dialler on one loop over loopback, for claims about core/link.
 *
 * Everything that the two ends are told goes to their traces; a test runs the loop until a trace
 * holds what it waits for. The clock is wound by hand, a millisecond a turn; sockets are real.
 */
#ifndef FAIRLEAD_TESTS_LINK_WORLD_H
#define FAIRLEAD_TESTS_LINK_WORLD_H

#include "core/buf.h"
#include "core/job.h"
#include "core/link_dial.h"
#include "core/link_listen.h"
#include "core/utf8.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#include <event2/util.h>
#include <sys/socket.h>

static struct certs acme, other;

/* One end of a link and what it was told. */
struct end {
	struct world *world;
	struct link *link;
	struct buf trace; /* "may(ns1) up(ns1) frame(3) down(...) refused(...)" */
	char address[64], refused_who[512], reason[512];
	const char *refuse_with; /* may() says no with this */
	enum err_sub sub;
	unsigned ups, downs, refusals;
	size_t bytes;
};

struct world {
	struct clock_hand hand;
	struct loop *loop;
	struct job_pool *jobs;
	struct link_listener *listener;
	struct link *dialled;
	struct tls *server_tls, *client_tls;
	struct link_options options;
	struct end server, client;
	int done;
};

static struct world world;

/* "WHAT(TEXT) " */
static inline void note(struct end *end, const char *what, const char *text)
{
	buf_printf(&end->trace, "%s(%s) ", what, text);
}

static inline enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	struct end *end = ctx;

	note(end, "may", peer->name);
	return end->refuse_with ? err_set(e, ERR_DENIED, "%s", end->refuse_with) : ERR_OK;
}

static inline void up(void *ctx, struct link *link, const struct identity *peer)
{
	struct end *end = ctx;

	end->link = link;
	end->ups++;
	snprintf(end->address, sizeof(end->address), "%s", link_address(link));
	assert_true(link_is_up(link));
	assert_string_equal(link_peer(link)->name, peer->name);
	note(end, "up", peer->name);
}

static inline void frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct end *end = ctx;
	char text[32];

	end->bytes += len;
	snprintf(text, sizeof(text), "%.*s", len < 20 ? (int)len : 3, (const char *)bytes);
	note(end, "frame", text);
}

static inline void down(void *ctx, struct link *link, const char *reason)
{
	struct end *end = ctx;

	end->downs++;
	snprintf(end->reason, sizeof(end->reason), "%s", reason);
	assert_false(link_is_up(link));
	assert_int_equal(link_send(link, "x", 1), ERR_REFUSED);
	if (link != end->world->dialled)
		end->link = NULL;
	note(end, "down", reason);
}

static inline void refused(void *ctx, const char *who, const struct err *why)
{
	struct end *end = ctx;

	end->refusals++;
	snprintf(end->refused_who, sizeof(end->refused_who), "%s", who);
	utf8_copy(end->reason, sizeof(end->reason), why->text);
	end->sub = why->sub;
	note(end, "refused", why->text);
}

static const struct link_handler handler = { may, up, frame, down, refused };
static const struct endpoint any_port = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } } };

static inline int start(void **state)
{
	static const struct link_options usual = LINK_OPTIONS_DEFAULT;
	struct err e;

	memset(&world, 0, sizeof(world));
	world.options = usual;
	world.options.backoff_min_ms = world.options.backoff_max_ms = 1;
	world.server.world = world.client.world = &world;
	clock_hand_init(&world.hand, 1000000, 0);
	assert_int_equal(loop_new_wound(&world.loop, &world.hand.clock, &e), ERR_OK);
	assert_int_equal(job_pool_new(&world.jobs, world.loop, 1, &e), ERR_OK);
	world.options.jobs = world.jobs;
	world.server_tls = certs_tls(&acme, "ns1", &acme);
	world.client_tls = certs_tls(&acme, "r1", &acme);
	return 0;
}

static inline int finish(void **state)
{
	link_free(world.dialled);
	link_listener_free(world.listener);
	tls_free(world.server_tls);
	tls_free(world.client_tls);
	job_pool_stop(world.jobs, 10000);
	loop_free(world.loop);
	buf_fini(&world.server.trace);
	buf_fini(&world.client.trace);
	return 0;
}

static inline void listen_now(void)
{
	struct err e = { "" };

	if (link_listen(&world.listener, world.loop, world.server_tls, &any_port, &world.options,
			&handler, &world.server, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static inline void dial(const char *host)
{
	struct err e = { "" };

	if (link_dial(&world.dialled, world.loop, world.client_tls, host,
		      link_listener_port(world.listener), &world.options, &handler, &world.client,
		      &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static inline void wind(uint64_t ms)
{
	clock_hand_advance_ms(&world.hand, ms);
	for (int turn = 0; turn < 10; turn++)
		loop_run_once(world.loop);
}

/* Until an end has been told what it waits for. Only a failure takes time. */
static inline void run_until(struct end *end, const char *told)
{
	uint64_t began_us = clock_mono_us(clock_system());

	while (!strstr(buf_text(&end->trace), told)) {
		clock_hand_advance_ms(&world.hand, 1);
		loop_run_once(world.loop);
		if (clock_mono_us(clock_system()) - began_us > 20000000)
			fail_msg("waited for '%s'; server: %s; client: %s", told,
				 buf_text(&world.server.trace), buf_text(&world.client.trace));
	}
}

static inline void both_up(void)
{
	listen_now();
	dial("127.0.0.1");
	run_until(&world.client, "up(ns1)");
	run_until(&world.server, "up(r1)");
}

static inline int connect_plain(void)
{
	struct endpoint at = any_port;
	struct sockaddr_storage sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.port = link_listener_port(world.listener);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, endpoint_to_sockaddr(&at, &sa)), 0);
	return fd;
}

/* A client that speaks TLS by hand, blocking, against the loop in steps. */
static inline SSL *connect_raw_tls(int *fd)
{
	SSL *ssl = tls_connect(world.client_tls);

	*fd = connect_plain();
	SSL_set_fd(ssl, *fd);
	evutil_make_socket_nonblocking(*fd);
	for (int i = 0; i < 100000 && SSL_do_handshake(ssl) != 1; i++)
		loop_run_once(world.loop);
	assert_true(SSL_is_init_finished(ssl));
	return ssl;
}

static inline void raw_frames_are_answered_with(const char *bytes, size_t len, const char *told)
{
	int fd;
	SSL *ssl = connect_raw_tls(&fd);

	assert_int_equal(SSL_write(ssl, bytes, (int)len), len);
	run_until(&world.server, told);
	SSL_free(ssl);
	close(fd);
}

static inline int make_fleets(void **state)
{
	certs_init(&acme, "acme");
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&acme, IDENTITY_REGIOND, "eu", "r1");
	certs_init(&other, "acme");
	certs_issue(&other, IDENTITY_REGIOND, "eu", "r1");
	return 0;
}

static inline int remove_fleets(void **state)
{
	certs_fini(&acme);
	certs_fini(&other);
	return 0;
}

#define WITH_WORLD(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

#endif
