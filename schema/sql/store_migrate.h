/* SPDX-License-Identifier: Apache-2.0 */
/* store_migrate: brings a state file to the schema this program knows, a numbered step at a time.
 *
 * Step n is schema/sql/migrations/00n.sql and takes user_version from n - 1 to n in one
 * transaction: a crash in the middle leaves the version before. A step that was released is never
 * edited.
 *
 * Threads    the store's owner
 * Errors     ERR_REFUSED when the file is newer than the steps; else those of store_sql.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_MIGRATE_H
#define FAIRLEAD_SCHEMA_STORE_MIGRATE_H

#include "core/err.h"

#include <stddef.h>

struct store;

extern const char *const store_migrations[];
extern const size_t store_migrations_len;

enum err_code store_migrate(struct store *s, const char *const *steps, size_t n, struct err *e);

#endif
