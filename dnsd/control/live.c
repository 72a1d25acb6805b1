/* SPDX-License-Identifier: Apache-2.0 */
/* live: from health and overrides to the masks that queries read. */
#include "dnsd/control/inside.h"

#include <string.h>

static const struct config_pool *pool_of(const struct control *c, uint32_t service)
{
	return &c->config->pools[c->config->services[service].pool];
}

static const char *region_of(const struct control *c, uint32_t service, uint32_t member)
{
	return c->config->regions[pool_of(c, service)->members[member].region].name;
}

uint64_t live_region_bits(const struct control *c, uint32_t service, const char *region)
{
	const struct config_pool *pool = pool_of(c, service);
	uint64_t bits = 0;

	for (uint32_t m = 0; m < pool->n_members; m++)
		if (strcmp(c->config->regions[pool->members[m].region].name, region) == 0)
			bits |= UINT64_C(1) << m;
	return bits;
}

/* ---- overrides ---- */

bool live_is_held(const struct store_override *o)
{
	return o->kind == STORE_DRAIN && strcmp(o->by, CONTROL_SELF) == 0;
}

/* Does it bear on this service and region? region NULL = any. */
static bool bears_on(const struct store_override *o, const char *service, const char *region)
{
	return (!o->service[0] || strcmp(o->service, service) == 0) &&
	       (!region || strcmp(o->region, region) == 0);
}

/* The one that is most to the point: of this service before of all services. */
static const struct store_override *find(const struct control *c, enum store_override_kind kind,
					 const char *service, const char *region)
{
	const struct store_override *general = NULL;

	for (size_t i = 0; i < c->n_overrides; i++) {
		const struct store_override *o = &c->overrides[i];

		if (o->kind != kind || live_is_held(o) || !bears_on(o, service, region))
			continue;
		if (o->service[0])
			return o;
		general = o;
	}
	return general;
}

static const struct store_override *find_held(const struct control *c, const char *service,
					      const char *region)
{
	for (size_t i = 0; i < c->n_overrides; i++)
		if (live_is_held(&c->overrides[i]) && bears_on(&c->overrides[i], service, region))
			return &c->overrides[i];
	return NULL;
}

const struct store_override *live_failover(const struct control *c, const char *service)
{
	return find(c, STORE_FAILOVER, service, NULL);
}

const struct store_override *live_held(const struct control *c, uint32_t service, uint32_t member)
{
	return find_held(c, c->config->services[service].name, region_of(c, service, member));
}

const struct store_override *live_forced(const struct control *c, uint32_t service, uint32_t member)
{
	const char *name = c->config->services[service].name;
	const char *region = region_of(c, service, member);
	const struct store_override *o = find(c, STORE_DRAIN, name, region);

	if (!o)
		o = find(c, STORE_DIAL, name, region);
	if (!o) {
		o = live_failover(c, name);
		if (o && strcmp(o->region, region) != 0)
			o = NULL;
	}
	return o ? o : find_held(c, name, region);
}

/* ---- masks ---- */

/* Sets the dial of a region's members; one of this service goes before one of all. */
static void take_dial(uint32_t *dial_ppm, uint64_t bits, uint32_t ppm)
{
	for (; bits; bits &= bits - 1)
		dial_ppm[__builtin_ctzll(bits)] = ppm;
}

/* One look at each override, whatever its kind: there may be as many as there are services. */
static void take_overrides(const struct control *c, uint32_t service, struct live_masks *out,
			   uint64_t *drained)
{
	const char *name = c->config->services[service].name;
	uint64_t own = 0;

	for (size_t i = 0; i < c->n_overrides; i++) {
		const struct store_override *o = &c->overrides[i];
		uint64_t bits;

		if (!bears_on(o, name, NULL))
			continue;
		bits = live_region_bits(c, service, o->region);
		if (o->kind == STORE_FAILOVER) {
			out->forced = bits;
			out->is_moved = true;
		} else if (live_is_held(o)) {
			out->held |= bits;
		} else if (o->kind == STORE_DRAIN) {
			*drained |= bits;
		} else if (o->kind == STORE_DIAL) {
			take_dial(out->dial_ppm, o->service[0] ? bits : bits & ~own, o->value);
			own |= o->service[0] ? bits : 0;
		}
	}
}

void live_masks(const struct control *c, uint32_t service, struct live_masks *out)
{
	uint32_t n = (uint32_t)pool_of(c, service)->n_members;
	uint64_t drained = 0;

	memset(out, 0, sizeof(*out));
	for (uint32_t m = 0; m < n; m++)
		out->dial_ppm[m] = CONTROL_SHARE_ALL;
	take_overrides(c, service, out, &drained);
	for (uint32_t m = 0; m < n; m++) {
		bool down = fleet_health(c->fleet, service, m) == HEALTH_DOWN;

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

void live_of(const struct control *c, uint32_t service, struct publish_service_live *out)
{
	const struct config_service *cs = &c->config->services[service];
	struct live_masks masks;

	live_masks(c, service, &masks);
	memset(out, 0, sizeof(*out));
	memcpy(out->dial_ppm, masks.dial_ppm, sizeof(out->dial_ppm));
	out->serve = without_held(masks.able, masks.held);
	out->forced = masks.forced;
	out->ttl_s = cs->ttl_s;
	if ((masks.any_down || masks.is_moved) && out->ttl_s > CONTROL_TTL_FAILOVER_S)
		out->ttl_s = CONTROL_TTL_FAILOVER_S;
}

/* ---- to the snapshot ---- */

static bool is_partial(uint32_t dial_ppm)
{
	return dial_ppm > 0 && dial_ppm < CONTROL_SHARE_ALL;
}

bool live_needs_build(const struct control *c, uint32_t service,
		      const struct publish_service_live *live)
{
	const struct snapshot_service *s = &publish_current(c->publish)->services[service];

	for (uint32_t m = 0; m < s->n_members; m++)
		if (s->picks[m].dial_ppm != live->dial_ppm[m])
			return true;
	return false;
}

/* A dial that leaves 0 % for a share stands in the next snapshot only: until then the member stays
 * out, rather than take everything. */
static uint64_t without_early(const struct control *c, uint32_t service,
			      const struct publish_service_live *live)
{
	const struct snapshot *snap = publish_current(c->publish);
	uint64_t early = 0;

	for (uint32_t m = 0; snap && m < snap->services[service].n_members; m++)
		if (is_partial(live->dial_ppm[m]) && !snap->services[service].picks[m].dial_ppm)
			early |= UINT64_C(1) << m;
	return live->serve & ~early ? live->serve & ~early : live->serve;
}

void live_apply(struct control *c, uint32_t service)
{
	struct publish_service_live live;

	if (c->is_adopting)
		return;
	live_of(c, service, &live);
	publish_live(c->publish, service, without_early(c, service, &live), live.forced,
		     live.ttl_s);
}

void live_apply_all(struct control *c)
{
	for (uint32_t s = 0; s < c->config->n_services; s++)
		live_apply(c, s);
}

/* The answer moves at once, with a store. A region may be lost in a thousand services: what is to
 * be told and kept waits until all of them have moved. */
void live_changed(void *control, const struct fleet_change *change)
{
	struct control *c = control;
	const struct snapshot *snap = c->is_adopting ? NULL : publish_current(c->publish);
	uint64_t serve = 0, forced = 0;

	if (snap) {
		serve = atomic_load(&snap->lives[change->service].serve);
		forced = atomic_load(&snap->lives[change->service].forced);
	}
	live_apply(c, change->service);
	keep_change(c, change, serve, forced);
}
