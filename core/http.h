/* SPDX-License-Identifier: Apache-2.0 */
/* http: a small server for the admin API and the metrics (libevent's evhttp).
 *
 * It listens on a Unix socket (peers known by SO_PEERCRED), on mutual TLS (peers known by their
 * certificate), or in the clear for read-only pages. It is not on any data path.
 *
 * Threads    all on the loop's thread
 * Ownership  a request lives until its handler returns; a reply until one http_reply_*() call,
 *            which is due even when the client, or the server, has gone meanwhile
 * Units      sizes in bytes
 * Errors     a body over 1 MiB: 413; headers over 16 KiB and what is not HTTP: 400; a method that
 *            is none of ours: 405. A client that is silent for 30 s is cut off
 */
#ifndef FAIRLEAD_CORE_HTTP_H
#define FAIRLEAD_CORE_HTTP_H

#include "core/addr.h"
#include "core/buf.h"
#include "core/identity.h"
#include "core/loop.h"
#include "core/tls.h"

#include <jansson.h>
#include <sys/types.h>

struct http_server;
struct http_reply;

struct http_peer {
	char who[IDENTITY_TEXT_MAX];  /* "uid:0", "spiffe://...", or "anyone" */
	char from[ENDPOINT_TEXT_MAX]; /* "unix" or the remote address */
};

struct http_request {
	const char *method; /* "GET" (HEAD too), "POST", "DELETE", "PUT" */
	const char *path;   /* decoded, without the query, e.g. "/v1/regions" */
	const uint8_t *body;
	size_t len;
	const struct http_peer *peer;
	const void *query; /* for http_query() */
};

/* The value of ?key=, decoded; NULL when absent. Lives as long as the request. */
const char *http_query(const struct http_request *req, const char *key);
/* A request header; NULL when absent. */
const char *http_header(const struct http_request *req, const char *name);

/* Must answer exactly once, now or later on the same thread. */
typedef void (*http_handler_fn)(void *ctx, const struct http_request *req,
				struct http_reply *reply);

enum err_code http_server_new(struct http_server **out, struct loop *loop, http_handler_fn handler,
			      void *ctx, struct err *e);
void http_server_free(struct http_server *s); /* open replies become no-ops; not in a handler */

/* Makes the socket with `mode` (0660); a stale one is replaced, a live one is ERR_EXISTS. */
enum err_code http_listen_unix(struct http_server *s, const char *path, struct err *e);
/* tls NULL = in the clear. Port 0 picks one; http_port() tells which, of the last one made. */
enum err_code http_listen_tcp(struct http_server *s, const struct endpoint *at, struct tls *tls,
			      struct err *e);
uint16_t http_port(const struct http_server *s);

void http_reply_json(struct http_reply *reply, int status, json_t *doc); /* takes doc */
void http_reply_text(struct http_reply *reply, int status, const char *content_type,
		     const char *text, size_t len);
/* {"error":{"code":"refused","message":"..."}} with the status that fits the code. */
void http_reply_error(struct http_reply *reply, enum err_code code, const char *message);

#endif
