/* SPDX-License-Identifier: Apache-2.0 */
/* store: opens a state file: one owner, whole, ours, not from the future, and durable. */
#include "schema/sql/store.h"

#include "core/file.h"
#include "schema/sql/store_check.h"
#include "schema/sql/store_migrate.h"
#include "schema/sql/store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* FULL: a commit is on disk before it is acknowledged, also when the power fails. */
#define SETTINGS                       \
	"PRAGMA synchronous = FULL;"   \
	"PRAGMA foreign_keys = ON;"    \
	"PRAGMA trusted_schema = OFF;" \
	"PRAGMA journal_size_limit = 1048576"

static enum err_code use_wal(struct store *s, struct err *e)
{
	sqlite3_stmt *statement;
	bool has_row = false;
	enum err_code rc = store_sql_prepare(s, &statement, e, "PRAGMA journal_mode = WAL", "");
	const char *mode;

	if (rc)
		return rc;
	rc = store_sql_step(statement, &has_row, e);
	mode = !rc && has_row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (!rc && (!mode || strcmp(mode, "wal") != 0))
		rc = err_set(e, ERR_IO, "%s: its file system cannot hold a write-ahead log",
			     s->path);
	store_sql_done(s, statement);
	return rc;
}

static enum err_code open_database(struct store *s, struct err *e)
{
	enum err_code rc = store_file_open(s->path, O_RDWR, &s->db, e);

	if (!rc)
		rc = store_check_start(s, e);
	if (!rc)
		rc = use_wal(s, e);
	if (!rc)
		rc = store_sql_exec(s->db, SETTINGS, e);
	if (!rc)
		rc = store_migrate(s, store_migrations, store_migrations_len, e);
	return rc;
}

enum err_code store_open(const char *path, const struct clock *clock, struct store **out,
			 struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	enum err_code rc;

	if (!s)
		return err_errno(e, ENOMEM, "%s", path);
	s->clock = clock;
	s->hold = (struct store_hold)STORE_HOLD_NONE;
	s->path = strdup(path);
	rc = s->path ? file_make_parent(path, e) : err_errno(e, ENOMEM, "%s", path);
	if (!rc)
		rc = store_hold_lock(&s->hold, path, e);
	if (!rc)
		rc = store_hold_file(&s->hold, path, O_RDWR | O_CREAT, e);
	if (!rc)
		rc = open_database(s, e);
	if (rc) {
		store_close(s);
		return rc;
	}
	*out = s;
	return ERR_OK;
}

void store_close(struct store *s)
{
	store_sql_close(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

enum err_code store_begin(struct store *s, struct err *e)
{
	return store_sql_begin(s, e);
}

enum err_code store_end(struct store *s, enum err_code rc, struct err *e)
{
	return store_sql_end(s, rc, e);
}
