/* SPDX-License-Identifier: Apache-2.0 */
/* store_look: the state file, seen from outside. */
#include "schema/sql/store_look.h"

#include "core/metrics.h"
#include "schema/sql/store_sql.h"

#include <string.h>

#define TRY_EVERY_MS 5000 /* a full disk that has room again is noticed so soon */

/* As many pages as a large change, and none that means anything. */
static void try_to_write(struct store *s)
{
	enum err_code rc = store_sql_begin(s, NULL);

	if (rc)
		return;
	rc = store_sql_run(s, NULL, "UPDATE probe SET bytes = zeroblob(16384)", "");
	store_sql_end(s, rc, NULL);
}

void store_look(struct store *s)
{
	struct store_trouble *t = &s->trouble;
	int64_t now_ms = clock_wall_ms(s->clock);
	struct err e = { "" };

	if (s->refusal || s->depth)
		return;
	if (t->code == ERR_OK && store_hold_look(&s->hold, s->path, &e) == ERR_OK)
		return;
	if (t->code == ERR_OK || now_ms >= s->next_try_ms || now_ms < t->since_ms) {
		s->next_try_ms = now_ms + TRY_EVERY_MS;
		try_to_write(s);
	}
}

bool store_is_writable(const struct store *s)
{
	return s->trouble.code == ERR_OK;
}

void store_problems(const struct store *s, struct problems *out)
{
	const struct store_trouble *t = &s->trouble;
	double since_s = (double)(clock_wall_ms(s->clock) - t->since_ms) / 1000;

	if (t->code == ERR_OK)
		return;
	problems_add(out, PROBLEM_CRITICAL, "state", s->path, since_s < 0 ? 0 : since_s, t->text,
		     t->code == ERR_FULL ? "the disk of the state is full: changes are refused"
					 : "the state cannot be written: changes are refused");
}

void store_metrics(void *store, struct buf *out)
{
	struct store *s = store;
	int64_t pages = 0, unused = 0, page = 0;

	metrics_family(out, "fairlead_state_writable", "gauge",
		       "1 = changes of the state come to disk, 0 = they are refused.");
	metrics_sample(out, "fairlead_state_writable", store_is_writable(s), NULL);
	if (store_sql_number(s->db, "PRAGMA page_count", &pages, NULL) ||
	    store_sql_number(s->db, "PRAGMA freelist_count", &unused, NULL) ||
	    store_sql_number(s->db, "PRAGMA page_size", &page, NULL))
		return;
	metrics_family(out, "fairlead_state_bytes", "gauge",
		       "Of the state database in use; the file may be larger.");
	metrics_sample(out, "fairlead_state_bytes", (double)((pages - unused) * page), NULL);
}
