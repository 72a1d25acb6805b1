/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture: a state file in a directory of its own, with a hand-wound clock. */
#ifndef FAIRLEAD_TESTS_UNIT_STORE_FIXTURE_H
#define FAIRLEAD_TESTS_UNIT_STORE_FIXTURE_H

#include "schema/sql/store.h"
#include "schema/sql/store_sql.h"
#include "tests/unit/unit.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXTURE_NOW_MS INT64_C(1767323045678) /* 2026-01-02T03:04:05.678Z */

struct fixture {
	char directory[64], path[160];
	struct clock_hand clock;
	struct store *s;
	struct err e;
};

static const struct store_actor fixture_actor = { .by = "uid:0",
						  .from = "unix",
						  .reason = "cable cut",
						  .verb = "drain",
						  .args = "{\"region\":\"eu-west\"}" };

static inline void fixture_open(struct fixture *f)
{
	if (store_open(f->path, &f->clock.clock, &f->s, &f->e))
		fail_msg("%s", f->e.text);
}

static inline void fixture_close(struct fixture *f)
{
	store_close(f->s);
	f->s = NULL;
}

/* Points f at another file: the copies of a fixture in the tests of backups. */
static inline void fixture_name(struct fixture *f, const char *path, const char *end)
{
	assert_in_range(snprintf(f->path, sizeof(f->path), "%s%s", path, end), 1,
			sizeof(f->path) - 1);
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->directory, sizeof(f->directory), "/tmp/fairlead-store-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/dnsd.db", f->directory);
	clock_hand_init(&f->clock, 1000000, FIXTURE_NOW_MS);
	fixture_open(f);
	*state = f;
	return 0;
}

static inline int fixture_remove_one(const char *path, const struct stat *st, int type,
				     struct FTW *where)
{
	return remove(path);
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	nftw(f->directory, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static inline const char *fixture_path(const struct fixture *f, const char *end)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", f->path, end);
	return path;
}

static inline int64_t fixture_put(struct fixture *f, enum store_override_kind kind,
				  const char *service, const char *region, uint32_t value)
{
	struct store_override o = { .kind = kind,
				    .service = (char *)service,
				    .region = (char *)region,
				    .value = value,
				    .by = "uid:0",
				    .reason = "cable cut" };
	int64_t id = 0;

	if (store_override_put(f->s, &o, &fixture_actor, &id, &f->e))
		fail_msg("%s", f->e.text);
	return id;
}

static inline int64_t fixture_event(struct fixture *f, const char *kind)
{
	struct store_event event = { .kind = (char *)kind, .region = "eu-west", .epoch = 7 };
	int64_t seq = 0;

	if (store_event_add(f->s, &event, &seq, &f->e))
		fail_msg("%s", f->e.text);
	return seq;
}

static inline size_t fixture_count(struct fixture *f, const char *table)
{
	int64_t n = -1;
	char sql[64];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	assert_int_equal(store_sql_number(f->s->db, sql, &n, &f->e), ERR_OK);
	return (size_t)n;
}

/* Both chains are whole: how many rows they have. */
static inline int64_t fixture_verified(struct fixture *f)
{
	struct store_verified found;

	if (store_verify(f->s, NULL, &found, &f->e))
		fail_msg("%s", f->e.text);
	return found.events + found.audits;
}

/* What no tool of ours does: straight at the tables. */
static inline enum err_code fixture_sql(struct fixture *f, const char *sql)
{
	return store_sql_exec(f->s->db, sql, &f->e);
}

#endif
