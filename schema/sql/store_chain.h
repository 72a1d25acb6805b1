/* SPDX-License-Identifier: Apache-2.0 */
/* store_chain: tables that only grow, each row hashed together with the one before.
 *
 *   hash(n) = SHA-256( hash(n-1) | column | column | ... )       hash(0) = 32 zero bytes
 *
 *   column = 'i' | 8 bytes, big-endian                           integer
 *          | 't' | 4 bytes, big-endian length | bytes            text
 *
 * The columns are those of the table in their order, `seq` first, `hash` left out. `chain` holds
 * the last seq and hash, so that a tail that was cut off is missed as well.
 *
 * Threads    the store's owner, inside a transaction
 * Errors     those of store_sql.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_CHAIN_H
#define FAIRLEAD_SCHEMA_STORE_CHAIN_H

#include "schema/sql/store_sql.h"

/* Appends a row. The format and the arguments are the columns between seq and hash. */
enum err_code store_chain_add(struct store *s, const char *table, int64_t *seq, struct err *e,
			      const char *format, ...);

/* Walks a table and adds its rows to *rows. ERR_INPUT names the first that does not fit. */
enum err_code store_chain_verify(struct store *s, const char *table, int64_t *rows, struct err *e);

#endif
