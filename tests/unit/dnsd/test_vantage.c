/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/fleet: proberds, their plan, what they see and when it counts. */
#include "schema/config/config.h"
#include "tests/unit/dnsd/fleet_world.h"

#define FRANKFURT 501100, 86800
#define MAINZ	  500000, 82700 /* 30 km from Frankfurt */
#define SYDNEY	  (-338700), 1512100

static Fairlead__Wire__Plan *plan_of(const struct line *line, wire_message **m)
{
	assert_int_equal(wire_unpack(line->sent.data, line->sent.len, m, NULL), ERR_OK);
	assert_int_equal((*m)->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_PLAN);
	return (*m)->plan;
}

static uint64_t revision_of(const struct line *line)
{
	wire_message *m;
	uint64_t revision = plan_of(line, &m)->revision;

	wire_free(m);
	return revision;
}

static void reconfigure(const char *yaml)
{
	struct dnsd_config *config = world_parse(&w, yaml);

	assert_int_equal(fleet_configure(fleet, config, &w.e), ERR_OK);
	config_dnsd_free(w.config);
	w.config = config;
}

/* ---- the plan ---- */

static void a_proberd_gets_every_address_that_has_a_monitor(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);
	Fairlead__Wire__Plan *plan;
	wire_message *m;

	plan = plan_of(x, &m);
	assert_int_equal(plan->revision, 1);
	assert_int_equal(plan->n_targets, TARGETS); /* the pool r has no monitor */
	assert_int_equal(plan->n_monitors, 1);
	assert_string_equal(plan->monitors[0]->type, "tcp");
	assert_int_equal(plan->monitors[0]->port, 80);
	assert_int_equal(plan->monitors[0]->timeout_ms, 500);
	for (uint32_t i = 0; i < TARGETS; i++)
		assert_int_equal(plan->targets[i]->id, i);
	assert_string_equal(plan->targets[US_20]->region, "us");
	assert_string_equal(plan->targets[US_20]->pool, "p");
	assert_memory_equal(plan->targets[EU_12]->address.data, ((uint8_t[]){ 192, 0, 2, 12 }), 4);
	wire_free(m);
	line_free(x);
}

static void a_reload_without_news_for_proberds_leaves_them_alone(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);
	unsigned sent = x->n_sent;

	say_seen(x, 1, true, "ffpppp");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	reconfigure(FLEET_YAML "  more.example.com: {pool: r}\n");
	assert_int_equal(x->n_sent, sent);
	wait_ms(1000); /* it is still a witness */
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(x);
}

#define ANOTHER_ORDER                                                                              \
	WORLD_REGIONS FLEET_MONITORS "pools:\n"                                                    \
				     "  a:\n    monitor: m\n    members:\n"                        \
				     "      - {region: us, addresses: [192.0.2.99]}\n"             \
				     "  p:\n    monitor: m\n    members:\n"                        \
				     "      - {region: us, addresses: [192.0.2.20]}\n"             \
				     "      - {region: eu, addresses: [192.0.2.10, 192.0.2.11]}\n" \
				     "services:\n"                                                 \
				     "  first.example.com: {pool: a}\n"                            \
				     "  chat.example.com: {pool: p}\n"

static void what_was_seen_of_targets_that_stay_stays_true_in_a_new_plan(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *node = linked_node("eu", "a");

	say_seen(x, 1, true, "ffpppp");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	/* Until hold_down is over: now only the vantage keeps it out. */
	beat_for_ms(25000, (struct line *[]){ x, node }, 2);
	reconfigure(ANOTHER_ORDER);
	assert_int_equal(revision_of(x), 2);
	assert_int_equal(health(1, 1), HEALTH_DOWN);
	assert_int_equal(health(1, 0), HEALTH_UP);
	assert_int_equal(health(0, 0), HEALTH_UNKNOWN);
	say_seen(x, 2, true, "pppp");
	assert_int_equal(health(1, 1), HEALTH_UP);
	line_free(x);
	line_free(node);
}

static void verdicts_on_an_old_plan_are_passed_over(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "pppppp");
	reconfigure(ANOTHER_ORDER);
	buf_clear(&changes);
	say_seen(x, 1, true, "ffffff");
	assert_false(x->is_closed);
	changes_are("");
	line_free(x);
}

static void verdicts_on_what_was_never_sent_are_refused(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", SYDNEY);

	say_seen(x, 7, true, "pppppp");
	assert_true(x->is_closed);
	assert_non_null(strstr(x->reason, "plan 7"));
	say_seen(y, 1, true, "ppppppp");
	assert_true(y->is_closed);
	assert_non_null(strstr(y->reason, "target 6 of 6"));
	line_free(x);
	line_free(y);
}

/* ---- what counts ---- */

static void one_proberd_alone_takes_a_member_out_and_brings_it_back(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "pppppp");
	changes_are("chat eu unknown>up\nchat us unknown>up\nmail eu unknown>up\n"
		    "mail us unknown>up\n");
	say_seen(x, 1, false, "ff");
	changes_are("chat eu up>down: 1 of 1 vantages: timeout\n");
	wait_ms(20000);
	say_seen(x, 1, false, "pp");
	changes_are("chat eu down>up\n");
	line_free(x);
}

static void a_member_fails_when_all_its_addresses_do(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "pppppp");
	say_seen(x, 1, false, "f");
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	say_seen(x, 1, false, "-f");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(x);
}

static void a_proberd_counts_when_it_has_told_of_every_target(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_UNKNOWN);
	say_seen(x, 1, true, "ffpppp");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(x);
}

static void what_is_not_known_yet_does_not_count(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "uuuuuu");
	changes_are("");
	line_free(x);
}

static void two_of_three_from_two_places_are_enough(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", MAINZ);
	struct line *z = linked_prober("z", SYDNEY), *node = linked_node("eu", "a");

	say_seen(x, 1, true, "pppppp");
	say_seen(y, 1, true, "pppppp");
	say_seen(z, 1, true, "pppppp");
	say_seen(x, 1, false, "ff");
	say_seen(y, 1, false, "ff"); /* 30 km away: the same broken uplink, maybe */
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	say_seen(z, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(x);
	line_free(y);
	line_free(z);
	line_free(node);
}

static void a_lost_stream_and_half_of_the_vantages_are_enough(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", SYDNEY);
	struct line *node = linked_node("eu", "a");

	say_seen(x, 1, true, "pppppp");
	say_seen(y, 1, true, "pppppp");
	say_seen(x, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	hang_up(node);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(x);
	line_free(y);
	line_free(node);
}

static void a_proberd_that_is_gone_or_silent_does_not_count(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", SYDNEY), *again;
	struct fleet_vantage_view v[4];

	say_seen(x, 1, true, "ffpppp");
	say_seen(y, 1, true, "pppppp");
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	hang_up(y); /* now x is all there is */
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	again = linked_prober("y", SYDNEY);
	wait_ms(20000); /* x is silent meanwhile */
	say_seen(again, 1, true, "pppppp");
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	assert_int_equal(fleet_vantages(fleet, v, 4), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(v[i].is_fresh, strcmp(v[i].name, "y") == 0);
	line_free(x);
	line_free(y);
	line_free(again);
}

/* ---- whom to believe ---- */

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

static void who_is_cut_off_says_nothing_and_a_problem_says_so(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);
	struct fleet_vantage_view v;

	say_seen(x, 1, true, "pppppp");
	buf_clear(&changes);
	say_seen(x, 1, false, "bbbbbb"); /* the only one, without any stream beside it */
	changes_are("");
	assert_int_equal(fleet_vantages(fleet, &v, 1), 1);
	assert_true(v.is_blind);
	assert_int_equal(v.failing, 6);
	assert_true(has_problem("prober_blind", "x"));
	say_seen(x, 1, false, "pppppp");
	fleet_vantages(fleet, &v, 1);
	assert_false(v.is_blind);
	assert_false(has_problem("prober_blind", "x"));
	line_free(x);
}

static void who_is_cut_off_is_no_witness_beside_one_that_sees(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", SYDNEY);

	say_seen(x, 1, true, "pppppp");
	say_seen(y, 1, true, "pppppp");
	say_seen(x, 1, false, "bbbbbb");
	say_seen(y, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN); /* 1 of 1 */
	assert_int_equal(health(CHAT, US), HEALTH_UP);
	line_free(x);
	line_free(y);
}

/* Four targets and more, half of them in one region, whose own streams live on. */
static void one_region_of_two_is_out_though_its_own_stream_says_up(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *eu = linked_node("eu", "a");
	struct line *us = linked_node("us", "b");

	say_up(eu, "mail.example.com");
	say_up(us, "mail.example.com");
	say_seen(x, 1, true, "pppppp");
	say_seen(x, 1, false, "ffpfpp");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(health(MAIL, EU), HEALTH_DOWN);
	assert_int_equal(health(CHAT, US), HEALTH_UP);
	line_free(x);
	line_free(eu);
	line_free(us);
}

static void when_the_last_one_dies_too_who_was_down_stays_down(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "pppppp");
	say_seen(x, 1, false, "ffpfpp");
	beat_for_ms(60000, &x, 1);
	say_seen(x, 1, false, "bbbbbb"); /* nothing is left to prove sight by */
	beat_for_ms(60000, &x, 1);
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(health(CHAT, US), HEALTH_UP);
	line_free(x);
}

static void a_prober_that_has_not_made_up_its_mind_counts_among_them(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", SYDNEY);
	struct line *node = linked_node("eu", "a");

	say_seen(x, 1, true, "pppppp");
	say_seen(y, 1, true, "uuuuuu");
	say_seen(x, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_UP); /* 1 of 2 */
	say_seen(y, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	line_free(x);
	line_free(y);
	line_free(node);
}

static void who_sees_one_region_fail_is_believed(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *us = linked_node("us", "b");

	say_seen(x, 1, true, "pppppp");
	say_seen(x, 1, false, "f");
	beat_for_ms(6000, (struct line *[]){ x, us }, 2);
	say_seen(x, 1, false, "-f");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(health(CHAT, US), HEALTH_UP);
	line_free(x);
	line_free(us);
}

/* ---- addresses ---- */

static void a_dead_address_leaves_and_its_member_serves_on(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "pppppp");
	buf_clear(&changes);
	assert_int_equal(fleet_addresses_up(fleet, CHAT, EU), 3);
	say_seen(x, 1, false, "-f");
	changes_are("chat eu addresses 1\n");
	assert_int_equal(fleet_addresses_up(fleet, CHAT, EU), 1);
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	assert_true(has_problem("address_down", "chat.example.com"));
	say_seen(x, 1, false, "-p");
	assert_int_equal(fleet_addresses_up(fleet, CHAT, EU), 1); /* held down */
	beat_for_ms(20000, &x, 1);
	changes_are("chat eu addresses 3\n");
	assert_false(has_problem("address_down", "chat.example.com"));
	line_free(x);
}

static void a_dead_address_is_no_reason_for_what_the_region_says(void **state)
{
	struct line *p = linked_prober("p", 0, 0), *q = linked_prober("q", 500000, 0), *node;

	say_seen(p, 1, true, "pfpppp");
	say_seen(q, 1, true, "pfpppp");
	node = linked_node("eu", "a");
	buf_clear(&changes);
	say_report(node, 0, false, "chat.example.com", FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN, "");
	changes_are("chat eu up>down\n");
	line_free(node);
	line_free(p);
	line_free(q);
}

static void with_all_addresses_dead_the_member_is_down_and_none_is_left_out(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT);

	say_seen(x, 1, true, "pppppp");
	say_seen(x, 1, false, "ff");
	assert_int_equal(health(CHAT, EU), HEALTH_DOWN);
	assert_int_equal(fleet_addresses_up(fleet, CHAT, EU), 3);
	line_free(x);
}

static void a_dead_address_is_left_out_after_a_restart(void **state)
{
	const struct verdict_member *verdicts;
	char key[FLEET_ADDRESS_KEY_MAX];
	struct line *x;

	assert_int_equal(fleet_addresses(fleet, CHAT, US, &verdicts), 0); /* it has but one */
	assert_int_equal(fleet_addresses(fleet, CHAT, EU, &verdicts), 2);
	fleet_address_key(fleet, CHAT, EU, 1, key);
	assert_memory_equal(key, "eu ", 3);
	fleet_restore(fleet,
		      &(struct store_health){ .service = (char *)"chat.example.com",
					      .region = key,
					      .health = HEALTH_DOWN,
					      .cause = CAUSE_VANTAGES,
					      .flaps = 1,
					      .since_ms = hand.now_ms - 3600 * 1000 },
		      1);
	assert_int_equal(fleet_addresses_up(fleet, CHAT, EU), 1);
	assert_int_not_equal(health(CHAT, EU), HEALTH_DOWN);
	x = linked_prober("x", FRANKFURT);
	say_seen(x, 1, true, "pppppp");
	assert_int_equal(fleet_addresses_up(fleet, CHAT, EU), 3);
	line_free(x);
}

/* ---- parts ---- */

static void say_part(struct line *line, uint32_t part, uint32_t parts, uint32_t first, uint32_t n)
{
	Fairlead__Wire__Verdict one[8], *list[8];
	Fairlead__Wire__Verdicts verdicts = FAIRLEAD__WIRE__VERDICTS__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	for (uint32_t i = 0; i < n; i++) {
		fairlead__wire__verdict__init(&one[i]);
		one[i].target = first + i;
		one[i].known = one[i].pass = true;
		list[i] = &one[i];
	}
	verdicts.revision = 1;
	verdicts.full = true;
	verdicts.part = part;
	verdicts.parts = parts;
	verdicts.verdicts = list;
	verdicts.n_verdicts = n;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS;
	m.verdicts = &verdicts;
	say(line, &m);
}

static void a_full_set_in_parts_counts_when_its_last_part_is_there(void **state)
{
	struct line *x = linked_prober("x", FRANKFURT), *y = linked_prober("y", FRANKFURT);

	say_part(x, 0, 2, 0, 4);
	assert_int_equal(health(CHAT, EU), HEALTH_UNKNOWN);
	say_part(x, 1, 2, 4, 2);
	assert_int_equal(health(CHAT, EU), HEALTH_UP);
	say_part(y, 0, 3, 0, 2);
	say_part(y, 2, 3, 4, 2);
	assert_true(y->is_closed);
	line_free(x);
	line_free(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FLEET(a_proberd_gets_every_address_that_has_a_monitor),
		WITH_FLEET(a_reload_without_news_for_proberds_leaves_them_alone),
		WITH_FLEET(what_was_seen_of_targets_that_stay_stays_true_in_a_new_plan),
		WITH_FLEET(verdicts_on_an_old_plan_are_passed_over),
		WITH_FLEET(verdicts_on_what_was_never_sent_are_refused),
		WITH_FLEET(one_proberd_alone_takes_a_member_out_and_brings_it_back),
		WITH_FLEET(a_member_fails_when_all_its_addresses_do),
		WITH_FLEET(a_proberd_counts_when_it_has_told_of_every_target),
		WITH_FLEET(what_is_not_known_yet_does_not_count),
		WITH_FLEET(two_of_three_from_two_places_are_enough),
		WITH_FLEET(a_lost_stream_and_half_of_the_vantages_are_enough),
		WITH_FLEET(a_proberd_that_is_gone_or_silent_does_not_count),
		WITH_FLEET(who_is_cut_off_says_nothing_and_a_problem_says_so),
		WITH_FLEET(who_is_cut_off_is_no_witness_beside_one_that_sees),
		WITH_FLEET(one_region_of_two_is_out_though_its_own_stream_says_up),
		WITH_FLEET(when_the_last_one_dies_too_who_was_down_stays_down),
		WITH_FLEET(a_prober_that_has_not_made_up_its_mind_counts_among_them),
		WITH_FLEET(who_sees_one_region_fail_is_believed),
		WITH_FLEET(a_dead_address_leaves_and_its_member_serves_on),
		WITH_FLEET(a_dead_address_is_left_out_after_a_restart),
		WITH_FLEET(a_dead_address_is_no_reason_for_what_the_region_says),
		WITH_FLEET(with_all_addresses_dead_the_member_is_down_and_none_is_left_out),
		WITH_FLEET(a_full_set_in_parts_counts_when_its_last_part_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
