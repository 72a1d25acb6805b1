/* SPDX-License-Identifier: Apache-2.0 */
/* dialler: a new connection to a backend, without waiting for it. */
#include "regiond/stream/dialler.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

const char *shortage_name(enum shortage s)
{
	static const char *const names[SHORTAGES] = { "descriptors", "ports", "memory" };
	return names[s];
}

void dialler_init(struct dialler *d, struct reactor *reactor)
{
	*d = (struct dialler){ .reactor = reactor, .reserve_fd = -1 };
	dialler_refill(d);
}

void dialler_fini(struct dialler *d)
{
	if (d->reserve_fd >= 0)
		close(d->reserve_fd);
	d->reserve_fd = -1;
}

bool dialler_refill(struct dialler *d)
{
	if (d->reserve_fd < 0)
		d->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return d->reserve_fd >= 0;
}

static void count(struct dialler *d, enum shortage s)
{
	atomic_fetch_add_explicit(&d->shortages[s], 1, memory_order_relaxed);
}

/* -1 and errno when none can be made, not even of the reserve. */
static int open_socket(struct dialler *d, int family)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(family, type, 0);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	d->short_of_fds = true;
	if (d->reserve_fd < 0)
		return -1;
	close(d->reserve_fd);
	d->reserve_fd = -1;
	return socket(family, type, 0);
}

/* True when errno speaks of us and not of the other end. */
static bool is_ours(int errnum, enum shortage *s)
{
	switch (errnum) {
	case EMFILE:
	case ENFILE: *s = SHORT_OF_DESCRIPTORS; return true;
	case EADDRNOTAVAIL: /* no local port is left for this backend */
	case EADDRINUSE:
	case EAGAIN: *s = SHORT_OF_PORTS; return true;
	case ENOMEM:
	case ENOBUFS:
	case ENOSPC: /* the limit of epoll's watches */ *s = SHORT_OF_MEMORY; return true;
	default: return false;
	}
}

static enum dialled give_up(struct dialler *d, struct io *io, int errnum)
{
	enum shortage s;
	io_close(io, true);
	if (!is_ours(errnum, &s))
		return DIAL_FAILED;
	count(d, s);
	return DIAL_SHORT;
}

enum dialled dialler_dial(struct dialler *d, const struct backend *b, struct io *io,
			  struct watch *watch)
{
	const int one = 1;
	io_init(io, &io_plain, open_socket(d, b->sockaddr.ss_family));
	if (io->fd < 0)
		return give_up(d, io, errno);
	setsockopt(io->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	io_set_urgent_inline(io->fd);
	if (connect(io->fd, (const struct sockaddr *)&b->sockaddr, b->sockaddr_len) != 0 &&
	    errno != EINPROGRESS)
		return give_up(d, io, errno);
	if (reactor_watch(d->reactor, EPOLL_CTL_ADD, io->fd, IO_EVENTS, watch) != ERR_OK)
		return give_up(d, io, errno);
	return DIAL_UNDER_WAY;
}
