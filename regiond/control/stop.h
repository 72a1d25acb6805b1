/* SPDX-License-Identifier: Apache-2.0 */
/* stop: a node that was told to end serves on until nobody needs it.
 *
 * It is withdrawn at once. DNS caches send clients for a while yet, so it ends when
 *
 *   nobody is connected, and nobody has come for STOP_QUIET_MS   or
 *   `drain` is over
 *
 * Health checks from outside come for as long as the name servers ask for them, at the pace of
 * their monitors; they are no clients and hold nothing up. A connection counts once it has carried
 * a byte, which a check that only connects never does; and what comes from a prober, as the
 * directors name them, never counts (route/checkers.h).
 *
 * Threads    the control thread
 * Units      _us monotonic microseconds
 */
#ifndef FAIRLEAD_REGIOND_STOP_H
#define FAIRLEAD_REGIOND_STOP_H

#include "regiond/control/node.h"

#define STOP_QUIET_MS 2000

struct stop {
	uint64_t begun_us, quiet_since_us;
	uint64_t came; /* clients, when it was looked at last */
};

void stop_begin(struct stop *s, const struct node *n);
/* Why it is over, NULL while it is not. */
const char *stop_turn(struct stop *s, const struct node *n);

#endif
