/* SPDX-License-Identifier: Apache-2.0 */
/* http_world: an HTTP server on a Unix socket, and a client that speaks bytes; bounded in turns. */
#ifndef FAIRLEAD_TESTS_HTTP_WORLD_H
#define FAIRLEAD_TESTS_HTTP_WORLD_H

#include "core/http.h"
#include "core/reserve.h"
#include "core/socket.h"
#include "tests/unit/certs.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS 200000

struct world {
	struct loop *loop;
	struct http_server *server;
	struct tls *tls;
	char dir[64], path[96];

	/* what the handler was told, as text */
	unsigned calls;
	char seen[4096], by[HTTP_BY_MAX];
	size_t n_groups;
	uint32_t group;		 /* the first */
	struct http_reply *kept; /* when `keep` */
	bool keep;
	enum err_code fail_with;
	const char *fail_text;
};

static struct world world;

static inline void handle(void *ctx, const struct http_request *req, struct http_reply *reply)
{
	const char *q = http_query(req, "q"), *header = http_header(req, "x-test");

	http_by(req, world.by);
	world.n_groups = req->peer->n_groups;
	world.group = req->peer->groups[0];
	world.calls++;
	snprintf(world.seen, sizeof(world.seen),
		 "%s %s q=%s h=%s who=%s from=%.9s len=%zu body=%.*s", req->method, req->path,
		 q ? q : "-", header ? header : "-", req->peer->who, req->peer->from, req->len,
		 req->len < 100 ? (int)req->len : 100, req->body ? (const char *)req->body : "");
	if (world.keep)
		world.kept = reply;
	else if (world.fail_with)
		http_reply_error(reply, world.fail_with, world.fail_text);
	else if (strcmp(req->path, "/text") == 0)
		http_reply_text(reply, 200, "text/plain; version=0.0.4", "up 1\n", 5);
	else if (strcmp(req->path, "/broken") == 0)
		http_reply_json(reply, 200, NULL);
	else
		http_reply_json(reply, 201, json_pack("{s:s}", "path", req->path));
}

static inline int start(void **state)
{
	struct err e = { "" };

	memset(&world, 0, sizeof(world));
	snprintf(world.dir, sizeof(world.dir), "/tmp/fairlead-test-XXXXXX");
	assert_non_null(mkdtemp(world.dir));
	snprintf(world.path, sizeof(world.path), "%s/admin.sock", world.dir);
	assert_int_equal(loop_new(&world.loop, &e), ERR_OK);
	assert_int_equal(http_server_new(&world.server, world.loop, handle, NULL, &e), ERR_OK);
	if (http_listen_unix(world.server, world.path, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return 0;
}

static inline int finish(void **state)
{
	http_server_free(world.server);
	tls_free(world.tls);
	loop_free(world.loop);
	unlink(world.path);
	rmdir(world.dir);
	return 0;
}

/* ---- a client */

static inline int connect_unix(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", world.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static inline int connect_tcp(void)
{
	struct endpoint at = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } },
			       .port = http_port(world.server) };
	struct sockaddr_storage sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, endpoint_to_sockaddr(&at, &sa)), 0);
	evutil_make_socket_nonblocking(fd);
	return fd;
}

/* Sends all, then reads until the server closes. */
static inline void exchange(int fd, const char *bytes, size_t len, char *reply, size_t room)
{
	size_t sent = 0, got = 0;

	for (int turn = 0; turn < TURNS; turn++) {
		ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		loop_run_once(world.loop);
		n = recv(fd, reply + got, room - 1 - got, 0);
		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			break;
	}
	reply[got] = 0;
	close(fd);
}

static inline const char *ask(const char *request)
{
	static char reply[8192];

	exchange(connect_unix(), request, strlen(request), reply, sizeof(reply));
	return reply;
}

#define END "\r\nConnection: close\r\n\r\n"

static inline void assert_reply(const char *reply, const char *status, const char *body)
{
	if (strncmp(reply, status, strlen(status)) != 0)
		fail_msg("'%s' does not begin with '%s'", reply, status);
	if (body && !strstr(reply, body))
		fail_msg("'%s' is not in '%s'", body, reply);
}

/* ---- replies that come later */

static inline void send_kept(int fd)
{
	static const char request[] = "GET /later HTTP/1.1\r\nHost: h" END;

	world.keep = true;
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	for (int turn = 0; turn < TURNS && !world.kept; turn++)
		loop_run_once(world.loop);
	assert_non_null(world.kept);
}

/* ---- sockets */

static inline void listen_tcp(struct tls *tls)
{
	static const struct endpoint any_port = { .addr = { .family = 4,
							    .bytes = { 127, 0, 0, 1 } } };
	struct err e = { "" };

	if (http_listen_tcp(world.server, &any_port, tls, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

#define WITH_SERVER(claim) cmocka_unit_test_setup_teardown(claim, start, finish)

#endif
