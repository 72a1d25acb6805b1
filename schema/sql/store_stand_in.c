/* SPDX-License-Identifier: Apache-2.0 */
/* store_stand_in: the state in memory, when its file cannot be used. */
#include "schema/sql/store_stand_in.h"

#include "schema/sql/store.h"
#include "schema/sql/store_migrate.h"
#include "schema/sql/store_sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- where it is read from ---- */

/* file:PATH?OPTION, with what means something there written as %XX. */
static enum err_code uri_of(const char *path, const char *option, char *out, size_t size,
			    struct err *e)
{
	size_t at = (size_t)snprintf(out, size, "file:");

	for (; *path && at + 4 < size; path++)
		at += (size_t)snprintf(out + at, size - at, strchr("?#%", *path) ? "%%%02X" : "%c",
				       (unsigned char)*path);
	if (*path || at + strlen(option) + 2 > size)
		return err_errno(e, ENAMETOOLONG, "%s", path);
	snprintf(out + at, size - at, "?%s", option);
	return ERR_OK;
}

static enum err_code check_table(struct store *s, const char *sql, const char *path, struct err *e)
{
	sqlite3_stmt *found;
	bool has_row = false;
	const char *text;
	enum err_code rc = store_sql_prepare(s, &found, e, sql, "");

	if (rc)
		return rc;
	rc = store_sql_step(found, &has_row, e);
	text = !rc && has_row ? (const char *)sqlite3_column_text(found, 0) : NULL;
	if (!rc && (!text || strcmp(text, "ok") != 0))
		rc = err_set(e, ERR_INPUT, "%s: is damaged", path);
	store_sql_done(s, found);
	return rc;
}

/* What is taken, and not the history: the start waits for it. */
static enum err_code check_old(struct store *s, const char *path, int64_t *version, struct err *e)
{
	int64_t owner = 0;
	enum err_code rc = store_sql_number(s->db, "PRAGMA old.application_id", &owner, e);

	if (!rc)
		rc = store_sql_number(s->db, "PRAGMA old.user_version", version, e);
	if (!rc && (owner != STORE_APPLICATION_ID || *version < 1))
		rc = err_set(e, ERR_INPUT, "%s: is no state file", path);
	if (!rc)
		rc = check_table(s, "PRAGMA old.quick_check('override')", path, e);
	if (!rc)
		rc = check_table(s, "PRAGMA old.quick_check('health')", path, e);
	if (!rc && *version >= 2)
		rc = check_table(s, "PRAGMA old.quick_check('node')", path, e);
	return rc;
}

#define TAKE_ANY                                                                      \
	"INSERT INTO health SELECT * FROM old.health;"                                \
	"INSERT INTO override (id, kind, service, region, nth, value, by, reason,"    \
	" since_ms, expires_ms) SELECT id,"                                           \
	" CASE WHEN kind = 'drain' AND by = 'fairlead' AND service <> '' THEN 'held'" \
	" ELSE kind END, service, region, "
#define TAKE_REST ", value, by, reason, since_ms, expires_ms FROM old.override;"

static enum err_code take_rows(struct store *s, int64_t version, struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	rc = version < 2 ? store_sql_exec(s->db, TAKE_ANY "0" TAKE_REST, e)
			 : store_sql_exec(s->db,
					  TAKE_ANY "nth" TAKE_REST
						   "INSERT INTO node SELECT * FROM old.node",
					  e);
	return store_sql_end(s, rc, e);
}

static enum err_code take_from(struct store *s, const char *path, const char *option, struct err *e)
{
	char uri[3 * PATH_MAX];
	int64_t version;
	enum err_code rc = uri_of(path, option, uri, sizeof(uri), e);

	if (!rc)
		rc = store_sql_run(s, e, "ATTACH ? AS old", "t", uri);
	if (rc)
		return rc;
	rc = check_old(s, path, &version, e);
	if (!rc)
		rc = take_rows(s, version, e);
	sqlite3_exec(s->db, "DETACH old", NULL, NULL, NULL);
	return rc;
}

/* On a file system that is read-only a WAL cannot be opened: then the file alone is read. */
static const char *take_what_there_is(struct store *s, enum err_code why,
				      const struct store_backup_place *backups, char path[PATH_MAX])
{
	struct err e;

	if (why != ERR_INPUT && (take_from(s, s->path, "mode=ro", &e) == ERR_OK ||
				 take_from(s, s->path, "immutable=1", &e) == ERR_OK))
		return "the file";
	if (backups && backups->directory &&
	    store_backup_newest(backups, s->clock, path, &e) == ERR_OK &&
	    take_from(s, path, "immutable=1", &e) == ERR_OK)
		return path;
	return NULL;
}

/* ---- the stand-in ---- */

static const char *advice(enum err_code why)
{
	switch (why) {
	case ERR_INPUT:
		return "stop it, `fairlead restore` a backup or move the file away, start it";
	case ERR_FULL: return "make room, then restart it";
	default: return "make it writable, then restart it";
	}
}

static enum err_code explain(struct store *s, enum err_code why, const struct err *reason,
			     const char *from, struct err *e)
{
	char text[ERR_TEXT_MAX + PATH_MAX + 128];

	snprintf(text, sizeof(text), "%s; what was forced and known is of %s; %s", reason->text,
		 from ? from : "nowhere: there is no usable backup", advice(why));
	return store_sql_refuse(s, why, text, e);
}

static enum err_code open_memory(struct store *s, struct err *e)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI |
		    SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(":memory:", &s->db, flags, NULL) != SQLITE_OK)
		return err_errno(e, ENOMEM, "%s", s->path);
	sqlite3_extended_result_codes(s->db, 1);
	return store_migrate(s, store_migrations, store_migrations_len, e);
}

static enum err_code make(const char *path, enum err_code why, const struct err *reason,
			  const struct store_backup_place *backups, const struct clock *clock,
			  struct store **out, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	char backup[PATH_MAX];
	enum err_code rc;

	if (!s)
		return err_errno(e, ENOMEM, "%s", path);
	s->clock = clock;
	s->hold = (struct store_hold)STORE_HOLD_NONE;
	s->path = strdup(path);
	/* A read-only file system gives no lock, and holds nothing that two could write. */
	rc = s->path ? store_hold_lock(&s->hold, path, e) : err_errno(e, ENOMEM, "%s", path);
	if (rc != ERR_EXISTS && s->path)
		rc = open_memory(s, e);
	if (!rc)
		rc = explain(s, why, reason, take_what_there_is(s, why, backups, backup), e);
	if (rc) {
		store_close(s);
		return rc;
	}
	*out = s;
	return ERR_OK;
}

enum err_code store_open_always(const char *path, const struct store_backup_place *backups,
				const struct clock *clock, struct store **out, struct err *e)
{
	struct err why = { "" };
	enum err_code rc = store_open(path, clock, out, &why);

	if (rc == ERR_OK)
		return ERR_OK;
	if (rc == ERR_EXISTS || rc == ERR_REFUSED || rc == ERR_MEMORY)
		return err_set(e, rc, "%s", why.text);
	return make(path, rc, &why, backups, clock, out, e);
}

const char *store_stand_in_reason(const struct store *s)
{
	return s->refusal;
}
