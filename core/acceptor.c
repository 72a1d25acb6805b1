/* SPDX-License-Identifier: Apache-2.0 */
/* acceptor: takes connections from one listening socket of a loop, a few a turn, and pauses when
 * descriptors run out instead of spinning on a connection that it cannot take. */
#include "core/acceptor.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A flood of connections must not hold up the rest of the loop. */
#define A_TURN	 32
#define PAUSE_MS 100

struct acceptor {
	struct loop *loop;
	int fd;
	char address[128];
	const char *room;
	acceptor_fn fn;
	void *ctx;
	struct loop_watch *watch; /* NULL while it pauses */
	struct loop_timer *pause;
	struct log_limit limit;
	bool is_inside, is_freed; /* freed inside take_some(): it frees the memory */
};

void acceptor_rest(struct acceptor *a, uint64_t ms)
{
	loop_watch_free(a->watch);
	a->watch = NULL;
	loop_timer_after(a->pause, ms);
}

void acceptor_pause(struct acceptor *a, const char *why)
{
	acceptor_rest(a, PAUSE_MS);
	log_limited(&a->limit, LOG_WARN, a->room, "%s: accepting pauses: %s", a->address, why);
}

static bool is_shortage(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

/* false = nothing more to take now. A connection that has gone while it waited is passed over. */
static bool take_one(struct acceptor *a)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);
	struct endpoint from = { 0 };
	int fd = accept4(a->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (is_shortage(errno))
			acceptor_pause(a, strerror(errno));
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (sa.ss_family == AF_UNIX || endpoint_from_sockaddr((struct sockaddr *)&sa, &from) != 0)
		from.addr.family = 0;
	a->fn(a->ctx, fd, &from);
	return true;
}

static void take_some(void *arg, int fd, short what)
{
	struct acceptor *a = arg;

	a->is_inside = true;
	for (int n = 0; n < A_TURN; n++)
		if (!take_one(a) || a->is_freed || !a->watch)
			break;
	a->is_inside = false;
	if (a->is_freed)
		free(a);
}

static void resume(void *arg)
{
	struct acceptor *a = arg;

	if (loop_watch_new(a->loop, &a->watch, a->fd, EV_READ, take_some, a) != ERR_OK)
		loop_timer_after(a->pause, PAUSE_MS);
}

enum err_code acceptor_new(struct acceptor **out, struct loop *loop, int fd, const char *address,
			   const char *room, acceptor_fn fn, void *ctx)
{
	struct acceptor *a = calloc(1, sizeof(*a));

	if (!a) {
		close(fd);
		return ERR_MEMORY;
	}
	*a = (struct acceptor){ .loop = loop, .fd = fd, .room = room, .fn = fn, .ctx = ctx };
	a->limit = LOG_LIMIT_INIT(6);
	snprintf(a->address, sizeof(a->address), "%s", address);
	if (loop_timer_new(loop, &a->pause, resume, a) != ERR_OK ||
	    loop_watch_new(loop, &a->watch, fd, EV_READ, take_some, a) != ERR_OK) {
		acceptor_free(a);
		return ERR_MEMORY;
	}
	*out = a;
	return ERR_OK;
}

void acceptor_free(struct acceptor *a)
{
	if (!a)
		return;
	loop_watch_free(a->watch);
	loop_timer_free(a->pause);
	close(a->fd);
	a->is_freed = true;
	if (!a->is_inside)
		free(a);
}
