/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about who gets a place at a listener of links: a verified peer, whoever else comes. */
#include "tests/unit/core/link_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

enum { CROWD = 300, TURNS = 20000 };

static int crowd[CROWD];

static void open_all(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		crowd[i] = connect_plain();
		evutil_make_socket_nonblocking(crowd[i]);
	}
}

static void close_all(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		close(crowd[i]);
}

static bool is_closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

/* Who was closed comes again at once. Returns how many were. */
static unsigned reopen(unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!is_closed(crowd[i]))
			continue;
		close(crowd[i]);
		crowd[i] = connect_plain();
		evutil_make_socket_nonblocking(crowd[i]);
		count++;
	}
	return count;
}

static void silent_connections_have_few_places(void **state)
{
	world.options.per_source_max = 32;
	listen_now();
	open_all(CROWD);
	for (int turn = 0; turn < 1000; turn++)
		wind(1);
	assert_int_equal(link_listener_unverified(world.listener), 32);
	assert_int_equal(world.server.sub, ERR_SUB_UNVERIFIED);
	close_all(CROWD);
}

/* From the same address as the crowd, which comes again and again. */
static void a_peer_links_through_a_crowd_that_comes_again(void **state)
{
	unsigned reopened = 0;

	world.options.per_source_max = 32;
	listen_now();
	open_all(CROWD);
	for (int turn = 0; turn < 100; turn++) {
		wind(1);
		reopened += reopen(CROWD);
	}
	assert_true(reopened > 0);
	dial("127.0.0.1");
	for (int turn = 0; turn < TURNS && !world.client.ups; turn++) {
		clock_hand_advance_ms(&world.hand, 1);
		loop_run_once(world.loop);
		reopen(CROWD);
	}
	assert_int_equal(world.client.ups, 1);
	for (int turn = 0; turn < 500; turn++) {
		wind(1);
		reopen(CROWD);
	}
	assert_true(link_is_up(world.dialled));
	assert_int_equal(link_listener_verified(world.listener), 1);
	close_all(CROWD);
}

/* 20 a batch, and a rest of 10 ms after it. */
static void a_crowd_costs_a_bounded_part_of_the_time(void **state)
{
	world.options.per_source_max = 32;
	listen_now();
	open_all(CROWD);
	wind(0);
	world.server.refusals = 0;
	for (int ms = 0; ms < 50; ms++)
		wind(1);
	assert_in_range(world.server.refusals, 20, 6 * 20);
	close_all(CROWD);
}

/* The listener sees two sources: the crowd's, and ours, which has a place whoever crowds. */
static void one_source_does_not_take_the_places_of_another(void **state)
{
	struct sockaddr_in elsewhere = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct endpoint at = any_port;
	struct sockaddr_storage sa;

	world.options.per_source_max = 16;
	listen_now();
	at.port = link_listener_port(world.listener);
	inet_pton(AF_INET, "127.0.0.9", &elsewhere.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, endpoint_to_sockaddr(&at, &sa)), 0);
	wind(0);
	open_all(CROWD);
	for (int ms = 0; ms < 500; ms++)
		wind(1);
	assert_int_equal(link_listener_unverified(world.listener), 17);
	assert_false(is_closed(fd));
	close(fd);
	close_all(CROWD);
}

static void who_has_spoken_is_kept_before_the_silent(void **state)
{
	world.options.unverified_max = 8;
	listen_now();
	open_all(1);
	assert_int_equal(send(crowd[0], "\x16\x03\x01\x00\x20", 5, 0), 5);
	wind(0);
	for (unsigned i = 1; i < 12; i++) {
		crowd[i] = connect_plain();
		wind(1);
	}
	assert_int_equal(link_listener_unverified(world.listener), 8);
	assert_false(is_closed(crowd[0])); /* the oldest */
	assert_true(is_closed(crowd[1]));
	assert_false(is_closed(crowd[11]));
	close_all(12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(silent_connections_have_few_places),
		WITH_WORLD(a_peer_links_through_a_crowd_that_comes_again),
		WITH_WORLD(a_crowd_costs_a_bounded_part_of_the_time),
		WITH_WORLD(one_source_does_not_take_the_places_of_another),
		WITH_WORLD(who_has_spoken_is_kept_before_the_silent),
	};

	return cmocka_run_group_tests_name("core/link_listen", tests, make_fleets, remove_fleets);
}
