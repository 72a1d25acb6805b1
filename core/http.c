/* SPDX-License-Identifier: Apache-2.0 */
/* http: a small HTTP/1.1 server for the admin API and the metrics. */
#include "core/http.h"

#include "core/acceptor.h"
#include "core/reserve.h"
#include "core/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_MAX       (1 << 20)
#define BODY_MAX_PLAIN (16 << 10) /* pages that anybody may read */
#define ROOM	       "core/http"

enum end_kind { END_UNIX, END_TLS, END_PLAIN };

struct client {
	struct client *next, **link; /* the newest first */
	struct end *end;
	struct http_conn *conn;
};

/* One listening socket. */
struct end {
	struct end *next;
	struct http_server *server;
	enum end_kind kind;
	struct tls *tls;
	struct acceptor *acceptor;
	struct client *clients;
	unsigned n_clients;
	struct reserve_cap cap;
	char *path; /* of a Unix socket, removed at the end if it is still this one */
	dev_t device;
	ino_t inode;
};

struct http_server {
	struct loop *loop;
	http_handler_fn handler;
	void *ctx;
	uint16_t port;
	struct end *ends;
};

/* ---- clients ---- */

static void forget(struct client *client)
{
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	client->end->n_clients--;
	free(client);
}

static void on_closed(void *arg, struct http_conn *conn)
{
	forget(arg);
}

static void drop(struct client *client)
{
	http_conn_free(client->conn);
	forget(client);
}

static struct client *waiting_longest(struct end *end)
{
	struct client *found = NULL;

	for (struct client *c = end->clients; c; c = c->next)
		if (http_conn_is_waiting(c->conn))
			found = c;
	return found;
}

/* Pages take at most a quarter of what clients may have: they share it with those of services. */
static unsigned most_clients(const struct end *end)
{
	unsigned share = (reserve_limit() - reserve_kept()) / 4;

	if (end->kind == END_UNIX || !reserve_limit() || share > HTTP_CONNECTIONS_MAX)
		return HTTP_CONNECTIONS_MAX;
	return share ? share : 1;
}

/* Makes room for one more; returns why there is none. The admin socket may use the reserve. */
static const char *make_room(struct end *end, int fd)
{
	uint64_t now_us = clock_mono_us(loop_clock(end->server->loop));
	unsigned most = most_clients(end);
	bool is_full = end->kind == END_UNIX
			       ? end->n_clients >= most
			       : reserve_take_cap(&end->cap, fd, end->n_clients, most, now_us);
	struct client *longest;

	if (!is_full)
		return NULL;
	longest = waiting_longest(end);
	if (!longest)
		return "all connections that there may be are in use";
	drop(longest);
	return NULL;
}

/* SO_PEERGROUPS asks no name service: the kernel knows them. More than fit are left out. */
static void add_groups(int fd, const struct ucred *cred, struct http_peer *out)
{
	gid_t groups[HTTP_GROUPS_MAX];
	socklen_t len = sizeof(groups);

	out->uid = cred->uid;
	out->groups[out->n_groups++] = cred->gid;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return;
	for (size_t i = 0; i < len / sizeof(gid_t) && out->n_groups < HTTP_GROUPS_MAX; i++)
		out->groups[out->n_groups++] = groups[i];
}

static enum err_code name_peer(const struct end *end, int fd, const struct endpoint *from,
			       struct http_peer *out)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (end->kind != END_UNIX) {
		snprintf(out->who, sizeof(out->who), "anyone");
		endpoint_text(from, out->from);
		return ERR_OK;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return ERR_DENIED;
	snprintf(out->who, sizeof(out->who), "uid:%u", cred.uid);
	snprintf(out->from, sizeof(out->from), "unix");
	add_groups(fd, &cred, out);
	return ERR_OK;
}

/* Takes fd. */
static enum err_code start_conn(struct client *client, int fd, const struct endpoint *from)
{
	struct end *end = client->end;
	const struct http_conn_owner owner = {
		.loop = end->server->loop,
		.handler = end->server->handler,
		.ctx = end->server->ctx,
		.body_max = end->kind == END_PLAIN ? BODY_MAX_PLAIN : BODY_MAX,
		.closed = on_closed,
	};
	SSL *ssl = end->kind == END_TLS ? tls_accept(end->tls) : NULL;
	struct http_peer peer = { .who = "" };

	if ((end->kind == END_TLS && !ssl) || name_peer(end, fd, from, &peer) != ERR_OK) {
		SSL_free(ssl);
		close(fd);
		return ERR_MEMORY;
	}
	return http_conn_new(&client->conn, &owner, client, &peer, fd, ssl);
}

static void add_client(struct end *end, int fd, const struct endpoint *from)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client) {
		close(fd);
		return;
	}
	client->end = end;
	if (start_conn(client, fd, from) != ERR_OK) {
		free(client);
		return;
	}
	client->next = end->clients;
	client->link = &end->clients;
	if (client->next)
		client->next->link = &client->next;
	end->clients = client;
	end->n_clients++;
}

static void on_accept(void *ctx, int fd, const struct endpoint *from)
{
	struct end *end = ctx;
	const char *why = make_room(end, fd);

	if (!why) {
		add_client(end, fd, from);
		return;
	}
	if (reserve_is_reached(fd))
		reserve_refuse(fd);
	else
		close(fd);
	acceptor_pause(end->acceptor, why);
}

/* ---- listening ---- */

static void end_free(struct end *end)
{
	struct stat st;

	if (end->path && stat(end->path, &st) == 0 && st.st_dev == end->device &&
	    st.st_ino == end->inode)
		unlink(end->path);
	acceptor_free(end->acceptor);
	while (end->clients)
		drop(end->clients);
	free(end->path);
	free(end);
}

/* Takes fd. */
static enum err_code add_end(struct http_server *s, enum end_kind kind, struct tls *tls, int fd,
			     const char *address, struct end **out)
{
	struct end *end = calloc(1, sizeof(*end));

	if (!end) {
		close(fd);
		return ERR_MEMORY;
	}
	*end = (struct end){ .server = s, .kind = kind, .tls = tls };
	if (acceptor_new(&end->acceptor, s->loop, fd, address, ROOM, on_accept, end) != ERR_OK) {
		free(end);
		return ERR_MEMORY;
	}
	end->next = s->ends;
	s->ends = end;
	*out = end;
	return ERR_OK;
}

enum err_code http_listen_unix(struct http_server *s, const char *path, struct err *e)
{
	char *own_path = strdup(path);
	enum err_code code;
	struct end *end;
	struct stat st;
	int fd;

	if (!own_path)
		return err_set(e, ERR_MEMORY, "listen on %s: out of memory", path);
	code = socket_listen_unix(path, 0660, &fd, e);
	if (code != ERR_OK)
		goto fail;
	if (add_end(s, END_UNIX, NULL, fd, path, &end) != ERR_OK) {
		code = err_set(e, ERR_MEMORY, "listen on %s: out of memory", path);
		unlink(path);
		goto fail;
	}
	end->path = own_path;
	if (stat(path, &st) == 0) {
		end->device = st.st_dev;
		end->inode = st.st_ino;
	}
	return ERR_OK;
fail:
	free(own_path);
	return code;
}

enum err_code http_listen_tcp(struct http_server *s, const struct endpoint *at, struct tls *tls,
			      struct err *e)
{
	char address[ENDPOINT_TEXT_MAX];
	struct endpoint bound;
	struct end *end;
	enum err_code code;
	int fd;

	code = socket_listen(at, &fd, e);
	if (code != ERR_OK)
		return code;
	code = socket_local(fd, &bound, e);
	if (code != ERR_OK) {
		close(fd);
		return code;
	}
	endpoint_text(&bound, address);
	if (add_end(s, tls ? END_TLS : END_PLAIN, tls, fd, address, &end) != ERR_OK)
		return err_set(e, ERR_MEMORY, "listen: out of memory");
	s->port = bound.port;
	return ERR_OK;
}

uint16_t http_port(const struct http_server *s)
{
	return s->port;
}

unsigned http_connections(const struct http_server *s)
{
	unsigned n = 0;

	for (const struct end *end = s->ends; end; end = end->next)
		n += end->n_clients;
	return n;
}

/* ---- the server ---- */

enum err_code http_server_new(struct http_server **out, struct loop *loop, http_handler_fn handler,
			      void *ctx, struct err *e)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, ERR_MEMORY, "HTTP server: out of memory");
	s->loop = loop;
	s->handler = handler;
	s->ctx = ctx;
	*out = s;
	return ERR_OK;
}

void http_server_free(struct http_server *s)
{
	struct end *end, *next;

	if (!s)
		return;
	for (end = s->ends; end; end = next) {
		next = end->next;
		end_free(end); /* open replies learn that their clients are gone */
	}
	free(s);
}
