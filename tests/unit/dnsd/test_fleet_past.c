/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/fleet: what is known after a restart, whom to wait for, who may be forgotten,
 * two daemons under one name, and a name server that stood still. */
#include "tests/unit/dnsd/fleet_world.h"

static bool has_problem(const char *kind, const char *subject)
{
	struct problems problems = PROBLEMS_INIT;
	bool found = false;

	fleet_problems(fleet, &problems);
	for (size_t i = 0; i < problems.n; i++)
		found |= strcmp(problems.list[i].kind, kind) == 0 &&
			 strcmp(problems.list[i].subject, subject) == 0;
	problems_fini(&problems);
	return found;
}

static bool has_metric(const char *sample)
{
	struct buf out = BUF_INIT;
	bool found;

	for (uint32_t part = 0; fleet_metrics(fleet, part, &out); part++)
		;
	found = strstr(buf_text(&out), sample) != NULL;
	buf_fini(&out);
	return found;
}

static void restore_chat(const char *region, enum verdict_health health, enum verdict_cause cause)
{
	const struct store_health row = { .service = (char *)"chat.example.com",
					  .region = (char *)region,
					  .health = health,
					  .cause = cause,
					  .flaps = 1,
					  .since_ms = hand.now_ms - 3600 * 1000 };

	fleet_restore(fleet, &row, 1);
}

static void restore_node(bool is_prober, const char *region, const char *name)
{
	const struct store_node row = { .is_prober = is_prober,
					.region = (char *)region,
					.name = (char *)name };

	assert_int_equal(fleet_restore_nodes(fleet, &row, 1), ERR_OK);
}

static void say_down(struct line *line)
{
	say_report(line, 0, line->seq == 0, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN,
		   "no backend");
}

/* ---- after a restart ---- */

static void one_node_of_two_that_says_down_waits_for_the_other(void **state)
{
	struct line *a = line_of(IDENTITY_REGIOND, "eu", "a"), *b;

	restore_chat("eu", HEALTH_UP, CAUSE_FIRST);
	restore_node(false, "eu", "a");
	restore_node(false, "eu", "b");
	say_hello(a);
	say_down(a);
	assert_int_not_equal(health(CHAT, EU), HEALTH_DOWN);
	b = linked_node("eu", "b");
	assert_int_not_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(a);
	line_free(b);
}

static void the_other_node_is_awaited_for_ten_seconds(void **state)
{
	struct line *a = line_of(IDENTITY_REGIOND, "eu", "a");

	restore_chat("eu", HEALTH_UP, CAUSE_FIRST);
	restore_node(false, "eu", "a");
	restore_node(false, "eu", "b");
	say_hello(a);
	say_down(a);
	beat_for_ms(9500, &a, 1);
	assert_int_not_equal(health(CHAT, EU), HEALTH_DOWN);
	beat_for_ms(1000, &a, 1);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(a);
}

static void a_region_that_nobody_links_for_is_stale_missing_and_its_report_ages(void **state)
{
	restore_chat("eu", HEALTH_UP, CAUSE_FIRST);
	restore_node(false, "eu", "a");
	restore_node(true, "", "x");
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	fleet_tick(fleet);
	wait_ms(11000);
	assert_int_equal(health(CHAT, EU), HEALTH_STALE);
	assert_true(has_problem("region_missing", "eu"));
	assert_true(has_problem("prober_missing", "x"));
	assert_true(has_metric("fairlead_report_age_seconds{region=\"eu\"} 11"));
	assert_false(has_metric("fairlead_report_age_seconds{region=\"us\"}"));
	assert_false(has_problem("region_missing", "us")); /* never heard of */
}

static double report_age(void)
{
	struct fleet_member_view v;

	fleet_member(fleet, CHAT, EU, &v);
	return v.report_age_s;
}

static void a_region_that_only_beats_does_not_grow_old(void **state)
{
	struct line *node = linked_node("eu", "a");

	for (int i = 0; i < 20; i++) {
		clock_hand_advance_ms(&hand, 500);
		say_beat(node);
	}
	assert_float_equal(report_age(), 0, 0.001);
	assert_true(has_metric("fairlead_report_age_seconds{region=\"eu\"} 0\n"));
	clock_hand_advance_ms(&hand, 6000); /* silence */
	assert_float_equal(report_age(), 6, 0.001);
	assert_true(has_metric("fairlead_report_age_seconds{region=\"eu\"} 6\n"));
	line_free(node);
}

static void a_full_report_without_the_service_takes_back_what_was_stored(void **state)
{
	struct line *a = line_of(IDENTITY_REGIOND, "eu", "a");

	restore_chat("eu", HEALTH_DOWN, CAUSE_SAID);
	say_hello(a);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	say_report(a, 0, true, "mail.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_int_equal(health(CHAT, EU), HEALTH_UNKNOWN); /* it serves */
	line_free(a);
}

static void a_word_of_down_is_taken_back_by_the_next_full_report_without_it(void **state)
{
	struct line *a = linked_node("eu", "a");

	say_down(a);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	say_report(a, 0, true, "mail.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_int_equal(health(CHAT, EU), HEALTH_UNKNOWN);
	line_free(a);
}

/* ---- forgetting ---- */

static void a_node_that_is_gone_for_good_is_forgotten_with_its_last_word(void **state)
{
	struct line *a = linked_node("eu", "a");
	struct fleet_node_view nodes[4];
	struct err e;

	say_withdraw(a, "SIGTERM");
	assert_int_equal(fleet_forget(fleet, "a", &e), ERR_REFUSED); /* still linked */
	hang_up(a);
	beat_for_ms(60000, NULL, 0);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_true(has_problem("region_missing", "eu"));
	assert_int_equal(fleet_forget(fleet, "nobody", &e), ERR_NOT_FOUND);
	assert_int_equal(fleet_forget(fleet, "a", &e), ERR_OK);
	assert_int_equal(health(CHAT, EU), HEALTH_UNKNOWN);
	assert_int_equal(fleet_nodes(fleet, nodes, 4), 0);
	assert_false(has_problem("region_missing", "eu"));
	line_free(a);
}

static void a_stored_word_goes_with_the_node_that_nobody_has_seen_since(void **state)
{
	struct err e;

	restore_chat("eu", HEALTH_DOWN, CAUSE_SAID);
	restore_node(false, "eu", "a");
	fleet_tick(fleet);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(fleet_forget(fleet, "a", &e), ERR_OK);
	assert_int_equal(health(CHAT, EU), HEALTH_UNKNOWN);
}

static void a_prober_that_is_gone_for_good_is_forgotten_with_its_series(void **state)
{
	struct line *x = linked_prober("x", 0, 0);
	struct err e;

	say_seen(x, 1, true, "pppppp");
	assert_true(has_metric("fairlead_prober_up{prober=\"x\"} 1"));
	hang_up(x);
	wait_ms(6000);
	assert_true(has_problem("prober_missing", "x"));
	assert_int_equal(fleet_forget(fleet, "x", &e), ERR_OK);
	assert_false(has_problem("prober_missing", "x"));
	assert_false(has_metric("prober=\"x\""));
	line_free(x);
}

/* ---- hold_down ---- */

static void hold_down_is_shown_and_an_operator_ends_it(void **state)
{
	struct line *a = linked_node("eu", "a");
	struct fleet_member_view v;

	say_down(a);
	say_up(a, "chat.example.com");
	beat_for_ms(5000, &a, 1);
	fleet_member(fleet, CHAT, EU, &v);
	assert_int_equal(v.hold_down_left_us, 15000000);
	assert_int_equal(v.hold_down_factor, 1);
	assert_int_equal(fleet_resume(fleet, "us", NULL), 0);
	assert_int_equal(fleet_resume(fleet, "eu", "mail.example.com"), 0);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(fleet_resume(fleet, "eu", NULL), 1);
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	say_down(a);
	say_up(a, "chat.example.com");
	fleet_member(fleet, CHAT, EU, &v);
	assert_int_equal(v.hold_down_factor, 2);
	assert_int_equal(v.hold_down_us, 40000000);
	line_free(a);
}

/* ---- one name twice ---- */

static void say_hello_of(struct line *line, uint64_t incarnation)
{
	Fairlead__Wire__Hello hello = FAIRLEAD__WIRE__HELLO__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	hello.protocol = WIRE_PROTOCOL;
	hello.heartbeat_ms = 500;
	hello.incarnation = incarnation;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HELLO;
	m.hello = &hello;
	say(line, &m);
}

static void the_newer_of_two_under_one_name_is_refused_and_a_problem_shown(void **state)
{
	struct line *first = line_of(IDENTITY_REGIOND, "eu", "a");
	struct line *second = line_of(IDENTITY_REGIOND, "eu", "a");
	struct line *again = line_of(IDENTITY_REGIOND, "eu", "a");

	say_hello_of(first, 1);
	say_up(first, "chat.example.com");
	say_hello_of(second, 2);
	assert_false(first->is_closed);
	assert_true(second->is_closed);
	assert_non_null(strstr(second->reason, "a is linked already from 127.0.0.1:4711"));
	assert_true(has_problem("double_name", "a"));
	assert_true(has_metric("refused_total{reason=\"double\"} 1"));
	hang_up(second); /* it ends: nothing is withdrawn */
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	beat_for_ms(31000, &first, 1);
	assert_false(has_problem("double_name", "a"));
	/* A restart whose old link nobody has closed gets its place when that is silent. */
	wait_ms(2500);
	say_hello_of(again, 3);
	assert_true(first->is_closed);
	assert_false(again->is_closed);
	line_free(first);
	line_free(second);
	line_free(again);
}

static void a_daemon_that_links_again_takes_its_own_place(void **state)
{
	struct line *first = line_of(IDENTITY_PROBER, "", "x");
	struct line *again = line_of(IDENTITY_PROBER, "", "x");

	say_hello_of(first, 7);
	say_hello_of(again, 7);
	assert_true(first->is_closed);
	assert_false(again->is_closed);
	line_free(first);
	line_free(again);
}

/* ---- time ---- */

static void say_beat_every(struct line *line, uint32_t period_ms)
{
	Fairlead__Wire__Heartbeat beat = FAIRLEAD__WIRE__HEARTBEAT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	beat.period_ms = period_ms;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT;
	m.heartbeat = &beat;
	say(line, &m);
}

static void a_heartbeat_that_was_changed_is_known_from_the_next_one_on(void **state)
{
	struct line *a = linked_node("eu", "a");

	beat_for_ms(5000, &a, 1);
	for (int i = 0; i < 10; i++) {
		say_beat_every(a, 5000);
		wait_ms(5000);
		assert_int_equal(health(CHAT, EU), HEALTH_UP);
	}
	say_beat_every(a, 500);
	wait_ms(2100);
	assert_int_equal(health(CHAT, EU), HEALTH_STALE);
	line_free(a);
}

static void after_a_standstill_what_waits_is_read_before_silence_is_judged(void **state)
{
	struct line *a = linked_node("eu", "a"), *x = linked_prober("x", 0, 0);

	say_seen(x, 1, true, "pppppp");
	beat_for_ms(5000, (struct line *[]){ a, x }, 2);
	buf_clear(&changes);
	clock_hand_advance_ms(&hand, 2500); /* nothing runs */
	fleet_tick(fleet);		    /* the timer comes first, too late */
	say_beat(a);			    /* and here is what had arrived meanwhile */
	say_beat(x);
	wait_ms(100);
	changes_are("");
	wait_ms(4000); /* a real silence is found as always */
	assert_int_equal(health(CHAT, EU), HEALTH_STALE);
	line_free(a);
	line_free(x);
}

static void a_thread_that_is_always_late_judges_all_the_same(void **state)
{
	struct line *a = linked_node("eu", "a");

	for (int i = 0; i < 12 && health(CHAT, EU) == HEALTH_UP; i++) {
		clock_hand_advance_ms(&hand, 700);
		fleet_tick(fleet);
	}
	assert_int_equal(health(CHAT, EU), HEALTH_STALE);
	line_free(a);
}

/* ---- services that only one side knows ---- */

static void services_that_only_one_side_knows_are_told_to_both(void **state)
{
	struct line *a = line_of(IDENTITY_REGIOND, "eu", "a");
	wire_message *m;
	unsigned sent;

	say_hello(a);
	say_report(a, 0, true, "chatx.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_int_equal(wire_unpack(a->sent.data, a->sent.len, &m, NULL), ERR_OK);
	assert_int_equal(m->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_SERVICES);
	assert_int_equal(m->services->n_not_here, 1);
	assert_string_equal(m->services->not_here[0], "chatx.example.com");
	assert_int_equal(m->services->n_missing, 2);
	wire_free(m);
	assert_true(has_problem("service_unmatched", "chatx.example.com"));
	assert_true(has_problem("service_unmatched", "chat.example.com"));
	sent = a->n_sent;
	say_report(a, 0, true, "chatx.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_int_equal(a->n_sent, sent); /* told once */
	say_report(a, 0, true, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_UP, "");
	assert_int_equal(a->n_sent, sent + 1);
	assert_false(has_problem("service_unmatched", "chat.example.com"));
	line_free(a);
}

static void a_prober_over_its_limit_is_a_problem(void **state)
{
	Fairlead__Wire__Verdicts verdicts = FAIRLEAD__WIRE__VERDICTS__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	struct line *x = linked_prober("x", 0, 0);

	say_seen(x, 1, true, "pppppp");
	assert_false(has_problem("prober_stretched", "x"));
	verdicts.revision = 1;
	verdicts.stretch_ppm = 2500000;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS;
	m.verdicts = &verdicts;
	say(x, &m);
	assert_true(has_problem("prober_stretched", "x"));
	assert_true(has_metric("fairlead_prober_stretch_ratio{prober=\"x\"} 2.5"));
	line_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FLEET(one_node_of_two_that_says_down_waits_for_the_other),
		WITH_FLEET(the_other_node_is_awaited_for_ten_seconds),
		WITH_FLEET(a_region_that_nobody_links_for_is_stale_missing_and_its_report_ages),
		WITH_FLEET(a_region_that_only_beats_does_not_grow_old),
		WITH_FLEET(a_full_report_without_the_service_takes_back_what_was_stored),
		WITH_FLEET(a_word_of_down_is_taken_back_by_the_next_full_report_without_it),
		WITH_FLEET(a_node_that_is_gone_for_good_is_forgotten_with_its_last_word),
		WITH_FLEET(a_stored_word_goes_with_the_node_that_nobody_has_seen_since),
		WITH_FLEET(a_prober_that_is_gone_for_good_is_forgotten_with_its_series),
		WITH_FLEET(hold_down_is_shown_and_an_operator_ends_it),
		WITH_FLEET(the_newer_of_two_under_one_name_is_refused_and_a_problem_shown),
		WITH_FLEET(a_daemon_that_links_again_takes_its_own_place),
		WITH_FLEET(a_heartbeat_that_was_changed_is_known_from_the_next_one_on),
		WITH_FLEET(after_a_standstill_what_waits_is_read_before_silence_is_judged),
		WITH_FLEET(a_thread_that_is_always_late_judges_all_the_same),
		WITH_FLEET(services_that_only_one_side_knows_are_told_to_both),
		WITH_FLEET(a_prober_over_its_limit_is_a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
