/* SPDX-License-Identifier: Apache-2.0 */
/* acceptor: takes connections from one listening socket of a loop, a few a turn, and pauses when
 * descriptors run out instead of spinning on a connection that it cannot take.
 *
 * A pause is logged with the address and the reason, a few lines a minute at most.
 *
 * Threads    the loop's
 * Ownership  takes the listening socket; the descriptor that fn gets is fn's. fn may free the
 *            acceptor
 * Errors     ERR_MEMORY, with the socket closed
 */
#ifndef FAIRLEAD_CORE_ACCEPTOR_H
#define FAIRLEAD_CORE_ACCEPTOR_H

#include "core/addr.h"
#include "core/loop.h"

struct acceptor;

/* fd is non-blocking and closed on exec; from has family 0 for a Unix socket. */
typedef void (*acceptor_fn)(void *ctx, int fd, const struct endpoint *from);

/* `address` and `room` are for the log: "127.0.0.1:9153", "core/http". */
enum err_code acceptor_new(struct acceptor **out, struct loop *loop, int fd, const char *address,
			   const char *room, acceptor_fn fn, void *ctx);
void acceptor_free(struct acceptor *a);

/* For fn, when there is no room for one more: nothing is accepted for 100 ms. */
void acceptor_pause(struct acceptor *a, const char *why);
/* ... for `ms`, without a word. */
void acceptor_rest(struct acceptor *a, uint64_t ms);

#endif
