/* SPDX-License-Identifier: Apache-2.0 */
/* handover: listening sockets that outlive a process. See handover.h. */
#include "core/handover.h"

#include "core/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_INHERITED 3 /* SD_LISTEN_FDS_START */
#define INHERITED_MAX	4096
#define WORD_MAX	16

struct handover {
	int *fds;
	size_t n;
	int elder; /* the connection to the process before; -1 = none */
};

struct handover_offer {
	struct loop *loop;
	struct loop_watch *watch, *reading;
	handover_fn asked;
	void *ctx;
	int fd, client;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* ---- descriptors over a Unix socket ---- */

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static void send_word(int to, const struct sockaddr *address, socklen_t len, const char *word,
		      int fd)
{
	struct iovec text = { (char *)word, strlen(word) };
	union control control;
	struct msghdr m = {
		.msg_name = (void *)address, .msg_namelen = len, .msg_iov = &text, .msg_iovlen = 1
	};

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		memset(&control, 0, sizeof(control));
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	/* A peer that is gone is seen by who reads from it. */
	while (sendmsg(to, &m, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* A word, and a descriptor in *fd (-1 = none). False when the peer is gone or the time is over. */
static bool read_word(int from, unsigned wait_ms, char word[WORD_MAX], int *fd)
{
	struct iovec text = { word, WORD_MAX - 1 };
	union control control;
	struct msghdr m = { .msg_iov = &text,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	struct pollfd p = { .fd = from, .events = POLLIN };
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	if (poll(&p, 1, (int)wait_ms) <= 0)
		return false;
	n = recvmsg(from, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n <= 0)
		return false;
	word[n] = '\0';
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return true;
}

/* ---- the successor ---- */

enum err_code handover_put(struct handover *h, int fd)
{
	int *grown = realloc(h->fds, (h->n + 1) * sizeof(*grown));

	if (!grown)
		return ERR_MEMORY;
	h->fds = grown;
	h->fds[h->n++] = fd;
	return ERR_OK;
}

enum err_code handover_inherit(struct handover **out)
{
	struct handover *h = calloc(1, sizeof(*h));
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int n = pid && count && strtol(pid, NULL, 10) == getpid() ? atoi(count) : 0;
	enum err_code rc = ERR_OK;

	if (!h)
		return ERR_MEMORY;
	h->elder = -1;
	for (int fd = FIRST_INHERITED; !rc && n <= INHERITED_MAX && fd < FIRST_INHERITED + n;
	     fd++) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		rc = handover_put(h, fd);
	}
	/* Not for what this process starts. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (rc != ERR_OK) {
		handover_free(h);
		return rc;
	}
	*out = h;
	return ERR_OK;
}

static int connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The sockets, "all", "released". */
static enum err_code receive(struct handover *h, unsigned wait_ms, struct err *e)
{
	char word[WORD_MAX];
	int fd;

	for (;;) {
		if (!read_word(h->elder, wait_ms, word, &fd))
			return err_set(e, ERR_IO, "the running process did not hand over in time");
		if (fd >= 0 && handover_put(h, fd) != ERR_OK) {
			close(fd);
			return err_set(e, ERR_MEMORY, "out of memory");
		}
		if (strcmp(word, "released") == 0)
			return ERR_OK;
	}
}

enum err_code handover_ask(const char *path, unsigned wait_ms, struct handover **out, struct err *e)
{
	struct handover *h;
	enum err_code rc = handover_inherit(&h);

	if (rc != ERR_OK)
		return err_set(e, rc, "out of memory");
	h->elder = connect_to(path);
	if (h->elder < 0) {
		rc = err_errno(e, errno, "no running process hands over at %s", path);
		if (errno == ENOENT || errno == ECONNREFUSED)
			rc = ERR_NOT_FOUND;
	} else {
		send_word(h->elder, NULL, 0, "take", -1);
		rc = receive(h, wait_ms, e);
	}
	if (rc != ERR_OK) {
		handover_free(h);
		return rc;
	}
	*out = h;
	return ERR_OK;
}

static bool is_at(int fd, int type, const struct endpoint *at)
{
	struct endpoint local;
	socklen_t len = sizeof(int);
	int is;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &is, &len) == 0 && is == type &&
	       socket_local(fd, &local, NULL) == ERR_OK && local.port == at->port &&
	       addr_is_equal(&local.addr, &at->addr);
}

int handover_take(struct handover *h, int type, const struct endpoint *at)
{
	for (size_t i = 0; h && i < h->n; i++) {
		int fd = h->fds[i];

		if (!is_at(fd, type, at))
			continue;
		memmove(&h->fds[i], &h->fds[i + 1], (--h->n - i) * sizeof(*h->fds));
		return fd;
	}
	return -1;
}

void handover_serving(struct handover *h)
{
	if (h && h->elder >= 0)
		send_word(h->elder, NULL, 0, "serving", -1);
}

void handover_free(struct handover *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		close(h->fds[i]);
	if (h->elder >= 0)
		close(h->elder);
	free(h->fds);
	free(h);
}

void handover_keep(int fd)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int notify;

	if (len < 2 || len >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@') /* the abstract namespace begins with a zero byte */
		to.sun_path[0] = 0;
	notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify < 0)
		return;
	send_word(notify, (struct sockaddr *)&to,
		  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len),
		  "FDSTORE=1\nFDNAME=listen", fd);
	close(notify);
}

/* ---- the running process ---- */

/* A process of our own user, or root's. */
static bool is_allowed(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void drop_client(struct handover_offer *o)
{
	loop_watch_free(o->reading);
	o->reading = NULL;
	if (o->client >= 0)
		close(o->client);
	o->client = -1;
}

static void on_word(void *arg, int fd, short what)
{
	struct handover_offer *o = arg;
	char word[WORD_MAX];
	int given, successor;

	(void)what;
	if (!read_word(fd, 0, word, &given) || strcmp(word, "take") != 0) {
		if (given >= 0)
			close(given);
		drop_client(o);
		return;
	}
	successor = o->client;
	o->client = -1;
	fcntl(successor, F_SETFL, 0); /* its few messages may wait for it to read */
	drop_client(o);
	loop_watch_free(o->watch); /* one successor is enough */
	o->watch = NULL;
	o->asked(o->ctx, successor);
}

static void on_connection(void *arg, int fd, short what)
{
	struct handover_offer *o = arg;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (client < 0)
		return;
	drop_client(o); /* a newer one goes before one that says nothing */
	o->client = client;
	if (!is_allowed(client) ||
	    loop_watch_new(o->loop, &o->reading, client, EV_READ, on_word, o) != ERR_OK)
		drop_client(o);
}

/* A socket file that a process before left behind is nobody's: it would have answered. */
static enum err_code listen_at(struct handover_offer *o, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t before;
	int bad;

	memcpy(at.sun_path, o->path, sizeof(at.sun_path));
	o->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (o->fd < 0)
		return err_errno(e, errno, "%s", o->path);
	unlink(o->path);
	before = umask(0177);
	bad = bind(o->fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(o->fd, 1) != 0;
	umask(before);
	return bad ? err_errno(e, errno, "%s", o->path) : ERR_OK;
}

enum err_code handover_offer(struct handover_offer **out, struct loop *loop, const char *path,
			     handover_fn asked, void *ctx, struct err *e)
{
	struct handover_offer *o = calloc(1, sizeof(*o));
	enum err_code rc;

	if (!o)
		return err_set(e, ERR_MEMORY, "out of memory");
	*o = (struct handover_offer){
		.loop = loop, .asked = asked, .ctx = ctx, .fd = -1, .client = -1
	};
	if ((size_t)snprintf(o->path, sizeof(o->path), "%s", path) >= sizeof(o->path))
		rc = err_set(e, ERR_INPUT, "%s: too long for a socket's name", path);
	else
		rc = listen_at(o, e);
	if (rc == ERR_OK)
		rc = loop_watch_new(loop, &o->watch, o->fd, EV_READ, on_connection, o);
	if (rc != ERR_OK) {
		handover_offer_free(o);
		return rc;
	}
	*out = o;
	return ERR_OK;
}

void handover_offer_free(struct handover_offer *o)
{
	if (!o)
		return;
	drop_client(o);
	loop_watch_free(o->watch);
	if (o->fd >= 0) {
		unlink(o->path);
		close(o->fd);
	}
	free(o);
}

void handover_give(int successor, int fd)
{
	send_word(successor, NULL, 0, "socket", fd);
}

void handover_say(int successor, const char *word)
{
	send_word(successor, NULL, 0, word, -1);
}

bool handover_wait(int successor, unsigned wait_ms)
{
	char word[WORD_MAX];
	int fd;
	bool serves = read_word(successor, wait_ms, word, &fd) && strcmp(word, "serving") == 0;

	if (fd >= 0)
		close(fd);
	close(successor);
	return serves;
}
