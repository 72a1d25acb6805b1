/* SPDX-License-Identifier: Apache-2.0 */
/* store_sql: what the store's files share: the handle, statements, transactions, error codes.
 *
 * A format has a letter for each ? of a statement: i int64_t, t const char * (NULL is ''), h a hash
 * of STORE_HASH_LEN bytes.
 *
 * Threads    the store's owner
 *
 * Ownership  who prepares a statement hands it to store_sql_done(); texts of a row are malloc'd
 *
 * Errors     ERR_FULL no space
 *            ERR_AGAIN locked by another program for longer than 5 s
 *            ERR_INPUT damaged, no database, or against a constraint
 *            ERR_REFUSED the store takes no changes, or the database is another program's
 *            ERR_MEMORY; ERR_IO else
 */
#ifndef FAIRLEAD_SCHEMA_STORE_SQL_H
#define FAIRLEAD_SCHEMA_STORE_SQL_H

#include "core/clock.h"
#include "core/err.h"
#include "schema/sql/store_file.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_HASH_LEN 32

/* "FLds" in the database header, so that no other program's file is taken for ours. */
#define STORE_APPLICATION_ID 0x464c6473

/* Statements that are kept prepared: to prepare one costs more than to run it. All that the store
 * has in its daily use fit. */
#define STORE_STATEMENTS 32

#define STORE_TROUBLE_MAX 1024

/* Why the last change did not come to disk; ERR_OK = it did. */
struct store_trouble {
	enum err_code code;
	int64_t since_ms;
	char text[STORE_TROUBLE_MAX];
};

/* One per open state file; lives from store_open() to store_close(). */
struct store {
	sqlite3 *db;
	const struct clock *clock;
	char *path;
	struct store_hold hold;
	unsigned depth; /* of transactions: only the outermost commits */
	char *refusal;	/* why no change is taken at all; NULL = changes are taken */
	struct store_trouble trouble;
	int64_t next_try_ms;  /* to write, while there is trouble */
	bool is_part_checked; /* a large file: its history was not looked at (store_check.h) */
	struct store_statement {
		sqlite3_stmt *statement; /* NULL = free */
		bool is_used;
	} statements[STORE_STATEMENTS];
};

/* The code of the last failure on db, with "PATH: " and SQLite's words in e. */
enum err_code store_sql_error(sqlite3 *db, struct err *e);

/* Statements without parameters, any number of them. */
enum err_code store_sql_exec(sqlite3 *db, const char *sql, struct err *e);

enum err_code store_sql_prepare(struct store *s, sqlite3_stmt **out, struct err *e, const char *sql,
				const char *format, ...);
enum err_code store_sql_prepare_v(struct store *s, sqlite3_stmt **out, struct err *e,
				  const char *sql, const char *format, va_list args);
/* *has_row is false at the end. */
enum err_code store_sql_step(sqlite3_stmt *statement, bool *has_row, struct err *e);
/* Gives it back: it is kept for the next one who asks for the same text. NULL does nothing. */
void store_sql_done(struct store *s, sqlite3_stmt *statement);
/* Finalizes what is kept, closes the database, lets go of the file, and frees the handle. */
void store_sql_close(struct store *s);
/* Prepares, runs to the end, gives back. */
enum err_code store_sql_run(struct store *s, struct err *e, const char *sql, const char *format,
			    ...);

/* The first column of the first row of a query or pragma. */
enum err_code store_sql_number(sqlite3 *db, const char *sql, int64_t *out, struct err *e);

/* ERR_REFUSED when the store takes no changes, or its file is not the one that was opened. */
enum err_code store_sql_begin(struct store *s, struct err *e);
/* Commits when rc is ERR_OK, else takes all back. Returns rc, or why the commit failed. */
enum err_code store_sql_end(struct store *s, enum err_code rc, struct err *e);

/* A copy of a text column; clears *ok when out of memory. */
char *store_sql_text(sqlite3_stmt *statement, int column, bool *ok);

/* How rows become the elements of a list. read fills a zeroed element; false = out of memory. */
struct store_sql_kind {
	size_t size;
	bool (*read)(sqlite3_stmt *row, void *element);
	void (*fini)(void *element);
};

/* All rows of a query as a malloc'd list; gives the statement back in any case. */
enum err_code store_sql_collect(struct store *s, sqlite3_stmt *rows,
				const struct store_sql_kind *kind, void *out, size_t *n,
				struct err *e);
void store_sql_free_list(const struct store_sql_kind *kind, void *list, size_t n);

/* ERR_OK when the database is whole and ours: header, application_id, `check` ("quick_check" or
 * "integrity_check"); of one table alone, or of all with NULL. Ours is also a file with nothing in
 * it. */
enum err_code store_sql_check(sqlite3 *db, const char *check, const char *table, struct err *e);

/* No change is taken from now on, for this reason, which is shown as the store's trouble. */
enum err_code store_sql_refuse(struct store *s, enum err_code why, const char *text, struct err *e);

#endif
