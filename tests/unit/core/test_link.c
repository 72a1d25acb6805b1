/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about how core/link comes up, carries frames, and refuses. */
#include "core/socket.h"
#include "tests/unit/core/link_world.h"

#include <openssl/err.h>
#include <sys/resource.h>

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

/* What a refused client has sent meanwhile must not reset the connection before it has read why. */
static void the_reason_of_a_refusal_is_not_overtaken_by_a_reset(void **state)
{
	char bytes[4096] = { 0 }, reason[256] = "";
	SSL *ssl;
	int fd, result;

	tls_free(world.client_tls);
	world.client_tls = certs_tls(&other, "r1", &acme);
	listen_now();
	ssl = connect_raw_tls(&fd);
	assert_int_equal(SSL_write(ssl, bytes, sizeof(bytes)), sizeof(bytes));
	run_until(&world.server, "refused(");
	for (int turn = 0; turn < 10; turn++)
		loop_run_once(world.loop);
	result = SSL_read(ssl, bytes, 1);
	if (SSL_get_error(ssl, result) == SSL_ERROR_SSL)
		tls_explain(ssl, ERR_peek_last_error(), reason, sizeof(reason));
	assert_non_null(strstr(reason, "the peer refused our certificate"));
	SSL_free(ssl);
	close(fd);
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

	listen_now();
	fd = connect_plain();
	wind(0);
	wind(4999);
	assert_int_equal(world.server.refusals, 0);
	wind(1);
	run_until(&world.server, "refused(no answer within 5000 ms)");
	close(fd);
}

static void a_peer_that_leaves_in_the_handshake_is_reported(void **state)
{
	listen_now();
	close(connect_plain());
	run_until(&world.server, "refused(closed by the peer before it had accepted us)");
}

static void bytes_that_are_no_link_are_refused(void **state)
{
	listen_now();
	raw_frames_are_answered_with("\0\0\0\0", 4, "refused(a frame of length 0)");
	raw_frames_are_answered_with("\0\0\1\0", 4,
				     "refused(a frame of 256 bytes, at most 202 are allowed)");
	raw_frames_are_answered_with("\0\0\0\2\7\0", 6, "it speaks version 7 of links");
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

static void second_link_is_refused(void)
{
	SSL *ssl;
	int fd;

	ssl = connect_raw_tls(&fd);
	run_until(&world.server, "refused(there are 1 links already)");
	assert_int_equal(world.server.sub, ERR_SUB_CROWDED);
	SSL_free(ssl);
	close(fd);
}

static void there_are_no_more_links_than_allowed(void **state)
{
	int fd;

	world.options.links_max = 1;
	both_up();
	fd = connect_plain();
	loop_run_once(world.loop); /* a stranger takes no place */
	assert_int_equal(link_listener_verified(world.listener), 1);
	second_link_is_refused();
	close(fd);
	assert_true(link_is_up(world.dialled));
	link_close(world.dialled, "make room");
	run_until(&world.server, "down(closed by the peer) may(r1) up(r1)");
}

/* ---- how an accepted link carries its owner */

static void a_link_carries_its_owner(void **state)
{
	struct end owner = { .world = &world };

	both_up();
	link_set_ctx(world.server.link, &owner);
	assert_int_equal(link_send(world.dialled, "one", 3), ERR_OK);
	run_until(&owner, "frame(one)");
	link_close(world.dialled, "bye");
	run_until(&owner, "down(closed by the peer)");
	run_until(&world.server, "may(r1) up(r1) may(r1) up(r1)"); /* the next one is new */
	buf_fini(&owner.trace);
}

static void a_certificate_of_another_fleet_is_told_by_a_code(void **state)
{
	static struct certs rival;

	certs_init(&rival, "rival");
	certs_issue(&rival, IDENTITY_REGIOND, "eu", "r1");
	tls_free(world.server_tls);
	tls_free(world.client_tls);
	world.server_tls = certs_tls(&acme, "ns1", &rival); /* its CA is good here */
	world.client_tls = certs_tls(&rival, "r1", &acme);
	listen_now();
	dial("127.0.0.1");
	run_until(&world.client, "refused(");
	assert_int_equal(world.client.sub, ERR_SUB_FLEET);
	certs_fini(&rival);
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
	for (int turn = 0; turn < 10; turn++)
		loop_run_once(world.loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(world.server.refusals, 0); /* the log says so */
	dial("127.0.0.1");
	run_until(&world.client, "up(ns1)");
	close(fd);
}

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
		WITH_WORLD(the_reason_of_a_refusal_is_not_overtaken_by_a_reset),
		WITH_WORLD(both_sides_learn_that_the_dialler_knows_another_authority),
		WITH_WORLD(a_peer_that_does_not_speak_tls_is_refused),
		WITH_WORLD(a_peer_that_says_nothing_is_refused_in_time),
		WITH_WORLD(a_peer_that_leaves_in_the_handshake_is_reported),
		WITH_WORLD(bytes_that_are_no_link_are_refused),
		WITH_WORLD(nonsense_cannot_be_dialled),
		WITH_WORLD(a_port_that_is_taken_is_named),
		WITH_WORLD(there_are_no_more_links_than_allowed),
		WITH_WORLD(a_link_carries_its_owner),
		WITH_WORLD(a_certificate_of_another_fleet_is_told_by_a_code),
		WITH_WORLD(a_listener_out_of_descriptors_pauses_and_recovers),
	};

	return cmocka_run_group_tests_name("core/link", tests, make_fleets, remove_fleets);
}
