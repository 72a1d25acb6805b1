/* SPDX-License-Identifier: Apache-2.0 */
/* test_forced: drains that survive a restart, and a disk that says no. */
#include "core/file.h"
#include "regiond/control/forced.h"
#include "tests/unit/regiond/world.h"

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

static const struct store_actor actor = {
	.by = "uid:0", .from = "unix", .reason = "disk", .verb = "drain", .args = "{}"
};

struct world {
	char dir[64], path[96];
	struct clock_hand hand;
	struct forced *forced;
};

static void start(struct world *w)
{
	struct err e = { "" };
	if (forced_new(&w->forced, w->path, &w->hand.clock, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static void stop(struct world *w)
{
	forced_free(w->forced);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/fairlead-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/r.db", w->dir);
	clock_hand_init(&w->hand, 1, 1767323045678);
	start(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	struct world *w = *state;
	char path[128];
	stop(w);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", w->path, ends[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
	free(w);
	return 0;
}

static int64_t drain(struct world *w, const char *pool, const char *backend, int64_t expires_ms)
{
	const struct forced_drain d = { .pool = (char *)pool,
					.backend = (char *)backend,
					.by = "uid:0",
					.reason = "disk",
					.expires_ms = expires_ms };
	struct err e = { "" };
	int64_t id = 0;
	if (forced_put(w->forced, &d, &actor, &id, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return id;
}

static void a_drain_survives_a_restart(void **state)
{
	struct world *w = *state;
	int64_t id = drain(w, "p", "127.0.0.1:80", 0);
	drain(w, "", "", 0);
	stop(w);
	start(w);
	const struct forced_drain *d = forced_backend(w->forced, "p", "127.0.0.1:80");
	assert_non_null(d);
	assert_int_equal(d->id, id);
	assert_string_equal(d->reason, "disk");
	assert_string_equal(d->by, "uid:0");
	assert_int_equal(d->since_ms, 1767323045678);
	assert_non_null(forced_node(w->forced));
	assert_null(forced_backend(w->forced, "q", "127.0.0.1:80"));
}

static void an_undrain_survives_too(void **state)
{
	struct world *w = *state;
	struct err e = { "" };
	int64_t id = drain(w, "", "", 0), ended;
	assert_int_equal(forced_clear(w->forced, "", "", &actor, &ended, &e), ERR_OK);
	assert_int_equal(ended, id);
	stop(w);
	start(w);
	assert_null(forced_node(w->forced));
	assert_int_equal(forced_clear(w->forced, "", "", &actor, &ended, &e), ERR_NOT_FOUND);
}

static void what_expired_while_it_was_down_is_over(void **state)
{
	struct world *w = *state;
	drain(w, "p", "", 1767323045678 + 1000);
	stop(w);
	clock_hand_advance_ms(&w->hand, 2000);
	start(w);
	assert_true(forced_expire(w->forced));
	assert_int_equal(forced_count(w->forced), 0);
	stop(w);
	start(w);
	assert_int_equal(forced_count(w->forced), 0);
}

static void the_narrowest_drain_is_the_one_that_is_shown(void **state)
{
	struct world *w = *state;
	int64_t pool = drain(w, "p", "", 0), one = drain(w, "p", "127.0.0.1:80", 0);
	assert_int_equal(forced_backend(w->forced, "p", "127.0.0.1:80")->id, one);
	assert_int_equal(forced_backend(w->forced, "p", "127.0.0.1:81")->id, pool);
}

static bool has_problem(const struct world *w, const char *kind)
{
	struct problems list = PROBLEMS_INIT;
	bool found = false;
	forced_problems(w->forced, &list);
	for (size_t i = 0; i < list.n; i++)
		found |= strcmp(list.list[i].kind, kind) == 0;
	problems_fini(&list);
	return found;
}

static void drain_is_refused(struct world *w)
{
	const struct forced_drain d = { .pool = "p", .backend = "", .by = "uid:0", .reason = "" };
	struct err e = { "" };
	int64_t id;
	assert_int_not_equal(forced_put(w->forced, &d, &actor, &id, &e), ERR_OK);
	assert_non_null(strstr(e.text, "start"));
	assert_true(has_problem(w, "state"));
}

/* Pages of garbage over what was a database. */
static void a_damaged_file_is_a_problem_and_no_reason_to_stay_down(void **state)
{
	static const char garbage[8192] = "this is no database";
	struct world *w = *state;
	char wal[128];
	drain(w, "p", "", 0);
	stop(w);
	snprintf(wal, sizeof(wal), "%s-wal", w->path);
	unlink(wal);
	assert_int_equal(file_replace(w->path, garbage, sizeof(garbage), 0600, NULL), ERR_OK);
	start(w);
	assert_int_equal(forced_count(w->forced), 0);
	drain_is_refused(w);
	stop(w);
	unlink(w->path); /* moved away, as the problem says */
	start(w);
	assert_false(has_problem(w, "state"));
	drain(w, "p", "", 0);
	stop(w);
	start(w);
	assert_int_equal(forced_count(w->forced), 1);
}

static void a_file_that_cannot_be_made_is_one_too(void **state)
{
	struct world *w = *state;
	struct err e = { "" };
	stop(w);
	/* A file where the directory should be comes to what a read-only file system does. */
	assert_int_equal(forced_new(&w->forced, "/dev/null/r.db", &w->hand.clock, &e), ERR_OK);
	drain_is_refused(w);
	stop(w);
	start(w);
}

/* One that a newer version has written, and left at its version. */
static void a_file_of_a_newer_version_is_one_too(void **state)
{
	struct world *w = *state;
	sqlite3 *db;
	stop(w);
	assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 9999", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	start(w);
	drain_is_refused(w);
}

static void a_file_that_another_process_has_is_a_mistake_of_the_start(void **state)
{
	struct world *w = *state;
	struct forced *second;
	struct err e = { "" };
	assert_int_equal(forced_new(&second, w->path, &w->hand.clock, &e), ERR_EXISTS);
}

/* An hour back is an hour more by the wall, and nothing to who counts the seconds. */
static void a_clock_that_is_set_back_prolongs_no_drain(void **state)
{
	struct world *w = *state;
	drain(w, "p", "", 1767323045678 + 5000);
	w->hand.now_ms -= 3600 * 1000;
	clock_hand_advance_ms(&w->hand, 4000);
	assert_false(forced_expire(w->forced));
	clock_hand_advance_ms(&w->hand, 1001);
	assert_true(forced_expire(w->forced));
	assert_int_equal(forced_count(w->forced), 0);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_drain_survives_a_restart),
		CLAIM(an_undrain_survives_too),
		CLAIM(what_expired_while_it_was_down_is_over),
		CLAIM(the_narrowest_drain_is_the_one_that_is_shown),
		CLAIM(a_damaged_file_is_a_problem_and_no_reason_to_stay_down),
		CLAIM(a_file_that_cannot_be_made_is_one_too),
		CLAIM(a_file_of_a_newer_version_is_one_too),
		CLAIM(a_file_that_another_process_has_is_a_mistake_of_the_start),
		CLAIM(a_clock_that_is_set_back_prolongs_no_drain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
