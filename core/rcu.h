/* SPDX-License-Identifier: Apache-2.0 */
/* rcu: one published pointer, many readers without locks (liburcu, QSBR flavour).
 *
 * A reader registers its thread, reads with rcu_read(), and says rcu_quiet() between batches, when
 * it holds no pointer any more. Around a wait that blocks it goes offline. The one writer swaps
 * the pointer and hands the old one to rcu_later(), which frees it after a grace period on a
 * thread of its own: the control loop never waits.
 *
 * ThreadSanitizer does not understand liburcu's barriers, so the two accessors are C11 atomics and
 * rcu_quiet/rcu_later carry its annotations.
 *
 * Threads    rcu_publish from one writer at a time a pointer
 */
#ifndef FAIRLEAD_CORE_RCU_H
#define FAIRLEAD_CORE_RCU_H

#include "core/err.h"

#include <stdatomic.h>

/* p is an `_Atomic(struct x *)`. */
#define rcu_read(p)	  atomic_load_explicit((p), memory_order_acquire)
#define rcu_publish(p, v) atomic_exchange_explicit((p), (v), memory_order_acq_rel)

/* Makes the thread that frees what rcu_later() is given, so that none has to be made later, when
 * the process may be at its bound of threads. Once, after daemon_detach(). ERR_LIMIT: it cannot be
 * made. */
enum err_code rcu_start(struct err *e);

void rcu_reader_start(void); /* this thread becomes a reader, online */
void rcu_reader_stop(void);
void rcu_quiet(void);	/* holds nothing now */
void rcu_offline(void); /* before a wait that may block */
void rcu_online(void);

/* Calls free_fn(arg) after every reader has been quiet. Never blocks. ERR_MEMORY: not freed. */
enum err_code rcu_later(void (*free_fn)(void *arg), void *arg);
/* Waits until all rcu_later() calls so far have run: at shutdown, in tests; not from a reader. */
void rcu_barrier_wait(void);

#endif
