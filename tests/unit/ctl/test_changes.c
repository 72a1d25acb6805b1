/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the verbs that change something: what they ask the daemon, and what they say. */
#include "tests/unit/ctl/fake.h"

#define DONE "{\"id\": 17, \"epoch\": 0, \"live\": [\"ns1\", \"ns2\"]}"
#define DRY                                                                                        \
	"{\"id\": null, \"epoch\": 0, \"live\": [\"ns1\"], \"moves\": [{\"service\": \"s\", "      \
	"\"from\": \"a\", \"to\": \"b\", \"share\": 0.25}, {\"service\": \"s\", \"from\": \"a\", " \
	"\"to\": null, \"share\": 0.01}]}"

/* ---- what is asked ---- */

static void requests_have_the_paths_and_bodies_of_the_api(void **state)
{
	static const struct {
		const char *line, *request, *body;
	} rows[] = {
		{ "drain eu", "POST /v1/drain", "{\"region\":\"eu\"}" },
		{ "drain eu --service s --reason why --expires 90m --force", "POST /v1/drain",
		  "{\"expires_s\":5400,\"force\":true,\"reason\":\"why\",\"region\":\"eu\","
		  "\"service\":\"s\"}" },
		{ "drain eu --expires 1500ms", "POST /v1/drain",
		  "{\"expires_s\":2,\"region\":\"eu\"}" }, /* never shorter than asked */
		{ "undrain eu --service s", "POST /v1/undrain",
		  "{\"region\":\"eu\",\"service\":\"s\"}" },
		{ "dial eu 25%", "POST /v1/dial", "{\"region\":\"eu\",\"share_ppm\":250000}" },
		{ "dial eu 2.5% --service s", "POST /v1/dial",
		  "{\"region\":\"eu\",\"service\":\"s\",\"share_ppm\":25000}" },
		{ "dial eu 100", "POST /v1/dial", "{\"region\":\"eu\",\"share_ppm\":1000000}" },
		{ "dial eu 0", "POST /v1/dial", "{\"region\":\"eu\",\"share_ppm\":0}" },
		{ "failover s --to us --reason why", "POST /v1/failover",
		  "{\"reason\":\"why\",\"service\":\"s\",\"to\":\"us\"}" },
		{ "failback s", "POST /v1/failback", "{\"service\":\"s\"}" },
		{ "resume eu --service s", "POST /v1/resume",
		  "{\"region\":\"eu\",\"service\":\"s\"}" },
		{ "forget eu/n1 --reason gone", "POST /v1/forget",
		  "{\"node\":\"eu/n1\",\"reason\":\"gone\"}" },
		{ "config reload", "POST /v1/reload", "{}" },
		{ "drain --backend 10.0.0.1:80 --pool p --expires 30m", "POST /v1/drain",
		  "{\"backend\":\"10.0.0.1:80\",\"expires_s\":1800,\"pool\":\"p\"}" },
		{ "undrain --node", "POST /v1/undrain", "{}" },
	};
	char expected[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = { 0 };

		fake_answer(&f, rows[i].request, DONE);
		assert_int_equal(fake_run(&f, rows[i].line), OUTCOME_DONE);
		snprintf(expected, sizeof(expected), "%s %s\n", rows[i].request, rows[i].body);
		assert_string_equal(f.asked, expected);
		fake_fini(&f);
	}
}

static void clearing_an_override_is_a_delete_with_its_reason(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "DELETE /v1/overrides/17?reason=a%26b", DONE);
	assert_int_equal(fake_run(&f, "override clear 17 --reason a&b"), OUTCOME_DONE);
	assert_string_equal(f.out, "override clear 17: done, id 17, live on ns1, ns2\n");
	assert_int_equal(fake_run(&f, "override clear ../status"), OUTCOME_USAGE);
	assert_string_equal(f.asked, "");
	fake_fini(&f);
}

static void a_clearing_may_be_tried_and_forced(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "DELETE /v1/overrides/17?dry_run=true", DRY);
	assert_int_equal(fake_run(&f, "override clear 17 --dry-run"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "override clear 17: nothing is changed; this would move:\n"));
	fake_answer(&f, "DELETE /v1/overrides/17?force=true", DONE);
	assert_int_equal(fake_run(&f, "override clear 17 --force"), OUTCOME_DONE);
	fake_fini(&f);
}

/* ---- what is said ---- */

static void the_id_and_where_it_is_live_are_told(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "POST /v1/failover", DONE);
	assert_int_equal(fake_run(&f, "failover s --to us"), OUTCOME_DONE);
	assert_string_equal(f.out, "failover s to us: done, id 17, live on ns1, ns2\n");
	assert_string_equal(f.err, "");
	fake_fini(&f);
}

static void a_dry_run_shows_what_would_move(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "POST /v1/drain", DRY);
	assert_int_equal(fake_run(&f, "drain eu --dry-run"), OUTCOME_DONE);
	assert_string_equal(f.asked, "POST /v1/drain {\"dry_run\":true,\"region\":\"eu\"}\n");
	assert_string_equal(f.out, "drain eu: nothing is changed; this would move:\n"
				   "SERVICE  FROM  TO  SHARE\n"
				   "s        a     b     25%\n"
				   "s        a     -      1%\n");
	fake_answer(&f, "POST /v1/drain", "{\"id\": null, \"moves\": []}");
	assert_int_equal(fake_run(&f, "drain eu --dry-run"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "Nothing would move."));
	fake_fini(&f);
}

static void json_gives_the_daemons_document(void **state)
{
	struct fake f = { 0 };
	json_t *doc, *sent = json_loads(DRY, 0, NULL);

	fake_answer(&f, "POST /v1/dial", DRY);
	assert_int_equal(fake_run(&f, "-o json dial eu 5% --dry-run"), OUTCOME_DONE);
	doc = json_loads(f.out, 0, NULL);
	assert_true(json_equal(doc, sent));
	json_decref(doc);
	json_decref(sent);
	fake_fini(&f);
}

/* ---- what is refused ---- */

static void the_exit_status_follows_the_daemons_code(void **state)
{
	static const struct {
		const char *code;
		int status;
	} rows[] = {
		{ "unsafe", 4 }, { "denied", 5 },	 { "refused", 1 },
		{ "input", 1 },	 { "not_found", 1 },	 { "full", 1 },
		{ "io", 1 },	 { "of_the_future", 1 }, { "unreached", 3 },
	};
	char code[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = { 0 };

		fake_refuse(&f, "POST /v1/drain", rows[i].code, "because");
		assert_int_equal(fake_run(&f, "drain eu"), rows[i].status);
		assert_string_equal(f.out, "");
		assert_string_equal(f.err, "fairlead: because\n");
		fake_refuse(&f, "POST /v1/drain", rows[i].code, "because");
		assert_int_equal(fake_run(&f, "drain eu -o json"), rows[i].status);
		assert_string_equal(fake_error_code(&f, code), rows[i].code);
		assert_string_equal(f.err, "fairlead: because\n");
		fake_fini(&f);
	}
}

static void wrong_usage_asks_nobody(void **state)
{
	static const char *const lines[] = {
		"drain",
		"undrain",
		"dial eu 101%",
		"dial eu 1000",
		"dial eu -5%",
		"dial eu half",
		"drain eu --backend 10.0.0.1:80",
		"drain --node --pool p",
		"drain --node --force",
		"drain --pool p --service s",
		"failback s --expires 5m",
		"config schema nobody",
		"config reference -o json",
		"cert issue d regiond n",
		"cert issue d dnsd n --region eu",
		"cert issue d king n",
	};
	char code[32];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct fake f = { 0 };
		char line[128];

		if (fake_run(&f, lines[i]) != OUTCOME_USAGE)
			fail_msg("`%s` is taken", lines[i]);
		assert_string_equal(f.asked, "");
		assert_non_null(strstr(f.err, "try `fairlead help "));
		snprintf(line, sizeof(line), "%s -o json", lines[i]);
		assert_int_equal(fake_run(&f, line), OUTCOME_USAGE);
		assert_string_equal(fake_error_code(&f, code), "usage");
		fake_fini(&f);
	}
}

/* ---- who is asked first ---- */

static void a_person_is_asked_before_a_risky_operation(void **state)
{
	static const char *const risky[][2] = {
		{ "drain eu", "POST /v1/drain" },
		{ "failover s --to us", "POST /v1/failover" },
		{ "dial eu 0%", "POST /v1/dial" },
	};

	for (size_t i = 0; i < sizeof(risky) / sizeof(risky[0]); i++) {
		struct fake f = { .typed = "y\n" };

		fake_answer(&f, risky[i][1], DRY);
		fake_answer(&f, risky[i][1], DONE);
		assert_int_equal(fake_run(&f, risky[i][0]), OUTCOME_DONE);
		assert_non_null(strstr(f.asked, "\"dry_run\":true"));
		assert_null(strstr(strchr(f.asked, '\n'), "dry_run"));
		assert_non_null(strstr(f.err, "? [y/N] "));
		assert_non_null(strstr(f.out, "s        a     b     25%\n"));
		fake_fini(&f);
	}
}

static void anything_but_yes_changes_nothing(void **state)
{
	static const char *const typed[] = { "n\n", "\n", "yess\n", "Y E S\n", "x" };

	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		struct fake f = { .typed = typed[i] };

		fake_answer(&f, "POST /v1/drain", DRY);
		assert_int_equal(fake_run(&f, "drain eu"), OUTCOME_FAILED);
		assert_string_equal(f.asked,
				    "POST /v1/drain {\"dry_run\":true,\"region\":\"eu\"}\n");
		assert_non_null(strstr(f.err, "nothing is changed\n"));
		fake_fini(&f);
	}
}

static void a_refusal_comes_before_the_question(void **state)
{
	struct fake f = { .typed = "y\n" };

	fake_refuse(&f, "POST /v1/drain", "unsafe", "too few would be left");
	assert_int_equal(fake_run(&f, "drain eu"), OUTCOME_UNSAFE);
	assert_null(strstr(f.err, "[y/N]"));
	fake_fini(&f);
}

static void yes_and_harmless_operations_are_not_asked_about(void **state)
{
	static const char *const lines[][2] = {
		{ "drain eu --yes", "POST /v1/drain" },
		{ "--yes failover s --to us", "POST /v1/failover" },
		{ "undrain eu", "POST /v1/undrain" },
		{ "dial eu 10%", "POST /v1/dial" },
		{ "failback s", "POST /v1/failback" },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct fake f = { .typed = "n\n" };

		fake_answer(&f, lines[i][1], DONE);
		assert_int_equal(fake_run(&f, lines[i][0]), OUTCOME_DONE);
		assert_null(strstr(f.err, "[y/N]"));
		fake_fini(&f);
	}
}

static void what_was_done_is_told(void **state)
{
	static const char *const rows[][3] = {
		{ "dial eu 20%", "POST /v1/dial", "dial eu: 20 %, id 17, live on ns1, ns2\n" },
		{ "drain eu", "POST /v1/drain",
		  "drain eu: no new clients, id 17, live on ns1, ns2\n" },
		{ "undrain eu", "POST /v1/undrain",
		  "undrain eu: takes new clients again, id 17, live on ns1, ns2\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake f = { 0 };

		fake_answer(&f, rows[i][1], DONE);
		assert_int_equal(fake_run(&f, rows[i][0]), OUTCOME_DONE);
		assert_string_equal(f.out, rows[i][2]);
		fake_fini(&f);
	}
}

/* ---- --wait ---- */

#define SERVICES                                                                         \
	"[{\"name\": \"s\", \"ttl\": 5, \"active\": []}, {\"name\": \"t\", \"ttl\": 3, " \
	"\"active\": []}]"
#define REGION(used, arrivals, age)                                                         \
	"[{\"name\": \"other\", \"used\": 900, \"report_age_s\": 0.1}, {\"name\": \"eu\", " \
	"\"used\": " used ", \"arrivals\": " arrivals ", \"report_age_s\": " age "}]"

static void answer_many(struct fake *f, const char *request, const char *json, size_t n)
{
	while (n--)
		fake_answer(f, request, json);
}

static void drain_waits_for_the_ttl_and_then_for_quiet(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/services", SERVICES);
	fake_answer(&f, "POST /v1/drain", DONE);
	answer_many(&f, "GET /v1/regions", REGION("0", "7", "0.2"), 30);
	assert_int_equal(fake_run(&f, "drain eu --wait"), OUTCOME_DONE);
	assert_string_equal(f.out, "drain eu: no new clients, id 17, live on ns1, ns2\n"
				   "drain eu: empty\n");
	assert_int_equal(fake_paused_ms,
			 10000); /* nobody came: TTL 5 s lies within the quiet time */
	fake_fini(&f);
}

static void a_client_that_comes_begins_the_quiet_time_anew(void **state)
{
	struct fake f = { .typed = "y\n" };

	fake_answer(&f, "GET /v1/services", SERVICES);
	fake_answer(&f, "POST /v1/drain", DONE);
	answer_many(&f, "GET /v1/regions", REGION("0", "7", "0.2"), 4);
	fake_answer(&f, "GET /v1/regions", REGION("0", "8", "0.2")); /* came and went between two */
	answer_many(&f, "GET /v1/regions", REGION("0", "8", "0.2"), 2);
	answer_many(&f, "GET /v1/regions", REGION("3", "8", "0.2"), 3);
	answer_many(&f, "GET /v1/regions", REGION("0", "8", "0.2"), 20);
	assert_int_equal(fake_run(&f, "drain eu --yes --wait"), OUTCOME_DONE);
	assert_int_equal(fake_paused_ms, 19000); /* last seen at 9 s, and ten of quiet */
	assert_non_null(strstr(f.err, "TTL over in 3s, 0 in use"));
	assert_non_null(strstr(f.err, "3 in use"));
	assert_non_null(strstr(f.err, "no client for 9 of 10s"));
	fake_fini(&f);
}

static void drain_says_when_nobody_reports(void **state)
{
	static const char *const ages[] = { REGION("12", "0", "null"), REGION("12", "0", "-1"),
					    REGION("12", "0", "60.5") };

	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		struct fake f = { 0 };

		fake_answer(&f, "GET /v1/services", SERVICES);
		fake_answer(&f, "POST /v1/drain", DONE);
		answer_many(&f, "GET /v1/regions", ages[i], 20);
		assert_int_equal(fake_run(&f, "drain eu --wait"), OUTCOME_DONE);
		assert_non_null(strstr(f.out, "drain eu: no regiond reports its load"));
		assert_int_equal(fake_paused_ms, 5000); /* the TTL is over all the same */
		fake_fini(&f);
	}
}

static void drain_of_a_service_waits_for_its_member(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/services", SERVICES);
	fake_answer(&f, "POST /v1/drain", DONE);
	answer_many(&f, "GET /v1/members?service=t",
		    "[{\"region\": \"eu\", \"used\": 5, \"report_age_s\": 1}]", 2);
	answer_many(&f, "GET /v1/members?service=t",
		    "[{\"region\": \"eu\", \"used\": 0, \"report_age_s\": 1}]", 20);
	assert_int_equal(fake_run(&f, "drain eu --service t --wait"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "drain eu for t: empty\n"));
	assert_int_equal(fake_paused_ms, 11000);
	fake_fini(&f);
}

static void a_backend_is_waited_for_by_its_requests_in_flight(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "POST /v1/drain", DONE);
	fake_answer(&f, "GET /v1/backends",
		    "[{\"pool\": \"p\", \"address\": \"b:1\", \"in_flight\": 2}, "
		    "{\"pool\": \"p\", \"address\": \"c:1\", \"in_flight\": 9}]");
	answer_many(&f, "GET /v1/backends",
		    "[{\"pool\": \"p\", \"address\": \"b:1\", \"in_flight\": 0}, "
		    "{\"pool\": \"p\", \"address\": \"c:1\", \"in_flight\": 9}]",
		    20);
	assert_int_equal(fake_run(&f, "drain --backend b:1 --wait"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "drain b:1: empty\n"));
	assert_string_equal(f.cli.args.target.socket, CLI_REGIOND_SOCKET);
	fake_fini(&f);
}

static void a_daemon_that_goes_ends_the_waiting(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "GET /v1/services", SERVICES);
	fake_answer(&f, "POST /v1/drain", DONE);
	fake_answer(&f, "GET /v1/regions", REGION("12", "0", "0.2"));
	assert_int_equal(fake_run(&f, "drain eu --wait"), OUTCOME_UNREACHED);
	fake_fini(&f);
}

static void failover_waits_until_the_region_is_active_alone(void **state)
{
	struct fake f = { 0 };

	fake_answer(&f, "POST /v1/failover", DONE);
	fake_answer(&f, "GET /v1/services", "[{\"name\": \"s\", \"active\": [\"us\", \"eu\"]}]");
	fake_answer(&f, "GET /v1/services", "[{\"name\": \"S\", \"active\": [\"us\"]}]");
	assert_int_equal(fake_run(&f, "failover s --to us --wait"), OUTCOME_DONE);
	assert_true(fake_paused_ms > 0);
	fake_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_have_the_paths_and_bodies_of_the_api),
		cmocka_unit_test(clearing_an_override_is_a_delete_with_its_reason),
		cmocka_unit_test(a_clearing_may_be_tried_and_forced),
		cmocka_unit_test(the_id_and_where_it_is_live_are_told),
		cmocka_unit_test(a_dry_run_shows_what_would_move),
		cmocka_unit_test(json_gives_the_daemons_document),
		cmocka_unit_test(the_exit_status_follows_the_daemons_code),
		cmocka_unit_test(wrong_usage_asks_nobody),
		cmocka_unit_test(a_person_is_asked_before_a_risky_operation),
		cmocka_unit_test(anything_but_yes_changes_nothing),
		cmocka_unit_test(a_refusal_comes_before_the_question),
		cmocka_unit_test(yes_and_harmless_operations_are_not_asked_about),
		cmocka_unit_test(what_was_done_is_told),
		cmocka_unit_test(drain_waits_for_the_ttl_and_then_for_quiet),
		cmocka_unit_test(a_client_that_comes_begins_the_quiet_time_anew),
		cmocka_unit_test(drain_says_when_nobody_reports),
		cmocka_unit_test(drain_of_a_service_waits_for_its_member),
		cmocka_unit_test(a_backend_is_waited_for_by_its_requests_in_flight),
		cmocka_unit_test(a_daemon_that_goes_ends_the_waiting),
		cmocka_unit_test(failover_waits_until_the_region_is_active_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
