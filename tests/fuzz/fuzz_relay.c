/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_relay: what two ends may do to a relay over TCP, in any order: pieces of any size, urgent
 * data, slow reading, half-closes, resets. Every byte that arrives is compared; without a reset all
 * of them must, and both ends in order.
 *
 * A byte of the input is one step: bit 0 the end, bits 1 to 3 what it does, bits 4 to 7 how much.
 */
#include "regiond/stream/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX 96	/* a run is to take milliseconds */
#define STALL_MS  10000 /* what does not go on within this is lost */

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* One of the two ends, as a program that uses the connection: ends[i] talks to ios[i]. */
struct end {
	int fd;
	size_t sent, got; /* bytes */
	bool closed;	  /* sends no more */
	bool heard_all;	  /* its own end of the other one, or a reset */
};

struct world {
	struct relay_stock stock;
	struct io ios[2];
	struct relay relay;
	struct end ends[2];
	int epoll_fd;
	bool was_reset;
	enum relay_next next;
};

/* No period of a buffer's size, and another text each way. */
static uint8_t byte_at(int from, size_t i)
{
	return (uint8_t)(i * 31 + i / 251 + (size_t)from * 77);
}

static void tcp_pair(int *a, int *b)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0);
	must(bind(l, (struct sockaddr *)&sin, len) == 0 && listen(l, 1) == 0);
	getsockname(l, (struct sockaddr *)&sin, &len);
	*a = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(*a, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	*b = accept(l, NULL, NULL);
	must(*b >= 0);
	close(l);
}

static void start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	must(relay_stock_init(&w->stock) == ERR_OK);
	w->epoll_fd = epoll_create1(0);
	for (int i = 0; i < 2; i++) {
		int fd;
		struct epoll_event ev = { .events = IO_EVENTS, .data.u32 = (uint32_t)i };
		tcp_pair(&w->ends[i].fd, &fd);
		fcntl(w->ends[i].fd, F_SETFL, O_NONBLOCK);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		io_set_urgent_inline(fd);
		io_init(&w->ios[i], &io_plain, fd);
		must(epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0);
	}
	relay_init(&w->relay, &w->ios[RELAY_CLIENT], &w->ios[RELAY_BACKEND]);
}

/* With a reset: thousands of runs leave no connection behind. */
static void stop(struct world *w)
{
	relay_fini(&w->relay, &w->stock);
	must(w->stock.buffers.taken == 0);
	for (int i = 0; i < 2; i++) {
		io_close(&w->ios[i], true);
		struct io end = { .fd = w->ends[i].fd };
		io_close(&end, true);
	}
	close(w->epoll_fd);
	relay_stock_fini(&w->stock);
}

/* What a worker does, for so many batches. */
static void pump(struct world *w, int batches)
{
	struct epoll_event ev[4];
	while (batches-- && w->next < RELAY_DONE) {
		int n = epoll_wait(w->epoll_fd, ev, 4, 0);
		if (n <= 0 && w->next != RELAY_AGAIN)
			return;
		for (int k = 0; k < n && w->next < RELAY_DONE; k++)
			w->next = relay_event(&w->relay, &w->stock, ev[k].data.u32, ev[k].events);
		if (w->next == RELAY_AGAIN)
			w->next = relay_run(&w->relay, &w->stock);
	}
}

static size_t size_of(uint8_t step)
{
	static const size_t sizes[] = {
		1,     2,     100,   1448,   4096,   8192,   32767,  32768,
		32769, 65536, 99999, 131072, 200000, 262144, 300000, 500000
	};
	return sizes[step >> 4];
}

static void say(struct world *w, int side, size_t n, int flags)
{
	static uint8_t text[500000];
	struct end *e = &w->ends[side];
	if (e->closed || e->fd < 0)
		return;
	for (size_t i = 0; i < n; i++)
		text[i] = byte_at(side, e->sent + i);
	ssize_t sent = send(e->fd, text, n, MSG_NOSIGNAL | flags);
	if (sent > 0)
		e->sent += (size_t)sent;
	else
		must(errno == EAGAIN || w->was_reset);
}

/* Reads at most n; false when nothing is there. */
static bool hear(struct world *w, int side, size_t n)
{
	static uint8_t text[500000];
	struct end *e = &w->ends[side];
	if (e->heard_all || e->fd < 0)
		return false;
	ssize_t got = recv(e->fd, text, n, 0);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got <= 0) {
		must(got == 0 || w->was_reset);
		e->heard_all = true;
		return true;
	}
	for (ssize_t i = 0; i < got; i++)
		must(text[i] == byte_at(!side, e->got + (size_t)i));
	e->got += (size_t)got;
	must(e->got <= w->ends[!side].sent);
	return true;
}

static void half_close(struct world *w, int side)
{
	struct end *e = &w->ends[side];
	if (e->fd >= 0 && !e->closed)
		shutdown(e->fd, SHUT_WR);
	e->closed = true;
}

static void reset(struct world *w, int side)
{
	struct io end = { .fd = w->ends[side].fd };
	io_close(&end, true);
	w->ends[side].fd = -1;
	w->was_reset = true;
}

static void step(struct world *w, uint8_t b)
{
	int side = b & 1;
	switch (b >> 1 & 7) {
	case 0:
	case 1: say(w, side, size_of(b), 0); break;
	case 2: say(w, side, size_of(b), MSG_OOB); break;
	case 3: say(w, side, size_of(b), MSG_MORE); break;
	case 4: hear(w, side, size_of(b)); break;
	case 5: pump(w, (b >> 4) + 1); break;
	case 6:
		if (b >> 4 == 7)
			half_close(w, side);
		break;
	case 7:
		if (b >> 4 == 15)
			reset(w, side);
		break;
	}
}

/* Until the relay, or an end that has not heard all, can go on. */
static void wait_for_any(struct world *w)
{
	struct pollfd fds[3] = { { .fd = w->next < RELAY_DONE ? w->epoll_fd : -1,
				   .events = POLLIN } };
	for (int i = 0; i < 2; i++)
		fds[i + 1] = (struct pollfd){ .fd = w->ends[i].heard_all ? -1 : w->ends[i].fd,
					      .events = POLLIN };
	must(poll(fds, 3, STALL_MS) > 0);
}

/* Both say that they have said all, and read until they have heard all. */
static void finish(struct world *w)
{
	half_close(w, 0);
	half_close(w, 1);
	while (w->next < RELAY_DONE || (w->ends[0].fd >= 0 && !w->ends[0].heard_all) ||
	       (w->ends[1].fd >= 0 && !w->ends[1].heard_all)) {
		pump(w, 64);
		for (int i = 0; i < 2 && w->next >= RELAY_DONE; i++) /* as a session does */
			io_close(&w->ios[i], w->next == RELAY_BROKEN);
		bool heard = hear(w, 0, 500000);
		heard |= hear(w, 1, 500000);
		if (!heard && w->next != RELAY_AGAIN)
			wait_for_any(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	start(&w);
	for (size_t i = 0; i < size && i < STEPS_MAX; i++)
		step(&w, data[i]);
	finish(&w);
	if (!w.was_reset) {
		must(w.next == RELAY_DONE);
		for (int i = 0; i < 2; i++)
			must(w.ends[i].got == w.ends[!i].sent);
	} else {
		must(w.next >= RELAY_DONE);
	}
	stop(&w);
	return 0;
}
