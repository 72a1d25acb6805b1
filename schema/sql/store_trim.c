/* SPDX-License-Identifier: Apache-2.0 */
/* store_trim: the oldest rows of both chains, a few at a time. */
#include "schema/sql/store_trim.h"

#include "schema/sql/store_audit.h"
#include "schema/sql/store_chain.h"
#include "schema/sql/store_sql.h"

#include <stdio.h>
#include <string.h>

#define ROWS_A_STEP 256 /* of each table; 2 to 5 ms with its sync */

/* What may leave one table now. */
struct candidates {
	const char *table;
	struct store_link last; /* of those that go */
	int64_t oldest_ms;	/* of the first row; INT64_MAX = there is none */
	int64_t n;
};

/* The oldest rows that are at least as old as until_ms, at most ROWS_A_STEP. A row that a clock set
 * back has dated later ends it: the chain is cut from its beginning only. */
static enum err_code find(struct store *s, struct candidates *c, int64_t until_ms, struct err *e)
{
	sqlite3_stmt *rows;
	bool has_row = true;
	char sql[96];
	enum err_code rc;

	snprintf(sql, sizeof(sql), "SELECT seq, hash, time_ms FROM %s ORDER BY seq LIMIT %d",
		 c->table, ROWS_A_STEP);
	c->oldest_ms = INT64_MAX;
	c->n = 0;
	rc = store_sql_prepare(s, &rows, e, sql, "");
	if (rc)
		return rc;
	while (!(rc = store_sql_step(rows, &has_row, e)) && has_row) {
		if (c->oldest_ms == INT64_MAX)
			c->oldest_ms = sqlite3_column_int64(rows, 2);
		if (sqlite3_column_int64(rows, 2) > until_ms ||
		    sqlite3_column_bytes(rows, 1) != STORE_HASH_LEN)
			break;
		c->last.seq = sqlite3_column_int64(rows, 0);
		memcpy(c->last.hash, sqlite3_column_blob(rows, 1), STORE_HASH_LEN);
		c->n++;
	}
	store_sql_done(s, rows);
	return rc;
}

static enum err_code cut(struct store *s, const struct candidates *c, struct err *e)
{
	char sql[64];
	enum err_code rc =
		store_sql_run(s, e, "UPDATE chain SET cut_seq = ?, cut_hash = ? WHERE name = ?",
			      "iht", c->last.seq, c->last.hash, c->table);

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE seq <= ?", c->table);
	return rc ? rc : store_sql_run(s, e, sql, "i", c->last.seq);
}

static enum err_code is_too_large(struct store *s, uint64_t size, bool *out, struct err *e)
{
	int64_t pages, unused, page;
	enum err_code rc = store_sql_number(s->db, "PRAGMA page_count", &pages, e);

	if (!rc)
		rc = store_sql_number(s->db, "PRAGMA freelist_count", &unused, e);
	if (!rc)
		rc = store_sql_number(s->db, "PRAGMA page_size", &page, e);
	if (!rc)
		*out = (uint64_t)((pages - unused) * page) > size;
	return rc;
}

/* Too large: as many as a step may take, of the table whose rows go back further. */
static enum err_code choose(struct store *s, const struct store_trim *run,
			    struct candidates *events, struct candidates *audits, struct err *e)
{
	int64_t until_ms = clock_wall_ms(s->clock) - (int64_t)run->keep_ms;
	bool too_large = false;
	enum err_code rc = find(s, events, until_ms, e);

	if (!rc)
		rc = find(s, audits, until_ms, e);
	if (!rc && !events->n && !audits->n)
		rc = is_too_large(s, run->size, &too_large, e);
	if (rc || !too_large)
		return rc;
	return find(s, events->oldest_ms <= audits->oldest_ms ? events : audits, INT64_MAX, e);
}

/* The audit says up to where the two chains were cut: with the last row that went, and its hash. */
static enum err_code tell(struct store *s, struct err *e)
{
	static const char *const tables[] = { "event", "audit" };
	char args[256], hex[2 * STORE_HASH_LEN + 1];
	const struct store_actor actor = {
		.by = "fairlead", .from = "itself", .verb = "history cut", .args = args
	};
	int at = 0;

	for (size_t i = 0; i < 2; i++) {
		struct store_link last;
		enum err_code rc = store_chain_ends(s, tables[i], &last, NULL, e);

		if (rc)
			return rc;
		for (size_t j = 0; j < STORE_HASH_LEN; j++)
			snprintf(hex + 2 * j, 3, "%02x", last.hash[j]);
		at += snprintf(args + at, sizeof(args) - (size_t)at,
			       "%s\"%s\":%lld,\"%s_hash\":\"%s\"", i ? "," : "{", tables[i],
			       (long long)last.seq, tables[i], hex);
	}
	snprintf(args + at, sizeof(args) - (size_t)at, "}");
	return store_audit_add(s, &actor, "done", e);
}

static enum err_code take(struct store *s, struct store_trim *run, bool *has_more, struct err *e)
{
	struct candidates events = { .table = "event" }, audits = { .table = "audit" };
	enum err_code rc = choose(s, run, &events, &audits, e);

	if (!rc && events.n)
		rc = cut(s, &events, e);
	if (!rc && audits.n)
		rc = cut(s, &audits, e);
	*has_more = events.n || audits.n;
	if (!rc && !*has_more && run->rows)
		rc = tell(s, e);
	if (!rc)
		run->rows += events.n + audits.n;
	return rc;
}

enum err_code store_trim_step(struct store *s, struct store_trim *run, bool *has_more,
			      struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	*has_more = false;
	if (rc)
		return rc;
	rc = take(s, run, has_more, e);
	rc = store_sql_end(s, rc, e);
	if (rc)
		*has_more = false;
	return rc;
}
