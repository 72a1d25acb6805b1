/* SPDX-License-Identifier: Apache-2.0 */
/* worker: one thread that accepts and carries sessions, with an epoll of its own.
 *
 * What it shares with the others is the table (RCU) and the atomics of backends and services. Any
 * thread may post to it: the control thread does, and a worker may wake another one. Messages are
 * read between two batches of events.
 *
 *      wait (offline for RCU) -> events -> messages -> later, deadlines -> wait
 *
 * Threads    worker_post() and the questions: any thread; the rest: the control thread
 * Ownership  a listener's descriptor is the worker's once it was handed over
 * Errors     ERR_MEMORY and ERR_IO from worker_start(); ERR_MEMORY: a message was not posted
 */
#ifndef FAIRLEAD_REGIOND_WORKER_H
#define FAIRLEAD_REGIOND_WORKER_H

#include "core/clock.h"
#include "regiond/stream/session.h"

struct worker;

/* When descriptors run out, nobody is accepted for so long: clients wait in the backlog, and the
 * worker does not turn in vain. */
#define WORKER_PAUSE_MS 100

enum err_code worker_start(struct worker **out, unsigned index, struct table_ref *ref,
			   const struct clock *clock, struct err *e);
/* Ends the thread; what is still open is reset. */
void worker_stop(struct worker *w);

/* fn(arg) on the worker's thread, in the order of posting; not later than worker_stop(). */
typedef void (*worker_fn)(void *arg);
enum err_code worker_post(struct worker *w, worker_fn fn, void *arg);

/* Accepts on fd for this service from now on. `key` names the listener in later messages. */
enum err_code worker_listen(struct worker *w, uint32_t key, int fd, struct service *service);
/* New connections of that listener belong to another service. */
enum err_code worker_rename(struct worker *w, uint32_t key, struct service *service);
/* Takes what waits in the backlog, then closes it. */
enum err_code worker_unlisten(struct worker *w, uint32_t key);

uint32_t worker_open(const struct worker *w); /* connections */
uint64_t worker_shortages(const struct worker *w, enum shortage s);
uint64_t worker_pauses(const struct worker *w); /* how often descriptors had run out */

#endif
