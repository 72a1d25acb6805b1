/* SPDX-License-Identifier: Apache-2.0 */
/* store_copy: a whole, checked copy of a state database in one file, or none.
 *
 * It is on disk a piece at a time while it is made, so that the last fsync is short and no other
 * writer on that disk waits for hundreds of megabytes.
 *
 * Threads    that of `from`
 * Errors     those of store.h; ERR_AGAIN when `go_on` said no. Nothing is left behind
 */
#ifndef FAIRLEAD_SCHEMA_STORE_COPY_H
#define FAIRLEAD_SCHEMA_STORE_COPY_H

#include "core/err.h"
#include "schema/sql/store_verify.h"

#include <limits.h>
#include <sqlite3.h>

/* progress may be NULL; its numbers are pages. What is at `path` is replaced. */
enum err_code store_copy(sqlite3 *from, const char *path, const struct store_progress *progress,
			 struct err *e);
/* The file, and what SQLite may have put beside it. */
void store_copy_remove(const char *path);

/* PATH.partial: the name of what is not whole yet. */
enum err_code store_copy_partial(const char *path, char out[PATH_MAX], struct err *e);

#endif
