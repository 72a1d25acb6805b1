/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what proberds are to check: the address of every member, by its pool's monitor. */
#include "core/arena.h"
#include "core/log.h"
#include "dnsd/fleet/inside.h"

#include <stdlib.h>
#include <string.h>

static size_t count_targets(const struct dnsd_config *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_pools; i++)
		for (size_t j = 0; c->pools[i].monitor >= 0 && j < c->pools[i].n_members; j++)
			n += c->pools[i].members[j].n_addresses;
	return n;
}

/* Targets stand in the order of pools, members, addresses, so that a member's are neighbours. */
enum err_code fleet_plan_make(struct fleet *f)
{
	const struct dnsd_config *c = f->config;
	size_t n = count_targets(c), at = 0;
	struct fleet_target *targets = calloc(n + 1, sizeof(*targets));

	if (!targets)
		return ERR_MEMORY;
	for (uint32_t i = 0; i < c->n_pools; i++)
		for (uint32_t j = 0; c->pools[i].monitor >= 0 && j < c->pools[i].n_members; j++)
			for (size_t k = 0; k < c->pools[i].members[j].n_addresses; k++)
				targets[at++] = (struct fleet_target){
					i, j, c->pools[i].members[j].addresses[k]
				};
	free(f->targets);
	f->targets = targets;
	f->n_targets = n;
	f->plan_revision++;
	return ERR_OK;
}

uint32_t fleet_plan_first(const struct fleet *f, uint32_t pool, uint32_t member, uint32_t *n)
{
	const struct dnsd_config *c = f->config;
	uint32_t first = 0;

	*n = 0;
	if (c->pools[pool].monitor < 0)
		return 0;
	for (uint32_t i = 0; i < pool; i++)
		for (size_t j = 0; c->pools[i].monitor >= 0 && j < c->pools[i].n_members; j++)
			first += (uint32_t)c->pools[i].members[j].n_addresses;
	for (uint32_t j = 0; j < member; j++)
		first += (uint32_t)c->pools[pool].members[j].n_addresses;
	*n = (uint32_t)c->pools[pool].members[member].n_addresses;
	return first;
}

/* ---- to the wire: everything is borrowed from the configuration ---- */

static char *type_name(enum monitor_type type)
{
	static char names[][6] = { "tcp", "http", "https", "dns", "icmp" };

	return names[type];
}

static void put_monitor(const struct config_monitor *from, Fairlead__Wire__Monitor *to)
{
	fairlead__wire__monitor__init(to);
	to->name = from->name;
	to->type = type_name(from->type);
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

static bool put_targets(const struct fleet *f, struct arena *arena, Fairlead__Wire__Plan *plan)
{
	Fairlead__Wire__Target *targets = arena_array(arena, f->n_targets, sizeof(*targets));
	const struct dnsd_config *c = f->config;

	plan->targets = arena_array(arena, f->n_targets, sizeof(Fairlead__Wire__Target *));
	if (!targets || !plan->targets)
		return false;
	for (size_t i = 0; i < f->n_targets; i++) {
		struct fleet_target *from = &f->targets[i];
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
	plan->n_targets = f->n_targets;
	return true;
}

void fleet_plan_send(struct fleet *f, struct fleet_vantage *v)
{
	struct arena *arena = arena_new();
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	plan.revision = f->plan_revision;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_PLAN;
	m.plan = &plan;
	if (!arena || !put_monitors(f->config, arena, &plan) || !put_targets(f, arena, &plan))
		log_error("dnsd/fleet", "no memory for the plan of %s", v->name);
	else
		fleet_send(v->link, &m);
	arena_free(arena);
}
