/* SPDX-License-Identifier: Apache-2.0 */
/* store_verify: walks the hash chains of the history: was a row changed, or taken away?
 *
 * It reads a few thousand rows at a time and lets go of the database between: a writer's log does
 * not grow for as long as a walk takes. Rows that are added meanwhile are not walked. Rows that
 * left for their age (store_trim.h) are not missed: the chain goes on from the last one's hash.
 *
 * Threads    the store's owner, or that of a reader
 * Errors     ERR_INPUT names the first row that does not fit; ERR_AGAIN when `go_on` said no; else
 *            those of store.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_VERIFY_H
#define FAIRLEAD_SCHEMA_STORE_VERIFY_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* How far a long work is, told now and then; false ends it. */
struct store_progress {
	bool (*go_on)(void *ctx, int64_t done, int64_t total);
	void *ctx;
};

/* Rows with the right hash; `audits` are all that the audit shows. */
struct store_verified {
	int64_t events, audits;
};

/* progress may be NULL. */
enum err_code store_verify(struct store *s, const struct store_progress *progress,
			   struct store_verified *out, struct err *e);

#endif
