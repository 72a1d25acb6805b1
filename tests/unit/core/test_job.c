/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/job: work runs elsewhere, ends on the loop, and nothing holds up the stop. */
#include "core/clock.h"
#include "core/job.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LONG_MS = 20000, SHORT_MS = 20, MANY = 200 };

static struct {
	struct loop *loop;
	struct job_pool *pool;
	pthread_t worked_on;
	sem_t gate; /* a hung job comes back when a test posts it */
	sem_t is_hung;
	char trace[512];
	int done, dropped;
	bool had_signals;
} world;

static int start_with(unsigned threads)
{
	memset(&world, 0, sizeof(world));
	sem_init(&world.gate, 0, 0);
	sem_init(&world.is_hung, 0, 0);
	return loop_new(&world.loop, NULL) == ERR_OK &&
			       job_pool_new(&world.pool, world.loop, threads, NULL) == ERR_OK
		       ? 0
		       : -1;
}

static int start(void **state)
{
	return start_with(1);
}

static int start_two(void **state)
{
	return start_with(2);
}

static int finish(void **state)
{
	int code = job_pool_stop(world.pool, LONG_MS) == ERR_OK ? 0 : -1;

	loop_free(world.loop);
	return code;
}

static void note(char c)
{
	size_t len = strlen(world.trace);

	assert_true(len + 1 < sizeof(world.trace));
	world.trace[len] = c;
}

/* ---- work and ends */

static void work_nothing(void *arg)
{
	sigset_t blocked;

	world.worked_on = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	world.had_signals = !sigismember(&blocked, SIGTERM);
}

static void work_hangs(void *arg)
{
	sem_post(&world.is_hung);
	while (sem_wait(&world.gate) != 0)
		;
}

static void work_until_stopping(void *arg)
{
	sem_post(&world.is_hung);
	while (!job_is_stopping(world.pool))
		usleep(100);
}

static void end_noted(void *arg, enum job_end end)
{
	if (arg)
		note(*(char *)arg);
	world.done += end == JOB_DONE;
	world.dropped += end == JOB_DROPPED;
	loop_stop(world.loop);
}

static void submit(job_work_fn work, char *name)
{
	assert_int_equal(job_submit(world.pool, work, end_noted, name), ERR_OK);
}

static void hang_one(char *name)
{
	submit(work_hangs, name);
	while (sem_wait(&world.is_hung) != 0)
		;
}

static void run_until_done(int jobs)
{
	while (world.done < jobs)
		loop_run(world.loop);
}

/* ---- claims */

static void work_runs_elsewhere_and_ends_on_the_loop(void **state)
{
	submit(work_nothing, "a");
	assert_int_equal(world.done, 0);
	run_until_done(1);
	assert_false(pthread_equal(world.worked_on, pthread_self()));
	assert_false(world.had_signals);
	assert_string_equal(world.trace, "a");
}

static void one_thread_works_in_the_order_of_submitting(void **state)
{
	submit(work_nothing, "a");
	submit(work_nothing, "b");
	submit(work_nothing, "c");
	run_until_done(3);
	assert_string_equal(world.trace, "abc");
}

static void a_job_that_hangs_does_not_hold_up_the_other_thread(void **state)
{
	hang_one("h");
	submit(work_nothing, "a");
	run_until_done(1);
	assert_string_equal(world.trace, "a");
	sem_post(&world.gate);
	run_until_done(2);
	assert_string_equal(world.trace, "ah");
}

static void end_submits_again(void *arg, enum job_end end)
{
	if (end == JOB_DONE && world.done < MANY)
		assert_int_equal(job_submit(world.pool, work_nothing, end_submits_again, NULL),
				 ERR_OK);
	end_noted(NULL, end);
}

static void an_end_may_submit_the_next_job(void **state)
{
	assert_int_equal(job_submit(world.pool, work_nothing, end_submits_again, NULL), ERR_OK);
	run_until_done(MANY);
	assert_int_equal(world.done, MANY);
}

static void an_end_needs_no_memory(void **state)
{
	submit(work_nothing, "a");
	fail_alloc_from(1);
	run_until_done(1);
	assert_false(fail_alloc_end());
}

static void a_queue_of_jobs_is_bounded(void **state)
{
	hang_one(NULL);
	for (int i = 0; i < JOB_WAITING_MAX; i++)
		submit(work_nothing, NULL);
	assert_int_equal(job_submit(world.pool, work_nothing, end_noted, NULL), ERR_LIMIT);
	sem_post(&world.gate);
	run_until_done(1 + JOB_WAITING_MAX);
	submit(work_nothing, NULL);
	run_until_done(2 + JOB_WAITING_MAX);
}

/* ---- stopping */

static void a_stop_waits_for_what_runs_and_drops_the_rest(void **state)
{
	submit(work_until_stopping, "r");
	while (sem_wait(&world.is_hung) != 0)
		;
	submit(work_nothing, "w");
	assert_int_equal(job_pool_stop(world.pool, LONG_MS), ERR_OK);
	world.pool = NULL;
	assert_int_equal(world.done, 0);
	assert_int_equal(world.dropped, 2);
	loop_run_once(world.loop); /* nothing of them is left in the loop */
	assert_int_equal(world.done, 0);
}

static void end_tries_again(void *arg, enum job_end end)
{
	assert_int_equal(end, JOB_DROPPED);
	assert_int_equal(job_submit(world.pool, work_nothing, end_noted, NULL), ERR_REFUSED);
	world.dropped++;
}

static void a_job_is_refused_while_the_pool_stops(void **state)
{
	assert_int_equal(job_submit(world.pool, work_nothing, end_tries_again, NULL), ERR_OK);
	assert_int_equal(job_pool_stop(world.pool, LONG_MS), ERR_OK);
	world.pool = NULL;
	assert_int_equal(world.dropped, 1);
}

static void end_stops_the_pool(void *arg, enum job_end end)
{
	end_noted(arg, end);
	assert_int_equal(job_pool_stop(world.pool, LONG_MS), ERR_OK);
	world.pool = NULL;
}

/* The second one may have ended, and wait in the same batch of the loop. */
static void an_end_may_stop_the_pool(void **state)
{
	assert_int_equal(job_submit(world.pool, work_nothing, end_stops_the_pool, "a"), ERR_OK);
	submit(work_until_stopping, "b");
	submit(work_nothing, "c");
	run_until_done(1);
	assert_int_equal(world.done + world.dropped, 3);
	loop_run_once(world.loop);
	assert_int_equal(world.done + world.dropped, 3);
}

/* What a daemon would leave to _exit() is brought home here, to free it. */
static void a_job_that_hangs_does_not_hold_up_the_stop(void **state)
{
	struct job_pool *pool = world.pool;
	uint64_t began_us = clock_mono_us(clock_system());

	hang_one("h");
	submit(work_nothing, "w");
	assert_int_equal(job_pool_stop(pool, SHORT_MS), ERR_AGAIN);
	assert_true(clock_mono_us(clock_system()) - began_us < LONG_MS * 1000ull / 2);
	assert_string_equal(world.trace, "w");
	assert_int_equal(world.dropped, 1);
	sem_post(&world.gate);
	assert_int_equal(job_pool_stop(pool, LONG_MS), ERR_OK);
	world.pool = NULL;
	assert_string_equal(world.trace, "wh");
	assert_int_equal(world.done, 0);
}

/* ---- shortage */

static void each_failed_allocation_is_said_and_leaves_nothing(void **state)
{
	bool failed = true;

	for (unsigned n = 1; failed; n++) {
		struct job_pool *pool = NULL;
		enum err_code code;

		fail_alloc_at(n);
		code = job_pool_new(&pool, world.loop, 2, NULL);
		if (code == ERR_OK)
			code = job_submit(pool, work_nothing, end_noted, NULL);
		failed = fail_alloc_end();
		assert_int_equal(code, failed ? ERR_MEMORY : ERR_OK);
		assert_int_equal(job_pool_stop(pool, LONG_MS), ERR_OK);
	}
}

/* No address space for one more stack. The bound is let go before anything else is asked. */
static void a_start_without_threads_is_refused_with_the_reason(void **state)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct job_pool *pool = NULL;
	struct rlimit before, low;
	enum err_code code;
	struct err e;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	low = (struct rlimit){ 1, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &low), 0);
	code = job_pool_new(&pool, world.loop, 8, &e);
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(code, ERR_LIMIT);
	assert_null(pool);
	assert_string_equal(e.text, "helper threads: Resource temporarily unavailable");
#endif
}

#define WITH_ONE(claim) cmocka_unit_test_setup_teardown(claim, start, finish)
#define WITH_TWO(claim) cmocka_unit_test_setup_teardown(claim, start_two, finish)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ONE(work_runs_elsewhere_and_ends_on_the_loop),
		WITH_ONE(one_thread_works_in_the_order_of_submitting),
		WITH_TWO(a_job_that_hangs_does_not_hold_up_the_other_thread),
		WITH_TWO(an_end_may_submit_the_next_job),
		WITH_ONE(an_end_needs_no_memory),
		WITH_ONE(a_queue_of_jobs_is_bounded),
		WITH_ONE(a_stop_waits_for_what_runs_and_drops_the_rest),
		WITH_ONE(a_job_is_refused_while_the_pool_stops),
		WITH_TWO(an_end_may_stop_the_pool),
		WITH_ONE(a_job_that_hangs_does_not_hold_up_the_stop),
		WITH_ONE(each_failed_allocation_is_said_and_leaves_nothing),
		WITH_ONE(a_start_without_threads_is_refused_with_the_reason),
	};

	return cmocka_run_group_tests_name("core/job", tests, NULL, NULL);
}
