/* SPDX-License-Identifier: Apache-2.0 */
/* store_check: is the state file whole? */
#include "schema/sql/store_check.h"

#include "core/log.h"
#include "schema/sql/store_sql.h"

#include <stdio.h>

/* A file so large is read within some 50 ms. */
#define SMALL_BYTES (8 << 20)
#define CHECK_OPS   1000 /* of SQLite's machine between two looks at go_on */

/* All that a new version may add is checked, too. */
#define SMALL_TABLES                     \
	"SELECT name FROM sqlite_schema" \
	" WHERE type = 'table' AND name NOT IN ('event', 'audit') ORDER BY name"

static enum err_code check_tables(struct store *s, struct err *e)
{
	sqlite3_stmt *tables;
	bool has_row = true;
	enum err_code rc = store_sql_prepare(s, &tables, e, SMALL_TABLES, "");

	if (rc)
		return rc;
	while (!rc && has_row) {
		rc = store_sql_step(tables, &has_row, e);
		if (!rc && has_row)
			rc = store_sql_check(s->db, "quick_check",
					     (const char *)sqlite3_column_text(tables, 0), e);
	}
	store_sql_done(s, tables);
	return rc;
}

enum err_code store_check_start(struct store *s, struct err *e)
{
	int64_t pages = 0, size = 0;
	enum err_code rc = store_sql_number(s->db, "PRAGMA page_count", &pages, e);

	if (!rc)
		rc = store_sql_number(s->db, "PRAGMA page_size", &size, e);
	if (rc)
		return rc;
	s->is_part_checked = pages * size > SMALL_BYTES;
	return s->is_part_checked ? check_tables(s, e)
				  : store_sql_check(s->db, "quick_check", NULL, e);
}

bool store_is_part_checked(const struct store *s)
{
	return s->is_part_checked;
}

static int look(void *progress)
{
	const struct store_progress *p = progress;

	return !p->go_on(p->ctx, 0, 0);
}

enum err_code store_check_all(struct store *reader, const struct store_progress *progress,
			      struct err *e)
{
	enum err_code rc;

	sqlite3_progress_handler(reader->db, CHECK_OPS, look, (void *)progress);
	rc = store_sql_check(reader->db, "quick_check", NULL, e);
	if (rc && (sqlite3_errcode(reader->db) & 0xff) == SQLITE_INTERRUPT)
		rc = err_set(e, ERR_AGAIN, "%s: the check was ended", reader->path);
	sqlite3_progress_handler(reader->db, 0, NULL, NULL);
	return rc;
}

void store_condemn(struct store *s, const struct err *why)
{
	char text[ERR_TEXT_MAX + 256];
	struct err e;

	snprintf(text, sizeof(text),
		 "%s; what is in force stays until the end of this process, and changes are"
		 " refused: stop it, `fairlead restore` a backup or move the file away, start it",
		 why->text);
	log_error("schema/sql", "%s", text);
	if (store_sql_refuse(s, ERR_INPUT, text, &e) != ERR_OK)
		log_error("schema/sql", "%s", e.text);
}
