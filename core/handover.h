/* SPDX-License-Identifier: Apache-2.0 */
/* handover: listening sockets that outlive a process, so that a restart loses nothing.
 *
 * Either the service manager keeps them over the restart:
 *
 *   old: handover_keep() -> systemd (FDSTORE=1)      new: handover_inherit() <- LISTEN_FDS
 *
 * or the running process gives them to its successor over a Unix socket:
 *
 *   new                                       old
 *   handover_ask()      "take"       ---->    handover_offer's callback: handover_give() each
 *        <---- a socket a message, "all"      and it begins to stop
 *        <---- "released"                     its state and its other sockets are closed
 *   ... starts ...
 *   handover_serving()  "serving"    ---->    handover_wait(): its threads end
 *
 * Between "all" and "serving" both read from the same sockets: no query waits. A successor that
 * dies before it serves ends the wait.
 *
 * Threads    control thread
 * Ownership  handover_take() gives a descriptor away; handover_free() closes those nobody took
 * Units      _ms milliseconds
 * Errors     ERR_IO, ERR_NOT_FOUND (nobody offers), ERR_DENIED (another user's process)
 * Source     sd_listen_fds(3), sd_pid_notify_with_fds(3), unix(7)
 */
#ifndef FAIRLEAD_CORE_HANDOVER_H
#define FAIRLEAD_CORE_HANDOVER_H

#include "core/addr.h"
#include "core/loop.h"

struct handover;

/* Those of LISTEN_FDS, if any. */
enum err_code handover_inherit(struct handover **out);
/* The same and those of the process that offers at `path`; waits until it has released the rest. */
enum err_code handover_ask(const char *path, unsigned wait_ms, struct handover **out,
			   struct err *e);
/* The socket of this type (SOCK_STREAM, SOCK_DGRAM) and address; -1 = none (left). */
int handover_take(struct handover *h, int type, const struct endpoint *at);
/* Puts one back for the next handover_take(). */
enum err_code handover_put(struct handover *h, int fd);
/* This process serves: the old one may end. */
void handover_serving(struct handover *h);
void handover_free(struct handover *h); /* NULL is fine */

/* The service manager keeps a copy of the socket until it has a process that it gives it to. */
void handover_keep(int fd);

/* ---- the running process ---- */

struct handover_offer;

/* asked(ctx, successor): give each socket with handover_give(), then begin to stop. Once. */
typedef void (*handover_fn)(void *ctx, int successor);
enum err_code handover_offer(struct handover_offer **out, struct loop *loop, const char *path,
			     handover_fn asked, void *ctx, struct err *e);
void handover_offer_free(struct handover_offer *o); /* not the successor's connection */

void handover_give(int successor, int fd);
/* All were given; the rest is released. */
void handover_say(int successor, const char *word);
/* Until the successor serves, has gone, or wait_ms are over; closes the connection. True: it
 * serves. */
bool handover_wait(int successor, unsigned wait_ms);

#endif
