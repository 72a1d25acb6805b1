/* SPDX-License-Identifier: Apache-2.0 */
/* test_schedule: when targets are checked and what they amount to, on a hand-wound clock. */
#include "probers/check_compile.h"
#include "probers/schedule.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define MS	   1000u
#define CHECKS_MAX 4096

/* A check of the fake runner: it ends at a time that is known when it begins. */
struct fake_check {
	struct fake_check *next, **link;
	struct endpoint to;
	uint64_t ends_us;
	struct check_result result;
	check_done_fn done;
	void *arg;
};

/* The world: addresses whose last byte is dead[] fail by timeout, or at once when `refuses`. */
struct world {
	struct clock_hand hand;
	struct schedule *schedule;
	struct check_spec *spec;
	struct fake_check *running;
	uint64_t dead_from_us; /* all targets; UINT64_MAX = never */
	uint64_t alive_from_us;
	bool refuses, no_memory, no_descriptors;
	uint64_t good_us; /* how long a good check takes */

	uint64_t starts_us[CHECKS_MAX];
	size_t n_starts, n_cancelled, most_at_once, at_once;
};

struct seen {
	struct world *world;
	struct schedule_watch *watch, *drop; /* drop: given back on the first call */
	int results, changes;
	uint64_t changed_us;
	bool pass;
};

static bool is_dead(const struct world *w)
{
	return w->hand.now_us >= w->dead_from_us && w->hand.now_us < w->alive_from_us;
}

static enum err_code fake_start(void *ctx, struct check_spec *spec, const struct endpoint *to,
				check_done_fn done, void *arg, struct check **out)
{
	struct world *w = ctx;
	struct fake_check *c;
	uint64_t takes_us = w->good_us;

	if (w->no_memory)
		return ERR_MEMORY;
	c = calloc(1, sizeof(*c));
	c->to = *to;
	c->done = done;
	c->arg = arg;
	c->result.pass = !w->no_descriptors && !is_dead(w);
	if (w->no_descriptors) {
		c->result.not_made = true;
		strcpy(c->result.reason, "socket: Too many open files");
		takes_us = 0;
	} else if (c->result.pass) {
		c->result.rtt_us = 77;
	} else {
		strcpy(c->result.reason, w->refuses ? "refused" : "timeout");
		takes_us = w->refuses ? 0 : spec->timeout_ms * MS;
	}
	c->ends_us = w->hand.now_us + takes_us;
	c->next = w->running;
	c->link = &w->running;
	if (c->next)
		c->next->link = &c->next;
	w->running = c;
	assert_true(w->n_starts < CHECKS_MAX);
	w->starts_us[w->n_starts++] = w->hand.now_us;
	if (++w->at_once > w->most_at_once)
		w->most_at_once = w->at_once;
	*out = (struct check *)c;
	return ERR_OK;
}

static void fake_end(struct world *w, struct fake_check *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	w->at_once--;
}

static void fake_cancel(void *ctx, struct check *check)
{
	struct world *w = ctx;

	fake_end(w, (struct fake_check *)check);
	w->n_cancelled++;
	free(check);
}

static struct fake_check *first_to_end(struct world *w)
{
	struct fake_check *c, *first = w->running;

	for (c = w->running; c; c = c->next)
		if (c->ends_us < first->ends_us)
			first = c;
	return first;
}

/* Turns and results in the order of time, until then. */
static void run_until(struct world *w, uint64_t until_us)
{
	for (;;) {
		uint64_t turn_us = schedule_turn(w->schedule);
		struct fake_check *c = first_to_end(w);
		uint64_t at_us = c && c->ends_us < turn_us ? c->ends_us : turn_us;

		if (at_us > until_us)
			break;
		if (at_us > w->hand.now_us)
			w->hand.now_us = at_us;
		if (c && c->ends_us <= w->hand.now_us) {
			fake_end(w, c);
			c->done(c->arg, &c->result);
			free(c);
		}
	}
	w->hand.now_us = until_us;
}

static void world_init(struct world *w, uint64_t interval_ms, uint64_t timeout_ms,
		       uint32_t per_second)
{
	struct config_monitor m = { .name = (char *)"m",
				    .type = MONITOR_TCP,
				    .port = 80,
				    .interval_ms = interval_ms,
				    .timeout_ms = timeout_ms,
				    .rise = 3,
				    .fall = 2 };
	struct schedule_options options = { .per_second = per_second };

	memset(w, 0, sizeof(*w));
	clock_hand_init(&w->hand, 1000000 * MS, 0);
	w->dead_from_us = w->alive_from_us = UINT64_MAX;
	w->good_us = MS;
	options.clock = &w->hand.clock;
	options.runner = (struct schedule_runner){ fake_start, fake_cancel, w };
	assert_int_equal(check_compile(&m, &w->spec, NULL), ERR_OK);
	assert_int_equal(schedule_new(&w->schedule, &options), ERR_OK);
}

static void world_fini(struct world *w)
{
	schedule_free(w->schedule);
	check_spec_free(w->spec);
	assert_null(w->running);
}

static void on_result(void *arg, const struct schedule_state *state,
		      const struct check_result *result, bool changed)
{
	struct seen *seen = arg;

	seen->results++;
	if (changed) {
		seen->changes++;
		seen->changed_us = seen->world->hand.now_us;
		assert_true(state->known);
		seen->pass = state->pass;
	}
	schedule_unwatch(seen->drop);
	if (seen->drop == seen->watch)
		seen->watch = NULL;
	seen->drop = NULL;
}

static struct endpoint address(unsigned n)
{
	struct endpoint to = { .addr = { .family = 4,
					 .bytes = { 127, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
						    (uint8_t)n } },
			       .port = 80 };

	return to;
}

static void watch(struct world *w, struct seen *seen, unsigned n)
{
	struct endpoint to = address(n);

	*seen = (struct seen){ .world = w };
	assert_int_equal(schedule_watch(w->schedule, w->spec, &to, on_result, seen, &seen->watch),
			 ERR_OK);
}

/* ---- */

static void the_first_result_comes_within_a_second(void **state)
{
	struct world w;
	struct seen seen;

	world_init(&w, 30000, 5000, 0);
	watch(&w, &seen, 1);
	assert_false(schedule_state(seen.watch)->known);
	run_until(&w, w.hand.now_us + 1001 * MS);
	assert_int_equal(seen.results, 1);
	assert_int_equal(seen.changes, 1);
	assert_true(schedule_state(seen.watch)->pass);
	assert_int_equal(schedule_state(seen.watch)->rtt_us, 77);
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

/* Whenever in its interval a target dies, it is known in time. */
static void dies_at(unsigned ms, bool refuses, uint64_t limit_ms)
{
	struct world w;
	struct seen seen;

	world_init(&w, 500, 300, 0);
	w.refuses = refuses;
	watch(&w, &seen, 1);
	run_until(&w, w.hand.now_us + 5000 * MS);
	assert_true(seen.pass);
	w.dead_from_us = w.hand.now_us + ms * MS;
	run_until(&w, w.dead_from_us + limit_ms * MS);
	assert_false(seen.pass);
	assert_int_equal(seen.changes, 2);
	assert_string_equal(schedule_state(seen.watch)->reason, refuses ? "refused" : "timeout");
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

static void a_dead_target_is_known_after_interval_and_fall_timeouts(void **state)
{
	unsigned ms;

	for (ms = 0; ms < 500; ms += 7) {
		dies_at(ms, false, 500 + 2 * 300);
		dies_at(ms, true, 500 + 300);
	}
}

static void it_comes_back_after_rise_at_its_ordinary_pace(void **state)
{
	struct world w;
	struct seen seen;
	uint64_t back_us;

	world_init(&w, 500, 300, 0);
	w.dead_from_us = 0;
	watch(&w, &seen, 1);
	run_until(&w, w.hand.now_us + 5000 * MS);
	assert_false(seen.pass);
	back_us = w.alive_from_us = w.hand.now_us;
	run_until(&w, back_us + 2000 * MS);
	assert_true(seen.pass);
	assert_in_range(seen.changed_us, back_us + 1000 * MS, back_us + 1501 * MS);
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

static void a_slow_check_is_never_joined_by_a_second_one(void **state)
{
	struct world w;
	struct seen seen;

	world_init(&w, 100, 5000, 0);
	w.good_us = 350 * MS;
	watch(&w, &seen, 1);
	run_until(&w, w.hand.now_us + 10000 * MS);
	assert_int_equal(w.most_at_once, 1);
	assert_in_range(seen.results, 20, 28); /* each 350 ms and up to the next phase */
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

#define MANY 1000

static void watch_many(struct world *w, struct seen *seen)
{
	unsigned i;

	for (i = 0; i < MANY; i++)
		watch(w, &seen[i], i);
}

static void unwatch_many(struct seen *seen)
{
	unsigned i;

	for (i = 0; i < MANY; i++)
		schedule_unwatch(seen[i].watch);
}

static void targets_are_spread_over_the_interval(void **state)
{
	static struct seen seen[MANY];
	unsigned tenth[10] = { 0 };
	struct world w;
	size_t i;

	world_init(&w, 1000, 500, 0);
	watch_many(&w, seen);
	run_until(&w, w.hand.now_us + 2000 * MS);
	w.n_starts = 0;
	run_until(&w, w.hand.now_us + 1000 * MS);
	assert_int_equal(w.n_starts, MANY);
	for (i = 0; i < w.n_starts; i++)
		tenth[w.starts_us[i] % 1000000 / 100000]++;
	for (i = 0; i < 10; i++)
		assert_in_range(tenth[i], 60, 140);
	unwatch_many(seen);
	world_fini(&w);
}

static void the_limit_stretches_all_intervals_alike(void **state)
{
	static struct seen seen[MANY];
	struct schedule_stats stats;
	struct world w;
	unsigned i;

	world_init(&w, 1000, 500, 100);
	watch_many(&w, seen);
	run_until(&w, w.hand.now_us + 12000 * MS);
	schedule_stats(w.schedule, &stats);
	assert_int_equal(stats.targets, MANY);
	assert_int_equal(stats.need_per_second, MANY);
	assert_int_equal(stats.stretch_ppm, 10 * 1000000);
	assert_in_range(w.n_starts, 1150, 1205);
	for (i = 0; i < MANY; i++)
		seen[i].results = 0;
	w.n_starts = 0;
	run_until(&w, w.hand.now_us + 20000 * MS);
	assert_in_range(w.n_starts, 1900, 2005);
	for (i = 0; i < MANY; i++)
		assert_in_range(seen[i].results, 1, 3);
	schedule_limit(w.schedule, 0);
	w.n_starts = 0;
	run_until(&w, w.hand.now_us + 1000 * MS);
	schedule_stats(w.schedule, &stats);
	assert_int_equal(stats.stretch_ppm, 1000000);
	unwatch_many(seen);
	world_fini(&w);
}

static void no_second_has_more_checks_than_the_limit(void **state)
{
	static struct seen seen[MANY];
	struct world w;
	size_t i, first = 0;

	world_init(&w, 1000, 500, 50);
	w.dead_from_us = w.hand.now_us +
			 5000 * MS; /* all fail at once, and all want a quick second look */
	watch_many(&w, seen);
	run_until(&w, w.hand.now_us + 20000 * MS);
	for (i = 0; i < w.n_starts; i++) {
		while (w.starts_us[i] - w.starts_us[first] >= 1000 * MS)
			first++;
		assert_true(i - first + 1 <= 52);
	}
	unwatch_many(seen);
	world_fini(&w);
}

static void watches_of_the_same_share_one_check(void **state)
{
	struct config_monitor m = { .name = (char *)"other name",
				    .type = MONITOR_TCP,
				    .port = 80,
				    .interval_ms = 1000,
				    .timeout_ms = 500,
				    .rise = 3,
				    .fall = 2 };
	struct check_spec *twin;
	struct endpoint to = address(1);
	struct seen a, b;
	struct schedule_stats stats;
	struct world w;

	world_init(&w, 1000, 500, 0);
	watch(&w, &a, 1);
	assert_int_equal(check_compile(&m, &twin, NULL), ERR_OK);
	b = (struct seen){ .world = &w };
	assert_int_equal(schedule_watch(w.schedule, twin, &to, on_result, &b, &b.watch), ERR_OK);
	check_spec_free(twin);
	run_until(&w, w.hand.now_us + 3500 * MS);
	schedule_stats(w.schedule, &stats);
	assert_int_equal(stats.targets, 1);
	assert_int_equal(a.results, b.results);
	assert_int_equal(a.results, w.n_starts);
	schedule_unwatch(a.watch);
	schedule_unwatch(b.watch);
	world_fini(&w);
}

static void what_a_new_plan_keeps_has_its_history(void **state)
{
	struct seen old, new;
	struct world w;

	world_init(&w, 1000, 500, 0);
	w.good_us = 400 * MS;
	watch(&w, &old, 1);
	run_until(&w, w.hand.now_us + 5000 * MS);
	while (!w.running)
		run_until(&w, w.hand.now_us + 50 * MS);
	watch(&w, &new, 1);
	schedule_unwatch(old.watch);
	assert_true(schedule_state(new.watch)->known);
	assert_true(schedule_state(new.watch)->streak >= 4);
	run_until(&w, w.hand.now_us + 400 * MS);
	assert_int_equal(new.results, 1); /* the check that was running */
	assert_int_equal(new.changes, 0);
	assert_int_equal(w.n_cancelled, 0);
	schedule_unwatch(new.watch);
	world_fini(&w);
}

/* The interval of a monitor is edited by a reload: one failure is not `fall` of them. */
static void an_edited_monitor_keeps_what_was_known_of_its_target(void **state)
{
	struct config_monitor m = { .name = (char *)"m",
				    .type = MONITOR_TCP,
				    .port = 80,
				    .interval_ms = 700,
				    .timeout_ms = 500,
				    .rise = 2,
				    .fall = 3 };
	struct endpoint to = address(1);
	struct check_spec *edited;
	struct seen before, after = { .world = NULL };
	struct world w;

	world_init(&w, 1000, 500, 0);
	w.refuses = true;
	assert_int_equal(check_compile(&m, &edited, NULL), ERR_OK);
	watch(&w, &before, 1);
	run_until(&w, w.hand.now_us + 3000 * MS);
	after.world = &w;
	assert_int_equal(schedule_watch(w.schedule, edited, &to, on_result, &after, &after.watch),
			 ERR_OK);
	schedule_inherit(after.watch, before.watch);
	schedule_unwatch(before.watch);
	assert_true(schedule_state(after.watch)->known && schedule_state(after.watch)->pass);
	assert_int_equal(schedule_state(after.watch)->rtt_us, 77);
	w.dead_from_us = w.hand.now_us;
	while (after.results < 2)
		run_until(&w, w.hand.now_us + 10 * MS);
	assert_int_equal(after.changes, 0);
	while (after.results < 3)
		run_until(&w, w.hand.now_us + 10 * MS);
	assert_int_equal(after.changes, 1);
	assert_false(after.pass);
	/* One that has results of its own keeps them. */
	watch(&w, &before, 2);
	w.alive_from_us = w.hand.now_us;
	run_until(&w, w.hand.now_us + 1001 * MS);
	assert_true(schedule_state(before.watch)->pass);
	schedule_inherit(before.watch, after.watch);
	assert_true(schedule_state(before.watch)->pass);
	schedule_unwatch(before.watch);
	schedule_unwatch(after.watch);
	check_spec_free(edited);
	world_fini(&w);
}

static void the_last_unwatch_ends_the_check(void **state)
{
	struct schedule_stats stats;
	struct seen seen;
	struct world w;

	world_init(&w, 1000, 500, 0);
	w.good_us = 400 * MS;
	watch(&w, &seen, 1);
	while (!w.running)
		run_until(&w, w.hand.now_us + 10 * MS);
	schedule_unwatch(seen.watch);
	schedule_unwatch(NULL);
	assert_int_equal(w.n_cancelled, 1);
	schedule_stats(w.schedule, &stats);
	assert_int_equal(stats.targets, 0);
	assert_int_equal(stats.running, 0);
	assert_true(schedule_turn(w.schedule) == UINT64_MAX);
	world_fini(&w);
}

static void a_watch_may_be_given_back_within_a_call(void **state)
{
	struct seen a, b, c;
	struct world w;

	/* The newest is called first: c drops b, whose turn would be next; then a drops itself. */
	world_init(&w, 1000, 500, 0);
	watch(&w, &a, 1);
	watch(&w, &b, 1);
	watch(&w, &c, 1);
	c.drop = b.watch;
	a.drop = a.watch;
	run_until(&w, w.hand.now_us + 1001 * MS);
	assert_int_equal(c.results, 1);
	assert_int_equal(b.results, 0);
	assert_int_equal(a.results, 1);
	/* The last one drops itself: the target goes. */
	c.drop = c.watch;
	run_until(&w, w.hand.now_us + 5000 * MS);
	assert_int_equal(c.results, 2);
	assert_true(schedule_turn(w.schedule) == UINT64_MAX);
	world_fini(&w);
}

static void a_check_that_cannot_be_started_is_tried_again(void **state)
{
	struct schedule_stats stats;
	struct seen seen;
	struct world w;

	world_init(&w, 1000, 500, 0);
	w.no_memory = true;
	watch(&w, &seen, 1);
	run_until(&w, w.hand.now_us + 3500 * MS);
	schedule_stats(w.schedule, &stats);
	assert_in_range(stats.not_made, 3, 4);
	assert_int_equal(seen.results, 0);
	w.no_memory = false;
	run_until(&w, w.hand.now_us + 1001 * MS);
	assert_int_equal(seen.results, 1);
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

static void a_check_that_is_not_made_says_nothing_of_its_target(void **state)
{
	struct schedule_stats stats;
	struct seen seen;
	struct world w;

	world_init(&w, 1000, 500, 0);
	watch(&w, &seen, 1);
	run_until(&w, w.hand.now_us + 3000 * MS);
	assert_true(seen.pass);
	seen.results = 0;
	w.no_descriptors = true;
	run_until(&w, w.hand.now_us + 10000 * MS);
	schedule_stats(w.schedule, &stats);
	assert_int_equal(stats.targets_not_made, 1);
	assert_int_equal(stats.not_made, 10);
	assert_string_equal(stats.not_made_reason, "socket: Too many open files");
	assert_int_equal(stats.failed, 0);
	assert_int_equal(seen.results, 0);
	assert_true(schedule_state(seen.watch)->pass);
	assert_true(schedule_state(seen.watch)->at_us + 9000 * MS <= w.hand.now_us); /* it ages */
	w.no_descriptors = false;
	run_until(&w, w.hand.now_us + 1001 * MS);
	schedule_stats(w.schedule, &stats);
	assert_int_equal(stats.targets_not_made, 0);
	assert_int_equal(seen.results, 1);
	assert_int_equal(seen.changes, 1);
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

/* A shortage between two failures neither adds a failure nor takes one away. */
static void a_check_that_is_not_made_breaks_no_row_of_failures(void **state)
{
	struct seen seen;
	struct world w;

	world_init(&w, 1000, 500, 0);
	w.refuses = true;
	watch(&w, &seen, 1);
	run_until(&w, w.hand.now_us + 3000 * MS);
	assert_true(seen.pass);
	w.dead_from_us = w.hand.now_us;
	seen.results = 0;
	while (seen.results == 0)
		run_until(&w, w.hand.now_us + 10 * MS);
	assert_true(seen.pass); /* fall is 2 */
	w.no_descriptors = true;
	run_until(&w, w.hand.now_us + 5000 * MS);
	assert_true(seen.pass);
	w.no_descriptors = false;
	run_until(&w, w.hand.now_us + 1001 * MS);
	assert_false(seen.pass);
	schedule_unwatch(seen.watch);
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_check_that_is_not_made_says_nothing_of_its_target),
		cmocka_unit_test(a_check_that_is_not_made_breaks_no_row_of_failures),
		cmocka_unit_test(the_first_result_comes_within_a_second),
		cmocka_unit_test(a_dead_target_is_known_after_interval_and_fall_timeouts),
		cmocka_unit_test(it_comes_back_after_rise_at_its_ordinary_pace),
		cmocka_unit_test(a_slow_check_is_never_joined_by_a_second_one),
		cmocka_unit_test(targets_are_spread_over_the_interval),
		cmocka_unit_test(the_limit_stretches_all_intervals_alike),
		cmocka_unit_test(no_second_has_more_checks_than_the_limit),
		cmocka_unit_test(watches_of_the_same_share_one_check),
		cmocka_unit_test(what_a_new_plan_keeps_has_its_history),
		cmocka_unit_test(an_edited_monitor_keeps_what_was_known_of_its_target),
		cmocka_unit_test(the_last_unwatch_ends_the_check),
		cmocka_unit_test(a_watch_may_be_given_back_within_a_call),
		cmocka_unit_test(a_check_that_cannot_be_started_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
