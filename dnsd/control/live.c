/* SPDX-License-Identifier: Apache-2.0 */
/* live: from health and overrides to the masks that queries read. */
#include "core/log.h"
#include "dnsd/control/inside.h"

#include <string.h>

#define HELD_BY "fairlead" /* who holds a member back until somebody says failback */

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
	return o->kind == STORE_DRAIN && strcmp(o->by, HELD_BY) == 0;
}

/* The one that is most to the point: of this service before of all services. */
static const struct store_override *find(const struct control *c, enum store_override_kind kind,
					 const char *service, const char *region)
{
	const struct store_override *general = NULL;

	for (size_t i = 0; i < c->n_overrides; i++) {
		const struct store_override *o = &c->overrides[i];

		if (o->kind != kind || (region && strcmp(o->region, region) != 0))
			continue;
		if (strcmp(o->service, service) == 0)
			return o;
		if (!o->service[0])
			general = o;
	}
	return general;
}

const struct store_override *live_failover(const struct control *c, const char *service)
{
	return find(c, STORE_FAILOVER, service, NULL);
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
	return o;
}

/* ---- masks ---- */

/* Held members wait for a failback; when nobody else is left they serve all the same. */
static uint64_t without_held(uint64_t serve, uint64_t held)
{
	return serve & ~held ? serve & ~held : serve;
}

void live_of(const struct control *c, uint32_t service, struct publish_service_live *out)
{
	const struct config_service *cs = &c->config->services[service];
	const struct config_pool *pool = pool_of(c, service);
	const struct store_override *failover = live_failover(c, cs->name);
	uint64_t serve = 0, held = 0;
	bool any_down = false;

	memset(out, 0, sizeof(*out));
	for (uint32_t m = 0; m < pool->n_members; m++) {
		const char *region = region_of(c, service, m);
		const struct store_override *drain = find(c, STORE_DRAIN, cs->name, region);
		const struct store_override *dial = find(c, STORE_DIAL, cs->name, region);
		bool down = fleet_health(c->fleet, service, m) == HEALTH_DOWN;

		out->dial_ppm[m] = dial ? dial->value : CONTROL_SHARE_ALL;
		any_down |= down;
		if (down || out->dial_ppm[m] == 0 || (drain && !live_is_held(drain)))
			continue;
		serve |= UINT64_C(1) << m;
		if (drain)
			held |= UINT64_C(1) << m;
	}
	out->serve = without_held(serve, held);
	out->forced = failover ? live_region_bits(c, service, failover->region) : 0;
	out->ttl_s = cs->ttl_s;
	if ((any_down || failover) && out->ttl_s > CONTROL_TTL_FAILOVER_S)
		out->ttl_s = CONTROL_TTL_FAILOVER_S;
}

void live_apply(struct control *c, uint32_t service)
{
	struct publish_service_live live;

	if (c->is_adopting)
		return;
	live_of(c, service, &live);
	publish_live(c->publish, service, live.serve, live.forced, live.ttl_s);
}

void live_apply_all(struct control *c)
{
	for (uint32_t s = 0; s < c->config->n_services; s++)
		live_apply(c, s);
}

/* ---- health changes ---- */

static void keep_health(struct control *c, const struct fleet_change *change)
{
	struct fleet_member_view view;
	struct store_health row = { 0 };
	struct err e;

	fleet_member(c->fleet, change->service, change->member, &view);
	row.service = c->config->services[change->service].name;
	row.region = (char *)region_of(c, change->service, change->member);
	row.health = change->to;
	row.cause = change->cause;
	row.since_ms = clock_wall_ms(c->clock);
	row.flaps = view.flaps;
	if (store_health_put(c->store, &row, 1, &e) != ERR_OK)
		log_error("dnsd/control", "health is not on disk: %s", e.text);
}

static void tell(struct control *c, const struct fleet_change *change)
{
	struct store_event event = {
		.kind = "health",
		.service = c->config->services[change->service].name,
		.region = (char *)region_of(c, change->service, change->member),
		.from = (char *)verdict_health_name(change->from),
		.to = (char *)verdict_health_name(change->to),
		.cause = (char *)verdict_cause_name(change->cause),
		.by = HELD_BY,
		.reason = (char *)change->reason,
	};
	struct err e;
	int64_t seq;

	log_write(change->to == HEALTH_DOWN ? LOG_WARN : LOG_INFO, "dnsd/control",
		  "%s: %s is %s, was %s (%s)%s%s", event.service, event.region, event.to,
		  event.from, event.cause, change->reason[0] ? ": " : "", change->reason);
	if (store_event_add(c->store, &event, &seq, &e) != ERR_OK)
		log_error("dnsd/control", "event is not on disk: %s", e.text);
}

/* failback: manual. What failed stays out until an operator sends the traffic back; what was never
 * seen well, as when a fleet starts, has not failed. */
static void hold(struct control *c, const struct fleet_change *change)
{
	const struct config_service *cs = &c->config->services[change->service];
	const char *region = region_of(c, change->service, change->member);
	struct store_override o = {
		.kind = STORE_DRAIN,
		.service = cs->name,
		.region = (char *)region,
		.by = HELD_BY,
		.reason = "was down; failback is manual",
	};
	const struct store_actor actor = {
		.by = HELD_BY, .from = "itself", .reason = o.reason, .verb = "hold", .args = "{}"
	};
	struct err e;
	int64_t id;

	if (cs->failback_auto || change->to != HEALTH_DOWN || change->from == HEALTH_UNKNOWN ||
	    find(c, STORE_DRAIN, cs->name, region))
		return;
	if (store_override_put(c->store, &o, &actor, &id, &e) != ERR_OK ||
	    ops_load(c, &e) != ERR_OK)
		log_error("dnsd/control", "%s: %s cannot be held back: %s", cs->name, region,
			  e.text);
}

/* The answer moves first, with one store; the disk comes after. */
void live_changed(void *control, const struct fleet_change *change)
{
	struct control *c = control;

	live_apply(c, change->service);
	tell(c, change);
	keep_health(c, change);
	hold(c, change);
	live_apply(c, change->service);
}
