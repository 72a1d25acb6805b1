/* SPDX-License-Identifier: Apache-2.0 */
/* http_head: the request line and the fields of one HTTP/1.x request, strictly read.
 *
 * Refused, because two readers could understand them differently: a bare CR or LF, a blank before
 * the colon, a folded line, a second Content-Length, a Content-Length that is not digits alone, and
 * any Transfer-Encoding (411: a body must have a length here).
 *
 * Threads    any, no state
 * Ownership  http_head_fini() frees what http_head_read() has made, after a failure too
 * Units      sizes in bytes
 * Errors     ERR_INPUT, and `status` says with which HTTP status it is to be refused; ERR_MEMORY
 * Source     RFC 9110, RFC 9112; docs/choices/http-server.md
 */
#ifndef FAIRLEAD_CORE_HTTP_HEAD_H
#define FAIRLEAD_CORE_HTTP_HEAD_H

#include "core/err.h"

#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#define HTTP_FIELDS_MAX 64
#define HTTP_METHOD_MAX 16

struct http_field {
	const char *name, *value;
};

struct http_head {
	char *text; /* the whole head, cut into the strings that are pointed to */
	char method[HTTP_METHOD_MAX];
	char *path;		/* decoded, without the query */
	struct evkeyvalq query; /* decoded */
	struct http_field fields[HTTP_FIELDS_MAX];
	unsigned n_fields;
	size_t body_len;
	bool is_1_0;
	bool is_last;	     /* the connection ends with this request */
	bool wants_continue; /* the client waits for "100 Continue" */
	int status;	     /* of a refusal; 0 = none */
};

/* `bytes` are one head with its empty line. */
enum err_code http_head_read(struct http_head *out, const char *bytes, size_t len, struct err *e);
void http_head_fini(struct http_head *h);

const char *http_head_field(const struct http_head *h, const char *name); /* NULL = absent */
const char *http_head_query(const struct http_head *h, const char *key);

#endif
