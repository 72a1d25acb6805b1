/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/link, over loopback sockets; a timer of the loop bounds each. */
#include "core/buf.h"
#include "core/link.h"
#include "core/socket.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct certs acme, other;

/* One end of a link and what it was told. */
struct end {
	struct world *world;
	struct link *link;
	struct buf trace; /* "may(ns1) up(ns1) frame(3) down(...) refused(...)" */
	char address[64], refused_who[512], reason[512];
	const char *refuse_with; /* may() says no with this */
	const char *stop_after;	 /* the loop stops when the trace ends with this */
	unsigned ups, downs, refusals;
	size_t bytes;
};

struct world {
	struct loop *loop;
	struct loop_timer *guard;
	struct link_listener *listener;
	struct link *dialled;
	struct tls *server_tls, *client_tls;
	struct link_options options;
	struct end server, client;
	bool timed_out;
	int done;
};

static struct world world;

static void on_guard(void *arg)
{
	world.timed_out = true;
	loop_stop(world.loop);
}

/* "WHAT(TEXT) " */
static void note(struct end *end, const char *what, const char *text)
{
	buf_printf(&end->trace, "%s(%s) ", what, text);
	if (end->stop_after && strstr(buf_text(&end->trace), end->stop_after))
		loop_stop(end->world->loop);
}

static enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	struct end *end = ctx;

	note(end, "may", peer->name);
	return end->refuse_with ? err_set(e, ERR_DENIED, "%s", end->refuse_with) : ERR_OK;
}

static void up(void *ctx, struct link *link, const struct identity *peer)
{
	struct end *end = ctx;

	end->link = link;
	end->ups++;
	snprintf(end->address, sizeof(end->address), "%s", link_address(link));
	assert_true(link_is_up(link));
	assert_string_equal(link_peer(link)->name, peer->name);
	note(end, "up", peer->name);
}

static void frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct end *end = ctx;
	char text[32];

	end->bytes += len;
	snprintf(text, sizeof(text), "%.*s", len < 20 ? (int)len : 3, (const char *)bytes);
	note(end, "frame", text);
}

static void down(void *ctx, struct link *link, const char *reason)
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

static void refused(void *ctx, const char *who, const char *reason)
{
	struct end *end = ctx;

	end->refusals++;
	snprintf(end->refused_who, sizeof(end->refused_who), "%s", who);
	snprintf(end->reason, sizeof(end->reason), "%s", reason);
	note(end, "refused", reason);
}

static const struct link_handler handler = { may, up, frame, down, refused };
static const struct endpoint any_port = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } } };

static int start(void **state)
{
	static const struct link_options usual = LINK_OPTIONS_DEFAULT;
	struct err e;

	memset(&world, 0, sizeof(world));
	world.options = usual;
	world.options.backoff_min_ms = world.options.backoff_max_ms = 1;
	world.server.world = world.client.world = &world;
	assert_int_equal(loop_new(&world.loop, &e), ERR_OK);
	assert_int_equal(loop_timer_new(world.loop, &world.guard, on_guard, NULL), ERR_OK);
	world.server_tls = certs_tls(&acme, "ns1", &acme);
	world.client_tls = certs_tls(&acme, "r1", &acme);
	return 0;
}

static int finish(void **state)
{
	link_free(world.dialled);
	link_listener_free(world.listener);
	tls_free(world.server_tls);
	tls_free(world.client_tls);
	loop_timer_free(world.guard);
	loop_free(world.loop);
	buf_fini(&world.server.trace);
	buf_fini(&world.client.trace);
	return 0;
}

static void listen_now(void)
{
	struct err e = { "" };

	if (link_listen(&world.listener, world.loop, world.server_tls, &any_port, &world.options,
			&handler, &world.server, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static void dial(const char *host)
{
	struct err e = { "" };

	if (link_dial(&world.dialled, world.loop, world.client_tls, host,
		      link_listener_port(world.listener), &world.options, &handler, &world.client,
		      &e) != ERR_OK)
		fail_msg("%s", e.text);
}

/* Until an end has been told what it waits for. */
static void run_until(struct end *end, const char *told)
{
	end->stop_after = told;
	if (!strstr(buf_text(&end->trace), told)) {
		loop_timer_after(world.guard, 10000);
		loop_run(world.loop);
		loop_timer_stop(world.guard);
	}
	end->stop_after = NULL;
	if (world.timed_out)
		fail_msg("waited for '%s'; server: %s; client: %s", told,
			 buf_text(&world.server.trace), buf_text(&world.client.trace));
}

static void both_up(void)
{
	listen_now();
	dial("127.0.0.1");
	run_until(&world.client, "up(ns1)");
	run_until(&world.server, "up(r1)");
}

static void both_ends_are_up_and_know_each_other(void **state)
{
	char expected[64];

	both_up();
	assert_string_equal(buf_text(&world.server.trace), "may(r1) up(r1) ");
	assert_string_equal(buf_text(&world.client.trace), "may(ns1) up(ns1) ");
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", link_listener_port(world.listener));
	assert_string_equal(link_address(world.dialled), expected);
	assert_memory_equal(world.server.address, "127.0.0.1:", 10);
}

static void frames_go_both_ways_in_order(void **state)
{
	both_up();
	assert_int_equal(link_send(world.dialled, "one", 3), ERR_OK);
	assert_int_equal(link_send(world.dialled, "two", 3), ERR_OK);
	assert_int_equal(link_send(world.server.link, "back", 4), ERR_OK);
	run_until(&world.server, "frame(one) frame(two)");
	run_until(&world.client, "frame(back)");
}

static void a_frame_of_the_largest_size_passes_and_no_larger_one(void **state)
{
	uint8_t *bytes = calloc(1, world.options.frame_max + 1);

	both_up();
	memcpy(bytes, "big", 3);
	assert_int_equal(link_send(world.dialled, bytes, world.options.frame_max + 1), ERR_LIMIT);
	assert_int_equal(link_send(world.dialled, bytes, 0), ERR_INPUT);
	assert_true(link_is_up(world.dialled));
	assert_int_equal(link_send(world.dialled, bytes, world.options.frame_max), ERR_OK);
	run_until(&world.server, "frame(big)");
	assert_int_equal(world.server.bytes, world.options.frame_max);
	free(bytes);
}

static void a_name_is_resolved_without_stopping_the_loop(void **state)
{
	listen_now();
	dial("localhost");
	run_until(&world.client, "up(ns1)");
}

static void a_name_that_does_not_exist_is_reported(void **state)
{
	listen_now();
	dial("no-such-host.invalid");
	run_until(&world.client, "refused(resolve no-such-host.invalid: ");
	assert_memory_equal(world.client.refused_who, "no-such-host.invalid:", 21);
}

static void freeing_a_link_while_it_resolves_is_fine(void **state)
{
	listen_now();
	dial("localhost");
	loop_run_once(world.loop);
	link_free(world.dialled);
	world.dialled = NULL;
	loop_run_once(world.loop);
	assert_string_equal(buf_text(&world.client.trace), "");
}

static void a_dialler_tries_until_somebody_listens(void **state)
{
	struct endpoint at = any_port;
	struct err e;
	int fd;

	/* A port that is ours and that nobody listens on. */
	assert_int_equal(socket_listen(&at, &fd, &e), ERR_OK);
	assert_int_equal(socket_local(fd, &at, &e), ERR_OK);
	close(fd);
	assert_int_equal(link_dial(&world.dialled, world.loop, world.client_tls, "127.0.0.1",
				   at.port, &world.options, &handler, &world.client, &e),
			 ERR_OK);
	run_until(&world.client, "refused(Connection refused) refused(Connection refused)");
	assert_int_equal(link_listen(&world.listener, world.loop, world.server_tls, &at,
				     &world.options, &handler, &world.server, &e),
			 ERR_OK);
	run_until(&world.client, "up(ns1)");
}

static void both_sides_learn_that_the_listener_refused_the_owner(void **state)
{
	world.server.refuse_with = "region eu reports from r2 already";
	listen_now();
	dial("127.0.0.1");
	run_until(&world.client, "refused(the peer refused us: region eu reports from r2 already)");
	assert_string_equal(world.server.reason, "region eu reports from r2 already");
	assert_non_null(strstr(world.server.refused_who, " (spiffe://acme/regiond/eu/r1)"));
	assert_non_null(strstr(world.client.refused_who, " (spiffe://acme/dnsd/ns1)"));
	assert_int_equal(world.client.ups + world.server.ups, 0);
}

static void both_sides_learn_that_the_dialler_refused_the_owner(void **state)
{
	world.client.refuse_with = "not a dnsd";
	listen_now();
	dial("127.0.0.1");
	run_until(&world.server, "refused(the peer refused us: not a dnsd)");
	assert_non_null(strstr(buf_text(&world.client.trace), "refused(not a dnsd)"));
	assert_int_equal(world.client.ups + world.server.ups, 0);
}

static void both_sides_learn_of_a_wrong_authority(void **state)
{
	tls_free(world.client_tls);
	world.client_tls = certs_tls(&other, "r1", &acme);
	listen_now();
	dial("127.0.0.1");
	run_until(&world.client, "refused(the peer refused our certificate: it is of a CA that");
	run_until(&world.server, "refused(the peer's certificate is not good: ");
	assert_null(strstr(world.server.refused_who, "spiffe"));
	assert_int_equal(world.client.ups + world.server.ups, 0);
}

static void both_sides_learn_that_the_dialler_knows_another_authority(void **state)
{
	tls_free(world.client_tls);
	world.client_tls = certs_tls(&acme, "r1", &other);
	listen_now();
	dial("127.0.0.1");
	run_until(&world.client, "refused(the peer's certificate is not good: ");
	run_until(&world.server, "refused(the peer refused our certificate: it is of a CA that");
	assert_int_equal(world.client.ups + world.server.ups, 0);
}

/* ---- a peer that is not a link */

static int connect_plain(void)
{
	struct endpoint at = any_port;
	struct sockaddr_storage sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.port = link_listener_port(world.listener);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, endpoint_to_sockaddr(&at, &sa)), 0);
	return fd;
}

static void a_peer_that_does_not_speak_tls_is_refused(void **state)
{
	int fd;

	listen_now();
	fd = connect_plain();
	assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
	run_until(&world.server, "refused(the peer speaks HTTP in the clear, not TLS)");
	close(fd);
}

static void a_peer_that_says_nothing_is_refused_in_time(void **state)
{
	int fd;

	world.options.handshake_ms = 20;
	listen_now();
	fd = connect_plain();
	run_until(&world.server, "refused(no answer within 20 ms)");
	close(fd);
}

static void a_peer_that_leaves_in_the_handshake_is_reported(void **state)
{
	listen_now();
	close(connect_plain());
	run_until(&world.server, "refused(closed by the peer before it had accepted us)");
}

static void there_are_no_more_links_than_allowed(void **state)
{
	int fd;

	world.options.links_max = 1;
	both_up();
	fd = connect_plain();
	run_until(&world.server, "refused(there are 1 links already)");
	close(fd);
	assert_true(link_is_up(world.dialled));
	link_close(world.dialled, "make room");
	run_until(&world.server, "down(closed by the peer) may(r1) up(r1)");
}

/* A client that speaks TLS by hand, blocking, against the loop in steps. */
static SSL *connect_raw_tls(int *fd)
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

static void raw_frames_are_answered_with(const char *bytes, size_t len, const char *told)
{
	int fd;
	SSL *ssl = connect_raw_tls(&fd);

	assert_int_equal(SSL_write(ssl, bytes, (int)len), len);
	run_until(&world.server, told);
	SSL_free(ssl);
	close(fd);
}

static void bytes_that_are_no_link_are_refused(void **state)
{
	listen_now();
	raw_frames_are_answered_with("\0\0\0\0", 4, "refused(a frame of length 0)");
	raw_frames_are_answered_with("\0\0\1\0", 4,
				     "refused(a frame of 256 bytes, at most 202 are allowed)");
	raw_frames_are_answered_with("\0\0\0\2\7\0", 6, "it speaks version 7 of links");
}

static void a_bad_frame_takes_an_open_link_down(void **state)
{
	listen_now();
	raw_frames_are_answered_with("\0\0\0\2\1\0\0\0\0\3abc\0\0\0\0", 17,
				     "up(r1) frame(abc) down(a frame of length 0)");
	raw_frames_are_answered_with(
		"\0\0\0\2\1\0\xff\0\0\0", 10,
		"down(a frame of 4278190080 bytes, at most 1048576 are allowed)");
}

static void a_peer_that_falls_silent_is_down(void **state)
{
	SSL *ssl;
	int fd;

	world.options.idle_ms = 20;
	listen_now();
	ssl = connect_raw_tls(&fd);
	assert_int_equal(SSL_write(ssl, "\0\0\0\2\1\0", 6), 6);
	run_until(&world.server, "up(r1) down(nothing received for 20 ms)");
	SSL_free(ssl);
	close(fd);
}

static void a_peer_that_does_not_read_is_stuck(void **state)
{
	uint8_t *bytes = calloc(1, 1 << 20);
	enum err_code code = ERR_OK;
	SSL *ssl;
	int fd;

	listen_now();
	ssl = connect_raw_tls(&fd);
	assert_int_equal(SSL_write(ssl, "\0\0\0\2\1\0", 6), 6);
	run_until(&world.server, "up(r1)");
	for (int i = 0; i < 1000 && code == ERR_OK; i++) {
		code = link_send(world.server.link, bytes, 1 << 20);
		if (code == ERR_OK)
			loop_run_once(world.loop);
	}
	assert_int_equal(code, ERR_LIMIT);
	assert_int_equal(world.server.downs, 0); /* later, not from inside our call */
	run_until(&world.server, "down(the peer is stuck: ");
	SSL_free(ssl);
	close(fd);
	free(bytes);
}

/* ---- closing */

static void a_closed_link_is_dialled_again(void **state)
{
	both_up();
	link_close(world.dialled, "operator's wish");
	assert_int_equal(world.client.downs, 0);
	assert_int_equal(link_send(world.dialled, "x", 1), ERR_REFUSED);
	run_until(&world.client, "down(operator's wish)");
	run_until(&world.server, "down(closed by the peer)");
	run_until(&world.client, "up(ns1) down(operator's wish) may(ns1) up(ns1)");
}

static void a_listener_that_closes_is_dialled_again(void **state)
{
	both_up();
	link_close(world.server.link, "too many");
	run_until(&world.client, "down(closed by the peer) may(ns1) up(ns1)");
}

static void count_done(void *arg)
{
	world.done++;
	note(&world.client, "done", "");
}

static void draining_sends_all_before_it_closes(void **state)
{
	uint8_t *bytes = calloc(1, 1 << 20);

	both_up();
	for (int i = 0; i < 3; i++)
		assert_int_equal(link_send(world.dialled, bytes, 1 << 20), ERR_OK);
	assert_int_equal(link_send(world.dialled, "last", 4), ERR_OK);
	/* What comes the other way must not turn our close into a reset. */
	assert_int_equal(link_send(world.server.link, bytes, 1 << 20), ERR_OK);
	link_drain(world.dialled, 5000, count_done, NULL);
	assert_int_equal(link_send(world.dialled, "x", 1), ERR_REFUSED);
	run_until(&world.client, "down(drained)");
	assert_non_null(
		strstr(buf_text(&world.server.trace), "frame(last) down(closed by the peer)"));
	assert_int_equal(world.server.bytes, (3 << 20) + 4);
	assert_int_equal(world.done, 1);
	assert_non_null(strstr(buf_text(&world.client.trace), "done() down(drained)"));
	for (int i = 0; i < 20; i++)
		loop_run_once(world.loop);
	assert_int_equal(world.client.ups, 1); /* not dialled again */
	free(bytes);
}

static void draining_an_empty_queue_ends_too(void **state)
{
	both_up();
	link_drain(world.server.link, 5000, count_done, NULL);
	run_until(&world.server, "down(drained)");
	assert_int_equal(world.done, 1);
}

static void draining_ends_in_time_when_the_peer_does_not_read(void **state)
{
	uint8_t *bytes = calloc(1, 1 << 20);
	SSL *ssl;
	int fd;

	world.options.queue_max = 64 << 20;
	listen_now();
	ssl = connect_raw_tls(&fd);
	assert_int_equal(SSL_write(ssl, "\0\0\0\2\1\0", 6), 6);
	run_until(&world.server, "up(r1)");
	for (int i = 0; i < 20; i++)
		assert_int_equal(link_send(world.server.link, bytes, 1 << 20), ERR_OK);
	link_drain(world.server.link, 20, count_done, NULL);
	run_until(&world.server, "down(drained, but ");
	assert_int_equal(world.done, 1);
	SSL_free(ssl);
	close(fd);
	free(bytes);
}

static void draining_a_link_that_is_not_up_is_done_at_once(void **state)
{
	listen_now();
	dial("127.0.0.1");
	link_drain(world.dialled, 5000, count_done, NULL);
	assert_int_equal(world.done, 0);
	run_until(&world.client, "done");
	assert_string_equal(buf_text(&world.client.trace), "done() ");
}

/* ---- freeing from inside */

static void free_in_frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	link_free(link);
	world.dialled = NULL;
	note(ctx, "freed", "");
}

static void free_in_up(void *ctx, struct link *link, const struct identity *peer)
{
	free_in_frame(ctx, link, NULL, 0);
}

static void free_in_down(void *ctx, struct link *link, const char *reason)
{
	free_in_frame(ctx, link, NULL, 0);
}

static void free_in_refused(void *ctx, const char *who, const char *reason)
{
	free_in_frame(ctx, world.dialled, NULL, 0);
}

static enum err_code free_in_may(void *ctx, const struct identity *peer, struct err *e)
{
	free_in_frame(ctx, world.dialled, NULL, 0);
	return ERR_OK;
}

static void dial_with(const struct link_handler *special)
{
	listen_now();
	assert_int_equal(link_dial(&world.dialled, world.loop, world.client_tls, "127.0.0.1",
				   link_listener_port(world.listener), &world.options, special,
				   &world.client, NULL),
			 ERR_OK);
}

static void a_link_may_be_freed_in_each_of_its_callbacks(void **state)
{
	struct link_handler special[5] = { handler, handler, handler, handler, handler };

	special[0].may = free_in_may;
	special[1].up = free_in_up;
	special[2].frame = free_in_frame;
	special[3].down = free_in_down;
	special[4].refused = free_in_refused;
	for (int i = 0; i < 5; i++) {
		dial_with(&special[i]);
		world.server.refuse_with = i == 4 ? "no" : NULL;
		if (i == 2 || i == 3)
			run_until(&world.server, "up(r1)");
		if (i == 2)
			assert_int_equal(link_send(world.server.link, "x", 1), ERR_OK);
		if (i == 3)
			link_close(world.server.link, "bye");
		run_until(&world.client, "freed");
		link_listener_free(world.listener);
		world.listener = NULL;
		buf_clear(&world.client.trace);
		buf_clear(&world.server.trace);
	}
}

static void free_listener_in_frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	link_listener_free(world.listener);
	world.listener = NULL;
	note(ctx, "freed", "");
}

static void a_listener_may_be_freed_in_a_callback_of_its_link(void **state)
{
	struct link_handler special = handler;

	special.frame = free_listener_in_frame;
	assert_int_equal(link_listen(&world.listener, world.loop, world.server_tls, &any_port,
				     &world.options, &special, &world.server, NULL),
			 ERR_OK);
	dial("127.0.0.1");
	run_until(&world.client, "up(ns1)");
	assert_int_equal(link_send(world.dialled, "x", 1), ERR_OK);
	assert_int_equal(link_send(world.dialled, "y", 1), ERR_OK);
	run_until(&world.server, "freed");
	run_until(&world.client, "down(");
	assert_int_equal(world.server.downs, 0);
}

static void a_port_that_is_taken_is_named(void **state)
{
	struct link_listener *second;
	struct endpoint at = any_port;
	struct err e;

	listen_now();
	at.port = link_listener_port(world.listener);
	assert_int_equal(
		link_listen(&second, world.loop, world.server_tls, &at, NULL, &handler, NULL, &e),
		ERR_IO);
	assert_memory_equal(e.text, "listen on 127.0.0.1:", 20);
	assert_non_null(strstr(e.text, ": Address already in use"));
}

static void a_listener_out_of_descriptors_pauses_and_recovers(void **state)
{
	struct rlimit before, none;
	int fd, spare;

	listen_now();
	fd = connect_plain();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	spare = dup(fd);
	none = before;
	none.rlim_cur = (rlim_t)spare; /* the next descriptor is one too many */
	close(spare);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	run_until(&world.server, "refused(Too many open files)");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(world.server.refusals, 1); /* it did not spin */
	dial("127.0.0.1");
	run_until(&world.client, "up(ns1)");
	close(fd);
}

static void nonsense_cannot_be_dialled(void **state)
{
	struct err e;

	assert_int_equal(link_dial(&world.dialled, world.loop, world.client_tls, "", 1, NULL,
				   &handler, NULL, &e),
			 ERR_INPUT);
	assert_int_equal(link_dial(&world.dialled, world.loop, world.client_tls, "a", 0, NULL,
				   &handler, NULL, &e),
			 ERR_INPUT);
	assert_string_equal(e.text, "dial 'a' port 0: expected a host and a port");
}

static int make_fleets(void **state)
{
	certs_init(&acme, "acme");
	certs_issue(&acme, IDENTITY_DNSD, NULL, "ns1");
	certs_issue(&acme, IDENTITY_REGIOND, "eu", "r1");
	certs_init(&other, "acme");
	certs_issue(&other, IDENTITY_REGIOND, "eu", "r1");
	return 0;
}

static int remove_fleets(void **state)
{
	certs_fini(&acme);
	certs_fini(&other);
	return 0;
}

#define WITH_WORLD(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(both_ends_are_up_and_know_each_other),
		WITH_WORLD(frames_go_both_ways_in_order),
		WITH_WORLD(a_frame_of_the_largest_size_passes_and_no_larger_one),
		WITH_WORLD(a_name_is_resolved_without_stopping_the_loop),
		WITH_WORLD(a_name_that_does_not_exist_is_reported),
		WITH_WORLD(freeing_a_link_while_it_resolves_is_fine),
		WITH_WORLD(a_dialler_tries_until_somebody_listens),
		WITH_WORLD(both_sides_learn_that_the_listener_refused_the_owner),
		WITH_WORLD(both_sides_learn_that_the_dialler_refused_the_owner),
		WITH_WORLD(both_sides_learn_of_a_wrong_authority),
		WITH_WORLD(both_sides_learn_that_the_dialler_knows_another_authority),
		WITH_WORLD(a_peer_that_does_not_speak_tls_is_refused),
		WITH_WORLD(a_peer_that_says_nothing_is_refused_in_time),
		WITH_WORLD(a_peer_that_leaves_in_the_handshake_is_reported),
		WITH_WORLD(there_are_no_more_links_than_allowed),
		WITH_WORLD(bytes_that_are_no_link_are_refused),
		WITH_WORLD(a_bad_frame_takes_an_open_link_down),
		WITH_WORLD(a_peer_that_falls_silent_is_down),
		WITH_WORLD(a_peer_that_does_not_read_is_stuck),
		WITH_WORLD(a_closed_link_is_dialled_again),
		WITH_WORLD(a_listener_that_closes_is_dialled_again),
		WITH_WORLD(draining_sends_all_before_it_closes),
		WITH_WORLD(draining_an_empty_queue_ends_too),
		WITH_WORLD(draining_ends_in_time_when_the_peer_does_not_read),
		WITH_WORLD(draining_a_link_that_is_not_up_is_done_at_once),
		WITH_WORLD(a_link_may_be_freed_in_each_of_its_callbacks),
		WITH_WORLD(a_listener_may_be_freed_in_a_callback_of_its_link),
		WITH_WORLD(a_port_that_is_taken_is_named),
		WITH_WORLD(a_listener_out_of_descriptors_pauses_and_recovers),
		WITH_WORLD(nonsense_cannot_be_dialled),
	};

	return cmocka_run_group_tests_name("core/link", tests, make_fleets, remove_fleets);
}
