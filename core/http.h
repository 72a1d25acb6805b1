/* SPDX-License-Identifier: Apache-2.0 */
/* http: a small HTTP/1.1 server for the admin API and the metrics.
 *
 * It listens on a Unix socket (peers known by SO_PEERCRED), on mutual TLS (peers known by their
 * certificate), or in the clear for read-only pages. It is not on any data path.
 *
 * Bounds, of each listening socket: HTTP_CONNECTIONS_MAX connections, and a quarter of the
 * descriptors that clients may have; when one more comes, the client that has waited longest
 * without a request makes room, and so it does when only the reserved descriptors are left
 * (core/reserve). A Unix socket has the number alone for a bound, and may use the reserve. Why it
 * is none of libevent's: docs/choices/http-server.md.
 *
 * Threads    all on the loop's thread
 * Ownership  the maker frees the server; what it hands out is in core/http_conn.h
 * Errors     a socket that cannot be opened: its address is in the text
 */
#ifndef FAIRLEAD_CORE_HTTP_H
#define FAIRLEAD_CORE_HTTP_H

#include "core/addr.h"
#include "core/http_conn.h"
#include "core/loop.h"
#include "core/tls.h"

struct http_server;

#define HTTP_CONNECTIONS_MAX 256

enum err_code http_server_new(struct http_server **out, struct loop *loop, http_handler_fn handler,
			      void *ctx, struct err *e);
void http_server_free(struct http_server *s); /* open replies become no-ops; not in a handler */

/* Makes the socket with `mode` (0660); a stale one is replaced, a live one is ERR_EXISTS. */
enum err_code http_listen_unix(struct http_server *s, const char *path, struct err *e);
/* tls NULL = in the clear. Port 0 picks one; http_port() tells which, of the last one made. */
enum err_code http_listen_tcp(struct http_server *s, const struct endpoint *at, struct tls *tls,
			      struct err *e);
uint16_t http_port(const struct http_server *s);	/* for tests */
unsigned http_connections(const struct http_server *s); /* for tests */

#endif
