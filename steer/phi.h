/* SPDX-License-Identifier: Apache-2.0 */
/* phi: is a stream stale? The phi-accrual failure detector over the gaps between its frames.
 *
 * Threads    one owner, time is an argument
 * Units      _us
 * Source     Hayashibara et al., "The phi accrual failure detector" (2004); about 2 s with a
 * heartbeat of 500 ms and the default limit 8
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

void phi_init(struct phi *p, uint64_t heartbeat_us, uint64_t now_us);
void phi_heard(struct phi *p, uint64_t now_us);
void phi_closed(struct phi *p);
bool phi_is_stale(const struct phi *p, uint64_t now_us);
uint64_t phi_stale_at_us(const struct phi *p); /* when it will be, if nothing comes */

#endif
