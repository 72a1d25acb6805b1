/* SPDX-License-Identifier: Apache-2.0 */
/* reserve: descriptors that clients cannot take, so that checks, links and the admin socket work
 * on.
 *
 * The kernel gives the lowest number that is free, so the number of a new descriptor says how many
 * are open at least. A connection that a client has opened and whose number is in the last part of
 * what the process may have is closed at once, and the listener pauses. Everything else (checks,
 * links to directors, the admin socket, files) never asks, and so has that part to itself.
 *
 *   0 ........... clients, metrics pages, the API by TCP ........ limit - kept ... all others ...
 *   limit
 *
 * A server of clients asks for each descriptor that it opens for them: accepted connections, and
 * those to backends.
 *
 * Threads    reserve_start() before others start; the rest from any thread
 * Units      descriptors
 */
#ifndef FAIRLEAD_CORE_RESERVE_H
#define FAIRLEAD_CORE_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

/* Raises the soft limit to the hard one, and keeps a quarter of it, 16 to 1024. Before this call
 * nothing is kept. */
void reserve_start(void);

bool reserve_is_reached(int fd); /* this one is not for clients any more */

/* Closes it, and counts: a problem is shown while the count grows. */
void reserve_refuse(int fd);
uint64_t reserve_refused(void);

/* For a server where one client makes room for another: how many there may be, from the moment on
 * that the reserve was reached, and for a minute. (The number alone does not tell any more: who
 * makes room leaves a low one for the next.) All zero at first. */
struct reserve_cap {
	unsigned most; /* 0 = as many as max */
	uint64_t until_us;
};
/* There are `count`, and `fd` is one more. Notes whether the reserve is reached; true: one of them
 * has to make room. */
bool reserve_take_cap(struct reserve_cap *cap, int fd, unsigned count, unsigned max,
		      uint64_t now_us);

unsigned reserve_limit(void); /* how many descriptors there may be; 0 = not started */
unsigned reserve_kept(void);  /* ... of these are kept */

#endif
