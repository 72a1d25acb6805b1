/* SPDX-License-Identifier: Apache-2.0 */
/* store_override: what operators forced. Override, audit row and event are one transaction. */
#include "schema/sql/store_override.h"

#include "core/units.h"
#include "schema/sql/store_event.h"
#include "schema/sql/store_sql.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                     \
	"id, kind, service, region, nth, value, by, reason, since_ms, expires_ms, " \
	"EXISTS (SELECT 1 FROM asleep WHERE asleep.id = override.id)"

static const char *const kind_names[] = { "drain", "dial", "failover", "freeze", "held" };
#define N_KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

const char *store_override_kind_name(enum store_override_kind kind)
{
	return (unsigned)kind < N_KINDS ? kind_names[kind] : "";
}

static enum store_override_kind kind_of(const char *name)
{
	unsigned kind = 0;

	while (kind + 1 < N_KINDS && strcmp(name, kind_names[kind]) != 0)
		kind++;
	return (enum store_override_kind)kind;
}

/* ---- reading ---- */

static bool read_row(sqlite3_stmt *row, void *element)
{
	struct store_override *out = element;
	const char *kind = (const char *)sqlite3_column_text(row, 1);
	bool ok = true;

	out->id = sqlite3_column_int64(row, 0);
	out->kind = kind_of(kind ? kind : "");
	out->service = store_sql_text(row, 2, &ok);
	out->region = store_sql_text(row, 3, &ok);
	out->nth = (uint32_t)sqlite3_column_int64(row, 4);
	out->value = (uint32_t)sqlite3_column_int64(row, 5);
	out->by = store_sql_text(row, 6, &ok);
	out->reason = store_sql_text(row, 7, &ok);
	out->since_ms = sqlite3_column_int64(row, 8);
	out->expires_ms = sqlite3_column_int64(row, 9);
	out->is_asleep = sqlite3_column_int(row, 10);
	return ok;
}

static void fini(void *element)
{
	struct store_override *o = element;

	free(o->service);
	free(o->region);
	free(o->by);
	free(o->reason);
}

static const struct store_sql_kind overrides = { sizeof(struct store_override), read_row, fini };

enum err_code store_override_list(struct store *s, struct store_override **out, size_t *n,
				  struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc =
		store_sql_prepare(s, &rows, e, "SELECT " COLUMNS " FROM override ORDER BY id", "");

	return rc ? rc : store_sql_collect(s, rows, &overrides, out, n, e);
}

void store_override_free(struct store_override *list, size_t n)
{
	store_sql_free_list(&overrides, list, n);
}

/* ---- changing ---- */

/* An override as an event names it. */
static void state_text(const struct store_override *o, char out[UNITS_TEXT_MAX])
{
	out[0] = 0;
	if (o->kind == STORE_DIAL)
		units_share_text(o->value, out);
	else
		memcpy(out, "on", sizeof("on"));
}

/* A hold is put and let go for a failback, whoever asks; all else is an operator's. */
static const char *cause_of(const struct store_override *o, const struct store_actor *actor)
{
	if (!actor)
		return "expired";
	return o->kind == STORE_HELD ? "failback" : "operator";
}

static enum err_code add_event(struct store *s, const struct store_override *was,
			       const struct store_override *is, const char *cause,
			       const struct store_actor *actor, struct err *e)
{
	char from[UNITS_TEXT_MAX] = "", to[UNITS_TEXT_MAX] = "";
	const struct store_override *o = is ? is : was;
	struct store_event event = {
		.kind = (char *)store_override_kind_name(o->kind),
		.service = o->service,
		.region = o->region,
		.from = from,
		.to = to,
		.cause = (char *)cause,
		.by = actor ? (char *)actor->by : (char *)"",
		.reason = actor ? (char *)actor->reason : o->reason,
	};

	if (was)
		state_text(was, from);
	if (is)
		state_text(is, to);
	if (o->kind == STORE_FAILOVER) {
		event.from = was ? was->region : from;
		event.to = is ? is->region : to;
	}
	return store_event_add(s, &event, NULL, e);
}

/* The override that o would replace, or ERR_OK with *n = 0. */
static enum err_code find_same(struct store *s, const struct store_override *o,
			       struct store_override **out, size_t *n, struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc = store_sql_prepare(
		s, &rows, e,
		"SELECT " COLUMNS " FROM override WHERE kind = ? AND service = ?"
		" AND (region = ? AND nth = ? OR kind = 'failover')",
		"ttti", store_override_kind_name(o->kind), o->service, o->region, (int64_t)o->nth);

	return rc ? rc : store_sql_collect(s, rows, &overrides, out, n, e);
}

static enum err_code replace(struct store *s, const struct store_override *o,
			     const struct store_override *same, size_t n_same, int64_t *id,
			     struct err *e)
{
	int64_t since_ms = o->since_ms ? o->since_ms : clock_wall_ms(s->clock);
	enum err_code rc = ERR_OK;

	for (size_t i = 0; !rc && i < n_same; i++)
		rc = store_sql_run(s, e, "DELETE FROM override WHERE id = ?", "i", same[i].id);
	if (!rc)
		rc = store_sql_run(s, e,
				   "INSERT INTO override (kind, service, region, nth, value, by,"
				   " reason, since_ms, expires_ms)"
				   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
				   "tttiittii", store_override_kind_name(o->kind), o->service,
				   o->region, (int64_t)o->nth, (int64_t)o->value, o->by, o->reason,
				   since_ms, o->expires_ms);
	if (!rc)
		*id = sqlite3_last_insert_rowid(s->db);
	return rc;
}

enum err_code store_override_put(struct store *s, const struct store_override *o,
				 const struct store_actor *actor, int64_t *id, struct err *e)
{
	struct store_override *same = NULL;
	size_t n_same = 0;
	int64_t given = 0;
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	rc = find_same(s, o, &same, &n_same, e);
	if (!rc)
		rc = replace(s, o, same, n_same, &given, e);
	if (!rc)
		rc = store_audit_add(s, actor, "done", e);
	if (!rc)
		rc = add_event(s, n_same ? same : NULL, o, cause_of(o, actor), actor, e);
	rc = store_sql_end(s, rc, e);
	store_override_free(same, n_same);
	if (!rc && id)
		*id = given;
	return rc;
}

static enum err_code find_id(struct store *s, int64_t id, struct store_override **out, size_t *n,
			     struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc = store_sql_prepare(
		s, &rows, e, "SELECT " COLUMNS " FROM override WHERE id = ?", "i", id);

	if (rc)
		return rc;
	rc = store_sql_collect(s, rows, &overrides, out, n, e);
	if (!rc && *n == 0)
		rc = err_set(e, ERR_NOT_FOUND, "there is no override %lld", (long long)id);
	return rc;
}

static enum err_code clear_one(struct store *s, int64_t id, const struct store_actor *actor,
			       struct err *e)
{
	struct store_override *was = NULL;
	size_t n = 0;
	enum err_code rc = find_id(s, id, &was, &n, e);

	if (!rc)
		rc = store_sql_run(s, e, "DELETE FROM override WHERE id = ?", "i", id);
	if (!rc)
		rc = add_event(s, was, NULL, cause_of(was, actor), actor, e);
	store_override_free(was, n);
	return rc;
}

enum err_code store_override_clear_all(struct store *s, const int64_t *ids, size_t n,
				       const struct store_actor *actor, struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = clear_one(s, ids[i], actor, e);
	if (!rc && actor)
		rc = store_audit_add(s, actor, "done", e);
	return store_sql_end(s, rc, e);
}

enum err_code store_override_clear(struct store *s, int64_t id, const struct store_actor *actor,
				   struct err *e)
{
	return store_override_clear_all(s, &id, 1, actor, e);
}

static enum err_code sleep_one(struct store *s, int64_t id, struct err *e)
{
	struct store_override *was = NULL;
	size_t n = 0;
	enum err_code rc = find_id(s, id, &was, &n, e);

	if (!rc)
		rc = store_sql_run(s, e, "INSERT OR IGNORE INTO asleep VALUES (?)", "i", id);
	if (!rc)
		rc = add_event(s, was, NULL, "names nothing any more", NULL, e);
	store_override_free(was, n);
	return rc;
}

enum err_code store_override_sleep(struct store *s, const int64_t *ids, size_t n, struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = sleep_one(s, ids[i], e);
	return store_sql_end(s, rc, e);
}
