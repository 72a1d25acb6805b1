/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what changed by itself: in the answers at once, then told and written down, all of one
 * turn of the loop in one transaction; and who is held back for a failback.
 *
 * Threads    the control thread
 * Ownership  all parts are borrowed
 * Errors     a full disk: changes are kept in memory and tried again every second
 * Source     docs/walk-a-report.md
 */
#ifndef FAIRLEAD_DNSD_LIVE_KEEP_H
#define FAIRLEAD_DNSD_LIVE_KEEP_H

#include "core/loop.h"
#include "dnsd/live/live.h"

struct keep;

struct keep_parts {
	const struct clock *clock;
	struct fleet *fleet;
	struct overrides *forced;
	struct live *live;
	struct store *store;
};
enum err_code keep_new(struct keep **out, struct loop *loop, const struct keep_parts *parts);
void keep_free(struct keep *k);

/* fleet's changed(): moves the answers and queues the change; keep_flush() follows in the next turn
 * of the loop. */
void keep_changed(void *keep, const struct fleet_change *change);
/* Now: before an operator's change, before a new configuration, at the end. */
void keep_flush(void *keep);
/* Before the numbers of services change, and the disk is full. */
void keep_forget(struct keep *k);
/* How many changes are not on disk yet. */
size_t keep_waiting(const struct keep *k);

#endif
