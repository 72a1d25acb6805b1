/* SPDX-License-Identifier: Apache-2.0 */
/* live: from health and overrides to the masks that queries read. */
#include "dnsd/live/live.h"

#include <stdlib.h>
#include <string.h>

struct live {
	const struct dnsd_config *config;
	struct fleet *fleet;
	const struct overrides *forced;
	struct publish *publish;
	bool is_adopting; /* between two numberings of services */
};

enum err_code live_new(struct live **out, const struct dnsd_config *config, struct fleet *fleet,
		       const struct overrides *forced, struct publish *publish)
{
	struct live *l = malloc(sizeof(*l));

	if (!l)
		return ERR_MEMORY;
	*l = (struct live){ config, fleet, forced, publish, false };
	*out = l;
	return ERR_OK;
}

void live_free(struct live *l)
{
	free(l);
}

void live_adopt(struct live *l, const struct dnsd_config *config)
{
	l->config = config;
	l->is_adopting = true;
}

void live_adopted(struct live *l)
{
	l->is_adopting = false;
}

const struct dnsd_config *live_config(const struct live *l)
{
	return l->config;
}

const struct snapshot *live_snapshot(const struct live *l)
{
	return l->is_adopting ? NULL : publish_current(l->publish);
}

static const struct config_pool *pool_of(const struct live *l, uint32_t service)
{
	return &l->config->pools[l->config->services[service].pool];
}

const char *live_region_of(const struct live *l, uint32_t service, uint32_t member)
{
	return l->config->regions[pool_of(l, service)->members[member].region].name;
}

uint64_t live_region_bits(const struct live *l, uint32_t service, const char *region)
{
	const struct config_pool *pool = pool_of(l, service);
	uint64_t bits = 0;

	for (uint32_t m = 0; m < pool->n_members; m++)
		if (strcmp(l->config->regions[pool->members[m].region].name, region) == 0)
			bits |= UINT64_C(1) << m;
	return bits;
}

/* ---- overrides ---- */

const struct store_override *live_failover(const struct live *l, const char *service)
{
	return overrides_find(overrides_now(l->forced), STORE_FAILOVER, service, NULL);
}

const struct store_override *live_held(const struct live *l, uint32_t service, uint32_t member)
{
	return overrides_find_held(overrides_now(l->forced), l->config->services[service].name,
				   live_region_of(l, service, member));
}

const struct store_override *live_forced(const struct live *l, uint32_t service, uint32_t member)
{
	const struct overrides_set set = overrides_now(l->forced);
	const char *name = l->config->services[service].name;
	const char *region = live_region_of(l, service, member);
	const struct store_override *o = overrides_find(set, STORE_DRAIN, name, region);

	if (!o)
		o = overrides_find(set, STORE_DIAL, name, region);
	if (!o) {
		o = live_failover(l, name);
		if (o && strcmp(o->region, region) != 0)
			o = NULL;
	}
	return o ? o : overrides_find_held(set, name, region);
}

/* ---- masks ---- */

/* Sets the dial of a region's members; one of this service goes before one of all. */
static void take_dial(uint32_t *dial_ppm, uint64_t bits, uint32_t ppm)
{
	for (; bits; bits &= bits - 1)
		dial_ppm[__builtin_ctzll(bits)] = ppm;
}

/* One look at each override, whatever its kind: there may be as many as there are services. */
static void take_overrides(const struct live *l, struct overrides_set set, uint32_t service,
			   struct live_masks *out, uint64_t *drained)
{
	const char *name = l->config->services[service].name;
	uint64_t own = 0;

	for (size_t i = 0; i < set.n; i++) {
		const struct store_override *o = &set.list[i];
		uint64_t bits;

		if (!overrides_bears_on(o, name, NULL))
			continue;
		bits = live_region_bits(l, service, o->region);
		if (o->kind == STORE_FAILOVER) {
			out->forced = bits;
			out->is_moved = true;
		} else if (overrides_is_held(o)) {
			out->held |= bits;
		} else if (o->kind == STORE_DRAIN) {
			*drained |= bits;
		} else if (o->kind == STORE_DIAL) {
			take_dial(out->dial_ppm, o->service[0] ? bits : bits & ~own, o->value);
			own |= o->service[0] ? bits : 0;
		}
	}
}

void live_masks(const struct live *l, struct overrides_set set, uint32_t service,
		struct live_masks *out)
{
	uint32_t n = (uint32_t)pool_of(l, service)->n_members;
	uint64_t drained = 0;

	memset(out, 0, sizeof(*out));
	for (uint32_t m = 0; m < n; m++)
		out->dial_ppm[m] = PICK_SHARE_ALL;
	take_overrides(l, set, service, out, &drained);
	for (uint32_t m = 0; m < n; m++) {
		bool down = fleet_health(l->fleet, service, m) == HEALTH_DOWN;

		out->any_down |= down;
		if (!down && out->dial_ppm[m] && !(drained >> m & 1))
			out->able |= UINT64_C(1) << m;
	}
	out->held &= out->able & ~out->forced; /* the operator's word goes before ours */
}

/* Held members wait for a failback; when nobody else is left they serve all the same. */
static uint64_t without_held(uint64_t able, uint64_t held)
{
	return able & ~held ? able & ~held : able;
}

void live_of(const struct live *l, uint32_t service, struct publish_service_live *out)
{
	live_with(l, overrides_now(l->forced), service, out);
}

void live_with(const struct live *l, struct overrides_set set, uint32_t service,
	       struct publish_service_live *out)
{
	const struct config_service *cs = &l->config->services[service];
	struct live_masks masks;

	live_masks(l, set, service, &masks);
	memset(out, 0, sizeof(*out));
	memcpy(out->dial_ppm, masks.dial_ppm, sizeof(out->dial_ppm));
	out->serve = without_held(masks.able, masks.held);
	out->forced = masks.forced;
	out->ttl_s = cs->ttl_s;
	if ((masks.any_down || masks.is_moved) && out->ttl_s > LIVE_TTL_FAILOVER_S)
		out->ttl_s = LIVE_TTL_FAILOVER_S;
}

/* ---- to the snapshot ---- */

static bool is_partial(uint32_t dial_ppm)
{
	return dial_ppm > 0 && dial_ppm < PICK_SHARE_ALL;
}

static bool needs_build(const struct live *l, uint32_t service,
			const struct publish_service_live *live)
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
			      const struct publish_service_live *live)
{
	const struct snapshot *snap = publish_current(l->publish);
	uint64_t early = 0;

	for (uint32_t m = 0; snap && m < snap->services[service].n_members; m++)
		if (is_partial(live->dial_ppm[m]) && !snap->services[service].picks[m].dial_ppm)
			early |= UINT64_C(1) << m;
	return live->serve & ~early ? live->serve & ~early : live->serve;
}

void live_apply(struct live *l, uint32_t service)
{
	struct publish_service_live live;

	if (l->is_adopting)
		return;
	live_of(l, service, &live);
	live.serve = without_early(l, service, &live);
	publish_live(l->publish, service, &live);
}

bool live_apply_all(struct live *l)
{
	bool any = false;

	for (uint32_t s = 0; s < l->config->n_services; s++) {
		struct publish_service_live live;

		live_of(l, s, &live);
		any |= needs_build(l, s, &live);
		live_apply(l, s);
	}
	return any;
}
