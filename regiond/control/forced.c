/* SPDX-License-Identifier: Apache-2.0 */
/* forced: what operators drained on this node, and what survives a restart of it. */
#include "regiond/control/forced.h"

#include "core/log.h"
#include "schema/sql/store_look.h"
#include "schema/sql/store_stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct forced {
	char *path; /* NULL = nothing survives */
	struct store
		*store; /* NULL with a path: it cannot be used at all, and `unusable` says why */
	char unusable[ERR_TEXT_MAX];
	uint64_t opened_us;
	const struct clock *clock;
	struct forced_drain *drains;
	size_t n, room;
	int64_t next_id; /* without a store */
};

static void drain_fini(struct forced_drain *d)
{
	free(d->pool);
	free(d->backend);
	free(d->by);
	free(d->reason);
}

static enum err_code drain_copy(struct forced_drain *out, const struct forced_drain *from)
{
	struct forced_drain d = {
		.id = from->id,
		.pool = strdup(from->pool),
		.backend = strdup(from->backend),
		.by = strdup(from->by),
		.reason = strdup(from->reason),
		.since_ms = from->since_ms,
		.expires_ms = from->expires_ms,
		.ends_us = from->ends_us,
	};
	if (!d.pool || !d.backend || !d.by || !d.reason) {
		drain_fini(&d);
		return ERR_MEMORY;
	}
	*out = d;
	return ERR_OK;
}

static enum err_code make_room(struct forced *f)
{
	if (f->n < f->room)
		return ERR_OK;
	size_t room = f->room ? f->room * 2 : 8;
	struct forced_drain *grown = realloc(f->drains, room * sizeof(*grown));
	if (!grown)
		return ERR_MEMORY;
	f->drains = grown;
	f->room = room;
	return ERR_OK;
}

/* On the clock that cannot be set: what is left of it by the wall clock, from now on. */
static uint64_t ends_us(const struct forced *f, int64_t expires_ms)
{
	int64_t left_ms = expires_ms - clock_wall_ms(f->clock);
	if (!expires_ms)
		return 0;
	return clock_mono_us(f->clock) + (left_ms > 0 ? (uint64_t)left_ms * 1000 : 0);
}

static enum err_code take(struct forced *f, const struct store_override *o)
{
	const struct forced_drain d = {
		.id = o->id,
		.pool = o->service,
		.backend = o->region,
		.by = o->by,
		.reason = o->reason,
		.since_ms = o->since_ms,
		.expires_ms = o->expires_ms,
		.ends_us = ends_us(f, o->expires_ms),
	};
	if (o->kind != STORE_DRAIN)
		return ERR_OK;
	if (make_room(f) != ERR_OK || drain_copy(&f->drains[f->n], &d) != ERR_OK)
		return ERR_MEMORY;
	f->n++;
	return ERR_OK;
}

static void forget_all(struct forced *f)
{
	for (size_t i = 0; i < f->n; i++)
		drain_fini(&f->drains[i]);
	f->n = 0;
}

static enum err_code load(struct forced *f, struct err *e)
{
	struct store_override *list;
	size_t n;
	enum err_code code = store_override_list(f->store, &list, &n, e);
	if (code != ERR_OK)
		return code;
	for (size_t i = 0; i < n && code == ERR_OK; i++)
		code = take(f, &list[i]);
	store_override_free(list, n);
	if (code != ERR_OK)
		forget_all(f);
	return code == ERR_OK ? code : err_set(e, code, "out of memory");
}

static enum err_code open_store(struct forced *f, struct err *e)
{
	enum err_code code = store_open_always(f->path, NULL, f->clock, &f->store, e);
	if (code == ERR_OK)
		code = load(f, e);
	f->opened_us = clock_mono_us(f->clock);
	if (code == ERR_OK && store_stand_in_reason(f->store))
		log_error("regiond/control", "%s", store_stand_in_reason(f->store));
	if (code == ERR_OK)
		return code;
	store_close(f->store);
	f->store = NULL;
	snprintf(f->unusable, sizeof(f->unusable), "%s", e->text);
	return code;
}

/* A second process on the same file is a mistake of the start, not of the file. */
static bool is_fatal(enum err_code code)
{
	return code == ERR_EXISTS || code == ERR_MEMORY;
}

enum err_code forced_new(struct forced **out, const char *path, const struct clock *clock,
			 struct err *e)
{
	struct forced *f = calloc(1, sizeof(*f));
	enum err_code code = ERR_OK;
	if (!f)
		return err_set(e, ERR_MEMORY, "out of memory");
	f->clock = clock;
	f->next_id = 1;
	f->path = path ? strdup(path) : NULL;
	if (path && !f->path)
		code = err_set(e, ERR_MEMORY, "out of memory");
	else if (path)
		code = open_store(f, e);
	if (is_fatal(code)) {
		forced_free(f);
		return code;
	}
	if (code != ERR_OK)
		log_error("regiond/control", "serves without the drains on disk: %s", f->unusable);
	*out = f;
	return ERR_OK;
}

void forced_free(struct forced *f)
{
	if (!f)
		return;
	forget_all(f);
	store_close(f->store);
	free(f->drains);
	free(f->path);
	free(f);
}

static struct forced_drain *find(const struct forced *f, const char *pool, const char *backend)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->drains[i].pool, pool) == 0 &&
		    strcmp(f->drains[i].backend, backend) == 0)
			return &f->drains[i];
	return NULL;
}

static void forget(struct forced *f, struct forced_drain *d)
{
	drain_fini(d);
	*d = f->drains[--f->n];
}

/* ERR_REFUSED while there is a state file that cannot be used. */
static enum err_code check_usable(const struct forced *f, struct err *e)
{
	if (!f->path || f->store)
		return ERR_OK;
	return err_set(e, ERR_REFUSED,
		       "nothing that is drained now would survive a restart: %s. Restore the file "
		       "or move it away, then restart",
		       f->unusable);
}

static enum err_code put(struct forced *f, struct forced_drain *d, const struct store_actor *actor,
			 struct err *e)
{
	const struct store_override o = {
		.kind = STORE_DRAIN,
		.service = d->pool,
		.region = d->backend,
		.by = d->by,
		.reason = d->reason,
		.since_ms = d->since_ms,
		.expires_ms = d->expires_ms,
	};
	if (f->store)
		return store_override_put(f->store, &o, actor, &d->id, e);
	d->id = f->next_id++;
	return ERR_OK;
}

static enum err_code clear(struct forced *f, const struct forced_drain *d,
			   const struct store_actor *actor, struct err *e)
{
	return f->store ? store_override_clear(f->store, d->id, actor, e) : ERR_OK;
}

enum err_code forced_put(struct forced *f, const struct forced_drain *drain,
			 const struct store_actor *actor, int64_t *id, struct err *e)
{
	struct forced_drain d, *before;
	enum err_code code = check_usable(f, e);
	if (code != ERR_OK)
		return code;
	if (make_room(f) != ERR_OK || drain_copy(&d, drain) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	d.since_ms = clock_wall_ms(f->clock);
	d.ends_us = ends_us(f, d.expires_ms);
	code = put(f, &d, actor, e);
	if (code != ERR_OK) {
		drain_fini(&d);
		return code;
	}
	before = find(f, d.pool, d.backend);
	if (before)
		forget(f, before);
	*id = d.id;
	f->drains[f->n++] = d;
	return ERR_OK;
}

enum err_code forced_clear(struct forced *f, const char *pool, const char *backend,
			   const struct store_actor *actor, int64_t *id, struct err *e)
{
	struct forced_drain *d = find(f, pool, backend);
	enum err_code code = check_usable(f, e);
	if (code != ERR_OK)
		return code;
	if (!d)
		return err_set(e, ERR_NOT_FOUND, "%s is not drained",
			       *backend ? backend
			       : *pool	? pool
					: "this node");
	code = clear(f, d, actor, e);
	if (code != ERR_OK)
		return code;
	*id = d->id;
	forget(f, d);
	return ERR_OK;
}

bool forced_expire(struct forced *f)
{
	uint64_t now_us = clock_mono_us(f->clock);
	bool any = false;
	for (size_t i = 0; i < f->n;) {
		struct forced_drain *d = &f->drains[i];
		struct err e = { "" };
		if (!d->ends_us || d->ends_us > now_us) {
			i++;
			continue;
		}
		/* A full disk must not keep a backend out. The row that stays is read at the next
		 * start, and has expired by then. */
		if (clear(f, d, NULL, &e) != ERR_OK)
			log_error("regiond/control", "the end of drain %lld: %s", (long long)d->id,
				  e.text);
		forget(f, d);
		any = true;
	}
	return any;
}

const struct forced_drain *forced_node(const struct forced *f)
{
	return find(f, "", "");
}

const struct forced_drain *forced_backend(const struct forced *f, const char *pool,
					  const char *backend)
{
	const struct forced_drain *d = find(f, pool, backend);
	if (!d)
		d = find(f, "", backend);
	return d ? d : find(f, pool, "");
}

size_t forced_count(const struct forced *f)
{
	return f->n;
}

const struct forced_drain *forced_at(const struct forced *f, size_t i)
{
	return &f->drains[i];
}

void forced_apply(const struct forced *f, const struct table *t)
{
	for (size_t i = 0; i < t->n_pools; i++) {
		const struct pool *p = &t->pools[i];
		for (size_t k = 0; k < p->n_slots; k++) {
			struct backend *b = p->slots[k].backend;
			atomic_store(&b->drained, forced_backend(f, b->pool, b->text) != NULL);
		}
	}
}

void forced_look(struct forced *f)
{
	if (f->store)
		store_look(f->store);
}

void forced_problems(const struct forced *f, struct problems *out)
{
	if (f->store)
		store_problems(f->store, out);
	else if (f->path)
		problems_add(out, PROBLEM_CRITICAL, "state", f->path,
			     (double)(clock_mono_us(f->clock) - f->opened_us) / 1e6, f->unusable,
			     "drains on disk are not in force, and new ones are refused; restore "
			     "the file or move it away, then restart");
}

void forced_metrics(const struct forced *f, struct buf *out)
{
	if (f->store)
		store_metrics(f->store, out);
}
