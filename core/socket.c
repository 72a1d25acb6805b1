/* SPDX-License-Identifier: Apache-2.0 */
/* socket: listening and connecting sockets with the options that all of ours need. */
#include "core/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A burst of connects that overflows the backlog waits a second for its SYN to be sent again. The
 * kernel lowers this to net.core.somaxconn. */
#define BACKLOG 4096

static void set_int(int fd, int level, int option, int value)
{
	/* Only a socket of another kind lacks these options, and then nothing is lost. */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static int make_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

enum err_code socket_listen(const struct endpoint *at, int *out, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(at, &sa);
	char text[ENDPOINT_TEXT_MAX];
	enum err_code code;
	int fd = make_socket(sa.ss_family);

	endpoint_text(at, text);
	if (fd < 0)
		return err_errno(e, errno, "listen on %s", text);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, BACKLOG) != 0) {
		code = err_errno(e, errno, "listen on %s", text);
		close(fd);
		return code;
	}
	*out = fd;
	return ERR_OK;
}

/* A socket file that nobody serves any more refuses the connection; only then it is removed. */
static enum err_code remove_stale(const struct sockaddr_un *sa, struct err *e)
{
	struct stat st;
	int fd, result, errnum;

	if (lstat(sa->sun_path, &st) != 0)
		return errno == ENOENT ? ERR_OK : err_errno(e, errno, "%s", sa->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_EXISTS, "%s exists and is not a socket", sa->sun_path);
	fd = make_socket(AF_UNIX);
	if (fd < 0)
		return err_errno(e, errno, "%s", sa->sun_path);
	result = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	errnum = errno;
	close(fd);
	if (result == 0 || errnum == EAGAIN)
		return err_set(e, ERR_EXISTS, "%s is served by another process", sa->sun_path);
	if (errnum != ECONNREFUSED && errnum != ENOENT)
		return err_errno(e, errnum, "%s", sa->sun_path);
	if (unlink(sa->sun_path) != 0 && errno != ENOENT)
		return err_errno(e, errno, "%s", sa->sun_path);
	return ERR_OK;
}

enum err_code socket_listen_unix(const char *path, mode_t mode, int *out, struct err *e)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	enum err_code code;
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(e, ERR_INPUT, "%s: longer than %zu bytes, the limit for a socket",
			       path, sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	code = remove_stale(&sa, e);
	if (code != ERR_OK)
		return code;
	fd = make_socket(AF_UNIX);
	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0) {
		code = err_errno(e, errno, "%s", path);
		close(fd);
		return code;
	}
	/* Between bind() and listen() nobody can connect, whatever the umask left open. */
	if (chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0) {
		code = err_errno(e, errno, "%s", path);
		unlink(path);
		close(fd);
		return code;
	}
	*out = fd;
	return ERR_OK;
}

enum err_code socket_connect(const struct endpoint *to, int *out, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(to, &sa);
	enum err_code code;
	int fd = make_socket(sa.ss_family);

	if (fd < 0)
		return err_errno(e, errno, "socket");
	if (connect(fd, (struct sockaddr *)&sa, len) == 0) {
		*out = fd;
		return ERR_OK;
	}
	if (errno == EINPROGRESS) {
		*out = fd;
		return ERR_AGAIN;
	}
	code = err_errno(e, errno, "connect");
	close(fd);
	return code;
}

int socket_error(int fd)
{
	int errnum = 0;
	socklen_t len = sizeof(errnum);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) == 0 ? errnum : errno;
}

void socket_tune(int fd, unsigned dead_ms)
{
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)dead_ms);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

enum err_code socket_local(int fd, struct endpoint *out, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
		return err_errno(e, errno, "getsockname");
	return endpoint_from_sockaddr((struct sockaddr *)&sa, out);
}
