/* SPDX-License-Identifier: Apache-2.0 */
/* dialler: a new connection to a backend, without waiting for it. */
#include "regiond/stream/dialler.h"

#include "core/reserve.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's default range of local ports, and how many of them are tried for one connection:
 * with all of a thousand taken it is to stay a matter of microseconds. */
#define PORT_LOW   32768
#define PORT_HIGH  60999
#define PORT_TRIES 32

const char *shortage_name(enum shortage s)
{
	static const char *const names[SHORTAGES] = {
		[SHORT_OF_DESCRIPTORS] = "descriptors",
		[SHORT_OF_PORTS] = "ports",
		[SHORT_OF_MEMORY] = "memory",
		[SHORT_REUSED_PORT] = "ports_reused",
	};
	return names[s];
}

/* The range that connect(2) chooses from; the kernel's default where it cannot be read. */
static void read_port_range(struct dialler *d)
{
	char text[32] = "";
	unsigned low, high;
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0 || sscanf(text, "%u %u", &low, &high) != 2 || !low || low > high ||
	    high > UINT16_MAX) {
		low = PORT_LOW;
		high = PORT_HIGH;
	}
	d->port_low = (uint16_t)low;
	d->port_high = (uint16_t)high;
}

/* Workers start at different places of the range: each its own address, as good as a number. */
void dialler_init(struct dialler *d, struct reactor *reactor)
{
	*d = (struct dialler){ .reactor = reactor, .reserve_fd = -1 };
	read_port_range(d);
	d->next_port = (uint16_t)((uintptr_t)d >> 6);
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
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool enough = fd >= 0 && !reserve_is_reached(fd);
	if (enough && d->reserve_fd < 0)
		d->reserve_fd = fd;
	else if (fd >= 0)
		close(fd);
	return enough && d->reserve_fd >= 0;
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
	if (fd >= 0)
		d->short_of_fds |= reserve_is_reached(fd);
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

/* SO_REUSEADDR is what lets a port in TIME_WAIT be named again; it must have been set on the
 * connection before, too. */
static int open_towards(struct dialler *d, const struct backend *b)
{
	const int one = 1;
	int fd = open_socket(d, b->sockaddr.ss_family);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	io_set_urgent_inline(fd);
	return fd;
}

/* 0, or what connect(2) says. */
static int connect_to(int fd, const struct backend *b)
{
	if (connect(fd, (const struct sockaddr *)&b->sockaddr, b->sockaddr_len) == 0)
		return 0;
	return errno == EINPROGRESS ? 0 : errno;
}

static int bind_port(int fd, const struct backend *b, uint16_t port)
{
	struct endpoint any = { .addr.family = b->address.addr.family, .port = port };
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(&any, &ss);
	return bind(fd, (struct sockaddr *)&ss, len) == 0 ? 0 : errno;
}

/* No port was left to connect(2): one is named, of those that are only waiting. Replaces io->fd. */
static int connect_by_port(struct dialler *d, const struct backend *b, struct io *io)
{
	unsigned n = (unsigned)(d->port_high - d->port_low) + 1;
	int errnum = EADDRNOTAVAIL;
	for (int i = 0; i < PORT_TRIES && (errnum == EADDRNOTAVAIL || errnum == EADDRINUSE); i++) {
		uint16_t port = (uint16_t)(d->port_low + d->next_port++ % n);
		io_close(io, true);
		io->fd = open_towards(d, b);
		if (io->fd < 0)
			return errno;
		errnum = bind_port(io->fd, b, port);
		if (errnum == 0)
			errnum = connect_to(io->fd, b);
	}
	if (errnum == 0)
		count(d, SHORT_REUSED_PORT);
	return errnum;
}

enum dialled dialler_dial(struct dialler *d, const struct backend *b, struct io *io,
			  struct watch *watch)
{
	io_init(io, &io_plain, open_towards(d, b));
	if (io->fd < 0)
		return give_up(d, io, errno);
	int errnum = connect_to(io->fd, b);
	if (errnum == EADDRNOTAVAIL)
		errnum = connect_by_port(d, b, io);
	if (errnum != 0)
		return give_up(d, io, errnum);
	if (reactor_watch(d->reactor, EPOLL_CTL_ADD, io->fd, IO_EVENTS, watch) != ERR_OK)
		return give_up(d, io, errno);
	return DIAL_UNDER_WAY;
}
