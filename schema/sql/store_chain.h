/* SPDX-License-Identifier: Apache-2.0 */
/* store_chain: tables that only grow, each row hashed together with the one before.
 *
 *   hash(n) = SHA-256( hash(n-1) | column | column | ... )       hash(0) = 32 zero bytes
 *
 *   column = 'i' | 8 bytes, big-endian                           integer
 *          | 't' | 4 bytes, big-endian length | bytes            text
 *
 * The columns are those of the table in their order, `seq` first, `hash` left out. `chain` holds
 * the last seq and hash, so that a tail that was cut off is missed as well; and the seq and hash
 * of the last row that has left the table for its age, from which the rest goes on.
 *
 * Threads    the store's owner, inside a transaction; reading also on a reader
 * Errors     those of store_sql.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_CHAIN_H
#define FAIRLEAD_SCHEMA_STORE_CHAIN_H

#include "schema/sql/store_sql.h"

/* A place in a chain. */
struct store_link {
	int64_t seq;
	uint8_t hash[STORE_HASH_LEN];
};

/* Appends a row. The format and the arguments are the columns between seq and hash. */
enum err_code store_chain_add(struct store *s, const char *table, int64_t *seq, struct err *e,
			      const char *format, ...);

/* Where a table's rows begin (after `cut`) and end (with `head`). Either may be NULL. */
enum err_code store_chain_ends(struct store *s, const char *table, struct store_link *cut,
			       struct store_link *head, struct err *e);

/* From the link before a row to that of the row, by its columns; its own hash is not looked at. */
enum err_code store_chain_next(sqlite3_stmt *row, struct store_link *link, struct err *e);

#endif
