/* SPDX-License-Identifier: Apache-2.0 */
/* forced: what operators drained on this node, and what survives a restart of it.
 *
 * A drain is of the node (no pool, no backend), of a pool, of a backend in all its pools, or of a
 * backend in one. With a state database it is on disk before it is acknowledged; without one it
 * lives as long as the process.
 *
 * Threads    the control thread
 * Ownership  the list belongs to forced; the store is the caller's
 * Units      _ms milliseconds since 1970
 * Errors     ERR_FULL, ERR_IO from the store: nothing has changed then
 */
#ifndef FAIRLEAD_REGIOND_FORCED_H
#define FAIRLEAD_REGIOND_FORCED_H

#include "core/clock.h"
#include "regiond/route/table.h"
#include "schema/sql/store.h"

struct forced;

/* A drain and its scope; "" = all. */
struct forced_drain {
	int64_t id;
	char *pool, *backend; /* backend as "ADDRESS:PORT" */
	char *by, *reason;
	int64_t since_ms, expires_ms; /* expires 0 = until undrained */
};

/* store NULL = nothing survives. Reads what is in force. */
enum err_code forced_new(struct forced **out, struct store *store, const struct clock *clock,
			 struct err *e);
void forced_free(struct forced *f);

/* Replaces the drain of the same scope. */
enum err_code forced_put(struct forced *f, const struct forced_drain *drain,
			 const struct store_actor *actor, int64_t *id, struct err *e);
/* The drain of exactly this scope ends. ERR_NOT_FOUND when there is none. */
enum err_code forced_clear(struct forced *f, const char *pool, const char *backend,
			   const struct store_actor *actor, int64_t *id, struct err *e);
/* Ends what has expired; true when anything has. */
bool forced_has_expired(struct forced *f);

/* What drains it, the narrowest scope first; NULL = nothing does. */
const struct forced_drain *forced_node(const struct forced *f);
const struct forced_drain *forced_backend(const struct forced *f, const char *pool,
					  const char *backend);

size_t forced_count(const struct forced *f);
const struct forced_drain *forced_at(const struct forced *f, size_t i);

/* Brings it into effect for every backend of t. */
void forced_apply(const struct forced *f, const struct table *t);

#endif
