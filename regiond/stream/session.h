/* SPDX-License-Identifier: Apache-2.0 */
/* session: one client connection, of a protocol, and all those of one worker.
 *
 * A worker knows sessions by this vtable only: it accepts and hands over. What a session watches,
 * when it goes on and when it ends is its own, by the reactor; at the end of the worker it is
 * aborted.
 *
 *   worker: accept(2) -> session_accept() -> ops->start() -> ... -> session_close()
 *                                                    at the end: ops->abort()
 *
 * Threads    a session_set and its sessions belong to one worker; `open` may be read by any
 * Ownership  start() takes the descriptor. A closed session is freed when the batch is over
 * Errors     ERR_MEMORY from session_set_init()
 */
#ifndef FAIRLEAD_REGIOND_SESSION_H
#define FAIRLEAD_REGIOND_SESSION_H

#include "regiond/route/table.h"
#include "regiond/stream/dialler.h"
#include "regiond/stream/relay.h"

#define SESSION_KINDS_MAX 4

struct session;
struct session_kind;
struct session_set;

struct session_ops {
	const char *name;
	size_t size; /* of the whole session, which begins with struct session */
	/* A client of ts came in by fd. The session is cleared behind its head; it may end here. */
	void (*start)(struct session *s, int fd, const struct table_service *ts);
	void (*abort)(struct session *s); /* ends with a reset */
};

struct session {
	struct session_set *set;
	struct session *next, **at; /* in the list of all that are open */
	struct later later;	    /* the session's own while it is open */
	struct session_kind *kind;
	bool is_check; /* it comes from a prober (route/checkers.h) */
};

struct session_kind {
	const struct session_ops *ops;
	struct slab pieces;
};

/* All sessions of one worker, and what they share. */
struct session_set {
	struct reactor *reactor;
	struct table_ref *ref;
	struct dialler dialler;
	struct relay_stock stock;
	struct session_kind kinds[SESSION_KINDS_MAX];
	uint32_t n_kinds;
	struct session *list;
	_Atomic uint32_t open; /* read by the control thread */
};

enum err_code session_set_init(struct session_set *set, struct reactor *reactor,
			       struct table_ref *ref, const struct session_ops *const *kinds,
			       size_t n_kinds);
void session_set_fini(struct session_set *set); /* aborts what is open */

/* A new client of `service`, that came from there: a session of kinds[protocol]. */
void session_accept(struct session_set *set, int fd, const struct sockaddr *from,
		    struct service *service);
/* Last call of a session: what it held is given back already. */
void session_close(struct session *s);

#endif
