/* SPDX-License-Identifier: Apache-2.0 */
/* proof: which failures of a plan are proven: the prober could see when the target failed
 * (steer/sight.h, rule V6 of docs/decision.md).
 *
 * A check that may make a target fail is accompanied: checks of targets that pass in two other
 * regions are brought forward to begin with it, or it to begin with them, and once more when its
 * answer should have been there. When both passed, the failure is proven. A target that has just
 * turned to fail without a proof is checked once more at once, accompanied. A proof lapses when no
 * other region passes any more: from then on nobody can say whether the prober sees.
 *
 * Threads    the loop's
 * Ownership  the targets are the caller's and stay in place until proof_fini()
 * Units      _us monotonic microseconds
 * Errors     ERR_MEMORY: as it was
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_PROOF_H
#define FAIRLEAD_PROBERS_PROBERD_PROOF_H

#include "core/err.h"
#include "probers/schedule.h"
#include "steer/sight.h"

/* In how many other regions a check is accompanied: one of them may be dead as well. */
#define PROOF_COMPANIONS 2

/* What is kept of a target. The caller sets region, family, watch and place. */
struct proof_target {
	const char *region;
	uint8_t family;
	struct schedule_watch *watch; /* NULL: it is never checked */
	size_t place;		      /* in the caller's list */

	bool is_proven;
	bool has_news; /* for the director: proven or not any more, or what the caller has set */
	bool is_passing, is_failing;
	uint32_t site;		   /* its place in the proof's lists */
	struct proof_target *next; /* in its site */

	/* as the one that fails */
	uint64_t failed_us; /* begin of the newest check that failed while it fails; 0 = none */
	uint32_t rtt_us;    /* of its last good check */
	/* Who accompanied that check, and who will accompany the next one; NULL = nobody. */
	struct proof_target *beside[PROOF_COMPANIONS];
	struct proof_target *next_beside[PROOF_COMPANIONS];

	/* as a companion */
	struct sight sight;
	uint64_t again_us; /* when it is to be checked once more; 0 = not */
};

/* A region in a family. */
struct proof_site {
	uint32_t region; /* equal for the sites of one region */
	uint8_t family;
	uint32_t passing;		   /* its targets whose verdict is `pass` */
	struct proof_target *first, *turn; /* its targets, and whom to ask next */
};

struct proof {
	struct proof_site *sites;
	size_t n;
	struct proof_target **targets;
	size_t n_targets;
	size_t n_unproven; /* that fail */
	uint32_t next_site;
	uint64_t reviewed_us;
};

enum err_code proof_init(struct proof *p, struct proof_target **targets, size_t n);
void proof_fini(struct proof *p);

/* One result, after it was counted. True when some target has news. */
bool proof_take(struct proof *p, struct proof_target *t, const struct schedule_state *state,
		bool passed, uint64_t now_us);

#endif
