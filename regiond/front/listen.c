/* SPDX-License-Identifier: Apache-2.0 */
/* listen: the listening sockets of one address, one for each worker. */
#include "regiond/front/listen.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 65535

static int set_options(int fd, const struct endpoint *at)
{
	const int one = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0 ||
	    /* What accept(2) returns inherits it: one call less for each connection. */
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
		return -1;
	if (at->addr.family == 6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return 0;
}

/* The descriptor, or -1 and errno. */
static int open_one(const struct endpoint *at)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(at, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (set_options(fd, at) == 0 && bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	int errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

static enum err_code bound_to(int fd, struct endpoint *out, struct err *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0)
		return err_errno(e, errno, "getsockname");
	return endpoint_from_sockaddr((struct sockaddr *)&ss, out);
}

enum err_code listen_open(const struct endpoint *at, int *fds, size_t n, struct endpoint *bound,
			  struct err *e)
{
	char text[ENDPOINT_TEXT_MAX];
	enum err_code code = ERR_OK;
	size_t done = 0;
	*bound = *at;
	for (; done < n; done++) {
		fds[done] = open_one(bound);
		if (fds[done] < 0) {
			endpoint_text(at, text);
			code = err_errno(e, errno, "listen on %s", text);
			goto fail;
		}
		if (done == 0 && at->port == 0) {
			code = bound_to(fds[0], bound, e);
			if (code != ERR_OK) {
				done++;
				goto fail;
			}
		}
	}
	return ERR_OK;
fail:
	while (done)
		close(fds[--done]);
	return code;
}
