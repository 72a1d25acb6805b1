/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan: a director's plan becomes watches, and results become verdicts in its ids. */
#include "probers/proberd/plan.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX WIRE_TARGETS_MAX

/* A message that is easy to make: monitors m0, m1 (tcp, ports 1000 and 1001), targets as asked. */
struct message {
	Fairlead__Wire__Plan plan;
	Fairlead__Wire__Monitor monitors[2], *monitor_list[2];
	Fairlead__Wire__Target targets[TARGETS_MAX], *target_list[TARGETS_MAX];
	uint8_t addresses[TARGETS_MAX][4];
	const char *region; /* of the targets that are added; NULL = eu-west */
};

static void message_init(struct message *m, uint64_t revision)
{
	static const char *const names[2] = { "m0", "m1" };
	size_t i;

	fairlead__wire__plan__init(&m->plan);
	m->plan.revision = revision;
	for (i = 0; i < 2; i++) {
		fairlead__wire__monitor__init(&m->monitors[i]);
		m->monitors[i].name = (char *)names[i];
		m->monitors[i].type = (char *)"tcp";
		m->monitors[i].port = (uint32_t)(1000 + i);
		m->monitors[i].interval_ms = 1000;
		m->monitors[i].timeout_ms = 500;
		m->monitors[i].rise = m->monitors[i].fall = 2;
		m->monitor_list[i] = &m->monitors[i];
	}
	m->plan.monitors = m->monitor_list;
	m->plan.n_monitors = 2;
	m->plan.targets = m->target_list;
}

static void message_add(struct message *m, uint32_t id, const char *monitor, unsigned address)
{
	size_t n = m->plan.n_targets++;
	Fairlead__Wire__Target *t = &m->targets[n];

	fairlead__wire__target__init(t);
	t->id = id;
	t->pool = (char *)"chat";
	t->region = (char *)(m->region ? m->region : "eu-west");
	t->monitor = (char *)monitor;
	m->addresses[n][0] = 127;
	m->addresses[n][1] = (uint8_t)(address >> 16);
	m->addresses[n][2] = (uint8_t)(address >> 8);
	m->addresses[n][3] = (uint8_t)address;
	t->address.data = m->addresses[n];
	t->address.len = 4;
	m->target_list[n] = t;
}

/* Checks end at once, by what `dead` says of the last byte. */
struct world {
	struct clock_hand hand;
	struct schedule *schedule;
	struct plan *plan;
	struct message message;
	int dead; /* last byte of the address that fails; -1 = none, -2 = all */
	int dead_too;
	const char *reason;
	int changed;
	struct {
		check_done_fn done;
		void *arg;
		bool pass;
	} ended[TARGETS_MAX];
	size_t n_ended;
};

static enum err_code fake_start(void *ctx, struct check_spec *spec, const struct endpoint *to,
				check_done_fn done, void *arg, struct check **out)
{
	struct world *w = ctx;

	*out = (struct check *)w;
	w->ended[w->n_ended].done = done;
	w->ended[w->n_ended].arg = arg;
	w->ended[w->n_ended].pass = w->dead != -2 && w->dead != to->addr.bytes[3] &&
				    w->dead_too != to->addr.bytes[3];
	w->n_ended++;
	return ERR_OK;
}

static void fake_cancel(void *ctx, struct check *check)
{
}

static void on_changed(void *arg)
{
	((struct world *)arg)->changed++;
}

static void run_ms(struct world *w, unsigned ms)
{
	struct check_result result = { 0 };
	size_t i;

	for (; ms > 0; ms -= ms < 10 ? ms : 10) {
		clock_hand_advance_ms(&w->hand, 10);
		schedule_turn(w->schedule);
		for (i = 0; i < w->n_ended; i++) {
			result.pass = w->ended[i].pass;
			result.rtt_us = 1234;
			snprintf(result.reason, sizeof(result.reason), "%s",
				 result.pass ? "" : w->reason);
			w->ended[i].done(w->ended[i].arg, &result);
		}
		w->n_ended = 0;
	}
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct schedule_options options = { 0 };

	assert_non_null(w);
	clock_hand_init(&w->hand, 5000000000, 0);
	w->dead = w->dead_too = -1;
	w->reason = "refused";
	options.clock = &w->hand.clock;
	options.runner = (struct schedule_runner){ fake_start, fake_cancel, w };
	assert_int_equal(schedule_new(&w->schedule, &options), ERR_OK);
	assert_int_equal(plan_new(&w->plan, "ns1:1", w->schedule, &w->hand.clock, on_changed, w),
			 ERR_OK);
	return w;
}

static void world_free(struct world *w)
{
	plan_free(w->plan);
	schedule_free(w->schedule);
	free(w);
}

static void replace(struct world *w)
{
	struct err e = { "" };

	if (plan_replace(w->plan, &w->message.plan, &e) != ERR_OK)
		fail_msg("%s", e.text);
}

/* What the director would read; NULL = nothing was said. */
static wire_message *said(struct world *w, bool full)
{
	struct buf bytes = BUF_INIT;
	wire_message *message = NULL;
	struct err e = { "" };
	size_t from = 0;

	if (plan_write_verdicts(w->plan, full, &from, &bytes, &e) != ERR_OK)
		fail_msg("%s", e.text);
	if (bytes.len && wire_unpack(bytes.data, bytes.len, &message, &e) != ERR_OK)
		fail_msg("%s", e.text);
	buf_fini(&bytes);
	return message;
}

static void a_full_set_names_every_target_known_or_not(void **state)
{
	struct world *w = world_new();
	wire_message *m;

	message_init(&w->message, 7);
	message_add(&w->message, 10, "m0", 1);
	message_add(&w->message, 11, "m1", 1);
	replace(w);
	m = said(w, true);
	assert_int_equal(m->verdicts->revision, 7);
	assert_true(m->verdicts->full);
	assert_int_equal(m->verdicts->n_verdicts, 2);
	assert_int_equal(m->verdicts->verdicts[0]->target, 10);
	assert_int_equal(m->verdicts->verdicts[1]->target, 11);
	assert_false(m->verdicts->verdicts[0]->known);
	wire_free(m);
	run_ms(w, 1100);
	m = said(w, true);
	assert_true(m->verdicts->verdicts[0]->known);
	assert_true(m->verdicts->verdicts[0]->pass);
	assert_int_equal(m->verdicts->verdicts[0]->rtt_us, 1234);
	assert_string_equal(m->verdicts->verdicts[0]->reason, "");
	wire_free(m);
	world_free(w);
}

static void a_plan_without_targets_still_has_its_full_set(void **state)
{
	struct world *w = world_new();
	wire_message *m;

	message_init(&w->message, 3);
	replace(w);
	m = said(w, true);
	assert_non_null(m);
	assert_true(m->verdicts->full);
	assert_int_equal(m->verdicts->n_verdicts, 0);
	wire_free(m);
	assert_null(said(w, false));
	world_free(w);
}

static void changes_are_told_once(void **state)
{
	struct world *w = world_new();
	wire_message *m;

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	message_add(&w->message, 1, "m0", 2);
	replace(w);
	run_ms(w, 1100);
	assert_int_equal(w->changed, 2);
	wire_free(said(w, false));
	assert_null(said(w, false));

	w->dead = 2;
	run_ms(w, 1600);
	assert_int_equal(w->changed, 3);
	m = said(w, false);
	assert_false(m->verdicts->full);
	assert_int_equal(m->verdicts->n_verdicts, 1);
	assert_int_equal(m->verdicts->verdicts[0]->target, 1);
	assert_true(m->verdicts->verdicts[0]->known);
	assert_false(m->verdicts->verdicts[0]->pass);
	assert_in_range(m->verdicts->verdicts[0]->streak, 2, 4);
	assert_string_equal(m->verdicts->verdicts[0]->reason, "refused");
	assert_in_range(m->verdicts->verdicts[0]->age_ms, 0, 1000);
	wire_free(m);
	assert_null(said(w, false));
	world_free(w);
}

static void what_a_full_set_said_is_no_change_any_more(void **state)
{
	struct world *w = world_new();

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	replace(w);
	run_ms(w, 1100);
	wire_free(said(w, true));
	assert_null(said(w, false));
	world_free(w);
}

static void a_target_that_stays_keeps_its_history_under_its_new_id(void **state)
{
	struct world *w = world_new();
	wire_message *m;

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	message_add(&w->message, 1, "m0", 2);
	replace(w);
	w->dead = 2;
	run_ms(w, 5000);
	memset(&w->message, 0, sizeof(w->message));
	message_init(&w->message, 2);
	message_add(&w->message, 0, "m1", 9);
	message_add(&w->message, 1, "m0", 9);
	message_add(&w->message, 2, "m0", 2);
	replace(w);
	m = said(w, true);
	assert_int_equal(m->verdicts->revision, 2);
	assert_false(m->verdicts->verdicts[0]->known);
	assert_false(m->verdicts->verdicts[1]->known);
	assert_true(m->verdicts->verdicts[2]->known);
	assert_false(m->verdicts->verdicts[2]->pass);
	wire_free(m);
	world_free(w);
}

static void two_plans_share_checks_and_have_ids_of_their_own(void **state)
{
	struct world *w = world_new();
	struct schedule_stats stats;
	struct plan *mine = w->plan, *other;
	wire_message *m;

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	replace(w);
	assert_int_equal(plan_new(&other, "ns2:1", w->schedule, &w->hand.clock, on_changed, w),
			 ERR_OK);
	w->plan = other;
	memset(&w->message, 0, sizeof(w->message));
	message_init(&w->message, 99);
	message_add(&w->message, 5, "m1", 3);
	message_add(&w->message, 6, "m0", 1);
	replace(w);
	run_ms(w, 1100);
	schedule_stats(w->schedule, &stats);
	assert_int_equal(stats.targets, 2);
	m = said(w, true);
	assert_int_equal(m->verdicts->revision, 99);
	assert_int_equal(m->verdicts->verdicts[1]->target, 6);
	assert_true(m->verdicts->verdicts[1]->known);
	wire_free(m);
	w->plan = mine;
	m = said(w, true);
	assert_int_equal(m->verdicts->revision, 1);
	assert_int_equal(m->verdicts->n_verdicts, 1);
	assert_true(m->verdicts->verdicts[0]->known);
	wire_free(m);
	plan_free(other);
	schedule_stats(w->schedule, &stats);
	assert_int_equal(stats.targets, 1);
	world_free(w);
}

static void a_monitor_without_sense_leaves_its_targets_unknown_with_the_reason(void **state)
{
	struct world *w = world_new();
	wire_message *m;

	message_init(&w->message, 1);
	w->message.monitors[0].type = (char *)"http";
	w->message.monitors[0].expect_body_regex = (char *)"(\xc3\xa4";
	message_add(&w->message, 0, "m0", 1);
	message_add(&w->message, 1, "m1", 1);
	message_add(&w->message, 2, "nosuch", 1);
	replace(w);
	run_ms(w, 1100);
	m = said(w, true);
	assert_false(m->verdicts->verdicts[0]->known);
	assert_string_equal(m->verdicts->verdicts[0]->reason,
			    "monitor m0: body_regex \"(??\": Unmatched ( or \\(");
	assert_true(m->verdicts->verdicts[1]->known);
	assert_false(m->verdicts->verdicts[2]->known);
	assert_string_equal(m->verdicts->verdicts[2]->reason, "its monitor is not in the plan");
	wire_free(m);
	world_free(w);
}

static void take_part(struct world *w, uint32_t part, uint32_t parts, enum err_code wanted)
{
	struct err e = { "" };

	w->message.plan.part = part;
	w->message.plan.parts = parts;
	assert_int_equal(plan_replace(w->plan, &w->message.plan, &e), wanted);
}

static void a_large_plan_comes_and_is_told_in_parts(void **state)
{
	enum { PARTS = 3, EACH = 6000 };
	struct world *w = world_new();
	char reason[CHECK_REASON_MAX];
	size_t from = 0, told = 0;
	uint32_t n_parts = 0;
	enum err_code code;

	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	w->reason = reason;
	w->dead = -2;
	for (uint32_t part = 0; part < PARTS; part++) {
		memset(&w->message, 0, sizeof(w->message));
		message_init(&w->message, UINT64_MAX);
		w->message.plan.n_monitors = part == 0 ? 2 : 0;
		for (uint32_t i = 0; i < EACH; i++)
			message_add(&w->message, part * EACH + i, "m0", part * EACH + i);
		take_part(w, part, PARTS, part + 1 < PARTS ? ERR_AGAIN : ERR_OK);
	}
	assert_int_equal(plan_size(w->plan), PARTS * EACH);
	run_ms(w, 2500);
	do {
		struct buf bytes = BUF_INIT;
		wire_message *m;

		code = plan_write_verdicts(w->plan, true, &from, &bytes, NULL);
		assert_int_equal(wire_unpack(bytes.data, bytes.len, &m, NULL), ERR_OK);
		assert_int_equal(m->verdicts->part, n_parts++);
		assert_int_equal(m->verdicts->parts, 5);
		assert_int_equal(strlen(m->verdicts->verdicts[0]->reason), sizeof(reason) - 1);
		told += m->verdicts->n_verdicts;
		wire_free(m);
		buf_fini(&bytes);
	} while (code == ERR_AGAIN);
	assert_int_equal(code, ERR_OK);
	assert_int_equal(told, PARTS * EACH);
	assert_int_equal(n_parts, 5);
	world_free(w);
}

static void parts_out_of_order_are_refused_and_the_plan_before_stays(void **state)
{
	struct world *w = world_new();

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	take_part(w, 0, 0, ERR_OK);
	w->message.plan.revision = 2;
	take_part(w, 1, 3, ERR_INPUT);
	take_part(w, 0, 3, ERR_AGAIN);
	take_part(w, 2, 3, ERR_INPUT);
	w->message.plan.revision = 3;
	take_part(w, 1, 3, ERR_INPUT); /* of another plan */
	assert_int_equal(plan_revision(w->plan), 1);
	world_free(w);
}

/* ---- proof of sight ---- */

/* Two targets, eu-west's ends in 1 and us-east's in 2; all is well. */
static struct world *two_regions(void)
{
	struct world *w = world_new();

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	w->message.region = "us-east";
	message_add(&w->message, 1, "m0", 2);
	replace(w);
	run_ms(w, 3000);
	wire_free(said(w, true));
	return w;
}

static void verdict_is(struct world *w, size_t i, bool pass, bool proven)
{
	wire_message *m = said(w, true);
	const Fairlead__Wire__Verdict *v = m->verdicts->verdicts[i];

	assert_true(v->known);
	assert_int_equal(v->pass, pass);
	assert_int_equal(v->proven, proven);
	wire_free(m);
}

static void a_failure_beside_a_region_that_is_well_is_proven_in_the_usual_time(void **state)
{
	struct world *w = two_regions();

	w->dead = 1;
	run_ms(w, 1000 + 500 + 20); /* interval, and fall 2 that are refused at once */
	verdict_is(w, 0, false, true);
	verdict_is(w, 1, true, false);
	world_free(w);
}

static void of_three_regions_one_that_fails_at_once_is_proven_after_blindness_too(void **state)
{
	struct world *w = two_regions();

	w->message.region = "ap-south";
	w->message.plan.revision = 2;
	message_add(&w->message, 2, "m0", 3);
	replace(w);
	w->dead = -2;
	run_ms(w, 5000);
	w->dead = 1; /* the prober sees again, and eu-west has gone meanwhile */
	run_ms(w, 4000);
	verdict_is(w, 0, false, true);
	verdict_is(w, 1, true, false);
	verdict_is(w, 2, true, false);
	world_free(w);
}

static void what_a_prober_sees_that_is_cut_off_is_never_proven(void **state)
{
	struct world *w = two_regions();

	w->dead = -2;
	run_ms(w, 60000);
	verdict_is(w, 0, false, false);
	verdict_is(w, 1, false, false);
	world_free(w);
}

static void cut_and_back_again_nothing_is_ever_proven(void **state)
{
	struct world *w = two_regions();
	unsigned cut_ms[] = { 1300, 700, 1010, 2500, 90, 1990, 600, 1800 };

	for (size_t i = 0; i < 40; i++) {
		w->dead = -2;
		for (unsigned ms = 0; ms < cut_ms[i % 8]; ms += 10) {
			struct plan_target t;

			run_ms(w, 10);
			plan_target(w->plan, 0, &t);
			assert_false(t.is_proven);
			plan_target(w->plan, 1, &t);
			assert_false(t.is_proven);
		}
		w->dead = -1;
		run_ms(w, cut_ms[(i + 3) % 8]);
	}
	world_free(w);
}

static void a_proof_lapses_when_no_other_region_is_well_and_is_told(void **state)
{
	struct world *w = two_regions();
	wire_message *m;

	w->dead = 1;
	run_ms(w, 3000);
	verdict_is(w, 0, false, true);
	w->dead_too = 2;
	run_ms(w, 3000);
	m = said(w, false);
	assert_non_null(m);
	assert_int_equal(m->verdicts->n_verdicts, 2);
	wire_free(m);
	verdict_is(w, 0, false, false);
	w->dead_too = -1;
	run_ms(w, 5000); /* rise 2, and the next check of each is accompanied */
	verdict_is(w, 0, false, true);
	verdict_is(w, 1, true, false);
	world_free(w);
}

static void in_one_region_alone_nothing_can_be_proven(void **state)
{
	struct world *w = world_new();

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	message_add(&w->message, 1, "m0", 2);
	replace(w);
	run_ms(w, 3000);
	w->dead = 1;
	run_ms(w, 10000);
	verdict_is(w, 0, false, false);
	world_free(w);
}

/* ---- a monitor that changes ---- */

static void what_was_known_under_another_monitor_takes_fall_failures_to_turn(void **state)
{
	struct world *w = two_regions();
	struct schedule_stats stats;

	w->message.plan.revision = 2;
	w->message.monitors[0].interval_ms = 2000;
	w->message.monitors[0].fall = 3;
	replace(w);
	verdict_is(w, 0, true, false); /* nothing is forgotten */
	w->dead = 1;
	run_ms(w, 1000);
	schedule_stats(w->schedule, &stats);
	assert_true(stats.failed >= 1);
	verdict_is(w, 0, true, false);
	run_ms(w, 2000);
	verdict_is(w, 0, false, true);
	world_free(w);
}

static void without_memory_the_plan_before_stays(void **state)
{
	struct world *w = world_new();
	struct schedule_stats stats;
	enum err_code code;
	unsigned n;

	message_init(&w->message, 1);
	message_add(&w->message, 0, "m0", 1);
	replace(w);
	memset(&w->message, 0, sizeof(w->message));
	message_init(&w->message, 2);
	message_add(&w->message, 0, "m0", 1);
	message_add(&w->message, 1, "m1", 2);
	for (n = 1;; n++) {
		fail_alloc_at(n);
		code = plan_replace(w->plan, &w->message.plan, NULL);
		if (!fail_alloc_end())
			break;
		assert_int_equal(code, ERR_MEMORY);
		assert_int_equal(plan_revision(w->plan), 1);
		schedule_stats(w->schedule, &stats);
		assert_int_equal(stats.targets, 1);
	}
	assert_int_equal(code, ERR_OK);
	assert_true(n > 10);
	assert_int_equal(plan_revision(w->plan), 2);
	assert_int_equal(plan_size(w->plan), 2);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_set_names_every_target_known_or_not),
		cmocka_unit_test(a_plan_without_targets_still_has_its_full_set),
		cmocka_unit_test(changes_are_told_once),
		cmocka_unit_test(what_a_full_set_said_is_no_change_any_more),
		cmocka_unit_test(a_target_that_stays_keeps_its_history_under_its_new_id),
		cmocka_unit_test(two_plans_share_checks_and_have_ids_of_their_own),
		cmocka_unit_test(
			a_monitor_without_sense_leaves_its_targets_unknown_with_the_reason),
		cmocka_unit_test(a_large_plan_comes_and_is_told_in_parts),
		cmocka_unit_test(parts_out_of_order_are_refused_and_the_plan_before_stays),
		cmocka_unit_test(
			a_failure_beside_a_region_that_is_well_is_proven_in_the_usual_time),
		cmocka_unit_test(
			of_three_regions_one_that_fails_at_once_is_proven_after_blindness_too),
		cmocka_unit_test(what_a_prober_sees_that_is_cut_off_is_never_proven),
		cmocka_unit_test(cut_and_back_again_nothing_is_ever_proven),
		cmocka_unit_test(a_proof_lapses_when_no_other_region_is_well_and_is_told),
		cmocka_unit_test(in_one_region_alone_nothing_can_be_proven),
		cmocka_unit_test(what_was_known_under_another_monitor_takes_fall_failures_to_turn),
		cmocka_unit_test(without_memory_the_plan_before_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
