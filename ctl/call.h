/* SPDX-License-Identifier: Apache-2.0 */
/* call: the admin API from the other side: a request goes out, a JSON document comes back.
 *
 * Over the daemon's Unix socket, or over mutual TLS 1.3. There the server is known as everywhere in
 * the fleet: its certificate chains to the CA and carries the URI of a dnsd of the fleet that our
 * own certificate names; host names say nothing.
 *
 * Threads    one owner; a call blocks until it is answered or its time is over
 * Ownership  call_new copies the target; *doc is a new reference
 * Errors     as outcomes: "unreached" says which socket and what to do, else the code and the text
 *            that the daemon gave; *doc untouched
 */
#ifndef FAIRLEAD_CTL_CALL_H
#define FAIRLEAD_CTL_CALL_H

#include "core/buf.h"
#include "ctl/outcome.h"

#include <jansson.h>
#include <stdio.h>

/* Documents over this are no answer of ours. */
#define CALL_DOCUMENT_MAX (64u << 20)
#define CALL_TIMEOUT_S	  60

struct call_target {
	const char *socket;		    /* used when host is NULL */
	const char *host;		    /* "HOST:PORT" */
	const char *certificate, *key, *ca; /* PEM files; needed with host */
	const char *sudo_user;		    /* who became root; NULL = nobody did */
};

struct call_request {
	const char *method; /* "GET", "POST", "DELETE" */
	const char *path;   /* with its query, encoded: see call_query() */
	const json_t *body; /* NULL = none */
	unsigned timeout_s; /* 0 = CALL_TIMEOUT_S */
	FILE *into; /* takes the bytes of a good answer, and *doc is left alone; NULL = JSON */
};

/* How the verbs ask. call_send() is one; tests have another. */
typedef enum outcome (*call_fn)(void *ctx, const struct call_request *request, json_t **doc,
				struct failure *p);

struct call;

enum outcome call_new(struct call **out, const struct call_target *target, struct failure *p);
void call_free(struct call *c);

/* A call_fn; ctx is the struct call. */
enum outcome call_send(void *call, const struct call_request *request, json_t **doc,
		       struct failure *p);

/* Appends "?key=value", or "&key=value" after another one, encoded; nothing for a NULL value. */
void call_query(struct buf *path, const char *key, const char *value);

#endif
