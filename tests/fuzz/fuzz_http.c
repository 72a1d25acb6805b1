/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_http: any bytes from a client of the admin API, with replies at once and replies after the
 * client has gone. */
#include "core/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fairlead-fuzz-XXXXXX";
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static struct loop *loop;
static struct http_server *server;
static struct http_reply *late[TURNS];
static unsigned late_len;

static void handle(void *ctx, const struct http_request *req, struct http_reply *reply)
{
	const char *q = http_query(req, "q"), *type = http_header(req, "content-type");

	if (req->path[0] != '/' || !req->method || req->len > (1 << 20))
		abort();
	if (req->path[1] == 'l' && late_len < TURNS)
		late[late_len++] = reply;
	else if (q)
		http_reply_error(reply, ERR_INPUT, q);
	else
		http_reply_text(reply, 200, "text/plain", type ? type : "",
				type ? strlen(type) : 0);
}

static void stop(void)
{
	http_server_free(server);
	loop_free(loop);
	rmdir(dir);
}

static void start(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", dir);
	if (loop_new(&loop, NULL) != ERR_OK ||
	    http_server_new(&server, loop, handle, NULL, NULL) != ERR_OK ||
	    http_listen_unix(server, at.sun_path, NULL) != ERR_OK)
		abort();
	atexit(stop);
}

static void drain(int fd)
{
	char waste[4096];

	while (recv(fd, waste, sizeof(waste), 0) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t sent = 0;
	int fd;

	if (!server)
		start();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		abort();
	for (int turn = 0; turn < TURNS && sent < size; turn++) {
		ssize_t n = send(fd, data + sent, size - sent, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		loop_run_once(loop);
		drain(fd);
	}
	for (int turn = 0; turn < 4; turn++)
		loop_run_once(loop);
	drain(fd);
	close(fd);
	loop_run_once(loop);
	for (unsigned i = 0; i < late_len; i++)
		http_reply_error(late[i], ERR_AGAIN, "late");
	late_len = 0;
	for (int turn = 0; turn < 4; turn++)
		loop_run_once(loop);
	return 0;
}
