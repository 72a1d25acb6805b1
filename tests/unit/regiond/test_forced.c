/* SPDX-License-Identifier: Apache-2.0 */
/* test_forced: drains that survive a restart, and a disk that says no. */
#include "regiond/control/forced.h"
#include "tests/unit/regiond/world.h"

#include <stdio.h>
#include <unistd.h>

static const struct store_actor actor = {
	.by = "uid:0", .from = "unix", .reason = "disk", .verb = "drain", .args = "{}"
};

struct world {
	char dir[64], path[96];
	struct clock_hand hand;
	struct store *store;
	struct forced *forced;
};

static void open_both(struct world *w)
{
	struct err e = { "" };
	if (store_open(w->path, &w->hand.clock, &w->store, &e) != ERR_OK ||
	    forced_new(&w->forced, w->store, &w->hand.clock, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

static void close_both(struct world *w)
{
	forced_free(w->forced);
	store_close(w->store);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/fairlead-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/r.db", w->dir);
	clock_hand_init(&w->hand, 1, 1767323045678);
	open_both(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	struct world *w = *state;
	char path[128];
	close_both(w);
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
	close_both(w);
	open_both(w);
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
	close_both(w);
	open_both(w);
	assert_null(forced_node(w->forced));
	assert_int_equal(forced_clear(w->forced, "", "", &actor, &ended, &e), ERR_NOT_FOUND);
}

static void what_expired_while_it_was_down_is_over(void **state)
{
	struct world *w = *state;
	drain(w, "p", "", 1767323045678 + 1000);
	close_both(w);
	clock_hand_advance_ms(&w->hand, 2000);
	open_both(w);
	assert_true(forced_has_expired(w->forced));
	assert_int_equal(forced_count(w->forced), 0);
	close_both(w);
	open_both(w);
	assert_int_equal(forced_count(w->forced), 0);
}

static void the_narrowest_drain_is_the_one_that_is_shown(void **state)
{
	struct world *w = *state;
	int64_t pool = drain(w, "p", "", 0), one = drain(w, "p", "127.0.0.1:80", 0);
	assert_int_equal(forced_backend(w->forced, "p", "127.0.0.1:80")->id, one);
	assert_int_equal(forced_backend(w->forced, "p", "127.0.0.1:81")->id, pool);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_drain_survives_a_restart),
		CLAIM(an_undrain_survives_too),
		CLAIM(what_expired_while_it_was_down_is_over),
		CLAIM(the_narrowest_drain_is_the_one_that_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
