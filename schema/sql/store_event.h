/* SPDX-License-Identifier: Apache-2.0 */
/* store_event: what happened, in an append-only, hash-chained table.
 *
 * Threads    the store's owner; store_event_page() also on a reader
 * Ownership  a list is freed with store_event_free()
 * Units      _ms milliseconds since 1970
 * Errors     those of store.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_EVENT_H
#define FAIRLEAD_SCHEMA_STORE_EVENT_H

#include "core/err.h"
#include "schema/sql/store_page.h"

#include <stddef.h>
#include <stdint.h>

struct store;

struct store_event {
	int64_t seq, time_ms; /* time 0 = now; seq is given by the store */
	char *kind;	      /* "health", "drain", "failover", "reload", "start", ... */
	char *service, *region, *from, *to, *cause, *by, *reason; /* "" = not said */
	int64_t epoch;
};

enum err_code store_event_add(struct store *s, const struct store_event *event, int64_t *seq,
			      struct err *e);
enum err_code store_event_page(struct store *s, const struct store_page *page,
			       struct store_event **out, size_t *n, struct err *e);
/* Rows with seq > after, oldest first, at most `limit`: for tests. */
enum err_code store_event_list(struct store *s, int64_t after, size_t limit,
			       struct store_event **out, size_t *n, struct err *e);
void store_event_free(struct store_event *list, size_t n);

#endif
