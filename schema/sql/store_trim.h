/* SPDX-License-Identifier: Apache-2.0 */
/* store_trim: what is too old, or too much, leaves events and audit, oldest first.
 *
 * A step is one short transaction (a few milliseconds), so that it may be taken on the owner's
 * thread between other work. Together with the rows their place in the chain is moved on, so that
 * what stays can be verified (store_verify.h); and when a run ends that took something, an audit
 * row says up to where. The space is used again by what comes; the file does not shrink.
 *
 * Threads    the store's owner
 * Units      keep_ms milliseconds, size bytes
 * Errors     those of store.h; a step that fails has taken nothing
 */
#ifndef FAIRLEAD_SCHEMA_STORE_TRIM_H
#define FAIRLEAD_SCHEMA_STORE_TRIM_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* One run; rows is 0 at its start. */
struct store_trim {
	uint64_t keep_ms; /* rows older than this go */
	uint64_t size;	  /* when the database uses more than this, its oldest rows go */
	int64_t rows;	  /* taken so far */
};

/* *has_more: the run goes on with another step. */
enum err_code store_trim_step(struct store *s, struct store_trim *run, bool *has_more,
			      struct err *e);

#endif
