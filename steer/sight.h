/* SPDX-License-Identifier: Apache-2.0 */
/* sight: does a failed check speak of the target, or of the eyes that looked? Rule V6 of
 * docs/decision.md.
 *
 * A prober that is cut off sees every target fail. So its failure counts only with proof of sight:
 * a target in ANOTHER region, of the same address family, was seen well when the check began and
 * again right after its answer should have been there, with nothing lost between the two.
 *
 *   check of A  |---------------x  failed
 *   checks of B |--o     |--o      passed, twice in a row: the prober could see, A is at fault
 *
 *   check of A  |---------------x  failed
 *   checks of B |--o     |------x  the prober was cut off meanwhile: nothing is proven
 *
 * One pass would not do: a prober whose uplink flaps may be cut off between the two checks.
 *
 * Threads    any, pure: the time is an argument
 * Units      _us monotonic microseconds of the prober
 */
#ifndef FAIRLEAD_STEER_SIGHT_H
#define FAIRLEAD_STEER_SIGHT_H

#include <stdbool.h>
#include <stdint.h>

/* The first of the two begins with the check that fails, or so long before it. Hardly after it: the
 * prober may have been cut off until then. */
#define SIGHT_TOGETHER_US 50000
#define SIGHT_AFTER_US	  5000
/* The second one begins so long after the first, or an answer's time and half of it more. */
#define SIGHT_AGAIN_US 100000
/* By so much the second one may be late: what happened between the two is not known. */
#define SIGHT_LATE_US 150000

/* When the checks of one target began that passed, one after the other; newest first. */
struct sight {
	uint64_t begun_us[4];
	uint8_t n;
};

/* A check has ended. One that failed makes the row begin anew. */
void sight_add(struct sight *s, uint64_t begun_us, bool pass);
/* After which time from its begin the target of a failed check is to be looked around for again.
 * rtt_us: of the target's last good check; 0 = not known. */
uint64_t sight_again_us(uint64_t rtt_us);
/* Does this row prove a check that began then? */
bool sight_is_around(const struct sight *s, uint64_t begun_us, uint64_t rtt_us);

#endif
