/* SPDX-License-Identifier: Apache-2.0 */
/* refusals: what was refused is in the audit and in the log, and nobody fills a disk with it: of
 * each subject the first few of a minute have a row each, the others one row with their count.
 *
 * Threads    the control thread
 * Ownership  the store is borrowed
 * Errors     a row that cannot be written is told in the log
 */
#ifndef FAIRLEAD_DNSD_ADMIN_REFUSALS_H
#define FAIRLEAD_DNSD_ADMIN_REFUSALS_H

#include "core/clock.h"
#include "schema/sql/store.h"

struct refusals;

enum err_code refusals_new(struct refusals **out, struct store *store, const struct clock *clock);
void refusals_free(struct refusals *r);

/* at_most: rows of its own that this subject (actor->by) has a minute. */
void refusals_note(struct refusals *r, const struct store_actor *actor, const char *result,
		   unsigned at_most);
/* Once a second: the count of those whose minute is over. */
void refusals_tick(struct refusals *r);
uint64_t refusals_total(const struct refusals *r);

#endif
