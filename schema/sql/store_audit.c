/* SPDX-License-Identifier: Apache-2.0 */
/* store_audit: who did what, or tried to, in an append-only, hash-chained table. */
#include "schema/sql/store_audit.h"

#include "schema/sql/store_chain.h"
#include "schema/sql/store_sql.h"

#include <stdio.h>
#include <stdlib.h>

enum err_code store_audit_add(struct store *s, const struct store_actor *actor, const char *result,
			      struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	rc = store_chain_add(s, "audit", NULL, e, "itttttt", clock_wall_ms(s->clock), actor->by,
			     actor->from, actor->verb, actor->args, result, actor->reason);
	return store_sql_end(s, rc, e);
}

static bool read_row(sqlite3_stmt *row, void *element)
{
	struct store_audit *out = element;
	const uint8_t *hash = sqlite3_column_blob(row, 8);
	bool ok = true;

	out->seq = sqlite3_column_int64(row, 0);
	out->time_ms = sqlite3_column_int64(row, 1);
	out->by = store_sql_text(row, 2, &ok);
	out->from = store_sql_text(row, 3, &ok);
	out->verb = store_sql_text(row, 4, &ok);
	out->args = store_sql_text(row, 5, &ok);
	out->result = store_sql_text(row, 6, &ok);
	out->reason = store_sql_text(row, 7, &ok);
	if (sqlite3_column_bytes(row, 8) == STORE_HASH_LEN)
		for (size_t i = 0; i < STORE_HASH_LEN; i++)
			snprintf(out->hash + 2 * i, 3, "%02x", hash[i]);
	return ok;
}

static void fini(void *element)
{
	struct store_audit *x = element;

	free(x->by);
	free(x->from);
	free(x->verb);
	free(x->args);
	free(x->result);
	free(x->reason);
}

static const struct store_sql_kind audits = { sizeof(struct store_audit), read_row, fini };

enum err_code store_audit_page(struct store *s, const struct store_page *page,
			       struct store_audit **out, size_t *n, struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc = store_page_prepare(s, "audit", page, &rows, e);

	return rc ? rc : store_sql_collect(s, rows, &audits, out, n, e);
}

enum err_code store_audit_list(struct store *s, int64_t after, size_t limit,
			       struct store_audit **out, size_t *n, struct err *e)
{
	const struct store_page page = { .after = after, .limit = limit };

	return store_audit_page(s, &page, out, n, e);
}

void store_audit_free(struct store_audit *list, size_t n)
{
	store_sql_free_list(&audits, list, n);
}
