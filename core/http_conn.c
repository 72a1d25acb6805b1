/* SPDX-License-Identifier: Apache-2.0 */
/* http_conn: one client of an HTTP server: its requests, one after another, and their replies. */
#include "core/http_conn.h"

#include "core/http_error.h"
#include "core/http_head.h"
#include "core/tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_MAX   (16 << 10)
#define REQUEST_MS 30000 /* for a whole request, from the end of the one before */
#define READER_S   30	 /* for a client that does not read its reply */
#define LINGER_MS  2000

enum conn_state { READING_HEAD, READING_BODY, HANDLING, SENDING, STREAMING, LINGERING };

/* The descriptor belongs to the bufferevent, which closes it after it has taken it out of epoll. */
struct http_conn {
	struct http_conn_owner owner;
	void *owner_arg;
	enum conn_state state;
	struct bufferevent *bev;
	struct loop_timer *deadline;
	struct http_peer peer;
	struct http_head head;
	struct http_reply *reply; /* handling, streaming */
	bool is_last;		  /* closed after this reply */
	bool lingers;		  /* ... when the client has read it */
};

/* Handed out to a handler until it has answered. */
struct http_reply {
	struct http_conn *conn; /* NULL: the client, or the server, is gone */
	const struct http_stream_fns *stream;
	void *ctx;
};

static void free_bev(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (ssl && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
	bufferevent_free(bev);
}

void http_conn_free(struct http_conn *c)
{
	struct http_reply *reply = c->reply;

	loop_timer_free(c->deadline);
	if (c->bev)
		free_bev(c->bev);
	http_head_fini(&c->head);
	free(c);
	if (!reply)
		return;
	reply->conn = NULL;
	if (reply->stream)
		reply->stream->gone(reply->ctx);
}

static void close_conn(struct http_conn *c)
{
	c->owner.closed(c->owner_arg, c);
	http_conn_free(c);
}

bool http_conn_is_waiting(const struct http_conn *c)
{
	return c->state == READING_HEAD || c->state == READING_BODY || c->state == LINGERING;
}

/* No client fills more memory than the request that it may send. */
static void bound_input(struct http_conn *c)
{
	size_t body = c->state == READING_BODY ? c->head.body_len : 0;

	bufferevent_setwatermark(c->bev, EV_READ, 0, body + HEAD_MAX + 4);
}

static void enter(struct http_conn *c, enum conn_state state)
{
	if (state == READING_HEAD)
		http_head_fini(&c->head); /* what is refused now is not of the request before */
	c->state = state;
	bound_input(c);
	if (state == READING_HEAD)
		loop_timer_after(c->deadline, REQUEST_MS);
	else if (state == LINGERING)
		loop_timer_after(c->deadline, LINGER_MS);
	else if (state != READING_BODY) /* the deadline is of the whole request */
		loop_timer_stop(c->deadline);
}

/* ---- replies ---- */

/* len < 0: chunked, or to the end of the connection for HTTP/1.0. */
static void send_head(struct http_conn *c, int status, const char *content_type, ssize_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	evbuffer_add_printf(
		out, "HTTP/1.%d %d %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\n",
		c->head.is_1_0 ? 0 : 1, status, http_error_phrase(status), content_type);
	if (status == 405)
		evbuffer_add_printf(out, "Allow: GET, HEAD, POST, PUT, DELETE\r\n");
	if (len >= 0)
		evbuffer_add_printf(out, "Content-Length: %zd\r\n", len);
	else if (!c->head.is_1_0)
		evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n");
	evbuffer_add_printf(out, "Connection: %s\r\n\r\n", c->is_last ? "close" : "keep-alive");
}

static bool is_head(const struct http_conn *c)
{
	return strcmp(c->head.method, "HEAD") == 0;
}

static void send_whole(struct http_conn *c, int status, const char *content_type, const char *text,
		       size_t len)
{
	send_head(c, status, content_type, (ssize_t)len);
	if (!is_head(c))
		evbuffer_add(bufferevent_get_output(c->bev), text, len);
	enter(c, SENDING);
}

void http_reply_text(struct http_reply *reply, int status, const char *content_type,
		     const char *text, size_t len)
{
	struct http_conn *c = reply->conn;

	free(reply);
	if (!c)
		return;
	c->reply = NULL;
	send_whole(c, status, content_type, text, len);
}

/* The text of a document, or of the failure to make it. Not to be freed when it is `broken`. */
static char *doc_text(json_t *doc, int *status)
{
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
	size_t len = text ? strlen(text) : 0;
	char *line = text ? realloc(text, len + 2) : NULL;

	json_decref(doc);
	if (line) {
		memcpy(line + len, "\n", 2);
		return line;
	}
	free(text);
	*status = 500;
	return NULL;
}

static const char broken[] =
	"{\"error\":{\"code\":\"memory\",\"message\":\"the reply could not be made\"}}\n";

void http_reply_json(struct http_reply *reply, int status, json_t *doc)
{
	char *text = doc_text(doc, &status);
	const char *shown = text ? text : broken;

	http_reply_text(reply, status, "application/json", shown, strlen(shown));
	free(text);
}

void http_reply_error(struct http_reply *reply, enum err_code code, const char *message)
{
	http_reply_json(reply, http_error_status(code), http_error_doc(code, message));
}

/* Before there is a request that a handler could answer. What the client still sends is read away
 * while it reads why. */
static void refuse(struct http_conn *c, int status, enum err_code code, const char *message)
{
	char *text = doc_text(http_error_doc(code, message), &status);
	const char *shown = text ? text : broken;

	c->is_last = c->lingers = true;
	send_whole(c, status, "application/json", shown, strlen(shown));
	free(text);
}

/* ---- streams ---- */

void http_stream_start(struct http_reply *reply, int status, const char *content_type,
		       const struct http_stream_fns *fns, void *ctx)
{
	struct http_conn *c = reply->conn;

	reply->stream = fns;
	reply->ctx = ctx;
	if (!c)
		return;
	c->is_last |= c->head.is_1_0;
	send_head(c, status, content_type, -1);
	enter(c, STREAMING);
}

enum err_code http_stream_write(struct http_reply *reply, const void *bytes, size_t len)
{
	struct http_conn *c = reply->conn;
	struct evbuffer *out = c ? bufferevent_get_output(c->bev) : NULL;

	if (!c)
		return ERR_REFUSED;
	if (evbuffer_get_length(out) + len > HTTP_STREAM_MAX)
		return ERR_LIMIT;
	if (is_head(c)) /* nothing is sent, and ready() comes all the same */
		bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
	if (len == 0 || is_head(c))
		return ERR_OK;
	if (c->head.is_1_0)
		return evbuffer_add(out, bytes, len) == 0 ? ERR_OK : ERR_MEMORY;
	/* Half a chunk cannot be taken back: with its room there nothing can fail. */
	if (evbuffer_expand(out, len + 32) != 0)
		return ERR_MEMORY;
	evbuffer_add_printf(out, "%zx\r\n", len);
	evbuffer_add(out, bytes, len);
	evbuffer_add(out, "\r\n", 2);
	return ERR_OK;
}

void http_stream_end(struct http_reply *reply, bool whole)
{
	struct http_conn *c = reply->conn;

	free(reply);
	if (!c)
		return;
	c->reply = NULL;
	if (whole && !c->head.is_1_0 && !is_head(c))
		evbuffer_add(bufferevent_get_output(c->bev), "0\r\n\r\n", 5);
	c->is_last |= !whole;
	enter(c, SENDING);
	if (evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS);
}

/* ---- requests ---- */

const char *http_query(const struct http_request *req, const char *key)
{
	return http_head_query(req->query, key);
}

const char *http_header(const struct http_request *req, const char *name)
{
	return http_head_field(req->query, name);
}

#define SUDO_NAME_MAX 32

static bool is_user_name(const char *name)
{
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

	return len && len <= SUDO_NAME_MAX && !name[len];
}

void http_by(const struct http_request *req, char out[HTTP_BY_MAX])
{
	const struct http_peer *peer = req->peer;
	bool is_root = peer->n_groups && !peer->uid;
	const char *sudo = is_root ? http_header(req, HTTP_SUDO_HEADER) : NULL;

	if (sudo && is_user_name(sudo))
		snprintf(out, HTTP_BY_MAX, "%s (sudo by %s)", peer->who, sudo);
	else
		snprintf(out, HTTP_BY_MAX, "%s", peer->who);
}

/* HEAD is GET to a handler; send_whole() leaves the body out. */
static const char *method_for_handler(const char *method)
{
	static const char *const known[] = { "GET", "POST", "PUT", "DELETE" };

	if (strcmp(method, "HEAD") == 0)
		return "GET";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(method, known[i]) == 0)
			return known[i];
	return NULL;
}

/* A peer with TLS is known only now, after the handshake. */
static enum err_code find_peer(struct http_conn *c, struct err *e)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->bev);
	struct identity id;
	enum err_code code;

	if (!ssl)
		return ERR_OK;
	code = tls_peer_identity(ssl, &id, e);
	if (code == ERR_OK)
		identity_text(&id, c->peer.who);
	return code;
}

/* The whole request is there. The handler may answer at once. */
static void handle(struct http_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct http_request request = { .method = method_for_handler(c->head.method),
					.path = c->head.path,
					.len = c->head.body_len,
					.peer = &c->peer,
					.query = &c->head };
	struct err e = { "" };
	enum err_code code = find_peer(c, &e);

	if (code != ERR_OK) {
		refuse(c, http_error_status(code), code, e.text);
		return;
	}
	if (!request.method) {
		refuse(c, 405, ERR_INPUT, "this method is not known here");
		return;
	}
	request.body = evbuffer_pullup(in, (ssize_t)request.len);
	c->reply = request.body || !request.len ? calloc(1, sizeof(*c->reply)) : NULL;
	if (!c->reply) {
		refuse(c, 500, ERR_MEMORY, "out of memory");
		return;
	}
	c->reply->conn = c;
	c->is_last = c->head.is_last;
	enter(c, HANDLING);
	c->owner.handler(c->owner.ctx, &request, c->reply);
	evbuffer_drain(in, request.len);
}

static void read_body(struct http_conn *c)
{
	if (evbuffer_get_length(bufferevent_get_input(c->bev)) >= c->head.body_len)
		handle(c);
}

static void take_head(struct http_conn *c, size_t len)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	const char *bytes = (const char *)evbuffer_pullup(in, (ssize_t)len);
	struct err e = { "" };
	enum err_code code;

	if (!bytes) {
		refuse(c, 500, ERR_MEMORY, "out of memory");
		return;
	}
	code = http_head_read(&c->head, bytes, len, &e);
	evbuffer_drain(in, len);
	if (code != ERR_OK)
		refuse(c, c->head.status ? c->head.status : 500, code, e.text);
	else if (c->head.body_len > c->owner.body_max)
		refuse(c, 413, ERR_LIMIT, "the body is too long");
	else
		enter(c, READING_BODY);
	if (c->state == READING_BODY && c->head.wants_continue)
		evbuffer_add_printf(bufferevent_get_output(c->bev),
				    "HTTP/1.1 100 Continue\r\n\r\n");
}

static void read_head(struct http_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_ptr end;
	char first[2];

	/* Clients may send an empty line between requests (RFC 9112, 2.2). */
	while (evbuffer_copyout(in, first, 2) == 2 && memcmp(first, "\r\n", 2) == 0)
		evbuffer_drain(in, 2);
	end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	if (end.pos >= 0 && end.pos <= HEAD_MAX)
		take_head(c, (size_t)end.pos + 4);
	else if (end.pos >= 0 || evbuffer_get_length(in) > HEAD_MAX)
		refuse(c, 431, ERR_LIMIT, "the header fields are longer than 16 KiB");
}

static void read_input(struct http_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);

	if (c->state == READING_HEAD)
		read_head(c);
	if (c->state == READING_BODY)
		read_body(c);
	if (c->state == LINGERING || c->lingers)
		evbuffer_drain(in, evbuffer_get_length(in));
}

/* ---- what the bufferevent tells: deferred, so never from inside our own calls ---- */

static void on_read(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	loop_note_work(c->owner.loop);
	read_input(c);
}

/* Our side is closed below TLS, so that the client reads the reply and then its end. */
static void linger(struct http_conn *c)
{
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	bufferevent_disable(c->bev, EV_WRITE);
	enter(c, LINGERING);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct http_conn *c = arg;

	loop_note_work(c->owner.loop);
	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0)
		return;
	if (c->state == STREAMING && c->reply->stream->ready) {
		c->reply->stream->ready(c->reply->ctx);
	} else if (c->state == SENDING && c->lingers) {
		linger(c);
	} else if (c->state == SENDING && c->is_last) {
		close_conn(c);
	} else if (c->state == SENDING) {
		enter(c, READING_HEAD);
		read_input(c);
	}
}

/* A client that has closed its side still gets the reply to what it has asked; of a stream it only
 * says that it does not want it any more. */
static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_conn *c = arg;
	bool is_owed = c->state == HANDLING || c->state == SENDING;

	loop_note_work(c->owner.loop);
	if (what & BEV_EVENT_CONNECTED)
		return;
	if ((what & BEV_EVENT_EOF) && is_owed)
		c->is_last = true;
	else
		close_conn(c);
}

static void on_deadline(void *arg)
{
	struct http_conn *c = arg;
	size_t len = evbuffer_get_length(bufferevent_get_input(c->bev));

	if (c->state == READING_BODY || (c->state == READING_HEAD && len > 0))
		refuse(c, 408, ERR_INPUT, "the request was not there whole within 30 s");
	else
		close_conn(c);
}

/* ---- */

static enum err_code start(struct http_conn *c, int fd, SSL *ssl)
{
	struct event_base *base = loop_base(c->owner.loop);
	const int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	const struct timeval reader = { .tv_sec = READER_S };

	if (loop_timer_new(c->owner.loop, &c->deadline, on_deadline, c) != ERR_OK)
		return ERR_MEMORY;
	if (ssl)
		c->bev = bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
							options);
	else
		c->bev = bufferevent_socket_new(base, fd, options);
	if (!c->bev)
		return ERR_MEMORY;
	bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
	bufferevent_set_timeouts(c->bev, NULL, &reader);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	enter(c, READING_HEAD);
	return ERR_OK;
}

enum err_code http_conn_new(struct http_conn **out, const struct http_conn_owner *owner,
			    void *owner_arg, const struct http_peer *peer, int fd, SSL *ssl)
{
	struct http_conn *c = calloc(1, sizeof(*c));

	if (c) {
		c->owner = *owner;
		c->owner_arg = owner_arg;
		c->peer = *peer;
	}
	if (!c || start(c, fd, ssl) != ERR_OK) {
		SSL_free(ssl);
		close(fd);
		if (c)
			http_conn_free(c);
		return ERR_MEMORY;
	}
	*out = c;
	return ERR_OK;
}
