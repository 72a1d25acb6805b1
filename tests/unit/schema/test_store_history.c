/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store_page, store_trim, store_reader, store_node and migration 002: pages
 * from either end, what is too old, other threads' connections, known nodes, files of schema 1. */
#include "schema/sql/store.h"
#include "schema/sql/store_migrate.h"
#include "schema/sql/store_trim.h"
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

/* ---- what is too old, or too much ---- */

#define DAY_MS INT64_C(86400000)

/* Steps of a run; their number. */
static int trim(struct fixture *f, uint64_t keep_ms, uint64_t size, int64_t *rows)
{
	struct store_trim run = { .keep_ms = keep_ms, .size = size };
	bool has_more = true;
	int steps = 0;

	while (has_more) {
		if (store_trim_step(f->s, &run, &has_more, &f->e))
			fail_msg("%s", f->e.text);
		steps++;
	}
	*rows = run.rows;
	return steps;
}

static void fill(struct fixture *f, int n)
{
	assert_int_equal(store_begin(f->s, &f->e), ERR_OK);
	for (int i = 0; i < n; i++) {
		f->clock.now_ms++;
		fixture_event(f, "filler");
		assert_int_equal(store_audit_add(f->s, &fixture_actor, "done", &f->e), ERR_OK);
	}
	assert_int_equal(store_end(f->s, ERR_OK, &f->e), ERR_OK);
}

static void what_is_too_old_leaves_and_the_rest_verifies(void **state)
{
	struct fixture *f = *state;
	struct store_verified found;
	struct store_audit *audits;
	int64_t rows;
	size_t n;

	fill(f, 700);
	f->clock.now_ms += 3 * DAY_MS;
	fill(f, 20);
	assert_int_equal(trim(f, 4 * DAY_MS, UINT64_MAX, &rows), 1);
	assert_int_equal(rows, 0);
	assert_int_equal(trim(f, 2 * DAY_MS, UINT64_MAX, &rows), 4); /* 256 of each at a time */
	assert_int_equal(rows, 1400);
	assert_int_equal(fixture_count(f, "event"), 20);
	assert_int_equal(store_verify(f->s, NULL, &found, &f->e), ERR_OK);
	assert_int_equal(found.events, 20);
	assert_int_equal(found.audits, 21); /* one says what was cut */
	assert_int_equal(store_audit_list(f->s, 740, 10, &audits, &n, &f->e), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_audit_list(f->s, 720, 10, &audits, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_string_equal(audits[0].verb, "history cut");
	assert_non_null(strstr(audits[0].args, "\"event\":700,\"event_hash\":\""));
	store_audit_free(audits, n);
	fixture_close(f);
	fixture_open(f);
	fill(f, 1);
	assert_int_equal(fixture_verified(f), 43);
}

static void all_of_it_may_leave(void **state)
{
	struct fixture *f = *state;
	int64_t rows;

	fill(f, 3);
	f->clock.now_ms += 3 * DAY_MS;
	trim(f, DAY_MS, UINT64_MAX, &rows);
	assert_int_equal(fixture_count(f, "event"), 0);
	assert_int_equal(fixture_verified(f), 1);
	assert_int_equal(fixture_event(f, "later"), 4);
	assert_int_equal(fixture_verified(f), 2);
}

static void what_is_too_much_leaves_oldest_first(void **state)
{
	struct fixture *f = *state;
	int64_t rows, first = 0;

	fill(f, 4000);
	f->clock.now_ms += DAY_MS;
	fill(f, 500);
	trim(f, 400 * DAY_MS, 512 * 1024, &rows);
	assert_in_range(rows, 500, 8000);
	assert_in_range(fixture_count(f, "event"), 200, 4000);
	assert_in_range(fixture_count(f, "audit"), 200, 4000);
	fixture_verified(f);
	store_sql_number(f->s->db, "SELECT min(seq) FROM event", &first, NULL);
	assert_true(first > 1);
}

static void what_was_not_cut_cannot_be_deleted(void **state)
{
	struct fixture *f = *state;
	int64_t rows;

	fill(f, 300);
	f->clock.now_ms += 3 * DAY_MS;
	fill(f, 3);
	trim(f, DAY_MS, UINT64_MAX, &rows);
	assert_int_not_equal(fixture_sql(f, "DELETE FROM event WHERE seq = 301"), ERR_OK);
	assert_int_not_equal(fixture_sql(f, "UPDATE chain SET cut_seq = 2"), ERR_OK);
	fixture_verified(f);
}

/* Rows taken away behind a cut that was moved by hand: the hash after them does not fit. */
static void a_forged_cut_is_found(void **state)
{
	struct fixture *f = *state;

	fill(f, 10);
	assert_int_equal(fixture_sql(f, "UPDATE chain SET cut_seq = 5 WHERE name = 'event';"
					"DELETE FROM event WHERE seq <= 5"),
			 ERR_OK);
	assert_int_equal(store_verify(f->s, NULL, NULL, &f->e), ERR_INPUT);
	assert_non_null(strstr(f->e.text, "event 6 was changed"));
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

struct cutting {
	struct fixture *f;
	bool is_cut;
};

static bool cut_meanwhile(void *ctx, int64_t done, int64_t total)
{
	struct cutting *c = ctx;
	int64_t rows;

	if (!c->is_cut && done > 0)
		trim(c->f, DAY_MS, UINT64_MAX, &rows);
	c->is_cut = true;
	return true;
}

static void a_verification_goes_on_over_a_cut_made_meanwhile(void **state)
{
	struct fixture *f = *state, r = *f;
	struct cutting cutting = { f, false };
	const struct store_progress progress = { cut_meanwhile, &cutting };

	fill(f, 9000);
	f->clock.now_ms += 3 * DAY_MS;
	fill(f, 10);
	assert_int_equal(store_reader_open(f->path, &f->clock.clock, &r.s, &f->e), ERR_OK);
	if (store_verify(r.s, &progress, NULL, &f->e))
		fail_msg("%s", f->e.text);
	assert_true(cutting.is_cut);
	fixture_close(&r);
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
		TEST(what_is_too_old_leaves_and_the_rest_verifies),
		TEST(all_of_it_may_leave),
		TEST(what_is_too_much_leaves_oldest_first),
		TEST(what_was_not_cut_cannot_be_deleted),
		TEST(a_forged_cut_is_found),
		TEST(a_verification_goes_on_over_a_cut_made_meanwhile),
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
