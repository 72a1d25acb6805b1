/* SPDX-License-Identifier: Apache-2.0 */
/* forced: what operators drained on this node, and what survives a restart of it.
 *
 * A drain is of the node (no pool, no backend), of a pool, of a backend in all its pools, or of a
 * backend in one. With a state file it is on disk before it is acknowledged; without one it lives
 * as long as the process.
 *
 * A state file that cannot be used (damaged, on a read-only file system, of a newer version) stops
 * nobody from serving: drains that can be read are in force, changes are refused, and a problem
 * says what to do (schema/sql/store_stand_in.h).
 *
 * A drain ends by the time that has gone by while the process runs: a clock that is set changes
 * nothing. Over a restart it ends by the wall clock.
 *
 * Threads    the control thread
 * Ownership  the list and the store belong to forced
 * Units      _ms milliseconds since 1970, _us monotonic microseconds
 * Errors     those of the store: nothing has changed then; ERR_REFUSED while the state file cannot
 *            be used. forced_new(): ERR_EXISTS when another process has it, ERR_MEMORY
 */
#ifndef FAIRLEAD_REGIOND_FORCED_H
#define FAIRLEAD_REGIOND_FORCED_H

#include "core/buf.h"
#include "core/clock.h"
#include "core/problem.h"
#include "regiond/route/table.h"
#include "schema/sql/store.h"

struct forced;

/* A drain and its scope; "" = all. */
struct forced_drain {
	int64_t id;
	char *pool, *backend; /* backend as "ADDRESS:PORT" */
	char *by, *reason;
	int64_t since_ms, expires_ms; /* expires 0 = until undrained */
	uint64_t ends_us;	      /* set by forced; 0 = never */
};

/* Opens the state file and reads what is in force; path NULL = nothing survives. */
enum err_code forced_new(struct forced **out, const char *path, const struct clock *clock,
			 struct err *e);
void forced_free(struct forced *f);

/* Once a second: can changes be written? */
void forced_look(struct forced *f);

/* Replaces the drain of the same scope. */
enum err_code forced_put(struct forced *f, const struct forced_drain *drain,
			 const struct store_actor *actor, int64_t *id, struct err *e);
/* The drain of exactly this scope ends. ERR_NOT_FOUND when there is none. */
enum err_code forced_clear(struct forced *f, const char *pool, const char *backend,
			   const struct store_actor *actor, int64_t *id, struct err *e);
/* Ends what has expired; true when anything has. */
bool forced_expire(struct forced *f);

/* What drains it, the narrowest scope first; NULL = nothing does. */
const struct forced_drain *forced_node(const struct forced *f);
const struct forced_drain *forced_backend(const struct forced *f, const char *pool,
					  const char *backend);

size_t forced_count(const struct forced *f);
const struct forced_drain *forced_at(const struct forced *f, size_t i);

/* Brings it into effect for every backend of t. */
void forced_apply(const struct forced *f, const struct table *t);

/* That changes cannot be written, and why. */
void forced_problems(const struct forced *f, struct problems *out);
void forced_metrics(const struct forced *f, struct buf *out);

#endif
