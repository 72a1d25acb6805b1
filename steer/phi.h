/* SPDX-License-Identifier: Apache-2.0 */
/* phi: is a stream stale? The phi-accrual failure detector over the gaps between its frames.
 *
 * The gaps of the last frames give a mean and a deviation; phi is -log10 of the chance that a
 * healthy stream stays silent for so long. Phi 8 (one in 10^8) of a normal distribution lies 5.61
 * deviations over the mean, so the limit is a point in time and needs no logarithm:
 *
 *   stale_at = last + mean + 5.61 * deviation
 *
 * mean is at least the heartbeat (a burst of reports must not make it impatient) and deviation at
 * least half of it (a calm network must not either): 500 + 5.61 * 250 = 1.9 s. A jittery link earns
 * more, up to 8 heartbeats: a detector that waits longer is of no use.
 *
 * Threads    one owner, time is an argument
 * Units      _us
 * Source     Hayashibara et al., "The phi accrual failure detector" (2004)
 */
#ifndef FAIRLEAD_STEER_PHI_H
#define FAIRLEAD_STEER_PHI_H

#include <stdbool.h>
#include <stdint.h>

#define PHI_WINDOW 32

struct phi {
	uint32_t gap_us[PHI_WINDOW];
	uint32_t n, at;
	uint64_t last_us, heartbeat_us;
	bool closed; /* the link is known to be gone: stale at once */
};

/* The heartbeat is the peer's word: it is held between 100 ms and 10 s, so that none, or a huge
 * one, can neither trip the detector at once nor put it to sleep. */
void phi_init(struct phi *p, uint64_t heartbeat_us, uint64_t now_us);
void phi_set_heartbeat(struct phi *p, uint64_t heartbeat_us); /* the peer has changed it */
void phi_heard(struct phi *p, uint64_t now_us); /* opens it again when it was closed */
void phi_closed(struct phi *p);
bool phi_is_stale(const struct phi *p, uint64_t now_us);
/* When it will be, if nothing comes; the time it was last heard when it is closed. */
uint64_t phi_stale_at_us(const struct phi *p);

#endif
