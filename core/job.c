/* SPDX-License-Identifier: Apache-2.0 */
/* job: slow work away from the loop, on helper threads that are all made at the start. */
#include "core/job.h"

#include "core/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* From submit to done. A job is in one place at a time: in `waiting`, with a thread, or posted. */
struct job {
	struct job *next; /* in waiting */
	struct job_pool *pool;
	job_work_fn work;
	job_done_fn done;
	void *arg;
	struct mail mail; /* so that its end needs no memory */
	struct job *next_ended, **ended;
};

struct job_pool {
	struct loop *loop;
	atomic_bool stopping;
	unsigned n_threads;
	pthread_t *threads;

	pthread_mutex_t lock;
	pthread_cond_t work_came;  /* for the helpers */
	pthread_cond_t work_ended; /* for job_pool_stop() */
	struct job *waiting, **last;
	struct job *ended; /* posted to the loop, done() has not been called */
	unsigned n_waiting;
	unsigned n_left; /* threads that have ended */
};

/* ---- helper threads ---- */

static struct job *take(struct job_pool *pool)
{
	struct job *job = pool->waiting;

	pool->waiting = job->next;
	if (!pool->waiting)
		pool->last = &pool->waiting;
	pool->n_waiting--;
	return job;
}

static void add_ended(struct job_pool *pool, struct job *job)
{
	job->next_ended = pool->ended;
	job->ended = &pool->ended;
	if (pool->ended)
		pool->ended->ended = &job->next_ended;
	pool->ended = job;
}

static void remove_ended(struct job *job)
{
	*job->ended = job->next_ended;
	if (job->next_ended)
		job->next_ended->ended = job->ended;
}

/* With the lock, that work() runs without. When the pool stops, job_pool_stop() takes what has
 * ended by itself; the loop may be gone by the time a job that hung comes back. */
static void run_one(struct job_pool *pool)
{
	struct job *job = take(pool);

	pthread_mutex_unlock(&pool->lock);
	job->work(job->arg);
	pthread_mutex_lock(&pool->lock);
	add_ended(pool, job);
	if (!atomic_load(&pool->stopping))
		loop_post_mail(pool->loop, &job->mail);
}

static void *help(void *arg)
{
	struct job_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	while (!atomic_load(&pool->stopping))
		if (pool->waiting)
			run_one(pool);
		else
			pthread_cond_wait(&pool->work_came, &pool->lock);
	pool->n_left++;
	pthread_cond_signal(&pool->work_ended);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* ---- the loop's thread ---- */

static void on_ended(void *arg)
{
	struct job *job = arg;
	struct job_pool *pool = job->pool;
	job_done_fn done = job->done;
	void *done_arg = job->arg;

	pthread_mutex_lock(&pool->lock);
	remove_ended(job);
	pthread_mutex_unlock(&pool->lock);
	free(job);
	done(done_arg, JOB_DONE);
}

enum err_code job_submit(struct job_pool *pool, job_work_fn work, job_done_fn done, void *arg)
{
	struct job *job;

	if (atomic_load(&pool->stopping))
		return ERR_REFUSED;
	job = malloc(sizeof(*job));
	if (!job)
		return ERR_MEMORY;
	*job = (struct job){ .pool = pool, .work = work, .done = done, .arg = arg };
	job->mail = (struct mail){ .fn = on_ended, .arg = job };
	pthread_mutex_lock(&pool->lock);
	if (pool->n_waiting == JOB_WAITING_MAX) {
		pthread_mutex_unlock(&pool->lock);
		free(job);
		return ERR_LIMIT;
	}
	*pool->last = job;
	pool->last = &job->next;
	pool->n_waiting++;
	pthread_cond_signal(&pool->work_came);
	pthread_mutex_unlock(&pool->lock);
	return ERR_OK;
}

bool job_is_stopping(struct job_pool *pool)
{
	return atomic_load(&pool->stopping);
}

/* ---- start and stop ---- */

/* Signals are the loop's: the helpers inherit a mask that blocks all. */
static enum err_code start_threads(struct job_pool *pool, unsigned threads, struct err *e)
{
	sigset_t all, before;
	int result = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->n_threads < threads && result == 0) {
		result = pthread_create(&pool->threads[pool->n_threads], NULL, help, pool);
		pool->n_threads += result == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (result != 0)
		return err_set(e, ERR_LIMIT, "helper threads: %s", strerror(result));
	return ERR_OK;
}

enum err_code job_pool_new(struct job_pool **out, struct loop *loop, unsigned threads,
			   struct err *e)
{
	struct job_pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;
	enum err_code code;

	if (!pool)
		return err_set(e, ERR_MEMORY, "helper threads: out of memory");
	pool->threads = calloc(threads, sizeof(*pool->threads));
	if (!pool->threads) {
		free(pool);
		return err_set(e, ERR_MEMORY, "helper threads: out of memory");
	}
	pool->loop = loop;
	pool->last = &pool->waiting;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work_came, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->work_ended, &attr);
	pthread_condattr_destroy(&attr);
	code = start_threads(pool, threads, e);
	if (code == ERR_OK)
		*out = pool;
	else
		job_pool_stop(pool, UINT64_MAX); /* they have nothing to do, so none hangs */
	return code;
}

static struct timespec deadline_of(uint64_t bound_ms)
{
	uint64_t at_us = clock_mono_us(clock_system());

	at_us = bound_ms > UINT32_MAX ? INT64_MAX : at_us + bound_ms * 1000;
	return (struct timespec){ .tv_sec = (time_t)(at_us / 1000000),
				  .tv_nsec = (long)(at_us % 1000000 * 1000) };
}

static bool wait_for_threads(struct job_pool *pool, uint64_t bound_ms)
{
	struct timespec deadline = deadline_of(bound_ms);

	while (pool->n_left < pool->n_threads)
		if (pthread_cond_timedwait(&pool->work_ended, &pool->lock, &deadline) != 0)
			break;
	return pool->n_left == pool->n_threads;
}

static struct job *take_undone(struct job_pool *pool)
{
	struct job *job = NULL;

	pthread_mutex_lock(&pool->lock);
	if (pool->waiting) {
		job = take(pool);
	} else if (pool->ended) {
		job = pool->ended;
		remove_ended(job);
		loop_unpost_mail(pool->loop, &job->mail);
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void drop_undone(struct job_pool *pool)
{
	struct job *job;

	while ((job = take_undone(pool))) {
		job->done(job->arg, JOB_DROPPED);
		free(job);
	}
}

static void free_pool(struct job_pool *pool)
{
	for (unsigned i = 0; i < pool->n_threads; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->work_came);
	pthread_cond_destroy(&pool->work_ended);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

enum err_code job_pool_stop(struct job_pool *pool, uint64_t bound_ms)
{
	bool have_left;

	if (!pool)
		return ERR_OK;
	pthread_mutex_lock(&pool->lock);
	atomic_store(&pool->stopping, true);
	pthread_cond_broadcast(&pool->work_came);
	have_left = wait_for_threads(pool, bound_ms);
	pthread_mutex_unlock(&pool->lock);
	drop_undone(pool);
	if (!have_left)
		return ERR_AGAIN;
	free_pool(pool);
	return ERR_OK;
}
