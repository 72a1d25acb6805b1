/* SPDX-License-Identifier: Apache-2.0 */
/* http_conn: one client of an HTTP server: its requests, one after another, and their replies.
 *
 *   reading a head -> reading a body -> handling -> sending -> reading the next head
 *                                       `-> streaming, until it is ended -> sending
 *   after a refusal: sending -> lingering, so that the client reads why -> closed
 *
 * Threads    all on the loop's thread
 * Ownership  a request lives until its handler returns; a reply until one http_reply_*() call or
 *            http_stream_end(), which is due even when the client, or the server, has gone
 *            meanwhile. A connection ends by itself, with closed(), or by http_conn_free()
 * Units      sizes in bytes
 * Errors     a head over 16 KiB: 431; a body over its bound: 413; a body without a length: 411;
 *            what is not HTTP: 400; a method that is none of ours: 405; a request that is not there
 *            whole 30 s after it was due: 408; a client that does not read for 30 s is cut off
 * Source     RFC 9110, RFC 9112
 */
#ifndef FAIRLEAD_CORE_HTTP_CONN_H
#define FAIRLEAD_CORE_HTTP_CONN_H

#include "core/addr.h"
#include "core/buf.h"
#include "core/identity.h"
#include "core/loop.h"

#include <jansson.h>
#include <openssl/ssl.h>
#include <sys/types.h>

struct http_conn;
struct http_reply;

#define HTTP_STREAM_MAX (1 << 20)

#define HTTP_GROUPS_MAX 64

struct http_peer {
	char who[IDENTITY_TEXT_MAX];  /* "uid:0", "spiffe://...", or "anyone" */
	char from[ENDPOINT_TEXT_MAX]; /* "unix" or the remote address */
	uint32_t uid,
		groups[HTTP_GROUPS_MAX]; /* of a process on this machine, as the kernel says */
	size_t n_groups;
};

struct http_request {
	const char *method; /* "GET" (HEAD too), "POST", "DELETE", "PUT" */
	const char *path;   /* decoded, without the query, e.g. "/v1/regions" */
	const uint8_t *body;
	size_t len;
	const struct http_peer *peer;
	const void *query; /* for http_query() and http_header() */
};

/* The value of ?key=, decoded; NULL when absent. Lives as long as the request. */
const char *http_query(const struct http_request *req, const char *key);
/* A request header; NULL when absent. */
const char *http_header(const struct http_request *req, const char *name);

/* Who asked, for logs and the audit: "uid:0 (sudo by alice)". The second name is what the program
 * says of itself (HTTP_SUDO_HEADER), and only root on this machine is believed. */
#define HTTP_SUDO_HEADER "Fairlead-Sudo-User"
#define HTTP_BY_MAX	 (IDENTITY_TEXT_MAX + 64)
void http_by(const struct http_request *req, char out[HTTP_BY_MAX]);

/* Must answer exactly once, now or later on the same thread. */
typedef void (*http_handler_fn)(void *ctx, const struct http_request *req,
				struct http_reply *reply);

void http_reply_json(struct http_reply *reply, int status, json_t *doc); /* takes doc */
void http_reply_text(struct http_reply *reply, int status, const char *content_type,
		     const char *text, size_t len);
/* {"error":{"code":"refused","message":"..."}} with the status that fits the code. */
void http_reply_error(struct http_reply *reply, enum err_code code, const char *message);

/* A reply in pieces, as they come (chunked): for what is long, or has no end. Each write goes out
 * by itself; ready() comes when all that was written is with the client's kernel, so that who has a
 * file to send writes the next piece then. When the client goes, gone() comes once, and writes are
 * ERR_REFUSED from then on. Neither comes after http_stream_end(), which is due in any case. */
struct http_stream_fns {
	void (*ready)(void *ctx); /* may be NULL */
	void (*gone)(void *ctx);
};
void http_stream_start(struct http_reply *reply, int status, const char *content_type,
		       const struct http_stream_fns *fns, void *ctx);
/* ERR_LIMIT: the client does not read, HTTP_STREAM_MAX bytes wait; this piece is not sent. */
enum err_code http_stream_write(struct http_reply *reply, const void *bytes, size_t len);
/* Whole: the client sees the end. Else it sees that something is missing. */
void http_stream_end(struct http_reply *reply, bool whole);

/* ---- for core/http ---- */

struct http_conn_owner {
	struct loop *loop;
	http_handler_fn handler;
	void *ctx;
	size_t body_max;
	void (*closed)(void *owner, struct http_conn *c); /* before it frees itself */
};

/* Takes fd and ssl (NULL in the clear). ERR_MEMORY: both are closed and freed. */
enum err_code http_conn_new(struct http_conn **out, const struct http_conn_owner *owner,
			    void *owner_arg, const struct http_peer *peer, int fd, SSL *ssl);
void http_conn_free(struct http_conn *c);	      /* without closed() */
bool http_conn_is_waiting(const struct http_conn *c); /* for its client, not for us */

#endif
