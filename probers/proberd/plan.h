/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what one director wants checked, and what is known of it in its own ids.
 *
 * Every director sends a plan of its own. All of them watch one schedule: what two plans have in
 * common is checked once, and reported to each under its own id.
 *
 * A plan comes in parts; it replaces the one before when its last part is there. What is known of a
 * target (pool, region, address) stays known under another monitor, until that one has made up its
 * mind: nothing is forgotten that the director did not change.
 *
 * Threads    the loop's
 * Ownership  plan_free() gives all watches back; messages are copied from
 * Units      see fleet.proto
 * Errors     ERR_MEMORY leaves the plan before as it was. A monitor that makes no sense is no
 *            error of the plan: it is logged with the director's name, and its targets stay
 *            unknown with that reason.
 * Source     schema/wire/fleet.proto: Plan, Verdicts
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_PLAN_H
#define FAIRLEAD_PROBERS_PROBERD_PLAN_H

#include "core/buf.h"
#include "core/clock.h"
#include "probers/schedule.h"
#include "schema/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

/* One target, for those who show it. Texts live as long as the plan is not replaced. */
struct plan_target {
	uint32_t id;
	const char *pool, *region, *monitor;
	struct endpoint to;
	struct schedule_state state;
	bool is_proven; /* it fails, and the prober could see: proof.h */
};

/* Something changed that the director should hear of. Called from results, maybe many in a row. */
typedef void (*plan_changed_fn)(void *arg);

enum err_code plan_new(struct plan **out, const char *director, struct schedule *schedule,
		       const struct clock *clock, plan_changed_fn changed, void *arg);
void plan_free(struct plan *p);

/* One part of a plan. ERR_AGAIN: taken, others are to follow; ERR_INPUT: not in order. */
enum err_code plan_replace(struct plan *p, const Fairlead__Wire__Plan *message, struct err *e);

uint64_t plan_revision(const struct plan *p); /* 0 = there was none yet */
size_t plan_size(const struct plan *p);
void plan_target(const struct plan *p, size_t i, struct plan_target *out);

/* One Verdicts message: of all targets when `full`, else of those that changed since the last one;
 * they count as said from then on. *from is 0 for the first call; ERR_AGAIN: there is more, call
 * again with *from as it is. Nothing is written when there is nothing to say. */
enum err_code plan_write_verdicts(struct plan *p, bool full, size_t *from, struct buf *out,
				  struct err *e);

#endif
