/* SPDX-License-Identifier: Apache-2.0 */
/* http: a small server for the admin API and the metrics (libevent's evhttp). */
#include "core/http.h"

#include "core/socket.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_MAX    (1 << 20)
#define HEADERS_MAX (16 << 10)
#define TIMEOUT_S   30 /* for a client that neither sends nor reads */
/* After accept() has failed for want of descriptors: trying again at once would spin. */
#define PAUSE_MS 100

enum end_kind { END_UNIX, END_TLS, END_PLAIN };

/* One listening socket. evhttp has no place for a context at its accept errors and none for a
 * socket at its requests, so each has an evhttp of its own, and is found by it. */
struct end {
	struct end *next;	       /* of the server */
	struct end *next_here, **here; /* of this thread */
	struct http_server *server;
	enum end_kind kind;
	struct tls *tls;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct loop_timer *pause;
	char *path; /* of a Unix socket, removed at the end if it is still this one */
	dev_t device;
	ino_t inode;
};

static _Thread_local struct end *ends_here;

struct http_server {
	struct loop *loop;
	http_handler_fn handler;
	void *ctx;
	uint16_t port;
	struct end *ends;
	struct http_reply *open; /* handed out and not answered yet */
};

struct http_reply {
	struct http_reply *next, **link; /* link NULL: the server is gone */
	struct evhttp_request *req;	 /* NULL: the client is gone */
	bool is_head;
};

/* What http_request.query points to. */
struct request_parts {
	struct evhttp_request *req;
	struct evkeyvalq query;
	char *path;
};

/* ---- replies */

static struct http_reply *open_reply(struct http_server *s, struct evhttp_request *req)
{
	struct http_reply *reply = calloc(1, sizeof(*reply));

	if (!reply)
		return NULL;
	reply->req = req;
	reply->is_head = evhttp_request_get_command(req) == EVHTTP_REQ_HEAD;
	reply->next = s->open;
	reply->link = &s->open;
	if (s->open)
		s->open->link = &reply->next;
	s->open = reply;
	return reply;
}

static void unlink_reply(struct http_reply *reply)
{
	if (!reply->link)
		return;
	*reply->link = reply->next;
	if (reply->next)
		reply->next->link = reply->link;
	reply->link = NULL;
}

/* The connection goes while the reply is still open. A request that evhttp has taken off its
 * connection before is left to us; the others it frees itself. */
static void on_client_gone(struct evhttp_connection *connection, void *arg)
{
	struct http_reply *reply = arg;

	if (reply->req && !evhttp_request_get_connection(reply->req))
		evhttp_request_free(reply->req);
	reply->req = NULL;
}

/* Takes body, and ends the reply. */
static void send_reply(struct http_reply *reply, int status, const char *content_type,
		       struct evbuffer *body)
{
	struct evhttp_request *req = reply->req;
	struct evkeyvalq *headers;
	char len[32];

	unlink_reply(reply);
	if (req) {
		headers = evhttp_request_get_output_headers(req);
		evhttp_add_header(headers, "Content-Type", content_type);
		evhttp_add_header(headers, "Cache-Control", "no-store");
		if (reply->is_head && body) { /* evhttp would send it */
			snprintf(len, sizeof(len), "%zu", evbuffer_get_length(body));
			evhttp_add_header(headers, "Content-Length", len);
			evbuffer_drain(body, evbuffer_get_length(body));
		}
		evhttp_connection_set_closecb(evhttp_request_get_connection(req), NULL, NULL);
		evhttp_send_reply(req, status, NULL, body);
	}
	if (body)
		evbuffer_free(body);
	free(reply);
}

void http_reply_text(struct http_reply *reply, int status, const char *content_type,
		     const char *text, size_t len)
{
	struct evbuffer *body = evbuffer_new();

	if (body && evbuffer_add(body, text, len) != 0) {
		evbuffer_free(body);
		body = NULL;
	}
	send_reply(reply, body ? status : 500, content_type, body);
}

void http_reply_json(struct http_reply *reply, int status, json_t *doc)
{
	static const char broken[] =
		"{\"error\":{\"code\":\"memory\",\"message\":\"the reply could not be made\"}}\n";
	struct evbuffer *body = evbuffer_new();
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	if (!text)
		status = 500;
	if (body && text)
		evbuffer_add_printf(body, "%s\n", text);
	else if (body)
		evbuffer_add(body, broken, sizeof(broken) - 1);
	free(text);
	json_decref(doc);
	send_reply(reply, status, "application/json", body);
}

static int status_of(enum err_code code)
{
	switch (code) {
	case ERR_OK: return 200;
	case ERR_INPUT: return 400;
	case ERR_DENIED: return 403;
	case ERR_NOT_FOUND: return 404;
	case ERR_EXISTS:
	case ERR_REFUSED:
	case ERR_UNSAFE:
	case ERR_AGAIN: return 409;
	case ERR_LIMIT: return 429;
	case ERR_FULL: return 507;
	case ERR_IO:
	case ERR_MEMORY: return 500;
	}
	return 500;
}

/* A message may quote bytes from outside; JSON has only UTF-8. */
static json_t *message_text(const char *message)
{
	json_t *text = json_string(message);
	char plain[ERR_TEXT_MAX];
	size_t i;

	if (text)
		return text;
	for (i = 0; message[i] && i + 1 < sizeof(plain); i++)
		plain[i] = (message[i] & 0x80) ? '?' : message[i];
	plain[i] = 0;
	return json_string(plain);
}

static void reply_problem(struct http_reply *reply, int status, enum err_code code,
			  const char *message)
{
	http_reply_json(reply, status,
			json_pack("{s:{s:s,s:o}}", "error", "code", err_name(code), "message",
				  message_text(message)));
}

void http_reply_error(struct http_reply *reply, enum err_code code, const char *message)
{
	reply_problem(reply, status_of(code), code, message);
}

/* ---- requests */

const char *http_query(const struct http_request *req, const char *key)
{
	const struct request_parts *parts = req->query;

	return evhttp_find_header(&parts->query, key);
}

const char *http_header(const struct http_request *req, const char *name)
{
	const struct request_parts *parts = req->query;

	return evhttp_find_header(evhttp_request_get_input_headers(parts->req), name);
}

/* HEAD is GET to a handler; send_reply() leaves the body out. */
static const char *method_name(enum evhttp_cmd_type method)
{
	switch (method) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD: return "GET";
	case EVHTTP_REQ_POST: return "POST";
	case EVHTTP_REQ_PUT: return "PUT";
	case EVHTTP_REQ_DELETE: return "DELETE";
	default: return NULL;
	}
}

static enum err_code find_peer(const struct end *end, struct evhttp_request *req,
			       struct http_peer *out, struct err *e)
{
	struct bufferevent *bev =
		evhttp_connection_get_bufferevent(evhttp_request_get_connection(req));
	int fd = bufferevent_getfd(bev);
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	struct ucred cred;
	socklen_t cred_len = sizeof(cred);
	struct endpoint from;
	struct identity id;
	SSL *ssl;
	enum err_code code;

	if (end->kind == END_UNIX) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) != 0)
			return err_set(e, ERR_DENIED, "the system does not say who you are");
		snprintf(out->who, sizeof(out->who), "uid:%u", cred.uid);
		snprintf(out->from, sizeof(out->from), "unix");
		return ERR_OK;
	}
	snprintf(out->who, sizeof(out->who), "anyone");
	snprintf(out->from, sizeof(out->from), "unknown");
	if (getpeername(fd, (struct sockaddr *)&sa, &len) == 0 &&
	    endpoint_from_sockaddr((struct sockaddr *)&sa, &from) == ERR_OK)
		endpoint_text(&from, out->from);
	if (end->kind == END_PLAIN)
		return ERR_OK;
	/* Without memory for TLS evhttp would go on in the clear. */
	ssl = bufferevent_openssl_get_ssl(bev);
	if (!ssl)
		return err_set(e, ERR_DENIED, "this connection has no TLS");
	code = tls_peer_identity(ssl, &id, e);
	if (code == ERR_OK)
		identity_text(&id, out->who);
	return code;
}

static enum err_code split_uri(struct evhttp_request *req, struct request_parts *out, struct err *e)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	const char *query = uri ? evhttp_uri_get_query(uri) : NULL;
	size_t len;

	if (!path || path[0] != '/')
		return err_set(e, ERR_INPUT, "the path must begin with '/'");
	out->path = evhttp_uridecode(path, 0, &len);
	if (!out->path)
		return err_set(e, ERR_MEMORY, "no memory");
	if (strlen(out->path) != len)
		return err_set(e, ERR_INPUT, "the path has a zero byte");
	if (query && query[0] && evhttp_parse_query_str(query, &out->query) != 0)
		return err_set(e, ERR_INPUT, "the query is not key=value&...");
	return ERR_OK;
}

static void call_handler(const struct end *end, struct evhttp_request *req,
			 struct http_reply *reply, const char *method)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	struct request_parts parts = { .req = req };
	struct http_peer peer;
	struct err e = { "" };
	enum err_code code;

	TAILQ_INIT(&parts.query);
	code = find_peer(end, req, &peer, &e);
	if (code == ERR_OK)
		code = split_uri(req, &parts, &e);
	if (code == ERR_OK) {
		const struct http_request request = { .method = method,
						      .path = parts.path,
						      .body = evbuffer_pullup(body, -1),
						      .len = evbuffer_get_length(body),
						      .peer = &peer,
						      .query = &parts };

		end->server->handler(end->server->ctx, &request, reply);
	} else {
		http_reply_error(reply, code, e.text);
	}
	evhttp_clear_headers(&parts.query);
	free(parts.path);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct end *end = arg;
	const char *method = method_name(evhttp_request_get_command(req));
	struct http_reply *reply = open_reply(end->server, req);

	if (!reply) {
		evhttp_send_error(req, 500, NULL);
		return;
	}
	evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_client_gone, reply);
	if (method) {
		call_handler(end, req, reply, method);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(req), "Allow",
			  "GET, HEAD, POST, PUT, DELETE");
	reply_problem(reply, 405, ERR_INPUT, "this method is not known here");
}

/* ---- listening */

static struct bufferevent *make_tls_stream(struct event_base *base, void *arg)
{
	struct end *end = arg;
	SSL *ssl = tls_accept(end->tls);

	return ssl ? bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
						    BEV_OPT_CLOSE_ON_FREE)
		   : NULL;
}

static void on_accept_failed(struct evconnlistener *listener, void *http)
{
	struct end *end = ends_here;

	while (end && end->http != http)
		end = end->next_here;
	if (!end)
		return;
	evconnlistener_disable(listener);
	loop_timer_after(end->pause, PAUSE_MS);
}

static void on_pause_over(void *arg)
{
	struct end *end = arg;

	evconnlistener_enable(end->listener);
}

static void end_free(struct end *end)
{
	struct stat st;

	if (end->here) {
		*end->here = end->next_here;
		if (end->next_here)
			end->next_here->here = end->here;
	}
	if (end->path && stat(end->path, &st) == 0 && st.st_dev == end->device &&
	    st.st_ino == end->inode)
		unlink(end->path);
	loop_timer_free(end->pause);
	if (end->http)
		evhttp_free(end->http); /* its listener too */
	free(end->path);
	free(end);
}

/* Takes fd. */
static enum err_code add_end(struct http_server *s, enum end_kind kind, struct tls *tls, int fd,
			     struct end **out)
{
	struct end *end = calloc(1, sizeof(*end));

	if (!end)
		goto fail;
	*end = (struct end){ .server = s, .kind = kind, .tls = tls };
	end->http = evhttp_new(loop_base(s->loop));
	if (!end->http || loop_timer_new(s->loop, &end->pause, on_pause_over, end) != ERR_OK)
		goto fail;
	evhttp_set_max_body_size(end->http, BODY_MAX);
	evhttp_set_max_headers_size(end->http, HEADERS_MAX);
	evhttp_set_timeout(end->http, TIMEOUT_S);
	evhttp_set_allowed_methods(end->http, 0xffff); /* on_request() says no, in JSON */
	evhttp_set_flags(end->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_gencb(end->http, on_request, end);
	if (tls)
		evhttp_set_bevcb(end->http, make_tls_stream, end);
	end->listener = evconnlistener_new(loop_base(s->loop), NULL, NULL,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!end->listener)
		goto fail;
	if (!evhttp_bind_listener(end->http, end->listener)) {
		evconnlistener_free(end->listener);
		end_free(end);
		return ERR_MEMORY;
	}
	evconnlistener_set_error_cb(end->listener, on_accept_failed);
	end->next = s->ends;
	s->ends = end;
	end->next_here = ends_here;
	end->here = &ends_here;
	if (ends_here)
		ends_here->here = &end->next_here;
	ends_here = end;
	*out = end;
	return ERR_OK;
fail:
	if (end)
		end_free(end);
	close(fd);
	return ERR_MEMORY;
}

enum err_code http_listen_unix(struct http_server *s, const char *path, struct err *e)
{
	char *own_path = strdup(path);
	enum err_code code;
	struct end *end;
	struct stat st;
	int fd;

	if (!own_path)
		return err_set(e, ERR_MEMORY, "listen on %s: no memory", path);
	code = socket_listen_unix(path, 0660, &fd, e);
	if (code != ERR_OK)
		goto fail;
	if (add_end(s, END_UNIX, NULL, fd, &end) != ERR_OK) {
		code = err_set(e, ERR_MEMORY, "listen on %s: no memory", path);
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
	if (add_end(s, tls ? END_TLS : END_PLAIN, tls, fd, &end) != ERR_OK)
		return err_set(e, ERR_MEMORY, "listen: no memory");
	s->port = bound.port;
	return ERR_OK;
}

uint16_t http_port(const struct http_server *s)
{
	return s->port;
}

/* ---- the server */

enum err_code http_server_new(struct http_server **out, struct loop *loop, http_handler_fn handler,
			      void *ctx, struct err *e)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, ERR_MEMORY, "HTTP server: no memory");
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
		end_free(end); /* tells the open replies that their clients are gone */
	}
	while (s->open)
		unlink_reply(s->open);
	free(s);
}
