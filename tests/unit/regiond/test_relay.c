/* SPDX-License-Identifier: Apache-2.0 */
/* test_relay: bytes through a relay, between two ends that the test holds. */
#include "regiond/stream/relay.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*   client [test] --- sides[0] (relay) sides[1] --- backend [test]   */
struct world {
	struct relay_stock stock;
	struct io ios[2];
	struct relay relay;
	int epoll_fd, client, backend;
	enum relay_next next;
};

static void watch(struct world *w, int side)
{
	struct epoll_event ev = { .events = IO_EVENTS, .data.u32 = (uint32_t)side };
	assert_int_equal(epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->ios[side].fd, &ev), 0);
}

static void start(struct world *w, int client[2], int backend[2])
{
	assert_int_equal(relay_stock_init(&w->stock), ERR_OK);
	w->epoll_fd = epoll_create1(0);
	w->client = client[0];
	w->backend = backend[0];
	io_init(&w->ios[RELAY_CLIENT], &io_plain, client[1]);
	io_init(&w->ios[RELAY_BACKEND], &io_plain, backend[1]);
	relay_init(&w->relay, &w->ios[RELAY_CLIENT], &w->ios[RELAY_BACKEND]);
	for (int i = 0; i < 2; i++) {
		fcntl(w->ios[i].fd, F_SETFL, O_NONBLOCK);
		io_set_urgent_inline(w->ios[i].fd); /* as dialler and listen do; not for AF_UNIX */
		watch(w, i);
	}
	fcntl(w->client, F_SETFL, O_NONBLOCK);
	fcntl(w->backend, F_SETFL, O_NONBLOCK);
	w->next = RELAY_WAIT;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int c[2], b[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	start(w, c, b);
	*state = w;
	return 0;
}

static void tcp_pair(int out[2])
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(l, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(l, 1), 0);
	getsockname(l, (struct sockaddr *)&sin, &len);
	out[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(out[0], (struct sockaddr *)&sin, len), 0);
	out[1] = accept(l, NULL, NULL);
	assert_true(out[1] >= 0);
	close(l);
}

static int setup_tcp(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int c[2], b[2];
	tcp_pair(c);
	tcp_pair(b);
	start(w, c, b);
	*state = w;
	return 0;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int teardown(void **state)
{
	struct world *w = *state;
	relay_fini(&w->relay, &w->stock);
	assert_int_equal(w->stock.buffers.taken, 0);
	for (int i = 0; i < 2; i++)
		close_end(&w->ios[i].fd);
	close_end(&w->client);
	close_end(&w->backend);
	close(w->epoll_fd);
	relay_stock_fini(&w->stock);
	free(w);
	return 0;
}

/* What a worker does, until nothing more happens. */
static enum relay_next pump(struct world *w)
{
	struct epoll_event ev[4];
	for (int i = 0; i < 10000; i++) {
		int n = epoll_wait(w->epoll_fd, ev, 4, 0);
		if (n == 0 && w->next != RELAY_AGAIN)
			return w->next;
		for (int k = 0; k < n; k++)
			if (w->next < RELAY_DONE)
				w->next = relay_event(&w->relay, &w->stock, ev[k].data.u32,
						      ev[k].events);
		if (w->next == RELAY_AGAIN)
			w->next = relay_run(&w->relay, &w->stock);
		if (w->next >= RELAY_DONE)
			return w->next;
	}
	fail_msg("the relay does not come to rest");
	return w->next;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hear(int fd, const char *text)
{
	char got[64] = "";
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);
	assert_int_equal(n, strlen(text));
	assert_string_equal(got, text);
}

static void bytes_go_both_ways(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 3; i++) {
		say(w->client, "question");
		assert_int_equal(pump(w), RELAY_WAIT);
		hear(w->backend, "question");
		say(w->backend, "answer");
		assert_int_equal(pump(w), RELAY_WAIT);
		hear(w->client, "answer");
	}
}

static void a_half_close_is_passed_on_and_the_other_half_still_works(void **state)
{
	struct world *w = *state;
	char c;
	say(w->client, "all I ask");
	shutdown(w->client, SHUT_WR);
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->backend, "all I ask");
	assert_int_equal(recv(w->backend, &c, 1, 0), 0);
	say(w->backend, "part 1");
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->client, "part 1");
	say(w->backend, "part 2");
	close_end(&w->backend);
	assert_int_equal(pump(w), RELAY_DONE);
	hear(w->client, "part 2");
}

static void a_backend_that_closes_first_lets_the_client_finish(void **state)
{
	struct world *w = *state;
	char c;
	say(w->backend, "bye");
	shutdown(w->backend, SHUT_WR);
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->client, "bye");
	assert_int_equal(recv(w->client, &c, 1, 0), 0);
	say(w->client, "thanks");
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->backend, "thanks");
	close_end(&w->client);
	assert_int_equal(pump(w), RELAY_DONE);
}

/* Byte i of a long text: no period of a buffer's size. */
static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 31 + i / 251);
}

/* Writes until the socket takes no more; the number of bytes since the beginning. */
static size_t fill(int fd, size_t from, size_t until)
{
	uint8_t b[4096];
	while (from < until) {
		size_t n = until - from < sizeof(b) ? until - from : sizeof(b);
		for (size_t i = 0; i < n; i++)
			b[i] = byte_at(from + i);
		ssize_t sent = send(fd, b, n, MSG_NOSIGNAL);
		if (sent < 0) {
			assert_int_equal(errno, EAGAIN);
			break;
		}
		from += (size_t)sent;
	}
	return from;
}

/* Reads and compares all that is there. */
static size_t drink(int fd, size_t from)
{
	uint8_t b[65536];
	ssize_t n;
	while ((n = recv(fd, b, sizeof(b), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (b[i] != byte_at(from + (size_t)i))
				fail_msg("byte %zu is wrong", from + (size_t)i);
		from += (size_t)n;
	}
	return from;
}

static void a_slow_reader_slows_its_sender_and_not_the_relay(void **state)
{
	struct world *w = *state;
	size_t sent = 0, got = 0;
	for (int i = 0; i < 50; i++) {
		sent = fill(w->backend, sent, SIZE_MAX);
		assert_int_equal(pump(w), RELAY_WAIT);
	}
	assert_int_equal(fill(w->backend, sent, SIZE_MAX), sent); /* the sender waits */
	assert_true(w->stock.buffers.taken <= 1);
	while (got < sent) {
		size_t before = got;
		got = drink(w->client, got);
		assert_true(got > before);
		assert_int_equal(pump(w), RELAY_WAIT);
	}
	assert_int_equal(w->stock.buffers.taken, 0);
	say(w->client, "and it still works");
	pump(w);
	hear(w->backend, "and it still works");
}

static void what_is_held_arrives_before_the_end(void **state)
{
	struct world *w = *state;
	size_t sent = 0, got = 0, before;
	do {
		before = sent;
		sent = fill(w->backend, sent, SIZE_MAX);
		pump(w);
	} while (sent > before);
	shutdown(w->backend, SHUT_WR);
	pump(w);
	while (got < sent) {
		got = drink(w->client, got);
		pump(w);
	}
	assert_int_equal(got, sent);
	char c;
	assert_int_equal(recv(w->client, &c, 1, 0), 0);
}

static void a_long_transfer_is_spliced_and_whole(void **state)
{
	struct world *w = *state;
	const size_t all = 8 << 20;
	size_t sent = 0, got = 0;
	bool was_bulk = false; /* the last read of all may be a short one */
	while (got < all) {
		sent = fill(w->backend, sent, all);
		assert_int_equal(pump(w), RELAY_WAIT);
		was_bulk |= w->relay.flows[RELAY_BACKEND].full_reads >= RELAY_BULK_READS;
		got = drink(w->client, got);
	}
	assert_true(was_bulk);
	assert_true(w->stock.pipes.n > 0); /* and the pipe is back with the spare ones */
	/* Small pieces are copied again. */
	for (int i = 0; i < 3; i++) {
		say(w->backend, "small");
		pump(w);
		hear(w->client, "small");
	}
	assert_int_equal(w->relay.flows[RELAY_BACKEND].full_reads, 0);
}

static void a_spliced_transfer_to_a_slow_reader_loses_nothing(void **state)
{
	struct world *w = *state;
	const size_t all = 8 << 20;
	size_t sent = 0, got = 0;
	while (got < all) {
		for (int i = 0; i < 5; i++) {
			sent = fill(w->backend, sent, all);
			pump(w);
		}
		got = drink(w->client, got);
		pump(w);
	}
	assert_int_equal(got, all);
}

static void say_urgently(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_OOB | MSG_NOSIGNAL), strlen(text));
}

static void urgent_data_arrives_in_its_place(void **state)
{
	struct world *w = *state;
	say(w->client, "ab");
	say_urgently(w->client, "c!");
	say(w->client, "de");
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->backend, "abc!de");
	say_urgently(w->client, "1");
	assert_int_equal(pump(w), RELAY_WAIT);
	say_urgently(w->client, "2");
	say(w->client, "3");
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->backend, "123");
}

static void urgent_data_is_the_last_that_is_sent(void **state)
{
	struct world *w = *state;
	char c;
	say_urgently(w->client, "!");
	close_end(&w->client);
	assert_int_equal(pump(w), RELAY_WAIT);
	hear(w->backend, "!");
	assert_int_equal(recv(w->backend, &c, 1, 0), 0);
}

/* Each half MiB ends with an urgent byte, while the transfer is spliced. */
static void urgent_data_in_a_spliced_transfer_loses_nothing(void **state)
{
	struct world *w = *state;
	const size_t all = 8 << 20, every = 512 << 10;
	size_t sent = 0, got = 0;
	while (got < all) {
		size_t until = (sent / every + 1) * every - 1;
		sent = fill(w->backend, sent, until);
		if (sent == until) {
			uint8_t byte = byte_at(sent);
			if (send(w->backend, &byte, 1, MSG_OOB | MSG_NOSIGNAL) == 1)
				sent++;
		}
		assert_int_equal(pump(w), RELAY_WAIT);
		got = drink(w->client, got);
	}
	assert_int_equal(got, all);
	assert_true(w->stock.pipes.n > 0); /* it was spliced in between */
}

static void reset(int *fd)
{
	const struct linger now = { .l_onoff = 1 };
	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close_end(fd);
}

static void a_backend_that_dies_breaks_the_connection(void **state)
{
	struct world *w = *state;
	say(w->client, "hello");
	assert_int_equal(pump(w), RELAY_WAIT);
	reset(&w->backend);
	assert_int_equal(pump(w), RELAY_BROKEN);
}

static void what_a_backend_said_before_it_died_is_passed_on(void **state)
{
	struct world *w = *state;
	say(w->backend, "last words");
	reset(&w->backend);
	assert_int_equal(pump(w), RELAY_BROKEN);
	/* Linux keeps what arrived before the reset readable; if it did, so did we. */
	char got[64];
	ssize_t n = recv(w->client, got, sizeof(got), 0);
	assert_true(n == 10 || n == -1);
}

static void a_client_that_dies_breaks_the_connection_even_while_it_is_slow(void **state)
{
	struct world *w = *state;
	size_t sent = 0;
	for (int i = 0; i < 200; i++) {
		sent = fill(w->backend, sent, SIZE_MAX);
		assert_int_equal(pump(w), RELAY_WAIT);
	}
	reset(&w->client);
	assert_int_equal(pump(w), RELAY_BROKEN);
}

static void a_client_that_dies_while_the_backend_is_slow_breaks_the_connection(void **state)
{
	struct world *w = *state;
	size_t sent = 0, before;
	do {
		before = sent;
		sent = fill(w->client, sent, SIZE_MAX);
		assert_int_equal(pump(w), RELAY_WAIT);
	} while (sent > before);
	reset(&w->client);
	assert_int_equal(pump(w), RELAY_BROKEN);
}

static void nothing_is_done_while_the_backend_is_being_connected(void **state)
{
	struct world *w = *state;
	say(w->client, "early");
	io_note(&w->ios[RELAY_CLIENT], EPOLLIN | EPOLLOUT);
	char c;
	assert_int_equal(recv(w->backend, &c, 1, 0), -1);
	assert_int_equal(relay_run(&w->relay, &w->stock), RELAY_WAIT);
	hear(w->backend, "early");
}

int main(void)
{
#define CLAIM(f)     cmocka_unit_test_setup_teardown(f, setup, teardown)
#define CLAIM_TCP(f) cmocka_unit_test_setup_teardown(f, setup_tcp, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(bytes_go_both_ways),
		CLAIM_TCP(bytes_go_both_ways),
		CLAIM(a_half_close_is_passed_on_and_the_other_half_still_works),
		CLAIM_TCP(a_half_close_is_passed_on_and_the_other_half_still_works),
		CLAIM(a_backend_that_closes_first_lets_the_client_finish),
		CLAIM(a_slow_reader_slows_its_sender_and_not_the_relay),
		CLAIM_TCP(a_slow_reader_slows_its_sender_and_not_the_relay),
		CLAIM(what_is_held_arrives_before_the_end),
		CLAIM(a_long_transfer_is_spliced_and_whole),
		CLAIM_TCP(a_long_transfer_is_spliced_and_whole),
		CLAIM(a_spliced_transfer_to_a_slow_reader_loses_nothing),
		CLAIM_TCP(a_spliced_transfer_to_a_slow_reader_loses_nothing),
		CLAIM_TCP(urgent_data_arrives_in_its_place),
		CLAIM_TCP(urgent_data_is_the_last_that_is_sent),
		CLAIM_TCP(urgent_data_in_a_spliced_transfer_loses_nothing),
		CLAIM_TCP(a_backend_that_dies_breaks_the_connection),
		CLAIM_TCP(what_a_backend_said_before_it_died_is_passed_on),
		CLAIM_TCP(a_client_that_dies_breaks_the_connection_even_while_it_is_slow),
		CLAIM_TCP(a_client_that_dies_while_the_backend_is_slow_breaks_the_connection),
		CLAIM(nothing_is_done_while_the_backend_is_being_connected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
