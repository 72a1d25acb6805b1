/* SPDX-License-Identifier: Apache-2.0 */
/* checks: what the monitors of a pool say of each backend, and so whether it is up.
 *
 *   all monitors pass                     UP
 *   one of them fails                     DOWN
 *   none fails, some without a result     as it was (UNKNOWN at the start: not usable yet)
 *   the pool has no monitors              UP
 *
 * A check that could not be made is no result: the backend stays as it was (probers/check.h).
 *
 * A reload prepares a plan beside the one that is followed. Backends that only the plan has are
 * checked and judged from then on, so that they can be known before they carry anything; a backend
 * that is followed already keeps its state until the plan is committed. A monitor that was edited
 * under its name keeps what it knew of a backend: who was up needs `fall` failures to be down.
 *
 *   checks_prepare() --> checks_commit()       the plan before is dropped
 *                   \--> checks_plan_free()    nothing has changed
 *
 * Threads    the control thread
 * Ownership  the watches belong to a plan, and hold their backends; the caller frees the plan or
 *            commits it, before checks_free()
 * Errors     a monitor that cannot be used (its regex, its header) is ERR_INPUT by name, and what
 *            was followed before is still followed
 */
#ifndef FAIRLEAD_REGIOND_CHECKS_H
#define FAIRLEAD_REGIOND_CHECKS_H

#include "core/clock.h"
#include "probers/schedule.h"
#include "regiond/back/pool.h"

struct checks;
struct checks_plan;

/* A backend went up or down; the reason is of the check that failed, "" when it went up. */
typedef void (*checks_changed_fn)(void *ctx, const struct backend *b, const char *reason);

enum err_code checks_new(struct checks **out, struct schedule *schedule, const struct clock *clock,
			 checks_changed_fn changed, void *ctx);
void checks_free(struct checks *c);

/* Watches all backends of `pools`, which pools_new() made of `config`, beside those that are
 * followed. */
enum err_code checks_prepare(struct checks *c, const struct regiond_config *config,
			     const struct pool *pools, struct checks_plan **out, struct err *e);
/* The plan is followed instead of the one before. Takes it, and cannot fail. */
void checks_commit(struct checks *c, struct checks_plan *p);
void checks_plan_free(struct checks_plan *p); /* NULL is fine */

/* Has every backend that is followed had a first result of all its monitors? */
bool checks_are_settled(const struct checks *c);

/* Why a backend is not up: of the first of its monitors that fails; "" when there is none. */
const char *checks_reason(const struct checks *c, const struct backend *b);

#endif
