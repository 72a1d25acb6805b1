/* SPDX-License-Identifier: Apache-2.0 */
/* sight: does a failed check speak of the target, or of the eyes that looked? Rule V6 of
 * docs/decision.md.
 *
 * A prober that is cut off sees every target fail. So its failure counts only with proof of sight:
 * in the same moment as a check that failed, a check of a target in ANOTHER region, of the same
 * address family, passed. "In the same moment": both began within SIGHT_WITHIN_US. One check after
 * the other would not do: between the two the prober may have been cut off.
 *
 *   check of A  |----------------x  failed     proven: B was seen well while A was not
 *   check of B   |---o  passed
 *
 *   check of A  |----------------x  failed     not proven: both fail, the prober may be blind
 *   check of B   |---------------x
 *
 * A sight is what a prober knows of one region in one family: when checks began that passed, and
 * how many of its targets pass now. A proof lapses when no other region passes any more: from then
 * on nobody can say whether the prober sees.
 *
 * Threads    any, pure: the time is an argument
 * Units      _us monotonic microseconds of the prober
 */
#ifndef FAIRLEAD_STEER_SIGHT_H
#define FAIRLEAD_STEER_SIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shorter than a check that is lost (the smallest useful timeout), longer than what lies between
 * two checks that are meant to begin together: a rate of 20 a second. */
#define SIGHT_WITHIN_US 50000

/* Passes are remembered by the slot of time in which they began, for 102 s: as long as the longest
 * check may take to fail. */
#define SIGHT_SLOT_US SIGHT_WITHIN_US
#define SIGHT_SLOTS   2048

struct sight {
	uint32_t region;  /* an id: only equal or not */
	uint8_t family;	  /* 4 or 6 */
	uint32_t passing; /* its targets whose verdict is `pass` */
	uint64_t newest;  /* slot; 0 = none yet */
	uint64_t slots[SIGHT_SLOTS / 64];
};

/* A check of a target there, begun then, has passed. */
void sight_mark(struct sight *s, uint64_t begun_us);
/* Did one pass that began within SIGHT_WITHIN_US of it, give or take a slot? */
bool sight_is_near(const struct sight *s, uint64_t begun_us);

/* Over all sights of a prober: does another region, in this family, prove that a check begun then
 * could see? */
bool sight_is_proven(const struct sight *list, size_t n, uint32_t region, uint8_t family,
		     uint64_t begun_us);
/* Does another region pass now? Without one no proof holds. */
bool sight_has_other(const struct sight *list, size_t n, uint32_t region, uint8_t family);

#endif
