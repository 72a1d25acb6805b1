/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/http: replies in pieces, and what one client may take of time and places. */
#include "tests/unit/core/http_world.h"

/* ---- replies in pieces */

static unsigned readies, gones;

static void on_ready(void *ctx)
{
	readies++;
}

static void on_gone(void *ctx)
{
	gones++;
}

static const struct http_stream_fns stream_fns = { on_ready, on_gone };

static void start_stream(int fd, const char *request)
{
	readies = gones = 0;
	world.keep = true;
	world.kept = NULL;
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	for (int turn = 0; turn < TURNS && !world.kept; turn++)
		loop_run_once(world.loop);
	http_stream_start(world.kept, 200, "text/plain", &stream_fns, NULL);
}

static void read_some(int fd, const char *expected)
{
	char bytes[4096] = "";
	size_t got = 0;

	for (int turn = 0; turn < TURNS && !strstr(bytes, expected); turn++) {
		ssize_t n;

		loop_run_once(world.loop);
		n = recv(fd, bytes + got, sizeof(bytes) - 1 - got, MSG_DONTWAIT);
		if (n > 0)
			got += (size_t)n;
	}
	if (!strstr(bytes, expected))
		fail_msg("'%s' is not in '%s'", expected, bytes);
}

static void a_stream_goes_out_piece_by_piece(void **state)
{
	int fd = connect_unix();
	char reply[1024];

	start_stream(fd, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
	read_some(fd, "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
	assert_int_equal(http_stream_write(world.kept, "one\n", 4), ERR_OK);
	read_some(fd, "4\r\none\n\r\n");
	assert_true(readies > 0);
	assert_int_equal(http_stream_write(world.kept, "", 0), ERR_OK); /* is not the end */
	assert_int_equal(http_stream_write(world.kept, "seventeen bytes..", 17), ERR_OK);
	http_stream_end(world.kept, true);
	read_some(fd, "11\r\nseventeen bytes..\r\n0\r\n\r\n");
	world.keep = false;
	exchange(fd, "GET / HTTP/1.1\r\nHost: h" END, strlen("GET / HTTP/1.1\r\nHost: h" END),
		 reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 201 ", NULL); /* on the same connection */
	assert_int_equal(gones, 0);
}

static void a_stream_for_http_1_0_ends_with_the_connection(void **state)
{
	int fd = connect_unix();
	char reply[1024];

	start_stream(fd, "GET /s HTTP/1.0\r\n\r\n");
	assert_int_equal(http_stream_write(world.kept, "one\n", 4), ERR_OK);
	http_stream_end(world.kept, true);
	exchange(fd, "", 0, reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.0 200 ", "close\r\n\r\none\n");
	assert_null(strstr(reply, "chunked"));
}

static void a_stream_that_breaks_off_is_seen_by_the_client(void **state)
{
	int fd = connect_unix();
	char reply[1024];

	start_stream(fd, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(http_stream_write(world.kept, "one\n", 4), ERR_OK);
	http_stream_end(world.kept, false);
	exchange(fd, "", 0, reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 200 ", "4\r\none\n\r\n");
	assert_null(strstr(reply, "0\r\n\r\n"));
}

static void a_stream_learns_that_its_client_has_gone(void **state)
{
	int fd = connect_unix();

	start_stream(fd, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
	close(fd);
	for (int turn = 0; turn < TURNS && !gones; turn++)
		loop_run_once(world.loop);
	assert_int_equal(gones, 1);
	assert_int_equal(http_stream_write(world.kept, "x", 1), ERR_REFUSED);
	http_stream_end(world.kept, true);
}

static void a_stream_that_is_not_read_is_bounded(void **state)
{
	static const char piece[65536];
	int fd = connect_unix();
	enum err_code code = ERR_OK;
	unsigned n;

	start_stream(fd, "GET /s HTTP/1.1\r\nHost: h\r\n\r\n");
	for (n = 0; code == ERR_OK && n < 1000; n++) {
		code = http_stream_write(world.kept, piece, sizeof(piece));
		loop_run_once(world.loop);
	}
	assert_int_equal(code, ERR_LIMIT);
	http_stream_end(world.kept, false);
	close(fd);
}

/* ---- bounds in time, by a clock wound by hand */

static struct clock_hand hand;

static int start_wound(void **state)
{
	memset(&world, 0, sizeof(world));
	snprintf(world.dir, sizeof(world.dir), "/tmp/fairlead-test-XXXXXX");
	assert_non_null(mkdtemp(world.dir));
	snprintf(world.path, sizeof(world.path), "%s/admin.sock", world.dir);
	clock_hand_init(&hand, 1000000, 0);
	assert_int_equal(loop_new_wound(&world.loop, &hand.clock, NULL), ERR_OK);
	assert_int_equal(http_server_new(&world.server, world.loop, handle, NULL, NULL), ERR_OK);
	return http_listen_unix(world.server, world.path, NULL) == ERR_OK ? 0 : -1;
}

static void wind(uint64_t ms)
{
	clock_hand_advance_ms(&hand, ms);
	for (int turn = 0; turn < 10; turn++)
		loop_run_once(world.loop);
}

static void a_body_that_drips_is_bounded_in_time(void **state)
{
	int fd = connect_unix();

	assert_true(send(fd, "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", 39, 0) > 0);
	wind(0);
	for (int i = 0; i < 3; i++) {
		wind(9000);
		assert_int_equal(send(fd, "x", 1, 0), 1);
	}
	wind(2999);
	assert_int_equal(http_connections(world.server), 1);
	wind(1);
	read_some(fd, "HTTP/1.1 408 ");
	assert_int_equal(world.calls, 0);
	wind(2000); /* it does not close its side */
	assert_int_equal(http_connections(world.server), 0);
	close(fd);
}

static void a_silent_client_is_closed(void **state)
{
	int fd = connect_unix();
	char byte;

	wind(0);
	wind(29999);
	assert_int_equal(http_connections(world.server), 1);
	wind(1);
	assert_int_equal(http_connections(world.server), 0);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

static void a_handler_may_take_its_time(void **state)
{
	int fd = connect_unix();

	send_kept(fd);
	wind(3600 * 1000);
	http_reply_error(world.kept, ERR_AGAIN, "at last");
	read_some(fd, "at last");
	close(fd);
}

/* ---- bounds in places */

/* Each of these would have a place for 30 s. */
static void silent_clients_make_room_for_one_who_asks(void **state)
{
	enum { SILENT = HTTP_CONNECTIONS_MAX + 44 };
	static const char request[] = "GET /text HTTP/1.1\r\nHost: h" END;
	char reply[1024];
	int fds[SILENT];

	listen_tcp(NULL);
	for (int i = 0; i < SILENT; i++) {
		fds[i] = connect_tcp();
		loop_run_once(world.loop);
	}
	assert_int_equal(http_connections(world.server), HTTP_CONNECTIONS_MAX);
	exchange(connect_tcp(), request, strlen(request), reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 200 ", "up 1\n");
	assert_int_equal(recv(fds[0], reply, 1, MSG_DONTWAIT), 0); /* the oldest made room */
	for (int i = 0; i < SILENT; i++)
		close(fds[i]);
}

/* The last claim: the hard limit of this process stays low. */
static void clients_do_not_get_the_reserved_descriptors(void **state)
{
	enum { LIMIT = 128, CLIENTS = 60 };
	static const char request[] = "GET /text HTTP/1.1\r\nHost: h" END;
	struct rlimit low = { LIMIT, LIMIT };
	char reply[1024];
	int fds[CLIENTS], spare;

	listen_tcp(NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	reserve_start();
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = connect_tcp();
		loop_run_once(world.loop);
	}
	assert_true(http_connections(world.server) < CLIENTS - 10);
	spare = dup(0);
	assert_true(spare >= 0); /* 32 are kept, and some of them are ours here */
	close(spare);
	exchange(connect_tcp(), request, strlen(request), reply, sizeof(reply));
	assert_reply(reply, "HTTP/1.1 200 ", "up 1\n");
	assert_reply(ask("GET /text HTTP/1.1\r\nHost: h" END), "HTTP/1.1 200 ", "up 1\n");
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
}

#define WITH_WOUND(claim) cmocka_unit_test_setup_teardown(claim, start_wound, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(a_stream_goes_out_piece_by_piece),
		WITH_SERVER(a_stream_for_http_1_0_ends_with_the_connection),
		WITH_SERVER(a_stream_that_breaks_off_is_seen_by_the_client),
		WITH_SERVER(a_stream_learns_that_its_client_has_gone),
		WITH_SERVER(a_stream_that_is_not_read_is_bounded),
		WITH_WOUND(a_body_that_drips_is_bounded_in_time),
		WITH_WOUND(a_silent_client_is_closed),
		WITH_WOUND(a_handler_may_take_its_time),
		WITH_SERVER(silent_clients_make_room_for_one_who_asks),
		WITH_SERVER(clients_do_not_get_the_reserved_descriptors),
	};

	return cmocka_run_group_tests_name("core/http bounds", tests, NULL, NULL);
}
