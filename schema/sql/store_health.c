/* SPDX-License-Identifier: Apache-2.0 */
/* store_health: last known health, so that a restart answers as before. */
#include "schema/sql/store_health.h"

#include "schema/sql/store_sql.h"

#include <stdlib.h>

enum err_code store_health_put(struct store *s, const struct store_health *list, size_t n,
			       struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = store_sql_run(s, e, "REPLACE INTO health VALUES (?, ?, ?, ?, ?, ?)", "ttiiii",
				   list[i].service, list[i].region, (int64_t)list[i].health,
				   (int64_t)list[i].cause, list[i].since_ms,
				   (int64_t)list[i].flaps);
	return store_sql_end(s, rc, e);
}

static bool read_row(sqlite3_stmt *row, void *element)
{
	struct store_health *out = element;
	bool ok = true;

	out->service = store_sql_text(row, 0, &ok);
	out->region = store_sql_text(row, 1, &ok);
	out->health = sqlite3_column_int(row, 2);
	out->cause = sqlite3_column_int(row, 3);
	out->since_ms = sqlite3_column_int64(row, 4);
	out->flaps = (uint32_t)sqlite3_column_int64(row, 5);
	return ok;
}

static void fini(void *element)
{
	struct store_health *x = element;

	free(x->service);
	free(x->region);
}

static const struct store_sql_kind healths = { sizeof(struct store_health), read_row, fini };

enum err_code store_health_list(struct store *s, struct store_health **out, size_t *n,
				struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc =
		store_sql_prepare(s, &rows, e, "SELECT * FROM health ORDER BY service, region", "");

	return rc ? rc : store_sql_collect(s, rows, &healths, out, n, e);
}

void store_health_free(struct store_health *list, size_t n)
{
	store_sql_free_list(&healths, list, n);
}
