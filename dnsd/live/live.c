/* SPDX-License-Identifier: Apache-2.0 */
/* live: from health and overrides to the masks that queries read. */
#include "dnsd/live/live.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* rows_active() looks at every row of a service; services of one pool ask the same. */
#define ACTIVE_MEMO 4096

struct active {
	const struct rows *rows;
	struct pick_live masks;
	uint64_t members;
};

struct live {
	struct active active[ACTIVE_MEMO];  /* of the published snapshot */
	struct resolve_names names, before; /* before: while it adopts */
	struct fleet *fleet;
	const struct overrides *overrides;
	struct publish *publish;
	struct live_if now; /* the overrides in force, of that version */
	uint64_t version;
	bool is_known, is_adopting; /* adopting: between two numberings of services */
};

enum err_code live_new(struct live **out, const struct dnsd_config *config, struct fleet *fleet,
		       const struct overrides *overrides, struct publish *publish)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l || resolve_names_init(&l->names, config) != ERR_OK) {
		free(l);
		return ERR_MEMORY;
	}
	l->fleet = fleet;
	l->overrides = overrides;
	l->publish = publish;
	*out = l;
	return ERR_OK;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	live_if_fini(&l->now);
	resolve_names_fini(&l->names);
	free(l);
}

enum err_code live_adopt(struct live *l, const struct dnsd_config *config)
{
	struct resolve_names names;

	if (resolve_names_init(&names, config) != ERR_OK)
		return ERR_MEMORY;
	l->before = l->names;
	l->names = names;
	l->is_known = false;
	l->is_adopting = true;
	return ERR_OK;
}

void live_adopted(struct live *l)
{
	resolve_names_fini(&l->before);
	l->is_adopting = false;
}

void live_stay(struct live *l)
{
	resolve_names_fini(&l->names);
	l->names = l->before;
	l->before = (struct resolve_names){ 0 };
	l->is_known = l->is_adopting = false;
}

const struct dnsd_config *live_config(const struct live *l)
{
	return l->names.config;
}

const struct resolve_names *live_names(const struct live *l)
{
	return &l->names;
}

const struct snapshot *live_snapshot(const struct live *l)
{
	return l->is_adopting ? NULL : publish_current(l->publish);
}

static const struct config_pool *pool_of(const struct live *l, uint32_t service)
{
	return &l->names.config->pools[l->names.config->services[service].pool];
}

const char *live_region_of(const struct live *l, uint32_t service, uint32_t member)
{
	return l->names.config->regions[pool_of(l, service)->members[member].region].name;
}

uint32_t live_nth(const struct live *l, uint32_t service, uint32_t member)
{
	const struct config_pool *pool = pool_of(l, service);
	uint32_t nth = 0;

	for (uint32_t m = 0; m < member; m++)
		nth += pool->members[m].region == pool->members[member].region;
	return nth;
}

uint64_t live_region_bits(const struct live *l, uint32_t service, uint32_t region)
{
	const struct config_pool *pool = pool_of(l, service);
	uint64_t bits = 0;

	for (uint32_t m = 0; m < pool->n_members; m++)
		if (pool->members[m].region == region)
			bits |= UINT64_C(1) << m;
	return bits;
}

/* ---- what is live, or would be ---- */

enum err_code live_if_init(const struct live *l, struct live_if *with, struct overrides_set set)
{
	return resolve_init(&with->resolved, &l->names, set);
}

void live_if_fini(struct live_if *with)
{
	resolve_fini(&with->resolved);
}

/* Those in force, resolved when they have changed. Without memory they stay as they were known. */
static const struct resolve *resolved(struct live *l)
{
	struct live_if now;

	if (l->is_known && l->version == overrides_version(l->overrides))
		return &l->now.resolved;
	live_if_fini(&l->now);
	l->is_known = live_if_init(l, &now, overrides_now(l->overrides)) == ERR_OK;
	l->version = overrides_version(l->overrides);
	if (l->is_known)
		l->now = now;
	else
		log_error("dnsd/live", "overrides are not in force: out of memory");
	return &l->now.resolved;
}

const struct resolve *live_resolved(struct live *l)
{
	return resolved(l);
}

static void force(void *world, const struct resolve_one *one, uint64_t members)
{
	static const enum world_kind kinds[] = { [STORE_DRAIN] = WORLD_DRAIN,
						 [STORE_DIAL] = WORLD_DIAL,
						 [STORE_FAILOVER] = WORLD_FAILOVER,
						 [STORE_HELD] = WORLD_HELD };
	const struct world_override o = { .kind = kinds[one->o->kind],
					  .members = members,
					  .is_of_service = one->service != RESOLVE_ALL,
					  .dial_ppm = one->o->value };

	if (one->o->kind != STORE_FREEZE)
		world_force(world, &o, 1);
}

static uint64_t dead_of(const struct live *l, uint32_t service, uint32_t member)
{
	size_t n = pool_of(l, service)->members[member].n_addresses;
	uint64_t all = n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;

	return all & ~fleet_addresses_up(l->fleet, service, member);
}

static void make(const struct live *l, const struct resolve *forced, uint32_t service,
		 struct live_service *out)
{
	struct world_service world = { .n_members = pool_of(l, service)->n_members,
				       .ttl_s = l->names.config->services[service].ttl_s };

	for (uint32_t m = 0; m < world.n_members; m++)
		world.members[m] = (struct world_member){
			.health = fleet_health(l->fleet, service, m),
			.is_held_down = fleet_is_held_down(l->fleet, service, m),
			.dial_ppm = PICK_SHARE_ALL,
		};
	resolve_each(forced, &l->names, service, force, &world);
	world_masks(&world, &out->masks);
	memset(out->dial_ppm, 0, sizeof(out->dial_ppm));
	memset(out->dead, 0, sizeof(out->dead));
	for (uint32_t m = 0; m < world.n_members; m++) {
		out->dial_ppm[m] = world.members[m].dial_ppm;
		out->dead[m] = dead_of(l, service, m);
	}
}

void live_of(struct live *l, uint32_t service, struct live_service *out)
{
	make(l, resolved(l), service, out);
}

void live_would_be(const struct live *l, const struct live_if *with, uint32_t service,
		   struct live_service *out)
{
	make(l, &with->resolved, service, out);
}

static size_t memo_of(const struct rows *rows, const struct pick_live *m)
{
	uint64_t h = (uint64_t)(uintptr_t)rows >> 4;

	h = (h ^ m->serve) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 29 ^ m->forced) * UINT64_C(0x94d049bb133111eb);
	return (size_t)((h ^ h >> 32 ^ m->spare) % ACTIVE_MEMO);
}

uint64_t live_active(struct live *l, uint32_t service, const struct pick_live *masks)
{
	const struct rows *rows = publish_current(l->publish)->services[service].rows;
	struct active *a = &l->active[memo_of(rows, masks)];

	if (a->rows != rows || a->masks.serve != masks->serve || a->masks.spare != masks->spare ||
	    a->masks.forced != masks->forced)
		*a = (struct active){ rows, *masks, rows_active(rows, masks) };
	return a->members;
}

/* ---- to the snapshot ---- */

static bool is_partial(uint32_t dial_ppm)
{
	return dial_ppm > 0 && dial_ppm < PICK_SHARE_ALL;
}

static bool needs_build(const struct live *l, uint32_t service, const struct live_service *live)
{
	const struct snapshot_service *s = &publish_current(l->publish)->services[service];

	for (uint32_t m = 0; m < s->n_members; m++)
		if (s->picks[m].dial_ppm != live->dial_ppm[m])
			return true;
	return false;
}

/* A dial that leaves 0 % for a share stands in the next snapshot only: until then the member stays
 * out, rather than take everything. */
static uint64_t without_early(const struct live *l, uint32_t service,
			      const struct live_service *live)
{
	const struct snapshot *snap = publish_current(l->publish);
	uint64_t early = 0, serve = live->masks.live.serve;

	for (uint32_t m = 0; snap && m < snap->services[service].n_members; m++)
		if (is_partial(live->dial_ppm[m]) && !snap->services[service].picks[m].dial_ppm)
			early |= UINT64_C(1) << m;
	return serve & ~early ? serve & ~early : serve;
}

static void make_publishable(const struct live_service *live, struct publish_service_live *out)
{
	*out = (struct publish_service_live){ .serve = live->masks.live.serve,
					      .forced = live->masks.live.forced,
					      .spare = live->masks.live.spare,
					      .ttl_s = live->masks.ttl_s };
	memcpy(out->dial_ppm, live->dial_ppm, sizeof(out->dial_ppm));
	memcpy(out->dead, live->dead, sizeof(out->dead));
}

static void store(struct live *l, uint32_t service, const struct live_service *live)
{
	struct publish_service_live to;

	make_publishable(live, &to);
	to.serve = without_early(l, service, live);
	publish_live(l->publish, service, &to);
}

void live_apply(struct live *l, uint32_t service)
{
	struct live_service live;

	if (l->is_adopting)
		return;
	live_of(l, service, &live);
	store(l, service, &live);
}

bool live_apply_all(struct live *l)
{
	bool any = false;

	if (l->is_adopting)
		return false;
	for (uint32_t s = 0; s < l->names.config->n_services; s++) {
		struct live_service live;

		live_of(l, s, &live);
		any |= needs_build(l, s, &live);
		store(l, s, &live);
	}
	return any;
}

void live_set(struct live *l, struct snapshot *snap)
{
	memset(l->active, 0, sizeof(l->active)); /* its rows may go with the old snapshot */
	for (uint32_t s = 0; s < l->names.config->n_services; s++) {
		struct publish_service_live to;
		struct live_service live;

		live_of(l, s, &live);
		make_publishable(&live, &to);
		publish_set_live(snap, s, &to);
	}
}

/* ---- who said so ---- */

struct said {
	uint64_t bit; /* the member */
	const struct store_override *of[STORE_HELD + 1];
};

static void note(void *ctx, const struct resolve_one *one, uint64_t members)
{
	struct said *said = ctx;

	if (members & said->bit) /* one of the service comes later, and is more to the point */
		said->of[one->o->kind] = one->o;
}

const struct store_override *live_forced(struct live *l, uint32_t service, uint32_t member)
{
	static const enum store_override_kind order[] = { STORE_FAILOVER, STORE_HELD, STORE_DIAL };
	struct said said = { .bit = UINT64_C(1) << member };

	resolve_each(resolved(l), &l->names, service, note, &said);
	if (said.of[STORE_DRAIN])
		return said.of[STORE_DRAIN];
	if (said.of[STORE_DIAL] && !said.of[STORE_DIAL]->value)
		return said.of[STORE_DIAL];
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (said.of[order[i]])
			return said.of[order[i]];
	return NULL;
}

struct holds {
	uint64_t members;
	const struct store_override **list;
};

static void note_hold(void *ctx, const struct resolve_one *one, uint64_t members)
{
	struct holds *holds = ctx;

	if (one->o->kind != STORE_HELD)
		return;
	holds->members |= members;
	for (; members; members &= members - 1)
		holds->list[__builtin_ctzll(members)] = one->o;
}

uint64_t live_holds(struct live *l, uint32_t service,
		    const struct store_override *list[CONFIG_MEMBERS_MAX])
{
	struct holds holds = { .list = list };

	memset(list, 0, CONFIG_MEMBERS_MAX * sizeof(list[0]));
	resolve_each(resolved(l), &l->names, service, note_hold, &holds);
	return holds.members;
}

const struct store_override *live_failover(struct live *l, uint32_t service)
{
	struct said said = { .bit = UINT64_MAX };

	resolve_each(resolved(l), &l->names, service, note, &said);
	return said.of[STORE_FAILOVER];
}

void live_describe(const struct store_override *o, char *out, size_t room)
{
	snprintf(out, room, "override %lld (%s of %s%s%s, by %s)", (long long)o->id,
		 store_override_kind_name(o->kind), o->region, o->service[0] ? " for " : "",
		 o->service, o->by);
}
