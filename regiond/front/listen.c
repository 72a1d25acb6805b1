/* SPDX-License-Identifier: Apache-2.0 */
/* listen: the listening sockets of one address, one for each worker. */
#include "regiond/front/listen.h"

#include "regiond/stream/io.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 65535

static int set_options(int fd, const struct endpoint *at, bool shared)
{
	const int one = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    /* What accept(2) returns inherits it: one call less for each connection. */
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    io_set_urgent_inline(fd) != 0)
		return -1;
	if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0)
		return -1;
	if (at->addr.family == 6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return 0;
}

/* The descriptor, or -1 and errno. */
static int open_one(const struct endpoint *at, bool shared)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(at, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (set_options(fd, at, shared) == 0 && bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	    (!shared || listen(fd, BACKLOG) == 0))
		return fd;
	int errnum = errno;
	close(fd);
	errno = errnum;
	return -1;
}

/* SO_REUSEPORT would let a second process of ours, started by mistake, take half of the clients
 * without a word. Without it the kernel says so. */
static enum err_code check_free(const struct endpoint *at, struct err *e)
{
	char text[ENDPOINT_TEXT_MAX];
	int fd = open_one(at, false);
	if (fd >= 0) {
		close(fd);
		return ERR_OK;
	}
	endpoint_text(at, text);
	return err_errno(e, errno, "listen on %s", text);
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
	size_t done = 0;
	enum err_code code = check_free(at, e);
	if (code != ERR_OK)
		return code;
	*bound = *at;
	for (; done < n; done++) {
		fds[done] = open_one(bound, true);
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
