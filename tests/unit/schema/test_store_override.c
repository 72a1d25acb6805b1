/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store_override: what operators forced, with its audit row and event. */
#include "schema/sql/store.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/schema/store_fixture.h"

static void an_override_comes_back_as_it_was_put(void **state)
{
	struct fixture *f = *state;
	struct store_override o = { .kind = STORE_DIAL,
				    .service = "chat.example.com",
				    .region = "eu-west",
				    .value = 250000,
				    .by = "spiffe://example/operator/ann",
				    .reason = "heat \"wave\" ☀",
				    .expires_ms = FIXTURE_NOW_MS + 1000 };
	struct store_override *list;
	int64_t id;
	size_t n;

	assert_int_equal(store_override_put(f->s, &o, &fixture_actor, &id, &f->e), ERR_OK);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].id, id);
	assert_int_equal(list[0].kind, STORE_DIAL);
	assert_string_equal(list[0].service, "chat.example.com");
	assert_string_equal(list[0].region, "eu-west");
	assert_int_equal(list[0].value, 250000);
	assert_string_equal(list[0].by, o.by);
	assert_string_equal(list[0].reason, o.reason);
	assert_int_equal(list[0].since_ms, FIXTURE_NOW_MS);
	assert_int_equal(list[0].expires_ms, FIXTURE_NOW_MS + 1000);
	store_override_free(list, n);
}

static void every_kind_has_its_name(void **state)
{
	static const char *const names[] = { "drain", "dial", "failover", "freeze" };
	struct fixture *f = *state;
	struct store_override *list;
	size_t n;

	for (int i = STORE_DRAIN; i <= STORE_FREEZE; i++) {
		assert_string_equal(store_override_kind_name((enum store_override_kind)i),
				    names[i]);
		fixture_put(f, (enum store_override_kind)i, "", "", 0);
	}
	assert_string_equal(store_override_kind_name((enum store_override_kind)9), "");
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 4);
	for (int i = STORE_DRAIN; i <= STORE_FREEZE; i++)
		assert_int_equal(list[i].kind, i);
	store_override_free(list, n);
}

static void the_same_scope_is_replaced_and_another_is_not(void **state)
{
	struct fixture *f = *state;
	int64_t first = fixture_put(f, STORE_DIAL, "", "eu-west", 500000);
	struct store_override *list;
	size_t n;

	fixture_put(f, STORE_DIAL, "", "us-east", 500000);
	fixture_put(f, STORE_DIAL, "chat", "eu-west", 500000);
	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	assert_true(fixture_put(f, STORE_DIAL, "", "eu-west", 100000) > first);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 4);
	assert_int_equal(list[3].value, 100000);
	store_override_free(list, n);
}

static void a_service_fails_over_to_one_region_only(void **state)
{
	struct fixture *f = *state;
	struct store_override *list;
	size_t n;

	fixture_put(f, STORE_FAILOVER, "chat", "eu-west", 0);
	fixture_put(f, STORE_FAILOVER, "search", "eu-west", 0);
	fixture_put(f, STORE_FAILOVER, "chat", "us-east", 0);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].service, "search");
	assert_string_equal(list[1].region, "us-east");
	store_override_free(list, n);
}

static void an_id_is_never_used_again(void **state)
{
	struct fixture *f = *state;
	int64_t id = fixture_put(f, STORE_DRAIN, "", "eu-west", 0);

	assert_int_equal(store_override_clear(f->s, id, &fixture_actor, &f->e), ERR_OK);
	fixture_close(f);
	fixture_open(f);
	assert_true(fixture_put(f, STORE_DRAIN, "", "eu-west", 0) > id);
}

static void several_are_cleared_by_one_word_or_none(void **state)
{
	struct fixture *f = *state;
	int64_t ids[] = { fixture_put(f, STORE_DRAIN, "", "eu-west", 0),
			  fixture_put(f, STORE_DRAIN, "", "us-east", 0), 4711 };
	struct store_override *list;
	size_t n;

	assert_int_equal(store_override_clear_all(f->s, ids, 3, &fixture_actor, &f->e),
			 ERR_NOT_FOUND);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 2);
	store_override_free(list, n);
	assert_int_equal(store_override_clear_all(f->s, ids, 2, &fixture_actor, &f->e), ERR_OK);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 0);
	store_override_free(list, n);
	assert_int_equal(fixture_count(f, "audit"), 3); /* two drains, one word for both */
	assert_int_equal(fixture_count(f, "event"), 4);
}

static void what_is_not_there_cannot_be_cleared(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_override_clear(f->s, 12, &fixture_actor, &f->e), ERR_NOT_FOUND);
	assert_string_equal(f->e.text, "there is no override 12");
	assert_int_equal(fixture_count(f, "audit"), 0);
	assert_int_equal(fixture_count(f, "event"), 0);
}

static void assert_event(const struct store_event *event, const char *kind, const char *from,
			 const char *to, const char *cause, const char *by)
{
	assert_string_equal(event->kind, kind);
	assert_string_equal(event->from, from);
	assert_string_equal(event->to, to);
	assert_string_equal(event->cause, cause);
	assert_string_equal(event->by, by);
	assert_string_equal(event->reason, "cable cut");
	assert_int_equal(event->time_ms, FIXTURE_NOW_MS);
}

static void each_change_has_its_event(void **state)
{
	struct fixture *f = *state;
	struct store_event *list;
	int64_t id;
	size_t n;

	id = fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	fixture_put(f, STORE_DIAL, "", "eu-west", 250000);
	fixture_put(f, STORE_DIAL, "", "eu-west", 500000);
	fixture_put(f, STORE_FAILOVER, "chat", "eu-west", 0);
	fixture_put(f, STORE_FAILOVER, "chat", "us-east", 0);
	assert_int_equal(store_override_clear(f->s, id, &fixture_actor, &f->e), ERR_OK);
	assert_int_equal(store_override_clear(f->s, id + 2, NULL, &f->e), ERR_OK);
	assert_int_equal(store_event_list(f->s, 0, 100, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 7);
	assert_event(&list[0], "drain", "", "on", "operator", "uid:0");
	assert_event(&list[1], "dial", "", "25%", "operator", "uid:0");
	assert_event(&list[2], "dial", "25%", "50%", "operator", "uid:0");
	assert_event(&list[3], "failover", "", "eu-west", "operator", "uid:0");
	assert_event(&list[4], "failover", "eu-west", "us-east", "operator", "uid:0");
	assert_event(&list[5], "drain", "on", "", "operator", "uid:0");
	assert_event(&list[6], "dial", "50%", "", "expired", "");
	assert_string_equal(list[6].region, "eu-west");
	store_event_free(list, n);
}

static void who_asked_is_in_the_audit_and_an_expiry_is_not(void **state)
{
	struct fixture *f = *state;
	int64_t id = fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	struct store_audit *list;
	size_t n;

	assert_int_equal(store_override_clear(f->s, id, NULL, &f->e), ERR_OK);
	assert_int_equal(store_audit_add(f->s, &fixture_actor, "denied", &f->e), ERR_OK);
	assert_int_equal(store_audit_list(f->s, 0, 100, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].by, "uid:0");
	assert_string_equal(list[0].from, "unix");
	assert_string_equal(list[0].verb, "drain");
	assert_string_equal(list[0].args, "{\"region\":\"eu-west\"}");
	assert_string_equal(list[0].result, "done");
	assert_string_equal(list[0].reason, "cable cut");
	assert_int_equal(list[0].time_ms, FIXTURE_NOW_MS);
	assert_string_equal(list[1].result, "denied");
	assert_int_equal(strlen(list[1].hash), 64);
	store_audit_free(list, n);
}

/* Each of the three writes of a put fails in turn: nothing of it stays. */
static void a_change_is_whole_or_not_at_all(void **state)
{
	static const char *const tables[] = { "override", "audit", "event" };
	struct fixture *f = *state;
	struct store_override o = { .kind = STORE_DRAIN, .region = "eu-west" };
	int64_t id = fixture_put(f, STORE_DRAIN, "", "eu-west", 0), same = -1;
	struct store_override *list;
	char sql[128];
	size_t n;

	for (size_t i = 0; i < 3; i++) {
		snprintf(
			sql, sizeof(sql),
			"CREATE TRIGGER t BEFORE INSERT ON %s BEGIN SELECT RAISE(ABORT, 'no'); END",
			tables[i]);
		assert_int_equal(fixture_sql(f, sql), ERR_OK);
		assert_int_equal(store_override_put(f->s, &o, &fixture_actor, &same, &f->e),
				 ERR_INPUT);
		assert_int_equal(same, -1);
		if (i > 0)
			assert_int_equal(store_override_clear(f->s, id, &fixture_actor, &f->e),
					 ERR_INPUT);
		assert_int_equal(fixture_sql(f, "DROP TRIGGER t"), ERR_OK);
		assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
		assert_int_equal(n, 1);
		assert_int_equal(list[0].id, id);
		store_override_free(list, n);
		assert_int_equal(fixture_count(f, "audit"), 1);
		assert_int_equal(fixture_count(f, "event"), 1);
		fixture_verified(f);
	}
}

static void a_value_out_of_range_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store_override o = { .kind = STORE_DIAL, .region = "eu-west", .value = 1000001 };

	assert_int_equal(store_override_put(f->s, &o, &fixture_actor, NULL, &f->e), ERR_INPUT);
	assert_int_equal(fixture_count(f, "override"), 0);
}

static void no_memory_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_override o = { .kind = STORE_DRAIN, .region = "eu-west" };
	size_t before;

	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	before = fixture_count(f, "audit");
	for (unsigned i = 1;; i++) {
		enum err_code rc;

		fail_alloc_at(i);
		rc = store_override_put(f->s, &o, &fixture_actor, NULL, &f->e);
		if (!fail_alloc_end())
			break;
		assert_int_equal(rc, ERR_MEMORY);
		assert_int_equal(fixture_count(f, "audit"), before);
	}
	assert_int_equal(fixture_count(f, "audit"), before + 1);
}

static void several_changes_are_one_transaction(void **state)
{
	struct fixture *f = *state;
	struct store_override *list;
	enum err_code rc;
	int64_t id;
	size_t n;

	id = fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	assert_int_equal(store_begin(f->s, &f->e), ERR_OK);
	fixture_put(f, STORE_DRAIN, "", "us-east", 0);
	assert_int_equal(store_override_clear(f->s, id, &fixture_actor, &f->e), ERR_OK);
	rc = store_override_clear(f->s, 4711, &fixture_actor, &f->e);
	assert_int_equal(store_end(f->s, rc, &f->e), ERR_NOT_FOUND);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].id, id);
	store_override_free(list, n);

	assert_int_equal(store_begin(f->s, &f->e), ERR_OK);
	fixture_put(f, STORE_DRAIN, "", "us-east", 0);
	rc = store_override_clear(f->s, id, &fixture_actor, &f->e);
	assert_int_equal(store_end(f->s, rc, &f->e), ERR_OK);
	assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].region, "us-east");
	store_override_free(list, n);
	fixture_verified(f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_changes_are_one_transaction),
		TEST(an_override_comes_back_as_it_was_put),
		TEST(every_kind_has_its_name),
		TEST(the_same_scope_is_replaced_and_another_is_not),
		TEST(a_service_fails_over_to_one_region_only),
		TEST(an_id_is_never_used_again),
		TEST(several_are_cleared_by_one_word_or_none),
		TEST(what_is_not_there_cannot_be_cleared),
		TEST(each_change_has_its_event),
		TEST(who_asked_is_in_the_audit_and_an_expiry_is_not),
		TEST(a_change_is_whole_or_not_at_all),
		TEST(a_value_out_of_range_is_refused),
		TEST(no_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
