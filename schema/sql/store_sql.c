/* SPDX-License-Identifier: Apache-2.0 */
/* store_sql: what the store's files share: statements, transactions, error codes. */
#include "schema/sql/store_sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err_code code_of(sqlite3 *db)
{
	/* SQLite has forgotten it when rolling back cost further calls; errno has not. */
	int system = sqlite3_system_errno(db) ? sqlite3_system_errno(db) : errno;

	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_FULL: return ERR_FULL;
	case SQLITE_NOMEM: return ERR_MEMORY;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return ERR_AGAIN;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH: return ERR_INPUT;
	case SQLITE_IOERR:
		/* Quotas and file size limits reach SQLite as a failed write. */
		if (system == ENOSPC || system == EDQUOT || system == EFBIG)
			return ERR_FULL;
		return ERR_IO;
	default: return ERR_IO;
	}
}

enum err_code store_sql_error(sqlite3 *db, struct err *e)
{
	const char *path = sqlite3_db_filename(db, "main");
	enum err_code code = code_of(db);

	return err_set(e, code, "%s: %s", path && path[0] ? path : "database",
		       code == ERR_FULL ? "no space left" : sqlite3_errmsg(db));
}

enum err_code store_sql_exec(sqlite3 *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_sql_error(db, e);
	return ERR_OK;
}

static int bind(sqlite3_stmt *statement, int at, char letter, va_list *args)
{
	const char *text;

	switch (letter) {
	case 'i': return sqlite3_bind_int64(statement, at, va_arg(*args, int64_t));
	case 'h':
		return sqlite3_bind_blob(statement, at, va_arg(*args, const void *), STORE_HASH_LEN,
					 SQLITE_STATIC);
	default:
		text = va_arg(*args, const char *);
		return sqlite3_bind_text(statement, at, text ? text : "", -1, SQLITE_STATIC);
	}
}

/* ---- statements that are kept ---- */

static struct store_statement *find_kept(struct store *s, const char *sql)
{
	for (size_t i = 0; i < STORE_STATEMENTS; i++) {
		struct store_statement *kept = &s->statements[i];

		if (kept->statement && !kept->is_used &&
		    strcmp(sqlite3_sql(kept->statement), sql) == 0)
			return kept;
	}
	return NULL;
}

static struct store_statement *find_free(struct store *s)
{
	for (size_t i = 0; i < STORE_STATEMENTS; i++)
		if (!s->statements[i].statement)
			return &s->statements[i];
	return NULL;
}

/* Beyond STORE_STATEMENTS they are prepared each time. */
static enum err_code take(struct store *s, const char *sql, sqlite3_stmt **out, struct err *e)
{
	struct store_statement *kept = find_kept(s, sql);

	if (!kept) {
		if (sqlite3_prepare_v2(s->db, sql, -1, out, NULL) != SQLITE_OK)
			return store_sql_error(s->db, e);
		kept = find_free(s);
		if (!kept)
			return ERR_OK;
		kept->statement = *out;
	}
	kept->is_used = true;
	*out = kept->statement;
	return ERR_OK;
}

void store_sql_done(struct store *s, sqlite3_stmt *statement)
{
	for (size_t i = 0; i < STORE_STATEMENTS && statement; i++) {
		if (s->statements[i].statement != statement)
			continue;
		sqlite3_reset(statement);
		sqlite3_clear_bindings(statement);
		s->statements[i].is_used = false;
		return;
	}
	sqlite3_finalize(statement);
}

void store_sql_close(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(s->statements[i].statement);
	sqlite3_close(s->db);
	store_hold_end(&s->hold);
	free(s->refusal);
	free(s->path);
	free(s);
}

enum err_code store_sql_prepare_v(struct store *s, sqlite3_stmt **out, struct err *e,
				  const char *sql, const char *format, va_list args)
{
	sqlite3_stmt *statement;
	enum err_code code = take(s, sql, &statement, e);
	int rc = SQLITE_OK;
	va_list rest;

	if (code)
		return code;
	va_copy(rest, args);
	for (int i = 0; format[i] && rc == SQLITE_OK; i++)
		rc = bind(statement, i + 1, format[i], &rest);
	va_end(rest);
	if (rc != SQLITE_OK) {
		code = store_sql_error(s->db, e);
		store_sql_done(s, statement);
		return code;
	}
	*out = statement;
	return ERR_OK;
}

enum err_code store_sql_prepare(struct store *s, sqlite3_stmt **out, struct err *e, const char *sql,
				const char *format, ...)
{
	enum err_code rc;
	va_list args;

	va_start(args, format);
	rc = store_sql_prepare_v(s, out, e, sql, format, args);
	va_end(args);
	return rc;
}

enum err_code store_sql_step(sqlite3_stmt *statement, bool *has_row, struct err *e)
{
	int rc = sqlite3_step(statement);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return store_sql_error(sqlite3_db_handle(statement), e);
	*has_row = rc == SQLITE_ROW;
	return ERR_OK;
}

enum err_code store_sql_run(struct store *s, struct err *e, const char *sql, const char *format,
			    ...)
{
	sqlite3_stmt *statement;
	bool has_row = true;
	enum err_code rc;
	va_list args;

	va_start(args, format);
	rc = store_sql_prepare_v(s, &statement, e, sql, format, args);
	va_end(args);
	if (rc)
		return rc;
	while (!rc && has_row)
		rc = store_sql_step(statement, &has_row, e);
	store_sql_done(s, statement);
	return rc;
}

enum err_code store_sql_number(sqlite3 *db, const char *sql, int64_t *out, struct err *e)
{
	sqlite3_stmt *statement;
	enum err_code rc;
	bool has_row = false;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return store_sql_error(db, e);
	rc = store_sql_step(statement, &has_row, e);
	if (!rc)
		*out = has_row ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return rc;
}

/* ---- transactions ---- */

/* What the file system, or the file, is to blame for; not what is wrong with the change itself. */
static bool is_trouble(const struct store *s, enum err_code rc)
{
	int code = sqlite3_errcode(s->db) & 0xff;

	return rc == ERR_FULL || rc == ERR_IO || rc == ERR_REFUSED ||
	       (rc == ERR_INPUT && (code == SQLITE_CORRUPT || code == SQLITE_NOTADB));
}

static void note_trouble(struct store *s, enum err_code rc, const struct err *e)
{
	struct store_trouble *t = &s->trouble;

	if (rc == ERR_OK) {
		t->code = ERR_OK;
		return;
	}
	if (!is_trouble(s, rc))
		return;
	if (t->code == ERR_OK)
		t->since_ms = clock_wall_ms(s->clock);
	t->code = rc;
	snprintf(t->text, sizeof(t->text), "%.*s", STORE_TROUBLE_MAX - 1,
		 e ? e->text : err_name(rc));
}

static enum err_code begin_outermost(struct store *s, struct err *e)
{
	enum err_code rc;

	if (s->refusal)
		return err_set(e, ERR_REFUSED, "%s", s->refusal);
	rc = store_hold_look(&s->hold, s->path, e);
	if (!rc)
		rc = store_sql_exec(s->db, "BEGIN IMMEDIATE", e);
	return rc;
}

enum err_code store_sql_begin(struct store *s, struct err *e)
{
	struct err why = { "" };
	enum err_code rc = s->depth ? ERR_OK : begin_outermost(s, &why);

	s->depth += !rc;
	if (!rc)
		return ERR_OK;
	note_trouble(s, rc, &why);
	return err_set(e, rc, "%s", why.text);
}

enum err_code store_sql_end(struct store *s, enum err_code rc, struct err *e)
{
	struct err why = { "" };

	if (--s->depth)
		return rc; /* the outer one's matter */
	if (!rc) {
		rc = store_sql_exec(s->db, "COMMIT", &why);
		if (rc)
			err_set(e, rc, "%s", why.text);
	}
	note_trouble(s, rc, why.text[0] ? &why : e);
	/* Some failures have rolled back by themselves; and a failed roll-back leaves nothing to
	 * do. */
	if (rc && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* ---- rows ---- */

char *store_sql_text(sqlite3_stmt *statement, int column, bool *ok)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	char *copy = strdup(text ? text : "");

	if (!copy)
		*ok = false;
	return copy;
}

/* Makes element n of the list, zeroed. The length alone tells the room: powers of two. */
static void *grow(void **list, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0) {
		void *grown = realloc(*list, (n ? 2 * n : 1) * size);

		if (!grown)
			return NULL;
		*list = grown;
	}
	return memset((char *)*list + n * size, 0, size);
}

enum err_code store_sql_collect(struct store *s, sqlite3_stmt *rows,
				const struct store_sql_kind *kind, void *out, size_t *n,
				struct err *e)
{
	bool has_row = true;
	void *list = NULL, *element;
	size_t len = 0;
	enum err_code rc = ERR_OK;

	while (!rc) {
		rc = store_sql_step(rows, &has_row, e);
		if (rc || !has_row)
			break;
		element = grow(&list, len, kind->size);
		len += element != NULL;
		if (!element || !kind->read(rows, element))
			rc = err_set(e, ERR_MEMORY, "out of memory at row %zu", len);
	}
	store_sql_done(s, rows);
	if (rc) {
		store_sql_free_list(kind, list, len);
		return rc;
	}
	*(void **)out = list;
	*n = len;
	return ERR_OK;
}

void store_sql_free_list(const struct store_sql_kind *kind, void *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kind->fini((char *)list + i * kind->size);
	free(list);
}

enum err_code store_sql_refuse(struct store *s, enum err_code why, const char *text, struct err *e)
{
	char *refusal = strdup(text);

	if (!refusal)
		return err_errno(e, ENOMEM, "%s", s->path);
	free(s->refusal);
	s->refusal = refusal;
	s->trouble.code = why;
	s->trouble.since_ms = clock_wall_ms(s->clock);
	snprintf(s->trouble.text, sizeof(s->trouble.text), "%.*s", STORE_TROUBLE_MAX - 1, text);
	return ERR_OK;
}

static enum err_code check_owner(sqlite3 *db, struct err *e)
{
	int64_t owner, tables;
	enum err_code rc = store_sql_number(db, "PRAGMA application_id", &owner, e);

	if (!rc)
		rc = store_sql_number(db, "SELECT count(*) FROM sqlite_master", &tables, e);
	if (rc)
		return rc;
	if (owner != STORE_APPLICATION_ID && (owner != 0 || tables != 0))
		return err_set(e, ERR_REFUSED, "%s: is a database of another program",
			       sqlite3_db_filename(db, "main"));
	return ERR_OK;
}

enum err_code store_sql_check(sqlite3 *db, const char *check, const char *table, struct err *e)
{
	sqlite3_stmt *statement;
	char sql[128];
	enum err_code rc = check_owner(db, e);
	const char *found;
	bool has_row = false;

	if (rc)
		return rc;
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA %s(%Q)", check, table ? table : "1");
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		return store_sql_error(db, e);
	rc = store_sql_step(statement, &has_row, e);
	found = !rc && has_row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (!rc && (!found || strcmp(found, "ok") != 0))
		rc = err_set(e, ERR_INPUT, "%s: is damaged: %s", sqlite3_db_filename(db, "main"),
			     found && strchr(found, '\n') ? strchr(found, '\n') + 1
			     : found			  ? found
							  : "no result");
	sqlite3_finalize(statement);
	return rc;
}
