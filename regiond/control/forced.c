/* SPDX-License-Identifier: Apache-2.0 */
/* forced: what operators drained on this node, and what survives a restart of it. */
#include "regiond/control/forced.h"

#include "core/log.h"

#include <stdlib.h>
#include <string.h>

struct forced {
	struct store *store;
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

static enum err_code load(struct forced *f, struct err *e)
{
	struct store_override *list;
	size_t n;
	enum err_code code = store_override_list(f->store, &list, &n, e);
	if (code != ERR_OK)
		return code;
	for (size_t i = 0; i < n && code == ERR_OK; i++) {
		const struct forced_drain d = {
			.id = list[i].id,
			.pool = list[i].service,
			.backend = list[i].region,
			.by = list[i].by,
			.reason = list[i].reason,
			.since_ms = list[i].since_ms,
			.expires_ms = list[i].expires_ms,
		};
		if (list[i].kind != STORE_DRAIN)
			continue;
		code = make_room(f);
		if (code == ERR_OK)
			code = drain_copy(&f->drains[f->n], &d);
		if (code == ERR_OK)
			f->n++;
	}
	store_override_free(list, n);
	return code == ERR_OK ? code : err_set(e, code, "out of memory");
}

enum err_code forced_new(struct forced **out, struct store *store, const struct clock *clock,
			 struct err *e)
{
	struct forced *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(e, ERR_MEMORY, "out of memory");
	f->store = store;
	f->clock = clock;
	f->next_id = 1;
	enum err_code code = store ? load(f, e) : ERR_OK;
	if (code != ERR_OK) {
		forced_free(f);
		return code;
	}
	*out = f;
	return ERR_OK;
}

void forced_free(struct forced *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		drain_fini(&f->drains[i]);
	free(f->drains);
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

enum err_code forced_put(struct forced *f, const struct forced_drain *drain,
			 const struct store_actor *actor, int64_t *id, struct err *e)
{
	struct forced_drain d, *before;
	if (make_room(f) != ERR_OK || drain_copy(&d, drain) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	d.since_ms = clock_wall_ms(f->clock);
	enum err_code code = put(f, &d, actor, e);
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
	if (!d)
		return err_set(e, ERR_NOT_FOUND, "%s is not drained",
			       *backend ? backend
			       : *pool	? pool
					: "this node");
	enum err_code code = f->store ? store_override_clear(f->store, d->id, actor, e) : ERR_OK;
	if (code != ERR_OK)
		return code;
	*id = d->id;
	forget(f, d);
	return ERR_OK;
}

bool forced_has_expired(struct forced *f)
{
	int64_t now_ms = clock_wall_ms(f->clock);
	bool any = false;
	for (size_t i = 0; i < f->n;) {
		struct forced_drain *d = &f->drains[i];
		struct err e = { "" };
		if (!d->expires_ms || d->expires_ms > now_ms) {
			i++;
			continue;
		}
		/* Over is over: a disk that is full must not keep a backend out. */
		if (f->store && store_override_clear(f->store, d->id, NULL, &e) != ERR_OK)
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
