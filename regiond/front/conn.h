/* SPDX-License-Identifier: Apache-2.0 */
/* conn: one client connection, from accept to the last byte.
 *
 *                          no place / nothing usable / all tried failed
 *            +------------------------------------------------------------> closed with a reset
 *            |
 *   accepted -> CONNECTING --connected--> RELAYING --both halves closed--> closed
 *                 |    ^                      |
 *                 +----+ refused, timed out   +--reset, idle too long----> closed with a reset
 *                 another backend, at most
 *                 POOL_TRIES in all
 *
 * Nothing is read from the client before a backend is connected, so another one can be tried
 * without the client noticing. A client that gives up meanwhile frees the place.
 *
 * Threads    a conn_set and its connections belong to one worker; it reads the table only within
 *            conn_accept(), conn_event() and conn_set_turn()
 * Ownership  conn_accept() takes the descriptor. A closed connection is kept until the end of the
 *            turn: events of the same batch may still name it
 * Units      _us, _ms: of the monotonic clock
 */
#ifndef FAIRLEAD_REGIOND_CONN_H
#define FAIRLEAD_REGIOND_CONN_H

#include "regiond/route/table.h"
#include "regiond/stream/relay.h"
#include "regiond/stream/wheel.h"

struct conn_set;

enum conn_state { CONN_CONNECTING, CONN_RELAYING, CONN_CLOSED };

/* What an epoll event carries is the address of one of these. */
struct conn_end {
	uint32_t kind; /* CONN_END_KIND; other kinds are the worker's */
	enum relay_side_name side;
	struct conn *conn;
};
#define CONN_END_KIND 1

struct conn {
	struct relay relay;
	struct conn_end ends[2];
	struct wheel_entry timer;
	struct conn *next; /* in the set's list of those to go on with, or of the closed */
	bool queued;	   /* in the former */
	enum conn_state state;
	struct service *service;
	struct backend *backend; /* the place reserved; NULL between two tries */
	uint64_t started_us, active_ms;
	uint64_t idle_ms, connect_ms;		 /* of its service when it came; 0 = no limit */
	const struct backend *tried[POOL_TRIES]; /* only compared, never followed */
	size_t n_tried;
};

/* All connections of one worker, and what they share. */
struct conn_set {
	int epoll_fd;
	struct table_ref *ref;
	struct relay_io io;
	struct slab conns;
	struct wheel wheel;
	struct conn *again, **again_tail; /* had more to do than one turn allows */
	struct conn *closed;
	uint64_t now_us;
	uint32_t turn;	       /* for ties between backends */
	_Atomic uint32_t open; /* read by the control thread */
	int reserve_fd;	       /* given up for the last client that got in; -1 = it was */
	bool short_of_fds;     /* the reserve is gone: the worker pauses accepting */
};

enum err_code conn_set_init(struct conn_set *set, struct table_ref *ref, int epoll_fd,
			    uint64_t now_us);
void conn_set_fini(struct conn_set *set); /* resets what is open */

/* A new client of `service` (a reference is taken). */
void conn_accept(struct conn_set *set, int fd, struct service *service);
void conn_event(struct conn_set *set, struct conn_end *end, uint32_t events);

/* Opens the descriptor in reserve again when it was given up; false = there is none yet. A client
 * that is accepted has its backend's, then. */
bool conn_set_refill(struct conn_set *set);

/* After each batch of events: goes on with those that wanted another turn, meets the deadlines,
 * forgets the closed. */
void conn_set_turn(struct conn_set *set);
/* How long epoll_wait(2) may wait; -1 = for ever. */
int conn_set_wait_ms(const struct conn_set *set);

#endif
