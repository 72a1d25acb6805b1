/* SPDX-License-Identifier: Apache-2.0 */
/* io: one end of a byte stream over a descriptor that never blocks. */
#include "regiond/stream/io.h"

#include "core/addr.h"

#include <linux/tcp.h> /* the whole tcp_info, which netinet/tcp.h of glibc 2.36 has not */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xxhash.h>

/* So many retransmissions or window probes in a row without an answer: it is not there. One may be
 * on its way just now. */
#define UNANSWERED_MAX 2

static ssize_t plain_read(struct io *io, void *to, size_t n)
{
	return recv(io->fd, to, n, MSG_DONTWAIT);
}

static ssize_t plain_write(struct io *io, const void *from, size_t n)
{
	return send(io->fd, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void plain_end(struct io *io)
{
	shutdown(io->fd, SHUT_WR);
}

const struct io_ops io_plain = {
	.name = "plain",
	.raw = true,
	.read = plain_read,
	.write = plain_write,
	.end = plain_end,
};

void io_init(struct io *io, const struct io_ops *ops, int fd)
{
	*io = (struct io){ .ops = ops, .fd = fd, .can_write = true };
}

/* Linux removes a descriptor from epoll when it is closed. */
void io_close(struct io *io, bool reset)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	if (io->fd < 0)
		return;
	if (reset)
		setsockopt(io->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(io->fd);
	io->fd = -1;
}

void io_note(struct io *io, uint32_t events)
{
	if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		io->can_read = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		io->to_end = true;
	if (events & EPOLLPRI)
		io->urgent = true;
	if (events & EPOLLOUT)
		io->can_write = true;
}

int io_set_urgent_inline(int fd)
{
	const int one = 1;
	return setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
}

uint64_t io_peer_key(const struct io *io)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct endpoint at = { 0 };
	if (getpeername(io->fd, (struct sockaddr *)&ss, &len) != 0 ||
	    endpoint_from_sockaddr((struct sockaddr *)&ss, &at) != ERR_OK)
		return 0;
	return XXH3_64bits(at.addr.bytes, at.addr.family == 4 ? 4 : 16);
}

bool io_progress(const struct io *io, struct io_progress *out)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	if (getsockopt(io->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return false;
	bool answers = info.tcpi_retransmits < UNANSWERED_MAX && info.tcpi_probes < UNANSWERED_MAX;
	*out = (struct io_progress){
		.moved = info.tcpi_bytes_acked + info.tcpi_bytes_received,
		.quiet_ms = info.tcpi_last_ack_recv < info.tcpi_last_data_recv
				    ? info.tcpi_last_ack_recv
				    : info.tcpi_last_data_recv,
		.owed = answers && (info.tcpi_unacked || info.tcpi_notsent_bytes),
	};
	return true;
}
