/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store_chain, store_event, store_audit: the past only grows, and changes
 * show. */
#include "schema/sql/store.h"
#include "tests/unit/schema/store_fixture.h"

static void fill(struct fixture *f)
{
	for (int i = 0; i < 5; i++) {
		fixture_event(f, "health");
		assert_int_equal(store_audit_add(f->s, &fixture_actor, "done", &f->e), ERR_OK);
	}
}

static void an_event_comes_back_as_it_was_added(void **state)
{
	struct fixture *f = *state;
	struct store_event event = { .time_ms = 5,
				     .kind = "health",
				     .service = "chat.example.com",
				     .region = "eu-west",
				     .from = "up",
				     .to = "down",
				     .cause = "said by the region",
				     .by = "dnsd",
				     .reason = "",
				     .epoch = INT64_MAX };
	struct store_event *list;
	int64_t seq;
	size_t n;

	assert_int_equal(store_event_add(f->s, &event, &seq, &f->e), ERR_OK);
	assert_int_equal(seq, 1);
	assert_int_equal(store_event_list(f->s, 0, 10, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].seq, 1);
	assert_int_equal(list[0].time_ms, 5);
	assert_string_equal(list[0].service, event.service);
	assert_string_equal(list[0].from, "up");
	assert_string_equal(list[0].to, "down");
	assert_string_equal(list[0].cause, event.cause);
	assert_string_equal(list[0].reason, "");
	assert_int_equal(list[0].epoch, INT64_MAX);
	store_event_free(list, n);
}

static void a_list_goes_on_after_what_was_seen(void **state)
{
	struct fixture *f = *state;
	struct store_event *list;
	size_t n;

	fill(f);
	assert_int_equal(store_event_list(f->s, 2, 2, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].seq, 3);
	assert_int_equal(list[1].seq, 4);
	store_event_free(list, n);
	assert_int_equal(store_event_list(f->s, 5, 2, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 0);
	store_event_free(list, n);
}

static void the_past_cannot_be_changed_by_sql(void **state)
{
	static const char *const attempts[] = { "UPDATE event SET reason = ''", "DELETE FROM event",
						"UPDATE audit SET by = ''", "DELETE FROM audit" };
	struct fixture *f = *state;

	fill(f);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(fixture_sql(f, attempts[i]), ERR_INPUT);
		assert_non_null(strstr(f->e.text, "append-only"));
	}
}

static void an_untouched_chain_verifies(void **state)
{
	struct fixture *f = *state;
	struct store_verified found;

	assert_int_equal(fixture_verified(f), 0);
	fill(f);
	assert_int_equal(store_verify(f->s, NULL, &found, &f->e), ERR_OK);
	assert_int_equal(found.events, 5);
	assert_int_equal(found.audits, 5); /* as many as the audit shows */
}

static void tampering_is_found_and_named(void **state)
{
	static const struct {
		const char *sql, *found;
	} rows[] = {
		{ "UPDATE event SET reason = 'x' WHERE seq = 3", "event 3 was changed" },
		{ "UPDATE event SET time_ms = time_ms + 1 WHERE seq = 1", "event 1 was changed" },
		{ "UPDATE event SET \"from\" = 'a', \"to\" = '' WHERE seq = 5",
		  "event 5 was changed" },
		{ "UPDATE event SET kind = kind || char(0) || 'x' WHERE seq = 2",
		  "event 2 was changed" },
		{ "UPDATE event SET hash = zeroblob(32) WHERE seq = 4", "event 4 was changed" },
		{ "DELETE FROM event WHERE seq = 3", "event 3 is missing" },
		{ "DELETE FROM event WHERE seq = 5", "event ends at 4 and should at 5" },
		{ "DELETE FROM event", "event ends at 0 and should at 5" },
		{ "UPDATE event SET seq = 9 WHERE seq = 5", "event ends at 4 and should at 5" },
		{ "UPDATE audit SET by = 'uid:1' WHERE seq = 2", "audit 2 was changed" },
		{ "UPDATE audit SET args = '' WHERE seq = 1", "audit 1 was changed" },
		{ "DELETE FROM audit WHERE seq = 5", "audit ends at 4 and should at 5" },
		{ "UPDATE chain SET hash = zeroblob(32) WHERE name = 'audit'", "audit ends at 5" },
		{ "DELETE FROM chain WHERE name = 'audit'", "the ends of audit are missing" },
	};
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(fixture_sql(f, "DROP TRIGGER event_keeps; DROP TRIGGER event_stays;"
					"DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays"),
			 ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_verified found = { -1, -1 };

		assert_int_equal(fixture_sql(f, "BEGIN"), ERR_OK);
		assert_int_equal(fixture_sql(f, rows[i].sql), ERR_OK);
		assert_int_equal(store_verify(f->s, NULL, &found, &f->e), ERR_INPUT);
		if (!strstr(f->e.text, rows[i].found))
			fail_msg("%s: %s", rows[i].sql, f->e.text);
		assert_int_equal(found.audits, -1);
		assert_int_equal(fixture_sql(f, "ROLLBACK"), ERR_OK);
		assert_int_equal(store_verify(f->s, NULL, &found, &f->e), ERR_OK);
	}
}

/* Frozen: other bytes would call every chain written so far tampered with. */
static void a_hash_is_the_same_in_every_version(void **state)
{
	struct fixture *f = *state;
	struct store_audit *list;
	size_t n;

	assert_int_equal(store_audit_add(f->s, &fixture_actor, "done", &f->e), ERR_OK);
	assert_int_equal(store_audit_list(f->s, 0, 1, &list, &n, &f->e), ERR_OK);
	assert_string_equal(list[0].hash,
			    "cafd85c43e3ef6ac9da7886cee957d3cc362751040269f411c60efcc3b1a2516");
	store_audit_free(list, n);
}

static void health_is_replaced_by_member(void **state)
{
	struct store_health put[] = { { "chat", "us-east", 4, 1, 1000, 2 },
				      { "chat", "eu-west", 1, 6, 2000, 0 } };
	struct fixture *f = *state;
	struct store_health *list;
	size_t n;

	assert_int_equal(store_health_put(f->s, put, 2, &f->e), ERR_OK);
	put[0].health = 1;
	assert_int_equal(store_health_put(f->s, put, 1, &f->e), ERR_OK);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(store_health_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].region, "eu-west");
	assert_int_equal(list[0].since_ms, 2000);
	assert_int_equal(list[0].cause, 6);
	assert_string_equal(list[1].service, "chat");
	assert_int_equal(list[1].health, 1);
	assert_int_equal(list[1].flaps, 2);
	store_health_free(list, n);
	assert_int_equal(store_health_put(f->s, NULL, 0, &f->e), ERR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_comes_back_as_it_was_added),
		TEST(a_list_goes_on_after_what_was_seen),
		TEST(the_past_cannot_be_changed_by_sql),
		TEST(an_untouched_chain_verifies),
		TEST(tampering_is_found_and_named),
		TEST(a_hash_is_the_same_in_every_version),
		TEST(health_is_replaced_by_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
