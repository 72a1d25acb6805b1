/* SPDX-License-Identifier: Apache-2.0 */
/* store_migrate: brings a state file to the schema this program knows. */
#include "schema/sql/store_migrate.h"

#include "schema/sql/store_sql.h"

#include <stdio.h>

static enum err_code take_step(struct store *s, const char *step, size_t version, struct err *e)
{
	enum err_code rc = store_sql_begin(s, e);
	char pragmas[96];

	if (rc)
		return rc;
	snprintf(pragmas, sizeof(pragmas), "PRAGMA user_version = %zu; PRAGMA application_id = %d",
		 version, STORE_APPLICATION_ID);
	rc = store_sql_exec(s->db, step, e);
	if (!rc)
		rc = store_sql_exec(s->db, pragmas, e);
	return store_sql_end(s, rc, e);
}

enum err_code store_migrate(struct store *s, const char *const *steps, size_t n, struct err *e)
{
	int64_t version;
	enum err_code rc = store_sql_number(s->db, "PRAGMA user_version", &version, e);

	if (rc)
		return rc;
	if (version < 0 || (size_t)version > n)
		return err_set(e, ERR_REFUSED,
			       "%s: has schema %lld and this program knows up to %zu: it was "
			       "written by a newer one",
			       s->path, (long long)version, n);
	for (size_t i = (size_t)version; i < n; i++) {
		rc = take_step(s, steps[i], i + 1, e);
		if (rc)
			return err_wrap(e, rc, "migration to schema %zu", i + 1);
	}
	return ERR_OK;
}
