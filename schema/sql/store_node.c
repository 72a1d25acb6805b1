/* SPDX-License-Identifier: Apache-2.0 */
/* store_node: who has linked, and when it was last heard. */
#include "schema/sql/store_node.h"

#include "schema/sql/store_sql.h"

#include <stdlib.h>
#include <string.h>

static const char *role_of(const struct store_node *node)
{
	return node->is_prober ? "prober" : "regiond";
}

enum err_code store_node_put(struct store *s, const struct store_node *list, size_t n,
			     struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < n; i++)
		rc = store_sql_run(s, e,
				   "INSERT INTO node VALUES (?, ?, ?, ?, ?)"
				   " ON CONFLICT DO UPDATE SET last_ms = excluded.last_ms",
				   "tttii", role_of(&list[i]), list[i].region, list[i].name,
				   list[i].first_ms, list[i].last_ms);
	return store_sql_end(s, rc, e);
}

static bool read_row(sqlite3_stmt *row, void *element)
{
	struct store_node *out = element;
	const char *role = (const char *)sqlite3_column_text(row, 0);
	bool ok = true;

	out->is_prober = role && strcmp(role, "prober") == 0;
	out->region = store_sql_text(row, 1, &ok);
	out->name = store_sql_text(row, 2, &ok);
	out->first_ms = sqlite3_column_int64(row, 3);
	out->last_ms = sqlite3_column_int64(row, 4);
	return ok;
}

static void fini(void *element)
{
	struct store_node *x = element;

	free(x->region);
	free(x->name);
}

static const struct store_sql_kind nodes = { sizeof(struct store_node), read_row, fini };

enum err_code store_node_list(struct store *s, struct store_node **out, size_t *n, struct err *e)
{
	sqlite3_stmt *rows;
	enum err_code rc = store_sql_prepare(s, &rows, e,
					     "SELECT role, region, name, first_ms, last_ms"
					     " FROM node ORDER BY role, region, name",
					     "");

	return rc ? rc : store_sql_collect(s, rows, &nodes, out, n, e);
}

void store_node_free(struct store_node *list, size_t n)
{
	store_sql_free_list(&nodes, list, n);
}

enum err_code store_node_forget(struct store *s, const char *name, const struct store_actor *actor,
				struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);

	if (rc)
		return rc;
	rc = store_sql_run(s, e, "DELETE FROM node WHERE name = ?1 OR region || '/' || name = ?1",
			   "t", name);
	if (!rc && sqlite3_changes(s->db) == 0)
		rc = err_set(e, ERR_NOT_FOUND, "there is no node %s", name);
	if (!rc)
		rc = store_audit_add(s, actor, "done", e);
	return store_sql_end(s, rc, e);
}
