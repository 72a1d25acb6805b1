/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/rcu, with threads. Meant to be run under the address and thread sanitizers too.
 */
#include "core/rcu.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#define READERS	 3
#define VERSIONS 2000
#define ALIVE	 0x51ab1e

struct version {
	unsigned magic, number, twice;
};

static _Atomic(struct version *) current;
static _Atomic unsigned freed;
static _Atomic bool is_over;

static struct version *new_version(unsigned number)
{
	struct version *v = malloc(sizeof(*v));

	assert_non_null(v);
	*v = (struct version){ ALIVE, number, number * 2 };
	return v;
}

static void free_version(void *arg)
{
	struct version *v = arg;

	v->magic = 0;
	free(v);
	atomic_fetch_add(&freed, 1);
}

/* Returns how many reads saw something that was not whole, not alive, or older than before. */
static void *read_versions(void *arg)
{
	unsigned newest = 0;
	size_t wrong = 0;

	rcu_reader_start();
	for (unsigned round = 0; !atomic_load(&is_over); round++) {
		for (int i = 0; i < 32; i++) {
			struct version *v = rcu_read(&current);

			wrong += v->magic != ALIVE || v->twice != v->number * 2 ||
				 v->number < newest;
			newest = v->number;
		}
		rcu_quiet();
		if (round % 64 == 0) {
			rcu_offline();
			sched_yield();
			rcu_online();
		}
	}
	rcu_reader_stop();
	return (void *)wrong;
}

static void readers_see_whole_versions_while_a_writer_swaps(void **state)
{
	pthread_t threads[READERS];
	void *wrong;

	freed = 0;
	is_over = false;
	rcu_publish(&current, new_version(0));
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_versions, NULL), 0);
	for (unsigned n = 1; n <= VERSIONS; n++) {
		struct version *old = rcu_publish(&current, new_version(n));

		assert_int_equal(rcu_later(free_version, old), ERR_OK);
	}
	rcu_barrier_wait();
	assert_int_equal(freed, VERSIONS);
	atomic_store(&is_over, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(threads[i], &wrong);
		assert_int_equal((size_t)wrong, 0);
	}
	free(rcu_publish(&current, NULL));
}

static pthread_barrier_t meeting;

/* Holds a pointer across the writer's swap, and looks at it after the writer has gone on. */
static void *hold_one(void *arg)
{
	struct version *held;
	size_t wrong = 0;

	rcu_reader_start();
	held = rcu_read(&current);
	pthread_barrier_wait(&meeting); /* held */
	pthread_barrier_wait(&meeting); /* swapped, and handed to rcu_later() */
	for (int i = 0; i < 1000; i++) {
		wrong += held->magic != ALIVE || atomic_load(&freed) != 0;
		sched_yield();
	}
	rcu_quiet();
	rcu_offline();
	pthread_barrier_wait(&meeting);
	rcu_online();
	rcu_reader_stop();
	return (void *)wrong;
}

static void what_a_reader_holds_is_not_freed_until_it_is_quiet(void **state)
{
	pthread_t reader;
	void *wrong;

	freed = 0;
	pthread_barrier_init(&meeting, NULL, 2);
	rcu_publish(&current, new_version(1));
	assert_int_equal(pthread_create(&reader, NULL, hold_one, NULL), 0);
	pthread_barrier_wait(&meeting);
	assert_int_equal(rcu_later(free_version, rcu_publish(&current, NULL)), ERR_OK);
	pthread_barrier_wait(&meeting);
	rcu_barrier_wait();
	assert_int_equal(freed, 1);
	pthread_barrier_wait(&meeting);
	pthread_join(reader, &wrong);
	assert_int_equal((size_t)wrong, 0);
	pthread_barrier_destroy(&meeting);
}

static void without_readers_everything_is_freed(void **state)
{
	freed = 0;
	for (unsigned n = 0; n < 100; n++)
		assert_int_equal(rcu_later(free_version, new_version(n)), ERR_OK);
	rcu_barrier_wait();
	assert_int_equal(freed, 100);
	rcu_barrier_wait(); /* with nothing to wait for */
}

static void no_memory_frees_nothing(void **state)
{
	struct version *v = new_version(1);

	freed = 0;
	fail_alloc_at(1);
	assert_int_equal(rcu_later(free_version, v), ERR_MEMORY);
	assert_true(fail_alloc_end());
	rcu_barrier_wait();
	assert_int_equal(freed, 0);
	free_version(v);
}

/* First of all: the thread is made once a process. Without rcu_start() liburcu would abort here. */
static void after_the_start_no_thread_is_needed(void **state)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct version *v = new_version(1);
	struct rlimit before, none;
	enum err_code code;
	struct err e;

	freed = 0;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = (struct rlimit){ 1, before.rlim_max }; /* no room for a stack */
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	code = rcu_start(&e);
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(code, ERR_LIMIT);
	assert_string_equal(e.text,
			    "the thread that frees old tables: Resource temporarily unavailable");
	assert_int_equal(rcu_start(&e), ERR_OK);
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	code = rcu_later(free_version, v);
	setrlimit(RLIMIT_AS, &before);
	assert_int_equal(code, ERR_OK);
	rcu_barrier_wait();
	assert_int_equal(freed, 1);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_the_start_no_thread_is_needed),
		cmocka_unit_test(readers_see_whole_versions_while_a_writer_swaps),
		cmocka_unit_test(what_a_reader_holds_is_not_freed_until_it_is_quiet),
		cmocka_unit_test(without_readers_everything_is_freed),
		cmocka_unit_test(no_memory_frees_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
