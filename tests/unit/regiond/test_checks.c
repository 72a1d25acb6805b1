/* SPDX-License-Identifier: Apache-2.0 */
/* test_checks: from the results of monitors to a backend that is up or down, on a hand-wound clock.
 *
 * The runner answers each check at once when the schedule is turned: what of a port passes stands
 * in `passing`. */
#include "regiond/back/checks.h"
#include "tests/unit/regiond/world.h"

#include <stdio.h>

#define BACKEND(port) "      - {az: a, address: '127.0.0.1:" port "'}\n"
#define TEXT(monitors, backends)                                                               \
	WORLD_HEAD "monitors:\n"                                                               \
		   "  tcp: {type: tcp, interval: 1s, timeout: 500ms, rise: 1, fall: 2}\n"      \
		   "  page: {type: http, interval: 1s, timeout: 500ms, rise: 1, fall: 2}\n"    \
		   "pools:\n  p:\n    monitors: [" monitors "]\n    backends:\n" backends      \
		   "services:\n  a.example.com: {listen: ['127.0.0.1:24110'], protocol: tcp, " \
		   "routes: [{pool: p}]}\n"

/* What a test's runner holds of a check: it is answered in the next turn. */
struct pending {
	check_done_fn done;
	void *arg;
	bool pass;
	struct pending *next;
};

struct world {
	struct clock_hand hand;
	struct schedule *schedule;
	struct checks *checks;
	struct table *table;
	bool page_fails, tcp_fails;
	struct pending *pending;
	unsigned changes;
	char reason[64];
};

static enum err_code start(void *ctx, struct check_spec *spec, const struct endpoint *to,
			   check_done_fn done, void *arg, struct check **out)
{
	struct world *w = ctx;
	struct pending *p = calloc(1, sizeof(*p));
	p->done = done;
	p->arg = arg;
	p->pass = spec->type == MONITOR_HTTP ? !w->page_fails : !w->tcp_fails;
	p->next = w->pending;
	w->pending = p;
	*out = (struct check *)p;
	return ERR_OK;
}

static void cancel(void *ctx, struct check *check)
{
	struct world *w = ctx;
	struct pending **at = &w->pending;
	while (*at && *at != (struct pending *)check)
		at = &(*at)->next;
	if (!*at)
		return;
	struct pending *p = *at;
	*at = p->next;
	free(p);
}

static void on_changed(void *ctx, const struct backend *b, const char *reason)
{
	struct world *w = ctx;
	w->changes++;
	snprintf(w->reason, sizeof(w->reason), "%s", reason);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	clock_hand_init(&w->hand, 1000000000, 1);
	const struct schedule_options options = {
		.clock = &w->hand.clock,
		.runner = { .start = start, .cancel = cancel, .ctx = w },
	};
	assert_int_equal(schedule_new(&w->schedule, &options), ERR_OK);
	assert_int_equal(checks_new(&w->checks, w->schedule, &w->hand.clock, on_changed, w),
			 ERR_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	checks_free(w->checks);
	schedule_free(w->schedule);
	assert_null(w->pending);
	table_free(w->table);
	free(w);
	return 0;
}

static struct table *prepare(struct world *w, const char *text, struct checks_plan **plan)
{
	struct err e = { "" };
	struct table *t = world_table(text, w->table);
	if (checks_prepare(w->checks, t->config, t->pools, plan, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return t;
}

static void follow(struct world *w, const char *text)
{
	struct checks_plan *plan;
	struct table *t = prepare(w, text, &plan);
	checks_commit(w->checks, plan);
	table_free(w->table);
	w->table = t;
}

/* Some seconds go by; every check that is due is answered. */
static void pass_ms(struct world *w, unsigned for_ms)
{
	struct check_result result = { .total_us = 1 };
	for (unsigned ms = 0; ms < for_ms; ms += 50) {
		clock_hand_advance_ms(&w->hand, 50);
		schedule_turn(w->schedule);
		while (w->pending) {
			struct pending *p = w->pending;
			w->pending = p->next;
			result.pass = p->pass;
			snprintf(result.reason, sizeof(result.reason), p->pass ? "" : "refused");
			p->done(p->arg, &result);
			free(p);
		}
	}
}

static void pass_s(struct world *w, unsigned seconds)
{
	pass_ms(w, seconds * 1000);
}

static uint64_t failed_checks(const struct world *w)
{
	struct schedule_stats stats;
	schedule_stats(w->schedule, &stats);
	return stats.failed;
}

static enum backend_state state_of(const struct world *w, int slot)
{
	return atomic_load(&w->table->pools[0].slots[slot].backend->state);
}

static void nothing_is_used_before_its_first_result(void **state)
{
	struct world *w = *state;
	follow(w, TEXT("tcp, page", BACKEND("24101")));
	assert_int_equal(state_of(w, 0), BACKEND_UNKNOWN);
	assert_false(checks_are_settled(w->checks));
	pass_s(w, 2);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_true(checks_are_settled(w->checks));
	assert_int_equal(w->changes, 1);
}

static void a_pool_without_monitors_is_up(void **state)
{
	struct world *w = *state;
	follow(w, TEXT("", BACKEND("24101")));
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_true(checks_are_settled(w->checks));
}

static void all_monitors_must_pass(void **state)
{
	struct world *w = *state;
	w->page_fails = true;
	follow(w, TEXT("tcp, page", BACKEND("24101")));
	pass_s(w, 2);
	assert_int_equal(state_of(w, 0), BACKEND_DOWN);
	assert_string_equal(w->reason, "refused");
	assert_string_equal(checks_reason(w->checks, w->table->pools[0].slots[0].backend),
			    "refused");
	w->page_fails = false;
	pass_s(w, 2);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_string_equal(w->reason, "");
	assert_string_equal(checks_reason(w->checks, w->table->pools[0].slots[0].backend), "");
}

static void a_backend_that_comes_back_starts_slowly_and_a_first_one_does_not(void **state)
{
	struct world *w = *state;
	follow(w, TEXT("tcp", BACKEND("24101")));
	pass_s(w, 2);
	struct backend *b = w->table->pools[0].slots[0].backend;
	assert_int_equal(atomic_load(&b->up_since_us), 0);
	w->tcp_fails = true;
	pass_s(w, 4);
	assert_int_equal(state_of(w, 0), BACKEND_DOWN);
	w->tcp_fails = false;
	pass_s(w, 2);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_true(atomic_load(&b->up_since_us) > 0);
}

static void a_reload_keeps_verdicts_and_knows_an_address_in_another_pool_at_once(void **state)
{
	struct world *w = *state;
	follow(w, TEXT("tcp", BACKEND("24101")));
	pass_s(w, 2);
	follow(w, TEXT("tcp", BACKEND("24101") BACKEND("24102")));
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_int_equal(state_of(w, 1), BACKEND_UNKNOWN);
	pass_s(w, 2);
	assert_int_equal(state_of(w, 1), BACKEND_UP);
	/* The pool has another name: its backends are new, but the target is known. */
	char other[2048], *p;
	snprintf(other, sizeof(other), "%s", TEXT("tcp", BACKEND("24101")));
	while ((p = strstr(other, "  p:")))
		p[2] = 'q';
	p = strstr(other, "pool: p");
	p[6] = 'q';
	follow(w, other);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
}

static void a_new_monitor_leaves_a_backend_as_it_was_until_its_first_result(void **state)
{
	struct world *w = *state;
	follow(w, TEXT("tcp", BACKEND("24101")));
	pass_s(w, 2);
	w->page_fails = true;
	follow(w, TEXT("tcp, page", BACKEND("24101")));
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	pass_s(w, 2);
	assert_int_equal(state_of(w, 0), BACKEND_DOWN);
}

static void a_plan_that_is_only_prepared_moves_nothing_that_is_followed(void **state)
{
	struct world *w = *state;
	struct checks_plan *plan;
	follow(w, TEXT("tcp", BACKEND("24101")));
	pass_s(w, 2);
	w->page_fails = true;
	struct table *t = prepare(w, TEXT("tcp, page", BACKEND("24101") BACKEND("24102")), &plan);
	pass_s(w, 3);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_int_equal(atomic_load(&t->pools[0].slots[1].backend->state), BACKEND_DOWN);
	checks_plan_free(plan);
	table_free(t);
	pass_s(w, 2);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	t = prepare(w, TEXT("tcp, page", BACKEND("24101")), &plan);
	pass_s(w, 3);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	checks_commit(w->checks, plan);
	assert_int_equal(state_of(w, 0), BACKEND_DOWN); /* known meanwhile */
	table_free(w->table);
	w->table = t;
}

static void new_backends_are_known_before_they_carry_anything(void **state)
{
	struct world *w = *state;
	struct checks_plan *plan;
	follow(w, TEXT("tcp", BACKEND("24101")));
	pass_s(w, 2);
	struct table *t = prepare(w, TEXT("tcp", BACKEND("24102")), &plan);
	assert_int_equal(atomic_load(&t->pools[0].slots[0].backend->state), BACKEND_UNKNOWN);
	pass_s(w, 2);
	assert_int_equal(atomic_load(&t->pools[0].slots[0].backend->state), BACKEND_UP);
	w->tcp_fails = true; /* the old one is still watched and judged */
	pass_s(w, 4);
	assert_int_equal(state_of(w, 0), BACKEND_DOWN);
	checks_commit(w->checks, plan);
	table_free(w->table);
	w->table = t;
}

static void who_was_up_needs_fall_failures_though_the_monitor_was_edited(void **state)
{
	struct world *w = *state;
	char edited[2048];
	follow(w, TEXT("tcp", BACKEND("24101")));
	pass_s(w, 3);
	snprintf(edited, sizeof(edited), "%s", TEXT("tcp", BACKEND("24101")));
	memcpy(strstr(edited, "interval: 1s"), "interval: 2s", 12);
	follow(w, edited);
	assert_true(checks_are_settled(w->checks));
	w->tcp_fails = true;
	unsigned before = w->changes;
	while (failed_checks(w) == 0)
		pass_ms(w, 50);
	assert_int_equal(state_of(w, 0), BACKEND_UP);
	assert_int_equal(w->changes, before);
	pass_s(w, 3);
	assert_int_equal(state_of(w, 0), BACKEND_DOWN);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(nothing_is_used_before_its_first_result),
		CLAIM(a_pool_without_monitors_is_up),
		CLAIM(all_monitors_must_pass),
		CLAIM(a_backend_that_comes_back_starts_slowly_and_a_first_one_does_not),
		CLAIM(a_reload_keeps_verdicts_and_knows_an_address_in_another_pool_at_once),
		CLAIM(a_new_monitor_leaves_a_backend_as_it_was_until_its_first_result),
		CLAIM(a_plan_that_is_only_prepared_moves_nothing_that_is_followed),
		CLAIM(new_backends_are_known_before_they_carry_anything),
		CLAIM(who_was_up_needs_fall_failures_though_the_monitor_was_edited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
