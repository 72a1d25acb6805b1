/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what changed by itself: all of one turn of the loop in one transaction on disk, then in the
 * answers, and told; and who is held for a failback, and let go.
 *
 *   fleet: changed -> queue -> next turn: holds -> disk -> answers -> holds that are over
 *
 * Disk first: what the answers show is what a restart would show. The bound of it: a change that is
 * heard waits for one transaction, some milliseconds; on a disk that refuses it is in the answers
 * at once, is tried again every second, and stands among the problems until then.
 *
 * Threads    the control thread
 * Ownership  all parts are borrowed
 * Errors     a full disk: changes and holds are in force, and kept in memory
 * Source     docs/walk-a-report.md
 */
#ifndef FAIRLEAD_DNSD_LIVE_KEEP_H
#define FAIRLEAD_DNSD_LIVE_KEEP_H

#include "core/loop.h"
#include "core/problem.h"
#include "dnsd/live/live.h"

struct keep;

struct keep_parts {
	const struct clock *clock;
	struct fleet *fleet;
	struct overrides *overrides;
	struct live *live;
	struct store *store;
};
enum err_code keep_new(struct keep **out, struct loop *loop, const struct keep_parts *parts);
void keep_free(struct keep *k);

/* fleet's changed(): queues; keep_flush() follows in the next turn of the loop. */
void keep_changed(void *keep, const struct fleet_change *change);
/* fleet's addresses(): which addresses of a member are seen well; kept as its health is. */
void keep_addresses(void *keep, uint32_t service, uint32_t member);
/* fleet's eased(): a hold_down begins, or nobody sees the member well any more: answers show it,
 * and it becomes an event. */
void keep_eased(void *keep, uint32_t service, uint32_t member);
/* Now: before an operator's change, before a new configuration, at the end. */
void keep_flush(void *keep);
/* After a new configuration: what bears on nothing in it goes out of force, and holds of services
 * with failback: auto are let go. */
void keep_adopted(struct keep *k);
/* Before the numbers of services change, and the disk is full. */
void keep_forget(struct keep *k);
size_t keep_waiting(const struct keep *k); /* for tests: changes that are not on disk yet */
void keep_problems(const struct keep *k, struct problems *out);

#endif
