/* SPDX-License-Identifier: Apache-2.0 */
/* turn: who is next among backends that are as good as each other, by weight.
 *
 * Each backend has a time at which its next turn starts, in units of a pool's own clock; who has
 * the earliest is next, and its following turn is 1 / weight later. So of 300 and 100 the first
 * gets three of four, evenly spread, and equal ones take turns in order. One that was away (busy,
 * down, new) is given half of its own interval from now: it neither catches up on what it missed,
 * nor is it first however small its weight is.
 *
 * The clock is shared by all workers: with one of their own, each would start with the same
 * backend. Two that choose at the same moment may choose the same; it is not counted twice.
 *
 * Threads    any worker; atomics
 * Source     P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996
 */
#ifndef FAIRLEAD_REGIOND_TURN_H
#define FAIRLEAD_REGIOND_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct turn_clock {
	_Atomic uint64_t now; /* when the last turn started */
};

/* When the next turn of a backend starts; `next` is what is kept for it (0 = it had none). weight
 * is over 0. Compare with turn_is_before(). */
uint64_t turn_start(struct turn_clock *c, _Atomic uint64_t *next, uint64_t weight);
bool turn_is_before(uint64_t a, uint64_t b);

/* It has its turn. */
void turn_take(struct turn_clock *c, _Atomic uint64_t *next, uint64_t weight);

#endif
