/* SPDX-License-Identifier: Apache-2.0 */
/* overrides: what operators said (drain, dial, failover), and who is held back
 * for a failback. A copy in memory of what stands on disk.
 *
 * Threads    the control thread
 * Ownership  an override that is returned lives until the next overrides_load()
 * Errors     of the store; what was in memory stays as it was
 * Source     docs/decision.md, rule 1
 */
#ifndef FAIRLEAD_DNSD_FORCED_OVERRIDES_H
#define FAIRLEAD_DNSD_FORCED_OVERRIDES_H

#include "schema/sql/store.h"

#define OVERRIDES_SELF "fairlead" /* `by` of what nobody asked for */

struct overrides;

/* What a look-up goes through: the overrides in force, or those of a world that only might be. */
struct overrides_set {
	const struct store_override *list;
	size_t n;
};

/* store is borrowed. */
enum err_code overrides_new(struct overrides **out, struct store *store);
void overrides_free(struct overrides *f);
/* Reads what is on disk, in the place of what is in memory. */
enum err_code overrides_load(struct overrides *f, struct err *e);
struct overrides_set overrides_now(const struct overrides *f);

/* The one that is most to the point: of this service before of all services. Not those that are
 * held. region NULL = any. */
const struct store_override *overrides_find(struct overrides_set set, enum store_override_kind kind,
					    const char *service, const char *region);
/* The hold of a member; NULL = none. */
const struct store_override *overrides_find_held(struct overrides_set set, const char *service,
						 const char *region);
bool overrides_is_held(const struct store_override *o);
/* Does it bear on this service and region? region NULL = any. */
bool overrides_bears_on(const struct store_override *o, const char *service, const char *region);

#endif
