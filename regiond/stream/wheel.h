/* SPDX-License-Identifier: Apache-2.0 */
/* wheel: deadlines that are rarely met, cheap to keep (a hashed timing wheel).
 *
 * An entry lies in the slot of some time not later than its deadline. When the wheel comes by, its
 * owner says when the deadline really is: a connection that was busy meanwhile is only moved then,
 * so that its events cost no more than one store. Deadlines are met up to WHEEL_TICK_MS late.
 *
 * Threads    one owner
 * Ownership  entries are embedded in what they time
 * Units      _ms milliseconds of any clock that only grows
 * Source     G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987 (scheme 6)
 */
#ifndef FAIRLEAD_REGIOND_WHEEL_H
#define FAIRLEAD_REGIOND_WHEEL_H

#include <stdint.h>

#define WHEEL_TICK_MS 64
#define WHEEL_SLOTS   1024 /* one turn is 65 s */
#define WHEEL_NEVER   UINT64_MAX

struct wheel_entry;
/* Returns when to come again; at or before now = it is over, the entry has left the wheel. */
typedef uint64_t (*wheel_due_fn)(struct wheel_entry *entry, uint64_t now_ms);

struct wheel_entry {
	struct wheel_entry *next, *prev; /* NULL = in no wheel */
	wheel_due_fn due;
};

struct wheel {
	struct wheel_entry slots[WHEEL_SLOTS]; /* list heads */
	uint64_t filled[WHEEL_SLOTS / 64];     /* a bit for each slot that may have entries */
	uint64_t tick;			       /* the last one that was run */
};

void wheel_init(struct wheel *w, uint64_t now_ms);
void wheel_add(struct wheel *w, struct wheel_entry *e, uint64_t at_ms); /* moves it if it is in */
void wheel_remove(struct wheel_entry *e);

/* Asks all entries whose slot has come. due() may add and remove any entry, also add its own again
 * (and then return now). */
void wheel_run(struct wheel *w, uint64_t now_ms);

/* How long nothing will be due; -1 = the wheel is empty. Fits epoll_wait(2). */
int wheel_wait_ms(const struct wheel *w, uint64_t now_ms);

#endif
