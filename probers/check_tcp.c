/* SPDX-License-Identifier: Apache-2.0 */
/* check_tcp: a connection is made, and closed in the ordinary way. */
#include "probers/check_tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcp_check {
	struct check check;
	struct loop_watch *watch;
	int fd; /* -1 = none */
};

/* Loopback oddity: connecting to a port of the ephemeral range where nobody listens may pick the
 * very same port as its source, and then a socket is connected to itself. */
static bool is_own_end(int fd)
{
	struct sockaddr_storage here = { 0 }, there = { 0 };
	socklen_t here_len = sizeof(here), there_len = sizeof(there);

	return getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&there, &there_len) == 0 &&
	       here_len == there_len && memcmp(&here, &there, here_len) == 0;
}

static void on_connect(void *arg, int fd, short what)
{
	struct tcp_check *tcp = arg;
	socklen_t len = sizeof(int);
	int errnum = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) < 0)
		errnum = errno;
	if (errnum == 0 && is_own_end(fd))
		errnum = ECONNREFUSED;
	if (errnum != 0) {
		check_errno(&tcp->check, "connect", errnum);
		return;
	}
	check_connected(&tcp->check);
	check_pass(&tcp->check);
}

static enum err_code start(struct check *check)
{
	struct tcp_check *tcp = (struct tcp_check *)check;

	tcp->fd = check_socket_connected(&check->to, SOCK_STREAM, IPPROTO_TCP);
	if (tcp->fd < 0) {
		check_errno(check, "connect", errno);
		return ERR_OK;
	}
	return loop_watch_new(check->checker->loop, &tcp->watch, tcp->fd, EV_WRITE, on_connect,
			      tcp) == ERR_OK
		       ? ERR_OK
		       : ERR_MEMORY;
}

static void stop(struct check *check)
{
	struct tcp_check *tcp = (struct tcp_check *)check;

	loop_watch_free(tcp->watch);
	if (tcp->fd >= 0)
		close(tcp->fd);
}

static const char *waiting_for(const struct check *check)
{
	return "connection";
}

const struct check_kind check_tcp = {
	.size = sizeof(struct tcp_check),
	.start = start,
	.stop = stop,
	.waiting_for = waiting_for,
};
