/* SPDX-License-Identifier: Apache-2.0 */
/* overrides: what operators said (drain, dial, failover), and which members are held for a
 * failback: what stands on disk, and what a full disk keeps from getting there.
 *
 *   on disk         overrides_load(); changed by who owns the transaction
 *   + waiting       holds of the daemon that are not on disk yet: in force, with the id 0
 *   - run out       over at their time, whatever the disk says; cleared there when it can be
 *
 * An override ends after its time has passed on the monotonic clock, so that a wall clock that is
 * set has no say in it; the wall clock counts only across a restart.
 *
 * Threads    the control thread
 * Ownership  what a set holds lives until the next call that is not a question
 * Errors     of the store; what was in memory stays as it was
 * Source     docs/decision.md, rule 1
 */
#ifndef FAIRLEAD_DNSD_FORCED_OVERRIDES_H
#define FAIRLEAD_DNSD_FORCED_OVERRIDES_H

#include "core/clock.h"
#include "schema/sql/store.h"

#define OVERRIDES_SELF "fairlead" /* `by` of what nobody asked for */

struct overrides;

/* The overrides in force, or those of a world that only might be. */
struct overrides_set {
	const struct store_override *list;
	size_t n;
};

/* store and clock are borrowed. */
enum err_code overrides_new(struct overrides **out, struct store *store, const struct clock *clock);
void overrides_free(struct overrides *o);
/* Reads what is on disk, in the place of what was read before. */
enum err_code overrides_load(struct overrides *o, struct err *e);
struct overrides_set overrides_now(const struct overrides *o);
uint64_t overrides_version(const struct overrides *o); /* another one: the set is another one */

/* ---- holds of the daemon ---- */

/* In force at once; overrides_write() brings it to disk. */
enum err_code overrides_hold(struct overrides *o, const char *service, const char *region,
			     uint32_t nth);
/* Those that wait for a disk: of this service, region "" = any. How many were dropped. */
size_t overrides_drop_waiting(struct overrides *o, const char *service, const char *region);
size_t overrides_waiting(const struct overrides *o); /* not on disk yet */
/* Within the caller's transaction; after its end overrides_written(). */
enum err_code overrides_write(struct overrides *o, struct err *e);
enum err_code overrides_written(struct overrides *o, struct err *e);

/* ---- time ---- */

/* Once a second: takes what has run out from the set, then from the disk. True when the set is
 * another one. */
bool overrides_expire(struct overrides *o);

#endif
