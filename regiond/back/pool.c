/* SPDX-License-Identifier: Apache-2.0 */
/* pool: backends with one policy, and which of them takes the next connection. */
#include "regiond/back/pool.h"

#include <string.h>

/* The local AZ counts too: it may be one without a backend. */
static size_t count_az(const struct config_backend_pool *p)
{
	size_t n = p->local_az ? 1 : 0;
	for (size_t i = 0; i < p->n_backends; i++) {
		bool seen = p->local_az && strcmp(p->local_az, p->backends[i].az) == 0;
		for (size_t k = 0; k < i && !seen; k++)
			seen = strcmp(p->backends[k].az, p->backends[i].az) == 0;
		n += !seen;
	}
	return n;
}

enum err_code pool_check(const struct config_backend_pool *config, struct err *e)
{
	if (config->n_backends > POOL_BACKENDS_MAX)
		return err_set(e, ERR_LIMIT, "%zu backends, expected at most %d",
			       config->n_backends, POOL_BACKENDS_MAX);
	size_t n = count_az(config);
	if (n > POOL_AZ_MAX)
		return err_set(e, ERR_LIMIT, "%zu availability zones, expected at most %d", n,
			       POOL_AZ_MAX);
	return ERR_OK;
}

struct az_room {
	uint64_t in_flight, max; /* of its usable backends */
	uint32_t usable;
	bool unlimited;
};

struct gathered {
	struct balance_candidate c[POOL_BACKENDS_MAX];
	size_t n;
	struct az_room az[POOL_AZ_MAX];
	uint32_t usable;
};

static uint32_t in_flight_of(const struct pool_slot *s)
{
	return atomic_load_explicit(&s->backend->in_flight, memory_order_relaxed);
}

uint64_t pool_weight(const struct pool *p, const struct pool_slot *s, uint64_t now_us)
{
	uint64_t full = (uint64_t)s->weight * BALANCE_WEIGHT_ONE;
	uint64_t since = atomic_load_explicit(&s->backend->up_since_us, memory_order_relaxed);
	if (!since || !p->slow_start_us || now_us >= since + p->slow_start_us)
		return full;
	uint64_t age = now_us > since ? now_us - since : 0;
	uint64_t part = (uint64_t)((unsigned __int128)full * age / p->slow_start_us);
	return part ? part : 1;
}

static bool is_tried(const struct pool_want *w, const struct backend *b)
{
	for (size_t i = 0; i < w->n_tried; i++)
		if (w->tried[i] == b)
			return true;
	return false;
}

static bool is_avoided(const struct backend *b, uint64_t now_us)
{
	return atomic_load_explicit(&b->avoid_until_us, memory_order_relaxed) > now_us;
}

/* Rule 1. The rooms count what is full, too: a full backend is what makes its AZ full. */
static void gather(const struct pool *p, const struct pool_want *w, bool avoided_too,
		   struct gathered *g)
{
	g->n = 0;
	g->usable = 0;
	memset(g->az, 0, sizeof(g->az[0]) * p->n_az);
	for (size_t i = 0; i < p->n_slots; i++) {
		const struct pool_slot *s = &p->slots[i];
		if (!s->weight || !backend_is_usable(s->backend))
			continue;
		uint32_t in_flight = in_flight_of(s);
		struct az_room *az = &g->az[s->az];
		g->usable++;
		az->usable++;
		az->in_flight += in_flight;
		az->max += s->max;
		az->unlimited |= !s->max;
		if (s->max && in_flight >= s->max)
			continue;
		if (is_tried(w, s->backend) || (!avoided_too && is_avoided(s->backend, w->now_us)))
			continue;
		g->c[g->n++] = (struct balance_candidate){
			.backend = s->backend,
			.slot = (uint32_t)i,
			.in_flight = in_flight,
			.weight = pool_weight(p, s, w->now_us),
		};
	}
}

static uint64_t free_room(const struct az_room *az)
{
	if (az->unlimited)
		return UINT64_MAX;
	return az->max > az->in_flight ? az->max - az->in_flight : 0;
}

static bool is_under_overflow(const struct az_room *az)
{
	return az->usable &&
	       (az->unlimited || az->in_flight * POOL_OVERFLOW_DEN < az->max * POOL_OVERFLOW_NUM);
}

/* Leaves the candidates whose AZ is marked. */
static void keep_az(const struct pool *p, struct gathered *g, const bool *keep)
{
	size_t n = 0;
	for (size_t i = 0; i < g->n; i++)
		if (keep[p->slots[g->c[i].slot].az])
			g->c[n++] = g->c[i];
	g->n = n;
}

/* Rules 2 and 3. Only AZs that have a candidate count: the local one may be under 75 % and yet have
 * none left, when what is free there was tried or is avoided. */
static void choose_az(const struct pool *p, struct gathered *g)
{
	bool has[POOL_AZ_MAX] = { false }, keep[POOL_AZ_MAX] = { false };
	for (size_t i = 0; i < g->n; i++)
		has[p->slots[g->c[i].slot].az] = true;
	if (has[p->local_az] && is_under_overflow(&g->az[p->local_az])) {
		keep[p->local_az] = true;
		keep_az(p, g, keep);
		return;
	}
	uint64_t most = 0;
	for (uint32_t a = 0; a < p->n_az; a++)
		if (has[a] && free_room(&g->az[a]) > most)
			most = free_room(&g->az[a]);
	for (uint32_t a = 0; a < p->n_az; a++)
		keep[a] = has[a] && free_room(&g->az[a]) == most;
	keep_az(p, g, keep);
}

struct backend *pool_pick(const struct pool *p, const struct pool_want *want, enum pool_miss *miss)
{
	struct gathered g;
	/* Each round that fails means another worker took a last place: at most one per slot. */
	for (size_t round = 0; round <= p->n_slots; round++) {
		gather(p, want, false, &g);
		if (!g.n)
			gather(p, want, true, &g);
		if (!g.n)
			break;
		if (p->local_az != POOL_AZ_NONE)
			choose_az(p, &g);
		size_t i = p->balance->pick(p->balance_state, g.c, g.n, want->key);
		const struct pool_slot *s = &p->slots[g.c[i].slot];
		if (backend_reserve(s->backend, s->max)) {
			if (p->balance->started)
				p->balance->started(p->balance_state, &g.c[i]);
			*miss = POOL_FOUND;
			return s->backend;
		}
	}
	*miss = g.usable > want->n_tried ? POOL_FULL : POOL_DOWN;
	return NULL;
}

void pool_sum(const struct pool *p, struct pool_sum *out)
{
	bool unlimited = false;
	*out = (struct pool_sum){ .all = (uint32_t)p->n_slots };
	for (size_t i = 0; i < p->n_slots; i++) {
		const struct pool_slot *s = &p->slots[i];
		enum backend_state state = atomic_load(&s->backend->state);
		out->in_flight += in_flight_of(s);
		if (atomic_load(&s->backend->drained))
			out->drained++;
		else if (state == BACKEND_UNKNOWN)
			out->unknown++;
		else if (state == BACKEND_DOWN)
			out->down++;
		if (!s->weight || !backend_is_usable(s->backend))
			continue;
		out->usable++;
		out->capacity += s->max;
		unlimited |= !s->max;
	}
	if (unlimited)
		out->capacity = 0;
}
