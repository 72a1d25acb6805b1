/* SPDX-License-Identifier: Apache-2.0 */
/* store_audit: who did what, or tried to, in an append-only, hash-chained table.
 *
 * Threads    the store's owner; store_audit_page() also on a reader
 * Ownership  a list is freed with store_audit_free()
 * Units      _ms milliseconds since 1970
 * Errors     those of store.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_AUDIT_H
#define FAIRLEAD_SCHEMA_STORE_AUDIT_H

#include "core/err.h"
#include "schema/sql/store_page.h"

#include <stddef.h>
#include <stdint.h>

struct store;

/* Who asks, for the audit row that goes into the transaction of what was asked. */
struct store_actor {
	const char *by;	  /* "uid:0", "spiffe://..." */
	const char *from; /* "unix", "192.0.2.1:4711" */
	const char *reason;
	const char *verb; /* "drain" */
	const char *args; /* JSON text */
};

/* An attempt that changed nothing (refused, not allowed) is audited too. result: "done" or the
 * error. */
enum err_code store_audit_add(struct store *s, const struct store_actor *actor, const char *result,
			      struct err *e);

struct store_audit {
	int64_t seq, time_ms;
	char *by, *from, *verb, *args, *result, *reason;
	char hash[65]; /* hex */
};

enum err_code store_audit_page(struct store *s, const struct store_page *page,
			       struct store_audit **out, size_t *n, struct err *e);
/* Rows with seq > after, oldest first, at most `limit`: for tests. */
enum err_code store_audit_list(struct store *s, int64_t after, size_t limit,
			       struct store_audit **out, size_t *n, struct err *e);
void store_audit_free(struct store_audit *list, size_t n);

#endif
