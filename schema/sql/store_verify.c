/* SPDX-License-Identifier: Apache-2.0 */
/* store_verify: from the cut to the head of each chain, hash by hash. */
#include "schema/sql/store_verify.h"

#include "schema/sql/store_chain.h"
#include "schema/sql/store_sql.h"

#include <stdio.h>
#include <string.h>

#define ROWS_A_STEP 4096 /* about 20 ms */

struct walk {
	struct store *s;
	const char *table;
	struct store_link at, head;
	int64_t rows;
};

static enum err_code check_row(struct walk *w, sqlite3_stmt *row, struct err *e)
{
	int last = sqlite3_column_count(row) - 1;
	int64_t expected = w->at.seq + 1;
	enum err_code rc = store_chain_next(row, &w->at, e);

	if (rc)
		return rc;
	if (w->at.seq != expected)
		return err_set(e, ERR_INPUT, "%s: %s %lld is missing", w->s->path, w->table,
			       (long long)expected);
	w->rows++;
	if (sqlite3_column_bytes(row, last) != STORE_HASH_LEN ||
	    memcmp(sqlite3_column_blob(row, last), w->at.hash, STORE_HASH_LEN) != 0)
		return err_set(e, ERR_INPUT, "%s: %s %lld was changed: its hash does not fit",
			       w->s->path, w->table, (long long)w->at.seq);
	return ERR_OK;
}

/* What has left for its age since the last step is not missed. */
static enum err_code follow_cut(struct walk *w, struct err *e)
{
	struct store_link cut;
	enum err_code rc = store_chain_ends(w->s, w->table, &cut, NULL, e);

	if (!rc && cut.seq > w->at.seq)
		w->at = cut;
	return rc;
}

static enum err_code take_step(struct walk *w, bool *is_end, struct err *e)
{
	sqlite3_stmt *rows;
	bool has_row = true;
	char sql[96];
	enum err_code rc = follow_cut(w, e);

	if (rc)
		return rc;
	snprintf(sql, sizeof(sql),
		 "SELECT * FROM %s WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT %d", w->table,
		 ROWS_A_STEP);
	rc = store_sql_prepare(w->s, &rows, e, sql, "ii", w->at.seq, w->head.seq);
	if (rc)
		return rc;
	*is_end = true;
	while (!rc) {
		rc = store_sql_step(rows, &has_row, e);
		if (rc || !has_row)
			break;
		*is_end = false;
		rc = check_row(w, rows, e);
	}
	store_sql_done(w->s, rows);
	return rc;
}

/* Cut and rows are read from one state of the database. */
static enum err_code step_whole(struct walk *w, bool *is_end, struct err *e)
{
	bool is_mine = sqlite3_get_autocommit(w->s->db);
	enum err_code rc = is_mine ? store_sql_exec(w->s->db, "BEGIN", e) : ERR_OK;

	if (rc)
		return rc;
	rc = take_step(w, is_end, e);
	if (is_mine)
		sqlite3_exec(w->s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The head may have been passed by the cut meanwhile: then there is nothing left to compare. */
static enum err_code check_end(const struct walk *w, struct err *e)
{
	if (w->at.seq > w->head.seq)
		return ERR_OK;
	if (w->at.seq < w->head.seq || memcmp(w->at.hash, w->head.hash, STORE_HASH_LEN) != 0)
		return err_set(e, ERR_INPUT, "%s: %s ends at %lld and should at %lld", w->s->path,
			       w->table, (long long)w->at.seq, (long long)w->head.seq);
	return ERR_OK;
}

static enum err_code walk(struct walk *w, const struct store_progress *progress, int64_t done,
			  int64_t total, struct err *e)
{
	bool is_end = false;
	enum err_code rc = ERR_OK;

	while (!rc && !is_end) {
		rc = step_whole(w, &is_end, e);
		if (!rc && progress && !progress->go_on(progress->ctx, done + w->rows, total))
			rc = err_set(e, ERR_AGAIN, "%s: the verification was ended", w->s->path);
	}
	return rc ? rc : check_end(w, e);
}

enum err_code store_verify(struct store *s, const struct store_progress *progress,
			   struct store_verified *out, struct err *e)
{
	struct walk events = { .s = s, .table = "event" }, audits = { .s = s, .table = "audit" };
	int64_t total;
	enum err_code rc = store_chain_ends(s, "event", &events.at, &events.head, e);

	if (!rc)
		rc = store_chain_ends(s, "audit", &audits.at, &audits.head, e);
	if (rc)
		return rc;
	total = events.head.seq - events.at.seq + audits.head.seq - audits.at.seq;
	rc = walk(&events, progress, 0, total, e);
	if (!rc)
		rc = walk(&audits, progress, events.rows, total, e);
	if (!rc && out)
		*out = (struct store_verified){ events.rows, audits.rows };
	return rc;
}
