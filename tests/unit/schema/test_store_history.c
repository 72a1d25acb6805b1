/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store_page, store_reader, store_node and migration 002: pages from either
 * end, other threads' connections, known nodes, and files of the schema before. */
#include "schema/sql/store.h"
#include "schema/sql/store_migrate.h"
#include "tests/unit/schema/store_fixture.h"

#include <fcntl.h>

/* ---- pages ---- */

static void assert_seqs(struct fixture *f, struct store_page page, int64_t first, size_t n)
{
	struct store_event *events;
	size_t found;

	assert_int_equal(store_event_page(f->s, &page, &events, &found, &f->e), ERR_OK);
	assert_int_equal(found, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(events[i].seq, first + (int64_t)i);
	store_event_free(events, found);
}

static void a_page_comes_from_either_end_oldest_first(void **state)
{
	struct fixture *f = *state;

	assert_seqs(f, (struct store_page){ .limit = 3, .is_newest = true }, 0, 0);
	for (int i = 0; i < 10; i++)
		fixture_event(f, "filler");
	assert_seqs(f, (struct store_page){ .limit = 3 }, 1, 3);
	assert_seqs(f, (struct store_page){ .limit = 3, .is_newest = true }, 8, 3);
	assert_seqs(f, (struct store_page){ .limit = 3, .before = 8, .is_newest = true }, 5, 3);
	assert_seqs(f, (struct store_page){ .limit = 3, .after = 8, .is_newest = true }, 9, 2);
	assert_seqs(f, (struct store_page){ .limit = 9, .after = 2, .before = 5 }, 3, 2);
	assert_seqs(f, (struct store_page){ .limit = SIZE_MAX, .is_newest = true }, 1, 10);
}

static void the_audit_has_pages_too(void **state)
{
	const struct store_page page = { .limit = 1, .is_newest = true };
	struct fixture *f = *state;
	struct store_audit *rows;
	size_t n;

	for (int i = 0; i < 3; i++)
		assert_int_equal(store_audit_add(f->s, &fixture_actor, "done", &f->e), ERR_OK);
	assert_int_equal(store_audit_page(f->s, &page, &rows, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].seq, 3);
	store_audit_free(rows, n);
}

/* ---- a second connection ---- */

static void a_reader_sees_what_is_committed_and_changes_nothing(void **state)
{
	struct fixture *f = *state, r = *f;
	struct store_verified found;

	fixture_event(f, "start");
	assert_int_equal(store_reader_open(f->path, &f->clock.clock, &r.s, &f->e), ERR_OK);
	fixture_event(f, "stop");
	assert_int_equal(fixture_count(&r, "event"), 2);
	assert_int_equal(store_verify(r.s, NULL, &found, &f->e), ERR_OK);
	assert_int_equal(found.events, 2);
	assert_int_equal(store_audit_add(r.s, &fixture_actor, "done", &f->e), ERR_REFUSED);
	fixture_close(&r);
	fixture_event(f, "later");
}

static bool count(void *ctx, int64_t done, int64_t total)
{
	int64_t *seen = ctx;

	assert_true(done >= seen[0] && done <= total);
	seen[0] = done;
	seen[1]++;
	return seen[1] < seen[2];
}

static void a_verification_tells_how_far_it_is_and_can_be_ended(void **state)
{
	struct fixture *f = *state;
	int64_t seen[3] = { 0, 0, 1000 };
	const struct store_progress progress = { count, seen };
	struct store_verified found = { -1, -1 };

	assert_int_equal(store_begin(f->s, &f->e), ERR_OK);
	for (int i = 0; i < 10000; i++)
		fixture_event(f, "filler");
	assert_int_equal(store_end(f->s, ERR_OK, &f->e), ERR_OK);
	assert_int_equal(store_verify(f->s, &progress, &found, &f->e), ERR_OK);
	assert_int_equal(found.events, 10000);
	assert_int_equal(seen[0], 10000);
	assert_in_range(seen[1], 3, 100);
	seen[0] = seen[1] = 0;
	seen[2] = 1;
	found.events = -1;
	assert_int_equal(store_verify(f->s, &progress, &found, &f->e), ERR_AGAIN);
	assert_int_equal(found.events, -1);
}

/* ---- nodes ---- */

static void a_node_keeps_its_first_word_and_takes_its_last(void **state)
{
	struct fixture *f = *state;
	struct store_node put[] = {
		{ .region = "eu", .name = "a", .first_ms = 1, .last_ms = 1 },
		{ .region = "eu", .name = "b", .first_ms = 2, .last_ms = 2 },
		{ .is_prober = true, .name = "p", .first_ms = 3, .last_ms = 3 }
	};
	struct store_node *list;
	size_t n;

	assert_int_equal(store_node_put(f->s, put, 3, &f->e), ERR_OK);
	put[1].first_ms = put[1].last_ms = 9;
	assert_int_equal(store_node_put(f->s, &put[1], 1, &f->e), ERR_OK);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(store_node_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 3);
	assert_true(list[0].is_prober);
	assert_string_equal(list[0].region, "");
	assert_string_equal(list[2].name, "b");
	assert_int_equal(list[2].first_ms, 2);
	assert_int_equal(list[2].last_ms, 9);
	store_node_free(list, n);
}

static void a_node_is_forgotten_with_an_audit_row(void **state)
{
	struct fixture *f = *state;
	const struct store_node put = { .region = "eu", .name = "a", .first_ms = 1, .last_ms = 1 };
	struct store_node *list;
	size_t n;

	assert_int_equal(store_node_put(f->s, &put, 1, &f->e), ERR_OK);
	assert_int_equal(store_node_forget(f->s, "b", &fixture_actor, &f->e), ERR_NOT_FOUND);
	assert_int_equal(fixture_count(f, "audit"), 0);
	assert_int_equal(store_node_forget(f->s, "a", &fixture_actor, &f->e), ERR_OK);
	assert_int_equal(fixture_count(f, "audit"), 1);
	assert_int_equal(store_node_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 0);
	store_node_free(list, n);
}

/* ---- a file of schema 1 ---- */

static void remove_database(struct fixture *f)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	fixture_close(f);
	for (size_t i = 0; i < 3; i++)
		unlink(fixture_path(f, ends[i]));
}

/* As 0.1.0 left it: a hash chain of one event, two drains, a hold, and an id that is used up. */
#define ROWS_001                                                                          \
	"INSERT INTO override VALUES (1, 'drain', '', 'eu', 0, 'uid:0', 'works', 5, 0),"  \
	"(2, 'drain', 'a.example', 'us', 0, 'fairlead', 'was down', 6, 0),"               \
	"(3, 'dial', 'a.example', 'ap', 250000, 'uid:0', '', 7, 99),"                     \
	"(9, 'freeze', '', '', 0, 'uid:0', '', 8, 0); DELETE FROM override WHERE id = 9;" \
	"INSERT INTO health VALUES ('a.example', 'us', 3, 2, 6, 1)"

static void make_001(struct fixture *f)
{
	remove_database(f);
	f->s = calloc(1, sizeof(*f->s));
	f->s->clock = &f->clock.clock;
	f->s->hold = (struct store_hold)STORE_HOLD_NONE;
	f->s->path = strdup(f->path);
	assert_int_equal(store_hold_file(&f->s->hold, f->path, O_RDWR | O_CREAT, &f->e), ERR_OK);
	assert_int_equal(store_file_open(f->path, O_RDWR, &f->s->db, &f->e), ERR_OK);
	assert_int_equal(store_migrate(f->s, store_migrations, 1, &f->e), ERR_OK);
	assert_int_equal(fixture_sql(f, ROWS_001), ERR_OK);
	fixture_event(f, "start");
	fixture_event(f, "stop");
}

static void a_file_of_the_schema_before_keeps_its_rows(void **state)
{
	struct fixture *f = *state;
	struct store_override *list;
	size_t n;

	make_001(f);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 3);
	assert_int_equal(list[0].kind, STORE_DRAIN);
	assert_int_equal(list[1].kind, STORE_HELD);
	assert_int_equal(list[1].nth, 0);
	assert_string_equal(list[1].region, "us");
	assert_int_equal(list[2].value, 250000);
	assert_int_equal(list[2].expires_ms, 99);
	store_override_free(list, n);
	assert_int_equal(fixture_put(f, STORE_DRAIN, "", "us", 0), 10); /* 9 was given */
	assert_int_equal(fixture_count(f, "health"), 1);
	assert_int_equal(fixture_verified(f), 4);
}

static void an_empty_file_of_the_schema_before_begins_at_one(void **state)
{
	struct fixture *f = *state;

	make_001(f);
	assert_int_equal(fixture_sql(f, "DELETE FROM override; DELETE FROM sqlite_sequence"),
			 ERR_OK);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(fixture_put(f, STORE_DRAIN, "", "us", 0), 1);
}

/* ---- holds ---- */

static void holds_are_of_members(void **state)
{
	struct fixture *f = *state;
	struct store_override o = { .kind = STORE_HELD, .service = "a", .region = "eu" };
	struct store_override *list;
	size_t n;

	for (uint32_t i = 0; i < 3; i++) {
		o.nth = i % 2; /* the third replaces the first */
		assert_int_equal(store_override_put(f->s, &o, &fixture_actor, NULL, &f->e), ERR_OK);
	}
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].nth, 1);
	assert_int_equal(list[1].nth, 0);
	store_override_free(list, n);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_page_comes_from_either_end_oldest_first),
		TEST(the_audit_has_pages_too),
		TEST(a_reader_sees_what_is_committed_and_changes_nothing),
		TEST(a_verification_tells_how_far_it_is_and_can_be_ended),
		TEST(a_node_keeps_its_first_word_and_takes_its_last),
		TEST(a_node_is_forgotten_with_an_audit_row),
		TEST(a_file_of_the_schema_before_keeps_its_rows),
		TEST(an_empty_file_of_the_schema_before_begins_at_one),
		TEST(holds_are_of_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
