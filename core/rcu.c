/* SPDX-License-Identifier: Apache-2.0 */
/* rcu: one published pointer, many readers without locks (liburcu, QSBR flavour).
 *
 * The library is called through its functions, not its inline forms: a call between batches costs
 * nothing that can be measured, and ThreadSanitizer then sees none of its hand-made barriers, but
 * only the annotations here.
 */
#include "core/rcu.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <urcu-qsbr.h>

#if defined(__SANITIZE_THREAD__)
#define RCU_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RCU_TSAN 1
#endif
#endif
#ifdef RCU_TSAN
#include <sanitizer/tsan_interface.h>
#define tsan_release(tag) __tsan_release(tag)
#define tsan_acquire(tag) __tsan_acquire(tag)
#else
#define tsan_release(tag) ((void)(tag))
#define tsan_acquire(tag) ((void)(tag))
#endif

/* What the annotations hang on: all that readers did before they were quiet. */
static char quiet_tag;

struct later {
	struct rcu_head head;
	void (*free_fn)(void *arg);
	void *arg;
};

static void *end_at_once(void *arg)
{
	return arg;
}

/* liburcu ends the process when it cannot make its thread, so another one is made before. */
enum err_code rcu_start(struct err *e)
{
	pthread_t thread;
	int result = pthread_create(&thread, NULL, end_at_once, NULL);

	if (result != 0)
		return err_set(e, ERR_LIMIT, "the thread that frees old tables: %s",
			       strerror(result));
	pthread_join(thread, NULL);
	get_default_call_rcu_data();
	return ERR_OK;
}

void rcu_reader_start(void)
{
	rcu_register_thread();
}

void rcu_reader_stop(void)
{
	tsan_release(&quiet_tag);
	rcu_unregister_thread();
}

void rcu_quiet(void)
{
	tsan_release(&quiet_tag);
	rcu_quiescent_state();
}

void rcu_offline(void)
{
	tsan_release(&quiet_tag);
	rcu_thread_offline();
}

void rcu_online(void)
{
	rcu_thread_online();
}

static void run_later(struct rcu_head *head)
{
	struct later *later = caa_container_of(head, struct later, head);

	tsan_acquire(&quiet_tag);
	tsan_acquire(later);
	later->free_fn(later->arg);
	free(later);
}

/* liburcu asks that callers of call_rcu() be registered, so that the queue they pick is not freed
 * under them. Only per-CPU and per-thread queues are ever freed, and there are none here, so the
 * control thread need not become a reader to hand something over. */
enum err_code rcu_later(void (*free_fn)(void *arg), void *arg)
{
	struct later *later = malloc(sizeof(*later));

	if (!later)
		return ERR_MEMORY;
	later->free_fn = free_fn;
	later->arg = arg;
	tsan_release(later);
	call_rcu(&later->head, run_later);
	return ERR_OK;
}

struct marker {
	struct rcu_head head;
	sem_t is_reached;
};

static void reach_marker(struct rcu_head *head)
{
	sem_post(&caa_container_of(head, struct marker, head)->is_reached);
}

/* The queue is one and runs in order, so when the marker is reached all before it has run.
 * (liburcu's own rcu_barrier() does the same for many queues, and allocates.) */
void rcu_barrier_wait(void)
{
	struct marker marker;

	sem_init(&marker.is_reached, 0, 0);
	call_rcu(&marker.head, reach_marker);
	while (sem_wait(&marker.is_reached) != 0) /* EINTR is the only failure */
		;
	sem_destroy(&marker.is_reached);
}
