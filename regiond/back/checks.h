/* SPDX-License-Identifier: Apache-2.0 */
/* checks: what the monitors of a pool say of each backend, and so whether it is up.
 *
 *   all monitors pass                     UP
 *   one of them fails                     DOWN
 *   none fails, some without a result     as it was (UNKNOWN at the start: not usable yet)
 *   the pool has no monitors              UP
 *
 * Threads    the control thread
 * Ownership  the watches belong to checks, and hold their backends
 * Errors     a monitor that cannot be used (its regex, its header) is ERR_INPUT by name, and what
 *            was followed before is still followed
 */
#ifndef FAIRLEAD_REGIOND_CHECKS_H
#define FAIRLEAD_REGIOND_CHECKS_H

#include "core/clock.h"
#include "probers/schedule.h"
#include "regiond/back/pool.h"

struct checks;

/* A backend went up or down; the reason is of the check that failed, "" when it went up. */
typedef void (*checks_changed_fn)(void *ctx, const struct backend *b, const char *reason);

enum err_code checks_new(struct checks **out, struct schedule *schedule, const struct clock *clock,
			 checks_changed_fn changed, void *ctx);
void checks_free(struct checks *c);

/* Watches all backends of `pools`, which pools_new() made of `config`, instead of those before.
 * What stays keeps its history. */
enum err_code checks_follow(struct checks *c, const struct regiond_config *config,
			    const struct pool *pools, struct err *e);

/* Has every backend had a first result of all its monitors? */
bool checks_are_settled(const struct checks *c);

/* Why a backend is not up: of the first of its monitors that fails; "" when there is none. */
const char *checks_reason(const struct checks *c, const struct backend *b);

#endif
