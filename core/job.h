/* SPDX-License-Identifier: Apache-2.0 */
/* job: slow work away from the loop, on helper threads that are all made at the start.
 *
 *   loop's thread   job_submit(pool, work, done, arg)              done(arg, JOB_DONE)
 *   helper thread             `-> work(arg) ------ loop_post_mail() -----^
 *
 * Whatever can wait for a disk, a resolver or a long computation is a job: reading files, builds,
 * backups, checks of the audit chain, host names. No thread is made later, so a process at its
 * bound of threads goes on. A work function that hangs (a dead NFS server, a FIFO without a writer)
 * keeps its thread; so each user has a bound of its own of jobs at a time (mostly one), and
 * `threads` is at least their sum.
 *
 * Each job ends once, by done() on the loop's thread: JOB_DONE after work() has returned, or
 * JOB_DROPPED in job_pool_stop(), when it may or may not have run and done() only frees. Only a job
 * that still hangs when the bound of job_pool_stop() is over never ends: its thread, its arg and
 * the pool are left to it, and the process is to end by _exit() without freeing what the job reads.
 *
 * Threads    everything on the loop's thread, but job_is_stopping() from work() too. work() runs
 *            with all signals blocked. No RCU reader: it may not rcu_read()
 * Ownership  job_pool_stop() frees the pool, before its loop is freed; arg is the caller's
 * Units      bound_ms milliseconds
 * Errors     ERR_MEMORY; ERR_LIMIT: a thread cannot be made, or JOB_WAITING_MAX jobs wait;
 *            ERR_REFUSED: the pool stops. After a failure nothing was submitted, and done() does
 *            not come. The end of a job needs no memory and cannot fail
 */
#ifndef FAIRLEAD_CORE_JOB_H
#define FAIRLEAD_CORE_JOB_H

#include "core/loop.h"

#define JOB_WAITING_MAX 256 /* a queue this long means that all threads hang */

struct job_pool;

enum job_end { JOB_DONE, JOB_DROPPED };

typedef void (*job_work_fn)(void *arg);
typedef void (*job_done_fn)(void *arg, enum job_end end);

enum err_code job_pool_new(struct job_pool **out, struct loop *loop, unsigned threads,
			   struct err *e);

/* work(arg) on the first thread that is free, in the order of submitting; then done(). */
enum err_code job_submit(struct job_pool *pool, job_work_fn work, job_done_fn done, void *arg);

/* For a long work(): the pool stops, so the result is not wanted any more. */
bool job_is_stopping(struct job_pool *pool);

/* Waits at most bound_ms for the jobs that run, drops the rest, and frees the pool. ERR_AGAIN: a
 * job hangs, see above. NULL is fine. */
enum err_code job_pool_stop(struct job_pool *pool, uint64_t bound_ms);

#endif
