/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what proberds are to check: the address of every member, by its pool's monitor. */
#include "dnsd/fleet/plan.h"

#include "core/arena.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A part is cut where it would be over this. What one monitor adds at most, a body of 64 KiB and 64
 * headers of 4 KiB, fits into the frame behind it. */
#define PART_BYTES (WIRE_FRAME_MAX / 2)
/* Tags, lengths and numbers of an entry, at their longest. */
#define ENTRY_BYTES 128

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

/* ---- cut into parts ---- */

static size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

static size_t monitor_bytes(const struct config_monitor *m)
{
	size_t n = ENTRY_BYTES + length(m->name) + length(m->method) + length(m->path) +
		   length(m->host) + length(m->body) + length(m->expect_body_regex) +
		   length(m->query_name) + length(m->query_type);

	for (size_t i = 0; i < m->n_headers; i++)
		n += 16 + length(m->headers[i].name) + length(m->headers[i].value);
	return n;
}

static size_t target_bytes(const struct dnsd_config *c, const struct fleet_target *t)
{
	const struct config_pool *pool = &c->pools[t->pool];

	return ENTRY_BYTES + length(pool->name) + length(c->monitors[pool->monitor].name) +
	       length(c->regions[pool->members[t->member].region].name);
}

struct cutter {
	struct fleet_plan *plan;
	size_t bytes; /* in the last part */
};

/* The part that the next entry goes to; NULL = there are too many. */
static struct fleet_plan_part *part_for(struct cutter *c, size_t bytes, uint32_t monitor,
					uint32_t target)
{
	struct fleet_plan *p = c->plan;
	struct fleet_plan_part *last = p->n_parts ? &p->parts[p->n_parts - 1] : NULL;

	if (last && c->bytes + bytes <= PART_BYTES && last->n_targets < WIRE_TARGETS_MAX) {
		c->bytes += bytes;
		return last;
	}
	if (p->n_parts == WIRE_PARTS_MAX)
		return NULL;
	c->bytes = bytes;
	p->parts[p->n_parts] = (struct fleet_plan_part){ monitor, 0, target, 0 };
	return &p->parts[p->n_parts++];
}

static enum err_code cut(const struct dnsd_config *config, struct fleet_plan *p, struct err *e)
{
	struct cutter c = { .plan = p };
	struct fleet_plan_part *part = part_for(&c, 0, 0, 0);

	for (uint32_t i = 0; part && i < config->n_monitors; i++) {
		part = part_for(&c, monitor_bytes(&config->monitors[i]), i, 0);
		if (part)
			part->n_monitors++;
	}
	for (uint32_t i = 0; part && i < p->n_targets; i++) {
		part = part_for(&c, target_bytes(config, &p->targets[i]),
				(uint32_t)config->n_monitors, i);
		if (part)
			part->n_targets++;
	}
	if (part)
		return ERR_OK;
	return err_set(e, ERR_LIMIT,
		       "the plan for probers, %zu monitors and %zu addresses, is over %u KiB",
		       config->n_monitors, p->n_targets, WIRE_PARTS_MAX * PART_BYTES / 1024);
}

static enum err_code sign(const struct dnsd_config *config, struct fleet_plan *p, struct err *e)
{
	struct buf wire = BUF_INIT;
	enum err_code code = ERR_OK;

	for (uint32_t i = 0; code == ERR_OK && i < p->n_parts; i++) {
		buf_clear(&wire);
		code = fleet_plan_pack(p, config, 0, i, &wire, e);
		if (code == ERR_OK)
			p->signature = XXH3_64bits_withSeed(wire.data, wire.len, p->signature);
	}
	buf_fini(&wire);
	return code;
}

enum err_code fleet_plan_make(const struct dnsd_config *config, struct fleet_plan *out,
			      struct err *e)
{
	struct fleet_plan p = {
		.targets = calloc(count_targets(config) + 1, sizeof(*p.targets)),
		.first = calloc(config->n_pools + 1, sizeof(*p.first)),
	};
	enum err_code code;

	if (!p.targets || !p.first) {
		fleet_plan_fini(&p);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	for (uint32_t i = 0; i < config->n_pools; i++)
		add_pool(config, i, &p);
	code = cut(config, &p, e);
	if (code == ERR_OK)
		code = sign(config, &p, e);
	if (code != ERR_OK)
		fleet_plan_fini(&p);
	else
		*out = p;
	return code;
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

static bool put_headers(struct arena *arena, const struct config_monitor *from,
			Fairlead__Wire__Monitor *to)
{
	Fairlead__Wire__Header *headers = arena_array(arena, from->n_headers, sizeof(*headers));

	to->headers = arena_array(arena, from->n_headers, sizeof(Fairlead__Wire__Header *));
	if (!headers || !to->headers)
		return false;
	for (size_t i = 0; i < from->n_headers; i++) {
		fairlead__wire__header__init(&headers[i]);
		headers[i].name = from->headers[i].name;
		headers[i].value = from->headers[i].value;
		to->headers[i] = &headers[i];
	}
	to->n_headers = from->n_headers;
	return true;
}

static bool put_monitors(const struct dnsd_config *c, const struct fleet_plan_part *part,
			 struct arena *arena, Fairlead__Wire__Plan *plan)
{
	Fairlead__Wire__Monitor *monitors = arena_array(arena, part->n_monitors, sizeof(*monitors));

	plan->monitors = arena_array(arena, part->n_monitors, sizeof(Fairlead__Wire__Monitor *));
	if (!monitors || !plan->monitors)
		return false;
	for (size_t i = 0; i < part->n_monitors; i++) {
		const struct config_monitor *from = &c->monitors[part->first_monitor + i];

		put_monitor(from, &monitors[i]);
		if (!put_headers(arena, from, &monitors[i]))
			return false;
		plan->monitors[i] = &monitors[i];
	}
	plan->n_monitors = part->n_monitors;
	return true;
}

static bool put_targets(const struct dnsd_config *c, const struct fleet_plan *p,
			const struct fleet_plan_part *part, struct arena *arena,
			Fairlead__Wire__Plan *plan)
{
	Fairlead__Wire__Target *targets = arena_array(arena, part->n_targets, sizeof(*targets));

	plan->targets = arena_array(arena, part->n_targets, sizeof(Fairlead__Wire__Target *));
	if (!targets || !plan->targets)
		return false;
	for (uint32_t i = 0; i < part->n_targets; i++) {
		struct fleet_target *from = &p->targets[part->first_target + i];
		const struct config_pool *pool = &c->pools[from->pool];

		fairlead__wire__target__init(&targets[i]);
		targets[i].id = part->first_target + i;
		targets[i].pool = pool->name;
		targets[i].region = c->regions[pool->members[from->member].region].name;
		targets[i].monitor = c->monitors[pool->monitor].name;
		targets[i].address.data = from->address.bytes;
		targets[i].address.len = from->address.family == 4 ? 4 : 16;
		plan->targets[i] = &targets[i];
	}
	plan->n_targets = part->n_targets;
	return true;
}

enum err_code fleet_plan_pack(const struct fleet_plan *p, const struct dnsd_config *config,
			      uint64_t revision, uint32_t part, struct buf *out, struct err *e)
{
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	struct arena *arena = arena_new();
	enum err_code code;

	plan.revision = revision;
	plan.part = part;
	plan.parts = p->n_parts;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_PLAN;
	m.plan = &plan;
	if (!arena || !put_monitors(config, &p->parts[part], arena, &plan) ||
	    !put_targets(config, p, &p->parts[part], arena, &plan))
		code = err_set(e, ERR_MEMORY, "out of memory");
	else
		code = wire_pack(&m, out, e);
	arena_free(arena);
	return code;
}

/* ---- from one plan to the next ---- */

struct place_of_key {
	uint64_t key;
	uint32_t index;
};

static int by_key(const void *a, const void *b)
{
	const struct place_of_key *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static struct place_of_key *sort_keys(const struct fleet_plan *plan)
{
	struct place_of_key *list = calloc(plan->n_targets + 1, sizeof(*list));

	for (uint32_t i = 0; list && i < plan->n_targets; i++)
		list[i] = (struct place_of_key){ plan->targets[i].key, i };
	if (list)
		qsort(list, plan->n_targets, sizeof(*list), by_key);
	return list;
}

uint32_t *fleet_plan_map(const struct fleet_plan *old, const struct fleet_plan *next)
{
	uint32_t *map = calloc(next->n_targets + 1, sizeof(*map));
	struct place_of_key *known = sort_keys(old);

	for (size_t i = 0; map && known && i < next->n_targets; i++) {
		const struct place_of_key key = { next->targets[i].key, 0 };
		const struct place_of_key *at =
			bsearch(&key, known, old->n_targets, sizeof(*known), by_key);

		map[i] = at ? at->index : UINT32_MAX;
	}
	if (!known) {
		free(map);
		map = NULL;
	}
	free(known);
	return map;
}
