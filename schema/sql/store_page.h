/* SPDX-License-Identifier: Apache-2.0 */
/* store_page: which rows of a history are asked for.
 *
 * Threads    the store's owner, or that of a reader
 * Errors     those of store.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_PAGE_H
#define FAIRLEAD_SCHEMA_STORE_PAGE_H

#include "core/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct store_page {
	int64_t after, before; /* seq: between the two, neither counted; before 0 = no end */
	size_t limit;
	bool is_newest; /* the last `limit` of them and not the first; oldest first all the same */
};

/* The rows of a table as a statement for store_sql_collect(). */
enum err_code store_page_prepare(struct store *s, const char *table, const struct store_page *page,
				 sqlite3_stmt **out, struct err *e);

#endif
