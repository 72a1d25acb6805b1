/* SPDX-License-Identifier: Apache-2.0 */
/* store_page: a piece of a history, from its beginning or from its end. */
#include "schema/sql/store_page.h"

#include "schema/sql/store_sql.h"

#include <stdio.h>

enum err_code store_page_prepare(struct store *s, const char *table, const struct store_page *page,
				 sqlite3_stmt **out, struct err *e)
{
	int64_t before = page->before > 0 ? page->before : INT64_MAX;
	int64_t limit = page->limit < INT64_MAX ? (int64_t)page->limit : INT64_MAX;
	char sql[192];

	if (page->is_newest)
		snprintf(sql, sizeof(sql),
			 "SELECT * FROM (SELECT * FROM %s WHERE seq > ? AND seq < ?"
			 " ORDER BY seq DESC LIMIT ?) ORDER BY seq",
			 table);
	else
		snprintf(sql, sizeof(sql),
			 "SELECT * FROM %s WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?", table);
	return store_sql_prepare(s, out, e, sql, "iii", page->after, before, limit);
}
