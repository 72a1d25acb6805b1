/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about how core/link goes down: silence, bad frames, draining, and being freed. */
#include "tests/unit/core/link_world.h"
#include "tests/unit/fail_alloc.h"

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

	listen_now();
	ssl = connect_raw_tls(&fd);
	assert_int_equal(SSL_write(ssl, "\0\0\0\2\1\0", 6), 6);
	run_until(&world.server, "up(r1)");
	wind(9999);
	assert_int_equal(world.server.downs, 0);
	wind(1);
	run_until(&world.server, "up(r1) down(nothing received for 10000 ms)");
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

static void free_in_refused(void *ctx, const char *who, const struct err *why)
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

/* All that happens until both are up, with the n-th allocation failing in it: either making one of
 * them fails, or the link comes up anyway, by dialling again. */
static void a_failed_allocation_costs_a_try_and_nothing_else(void **state)
{
	bool failed = true;
	unsigned n;

	for (n = 1; failed; n++) {
		enum err_code code;

		buf_clear(&world.client.trace);
		buf_clear(&world.server.trace);
		buf_add_str(&world.client.trace, "-");
		buf_add_str(&world.server.trace, "-");
		fail_alloc_at(n);
		code = link_listen(&world.listener, world.loop, world.server_tls, &any_port,
				   &world.options, &handler, &world.server, NULL);
		if (code == ERR_OK)
			code = link_dial(&world.dialled, world.loop, world.client_tls, "localhost",
					 link_listener_port(world.listener), &world.options,
					 &handler, &world.client, NULL);
		if (code == ERR_OK)
			run_until(&world.client, "up(ns1)");
		failed = fail_alloc_end();
		assert_true(code == ERR_OK || (failed && code == ERR_MEMORY));
		link_free(world.dialled);
		link_listener_free(world.listener);
		world.dialled = NULL;
		world.listener = NULL;
	}
	assert_true(n > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		WITH_WORLD(a_failed_allocation_costs_a_try_and_nothing_else),
	};

	return cmocka_run_group_tests_name("core/link (ends)", tests, make_fleets, remove_fleets);
}
