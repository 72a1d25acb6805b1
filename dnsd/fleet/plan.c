/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what proberds are to check: the address of every member, by its pool's monitor. */
#include "core/arena.h"
#include "core/log.h"
#include "dnsd/fleet/inside.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- what there is to check ---- */

static bool is_checked(const struct config_pool *pool)
{
	return pool->monitor >= 0;
}

static size_t count_targets(const struct dnsd_config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_pools; i++)
		for (size_t j = 0; is_checked(&c->pools[i]) && j < c->pools[i].n_members; j++)
			n += c->pools[i].members[j].n_addresses;
	return n;
}

static uint64_t key_of(const struct dnsd_config *c, const struct fleet_target *t)
{
	const struct config_pool *pool = &c->pools[t->pool];
	const char *region = c->regions[pool->members[t->member].region].name;
	uint64_t h = XXH3_64bits(pool->name, strlen(pool->name));

	h = XXH3_64bits_withSeed(region, strlen(region), h);
	return XXH3_64bits_withSeed(t->address.bytes, sizeof(t->address.bytes),
				    h + t->address.family);
}

static void add_pool(const struct dnsd_config *c, uint32_t pool, struct fleet_plan *p)
{
	const struct config_pool *from = &c->pools[pool];

	p->first[pool] = (uint32_t)p->n_targets;
	for (uint32_t j = 0; is_checked(from) && j < from->n_members; j++)
		for (size_t k = 0; k < from->members[j].n_addresses; k++) {
			struct fleet_target *t = &p->targets[p->n_targets++];

			*t = (struct fleet_target){ pool, j, from->members[j].addresses[k], 0 };
			t->key = key_of(c, t);
		}
}

static enum err_code pack(const struct dnsd_config *c, const struct fleet_plan *p,
			  uint64_t revision, struct buf *out, struct err *e);

enum err_code fleet_plan_make(const struct dnsd_config *config, struct fleet_plan *out)
{
	struct fleet_plan p = {
		.targets = calloc(count_targets(config) + 1, sizeof(*p.targets)),
		.first = calloc(config->n_pools + 1, sizeof(*p.first)),
	};
	struct buf wire = BUF_INIT;

	if (!p.targets || !p.first) {
		fleet_plan_fini(&p);
		return ERR_MEMORY;
	}
	for (uint32_t i = 0; i < config->n_pools; i++)
		add_pool(config, i, &p);
	if (pack(config, &p, 0, &wire, NULL) == ERR_OK)
		p.signature = XXH3_64bits(wire.data, wire.len);
	buf_fini(&wire);
	*out = p;
	return ERR_OK;
}

void fleet_plan_fini(struct fleet_plan *p)
{
	free(p->targets);
	free(p->first);
	*p = (struct fleet_plan){ 0 };
}

uint32_t fleet_plan_first(const struct fleet_plan *p, const struct dnsd_config *config,
			  uint32_t pool, uint32_t member, uint32_t *n)
{
	const struct config_pool *from = &config->pools[pool];
	uint32_t first = p->first[pool];

	*n = 0;
	if (!is_checked(from))
		return 0;
	for (uint32_t j = 0; j < member; j++)
		first += (uint32_t)from->members[j].n_addresses;
	*n = (uint32_t)from->members[member].n_addresses;
	return first;
}

/* ---- to the wire: everything is borrowed from the configuration ---- */

static void put_monitor(const struct config_monitor *from, Fairlead__Wire__Monitor *to)
{
	fairlead__wire__monitor__init(to);
	to->name = from->name;
	to->type = (char *)monitor_kind_name(from->type); /* packing only reads it */
	to->port = from->port;
	to->method = from->method ? from->method : "";
	to->path = from->path ? from->path : "";
	to->host = from->host ? from->host : "";
	if (from->body) {
		to->body.data = (uint8_t *)from->body;
		to->body.len = strlen(from->body);
	}
	to->expect_status = from->expect_status;
	to->expect_body_regex = from->expect_body_regex ? from->expect_body_regex : "";
	to->query_name = from->query_name ? from->query_name : "";
	to->query_type = from->query_type ? from->query_type : "";
	to->expect_rcode = from->expect_rcode;
	to->expect_address.data = (uint8_t *)from->expect_address.bytes;
	to->expect_address.len = from->expect_address.family == 4 ? 4
				 : from->expect_address.family	  ? 16
								  : 0;
	to->interval_ms = (uint32_t)from->interval_ms;
	to->timeout_ms = (uint32_t)from->timeout_ms;
	to->rise = from->rise;
	to->fall = from->fall;
}

static void put_headers(struct arena *arena, const struct config_monitor *from,
			Fairlead__Wire__Monitor *to)
{
	Fairlead__Wire__Header *headers = arena_array(arena, from->n_headers, sizeof(*headers));

	to->headers = arena_array(arena, from->n_headers, sizeof(Fairlead__Wire__Header *));
	if (!headers || !to->headers)
		return;
	for (size_t i = 0; i < from->n_headers; i++) {
		fairlead__wire__header__init(&headers[i]);
		headers[i].name = from->headers[i].name;
		headers[i].value = from->headers[i].value;
		to->headers[i] = &headers[i];
	}
	to->n_headers = from->n_headers;
}

static bool put_monitors(const struct dnsd_config *c, struct arena *arena,
			 Fairlead__Wire__Plan *plan)
{
	Fairlead__Wire__Monitor *monitors = arena_array(arena, c->n_monitors, sizeof(*monitors));

	plan->monitors = arena_array(arena, c->n_monitors, sizeof(Fairlead__Wire__Monitor *));
	if (!monitors || !plan->monitors)
		return false;
	for (size_t i = 0; i < c->n_monitors; i++) {
		put_monitor(&c->monitors[i], &monitors[i]);
		put_headers(arena, &c->monitors[i], &monitors[i]);
		plan->monitors[i] = &monitors[i];
	}
	plan->n_monitors = c->n_monitors;
	return true;
}

static bool put_targets(const struct dnsd_config *c, const struct fleet_plan *p,
			struct arena *arena, Fairlead__Wire__Plan *plan)
{
	Fairlead__Wire__Target *targets = arena_array(arena, p->n_targets, sizeof(*targets));

	plan->targets = arena_array(arena, p->n_targets, sizeof(Fairlead__Wire__Target *));
	if (!targets || !plan->targets)
		return false;
	for (size_t i = 0; i < p->n_targets; i++) {
		struct fleet_target *from = &p->targets[i];
		const struct config_pool *pool = &c->pools[from->pool];

		fairlead__wire__target__init(&targets[i]);
		targets[i].id = (uint32_t)i;
		targets[i].pool = pool->name;
		targets[i].region = c->regions[pool->members[from->member].region].name;
		targets[i].monitor = c->monitors[pool->monitor].name;
		targets[i].address.data = from->address.bytes;
		targets[i].address.len = from->address.family == 4 ? 4 : 16;
		plan->targets[i] = &targets[i];
	}
	plan->n_targets = p->n_targets;
	return true;
}

static enum err_code pack(const struct dnsd_config *c, const struct fleet_plan *p,
			  uint64_t revision, struct buf *out, struct err *e)
{
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	struct arena *arena = arena_new();
	enum err_code rc;

	plan.revision = revision;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_PLAN;
	m.plan = &plan;
	if (!arena || !put_monitors(c, arena, &plan) || !put_targets(c, p, arena, &plan))
		rc = err_set(e, ERR_MEMORY, "no memory");
	else
		rc = wire_pack(&m, out, e);
	arena_free(arena);
	return rc;
}

void fleet_plan_send(struct fleet *f, struct fleet_vantage *v)
{
	struct buf wire = BUF_INIT;
	struct err e = { "the link is stuck" };

	if (pack(f->config, &f->plan, f->plan_revision, &wire, &e) != ERR_OK ||
	    link_send(v->link, wire.data, wire.len) != ERR_OK)
		log_error("dnsd/fleet", "prober %s does not get the plan of %zu targets: %s",
			  v->name, f->plan.n_targets, e.text);
	buf_fini(&wire);
}
