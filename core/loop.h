/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one event loop a thread (libevent), and a way for other threads to post work to it.
 *
 * loop_new() makes the process ignore SIGPIPE: a peer that closes is an error of that write.
 *
 * A turn is what the loop does between two waits. How long each took is counted, because whoever is
 * long in a turn holds up all others: the longer of the thread's own time in it, and of the time
 * since its first callback (which sees waits for a disk or a lock).
 *
 * With a clock wound by hand its timers fire in loop_run_once(), in the order of their time, when
 * the clock has reached them; sockets are real.
 *
 * Threads    everything from the loop's own thread, but loop_post(), loop_post_mail() and
 *            loop_stop() from any; loop_signal() on one loop of the process only
 * Ownership  the maker frees; timers and watches before their loop
 * Units      _ms milliseconds, _us microseconds
 * Errors     ERR_MEMORY or ERR_IO from the makers; nothing is left behind
 */
#ifndef FAIRLEAD_CORE_LOOP_H
#define FAIRLEAD_CORE_LOOP_H

#include "core/buf.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/mailbox.h"

#include <event2/event.h> /* EV_READ, EV_WRITE */
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;

typedef void (*loop_fn)(void *arg);
typedef void (*loop_watch_fn)(void *arg, int fd, short what); /* what: EV_READ, EV_WRITE */

enum err_code loop_new(struct loop **out, struct err *e);
enum err_code loop_new_wound(struct loop **out, const struct clock *hand,
			     struct err *e); /* for tests */
void loop_free(struct loop *loop);	     /* posted work that has not run is dropped */
void loop_run(struct loop *loop);	     /* until loop_stop(), also one that came before */
void loop_run_once(struct loop *loop);	     /* one turn, without waiting: for tests */
void loop_stop(struct loop *loop);

/* Runs fn(arg) on the loop's thread, in the order of posting. ERR_MEMORY is the only failure. */
enum err_code loop_post(struct loop *loop, loop_fn fn, void *arg);

/* The same without an allocation, for who must not fail (core/mailbox.h). */
void loop_post_mail(struct loop *loop, struct mail *mail);
void loop_unpost_mail(struct loop *loop, struct mail *mail); /* on the loop's thread */

enum err_code loop_timer_new(struct loop *loop, struct loop_timer **out, loop_fn fn, void *arg);
void loop_timer_after(struct loop_timer *t, uint64_t ms); /* once; replaces what was set */
void loop_timer_every(struct loop_timer *t, uint64_t ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

enum err_code loop_watch_new(struct loop *loop, struct loop_watch **out, int fd, short what,
			     loop_watch_fn fn, void *arg); /* persistent, active at once */
void loop_watch_free(struct loop_watch *w);		   /* does not close the fd */

enum err_code loop_signal(struct loop *loop, int signo, loop_fn fn, void *arg);

const struct clock *loop_clock(const struct loop *loop); /* by which its timers go */

/* fairlead_control_turn_seconds; fits metrics_add(). */
void loop_metrics(void *loop, struct buf *out);
uint64_t loop_longest_turn_us(struct loop *loop); /* since the last call: for tests */
/* For callbacks that libevent makes itself (bufferevents, evhttp): they are part of a turn too. */
void loop_note_work(struct loop *loop);

/* For libraries that want libevent itself (evhttp, bufferevents). */
struct event_base *loop_base(struct loop *loop);

#endif
