/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop: posted work, timers, watches and signals on a real loop. */
#include "core/loop.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct world {
	struct loop *loop;
	struct loop_timer *timer;
	char trace[64];
	int count;
};

static int start(void **state)
{
	static struct world w;
	struct err e;

	memset(&w, 0, sizeof(w));
	*state = &w;
	return loop_new(&w.loop, &e) == ERR_OK ? 0 : -1;
}

static int finish(void **state)
{
	struct world *w = *state;

	loop_timer_free(w->timer);
	loop_free(w->loop);
	return 0;
}

static void note(struct world *w, char c)
{
	size_t len = strlen(w->trace);

	assert_true(len + 1 < sizeof(w->trace));
	w->trace[len] = c;
}

static void note_a(void *arg)
{
	note(arg, 'a');
}
static void note_b(void *arg)
{
	note(arg, 'b');
}

static void stop(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop);
}

static void post_b_then_note_a(void *arg)
{
	struct world *w = arg;

	assert_int_equal(loop_post(w->loop, note_b, w), ERR_OK);
	note_a(w);
}

static void posted_work_runs_in_the_order_of_posting(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_post(w->loop, note_b, w), ERR_OK);
	assert_int_equal(loop_post(w->loop, note_a, w), ERR_OK);
	assert_int_equal(loop_post(w->loop, note_b, w), ERR_OK);
	assert_string_equal(w->trace, "");
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "bab");
}

static void work_posted_by_posted_work_waits_for_the_next_turn(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_post(w->loop, post_b_then_note_a, w), ERR_OK);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "a");
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "ab");
}

static void work_that_never_ran_is_dropped_with_the_loop(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_post(w->loop, note_a, w), ERR_OK);
	loop_free(w->loop);
	w->loop = NULL;
	assert_string_equal(w->trace, "");
}

static void a_stop_before_the_run_is_not_lost_and_counts_once(void **state)
{
	struct world *w = *state;

	loop_stop(w->loop);
	loop_run(w->loop);
	assert_int_equal(loop_post(w->loop, note_a, w), ERR_OK);
	assert_int_equal(loop_post(w->loop, stop, w), ERR_OK);
	loop_run(w->loop);
	assert_string_equal(w->trace, "a");
}

enum { THREADS = 4, EACH = 2000 };

static void count_up(void *arg)
{
	struct world *w = arg;

	if (++w->count == THREADS * EACH)
		loop_stop(w->loop);
}

static void *post_many(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < EACH; i++)
		if (loop_post(w->loop, count_up, w) != ERR_OK)
			return w;
	return NULL;
}

static void work_from_several_threads_all_arrives(void **state)
{
	struct world *w = *state;
	pthread_t thread[THREADS];
	void *bad;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, post_many, w), 0);
	loop_run(w->loop);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(w->count, THREADS * EACH);
}

static void a_timer_set_once_fires_once(void **state)
{
	struct world *w = *state;
	struct loop_timer *end;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, note_a, w), ERR_OK);
	assert_int_equal(loop_timer_new(w->loop, &end, stop, w), ERR_OK);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, ""); /* not set yet */
	loop_timer_after(w->timer, 1);
	loop_timer_after(end, 20);
	loop_run(w->loop);
	assert_string_equal(w->trace, "a");
	loop_timer_free(end);
}

static void a_stopped_timer_does_not_fire(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, note_a, w), ERR_OK);
	loop_timer_after(w->timer, 0);
	loop_timer_stop(w->timer);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "");
}

static void note_and_stop_at_three(void *arg)
{
	struct world *w = arg;

	note(w, 'a');
	if (++w->count == 3)
		loop_stop(w->loop);
}

static void a_repeating_timer_fires_until_stopped(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, note_and_stop_at_three, w), ERR_OK);
	loop_timer_every(w->timer, 1);
	loop_run(w->loop);
	assert_string_equal(w->trace, "aaa");
	loop_timer_after(w->timer, 3600 * 1000); /* once again replaces every */
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "aaa");
}

static void free_own_timer(void *arg)
{
	struct world *w = arg;

	loop_timer_free(w->timer);
	w->timer = NULL;
	note(w, 'a');
}

static void a_timer_may_be_freed_by_its_own_callback(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, free_own_timer, w), ERR_OK);
	loop_timer_every(w->timer, 1);
	for (int turn = 0; turn < 100000 && !w->trace[0]; turn++)
		loop_run_once(w->loop);
	assert_string_equal(w->trace, "a");
}

static void read_one(void *arg, int fd, short what)
{
	char c;

	assert_int_equal(what & EV_READ, EV_READ);
	assert_int_equal(read(fd, &c, 1), 1);
	note(arg, c);
}

static void a_watch_stays_active_until_freed(void **state)
{
	struct world *w = *state;
	struct loop_watch *watch;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_watch_new(w->loop, &watch, fds[0], EV_READ, read_one, w), ERR_OK);
	assert_int_equal(write(fds[1], "xyz", 3), 3);
	loop_run_once(w->loop);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "xy");
	loop_watch_free(watch);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "xy");
	close(fds[0]);
	close(fds[1]);
}

static void a_signal_is_a_call_on_the_loop(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_signal(w->loop, SIGUSR1, note_a, w), ERR_OK);
	assert_int_equal(loop_signal(w->loop, SIGUSR2, note_b, w), ERR_OK);
	raise(SIGUSR2);
	loop_run_once(w->loop);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "b");
}

static void freeing_nothing_is_fine(void **state)
{
	struct world *w = *state;

	loop_free(NULL);
	loop_timer_free(NULL);
	loop_watch_free(NULL);
	assert_int_equal(loop_post(w->loop, note_a, w), ERR_OK);
	loop_run_once(w->loop);
	assert_string_equal(w->trace, "a"); /* and others go on */
}

/* ---- a clock wound by hand */

static struct clock_hand hand;

static int start_wound(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	*state = &w;
	clock_hand_init(&hand, 1000000, 0);
	return loop_new_wound(&w.loop, &hand.clock, NULL) == ERR_OK ? 0 : -1;
}

static void wind(struct world *w, uint64_t ms)
{
	clock_hand_advance_ms(&hand, ms);
	loop_run_once(w->loop);
}

static void a_wound_timer_fires_when_the_hand_has_passed_it(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, note_a, w), ERR_OK);
	wind(w, 1000);
	assert_string_equal(w->trace, "");
	loop_timer_after(w->timer, 50);
	wind(w, 49);
	assert_string_equal(w->trace, "");
	wind(w, 1);
	assert_string_equal(w->trace, "a");
	wind(w, 1000);
	assert_string_equal(w->trace, "a");
	loop_timer_after(w->timer, 50);
	loop_timer_stop(w->timer);
	wind(w, 50);
	assert_string_equal(w->trace, "a");
}

static void wound_timers_fire_in_the_order_of_their_time(void **state)
{
	struct world *w = *state;
	struct loop_timer *second;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, note_a, w), ERR_OK);
	assert_int_equal(loop_timer_new(w->loop, &second, note_b, w), ERR_OK);
	loop_timer_every(w->timer, 20);
	loop_timer_every(second, 30);
	wind(w, 60); /* a at 20, b at 30, a at 40, ... */
	wind(w, 0);
	wind(w, 0);
	assert_string_equal(w->trace, "ababa");
	loop_timer_free(second);
}

static void a_wound_timer_that_sets_itself_waits_for_the_next_turn(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, note_and_stop_at_three, w), ERR_OK);
	loop_timer_every(w->timer, 0);
	wind(w, 5);
	assert_int_equal(w->count, 1);
	wind(w, 0);
	assert_int_equal(w->count, 2);
	loop_run(w->loop); /* until the stop at three, which is read a turn later */
	assert_int_equal(w->count, 4);
}

static void a_wound_timer_may_be_freed_by_its_own_callback(void **state)
{
	struct world *w = *state;

	assert_int_equal(loop_timer_new(w->loop, &w->timer, free_own_timer, w), ERR_OK);
	loop_timer_every(w->timer, 1);
	wind(w, 5);
	wind(w, 5);
	assert_string_equal(w->trace, "a");
}

/* ---- turns */

static void burn_time(void *arg)
{
	uint64_t until_us = clock_mono_us(clock_system()) + 20000;

	while (clock_mono_us(clock_system()) < until_us)
		;
}

static void a_long_turn_is_seen(void **state)
{
	struct world *w = *state;
	struct buf out = BUF_INIT;

	loop_run_once(w->loop);
	loop_longest_turn_us(w->loop);
	assert_int_equal(loop_post(w->loop, burn_time, w), ERR_OK);
	loop_run_once(w->loop);
	assert_true(loop_longest_turn_us(w->loop) >= 20000);
	assert_int_equal(loop_longest_turn_us(w->loop), 0);
	loop_metrics(w->loop, &out);
	assert_non_null(strstr(buf_text(&out), "\nfairlead_control_turn_seconds_count 2\n"));
	buf_fini(&out);
}

#define WITH_WOUND(claim) cmocka_unit_test_setup_teardown(claim, start_wound, finish)
#define WITH_LOOP(claim)  cmocka_unit_test_setup_teardown(claim, start, finish)

static enum err_code make_all(struct loop **loop, struct loop_timer **timer,
			      struct loop_watch **watch, int fd)
{
	enum err_code code = loop_new(loop, NULL);

	if (code == ERR_OK)
		code = loop_timer_new(*loop, timer, note_a, NULL);
	if (code == ERR_OK)
		code = loop_watch_new(*loop, watch, fd, EV_READ, read_one, NULL);
	if (code == ERR_OK)
		code = loop_signal(*loop, SIGUSR1, note_a, NULL);
	if (code == ERR_OK)
		code = loop_post(*loop, note_a, NULL);
	return code;
}

static void each_failed_allocation_is_said_and_leaves_nothing(void **state)
{
	bool failed = true;
	unsigned n;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	for (n = 1; failed; n++) {
		struct loop *loop = NULL;
		struct loop_timer *timer = NULL;
		struct loop_watch *watch = NULL;
		enum err_code code;

		fail_alloc_at(n);
		code = make_all(&loop, &timer, &watch, fds[0]);
		failed = fail_alloc_end();
		assert_int_equal(code, failed ? ERR_MEMORY : ERR_OK);
		loop_timer_free(timer);
		loop_watch_free(watch);
		loop_free(loop);
	}
	assert_true(n > 5);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(posted_work_runs_in_the_order_of_posting),
		WITH_LOOP(work_posted_by_posted_work_waits_for_the_next_turn),
		WITH_LOOP(work_that_never_ran_is_dropped_with_the_loop),
		WITH_LOOP(a_stop_before_the_run_is_not_lost_and_counts_once),
		WITH_LOOP(work_from_several_threads_all_arrives),
		WITH_LOOP(a_timer_set_once_fires_once),
		WITH_LOOP(a_stopped_timer_does_not_fire),
		WITH_LOOP(a_repeating_timer_fires_until_stopped),
		WITH_LOOP(a_timer_may_be_freed_by_its_own_callback),
		WITH_LOOP(a_watch_stays_active_until_freed),
		WITH_LOOP(a_signal_is_a_call_on_the_loop),
		WITH_WOUND(a_wound_timer_fires_when_the_hand_has_passed_it),
		WITH_WOUND(wound_timers_fire_in_the_order_of_their_time),
		WITH_WOUND(a_wound_timer_that_sets_itself_waits_for_the_next_turn),
		WITH_WOUND(a_wound_timer_may_be_freed_by_its_own_callback),
		WITH_LOOP(a_long_turn_is_seen),
		WITH_LOOP(freeing_nothing_is_fine),
		cmocka_unit_test(each_failed_allocation_is_said_and_leaves_nothing),
	};

	return cmocka_run_group_tests_name("core/loop", tests, NULL, NULL);
}
