/* SPDX-License-Identifier: Apache-2.0 */
/* store_event: what happened, in an append-only, hash-chained table. */
#include "schema/sql/store_event.h"

#include "schema/sql/store_chain.h"
#include "schema/sql/store_sql.h"

#include <stdlib.h>

/* Inside the transaction of an override it is part of that; else it is one of its own. */
enum err_code store_event_add(struct store *s, const struct store_event *event, int64_t *seq,
			      struct err *e)
{
	int64_t time_ms = event->time_ms ? event->time_ms : clock_wall_ms(s->clock);
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	rc = store_chain_add(s, "event", seq, e, "itttttttti", time_ms, event->kind, event->service,
			     event->region, event->from, event->to, event->cause, event->by,
			     event->reason, event->epoch);
	return store_sql_end(s, rc, e);
}

static bool read_row(sqlite3_stmt *row, void *element)
{
	struct store_event *out = element;
	bool ok = true;

	out->seq = sqlite3_column_int64(row, 0);
	out->time_ms = sqlite3_column_int64(row, 1);
	out->kind = store_sql_text(row, 2, &ok);
	out->service = store_sql_text(row, 3, &ok);
	out->region = store_sql_text(row, 4, &ok);
	out->from = store_sql_text(row, 5, &ok);
	out->to = store_sql_text(row, 6, &ok);
	out->cause = store_sql_text(row, 7, &ok);
	out->by = store_sql_text(row, 8, &ok);
	out->reason = store_sql_text(row, 9, &ok);
	out->epoch = sqlite3_column_int64(row, 10);
	return ok;
}

static void fini(void *element)
{
	struct store_event *x = element;

	free(x->kind);
	free(x->service);
	free(x->region);
	free(x->from);
	free(x->to);
	free(x->cause);
	free(x->by);
	free(x->reason);
}

static const struct store_sql_kind events = { sizeof(struct store_event), read_row, fini };

enum err_code store_event_page(struct store *s, const struct store_page *page,
			       struct store_event **out, size_t *n, struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc = store_page_prepare(s, "event", page, &rows, e);

	return rc ? rc : store_sql_collect(s, rows, &events, out, n, e);
}

enum err_code store_event_list(struct store *s, int64_t after, size_t limit,
			       struct store_event **out, size_t *n, struct err *e)
{
	const struct store_page page = { .after = after, .limit = limit };

	return store_event_page(s, &page, out, n, e);
}

void store_event_free(struct store_event *list, size_t n)
{
	store_sql_free_list(&events, list, n);
}
