/* SPDX-License-Identifier: Apache-2.0 */
/* views: the lists of the admin API. */
#include "dnsd/admin/views.h"

#include "dnsd/admin/doc.h"
#include "dnsd/admin/reach.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MAX 4096

static const char *const mode_names[] = { "active-active", "active-standby", "exclusive" };

/* ---- members ---- */

/* The member's part of the answers of the last minute. */
static json_t *share_of(const struct rooms *r, const struct traffic *traffic, uint32_t service,
			uint32_t member)
{
	const struct snapshot_service *s = &rooms_snapshot(r)->services[service];
	uint64_t answers[CONFIG_MEMBERS_MAX], all = 0, own;

	reach_answers(s, traffic, TRAFFIC_SHARE_S, answers);
	for (uint32_t m = 0; m < s->n_members; m++)
		all += answers[m];
	own = traffic_answers(traffic, s->members[member].counter, TRAFFIC_SHARE_S);
	return all ? json_real((double)own / (double)all) : json_null();
}

static json_t *addresses_of(const struct config_member *m)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < m->n_addresses; i++) {
		addr_text(&m->addresses[i], text);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

/* null, or how long it is kept out although it is well again. */
static json_t *hold_down_of(const struct fleet_member_view *v)
{
	char text[128];

	if (!v->hold_down_us)
		return json_null();
	return json_pack("{s:f, s:f, s:i, s:s}", "left_s", (double)v->hold_down_left_us / 1e6,
			 "of_s", (double)v->hold_down_us / 1e6, "factor", (int)v->hold_down_factor,
			 "text", fleet_view_hold_down_text(v, text, sizeof(text)));
}

static json_t *member_doc(const struct rooms *r, const struct traffic *traffic, uint32_t service,
			  uint32_t member, const struct live_service *live)
{
	const struct config_member *m = &rooms_pool(r, service)->members[member];
	struct fleet_member_view v;

	fleet_member(r->fleet, service, member, &v);
	return json_pack(
		"{s:s, s:o, s:s, s:s, s:s, s:o, s:i, s:I, s:f, s:I, s:I, s:I, s:o, s:b, s:o, s:i, "
		"s:i, s:o, s:i}",
		"region", rooms_config(r)->regions[m->region].name, "addresses", addresses_of(m),
		"health", verdict_health_name(v.health), "cause", verdict_cause_name(v.cause),
		"why", v.reason, "forced", doc_forced(live_forced(r->live, service, member)),
		"tier", (int)m->tier, "weight", (json_int_t)m->weight, "dial",
		(double)live->dial_ppm[member] / PICK_SHARE_ALL, "capacity",
		(json_int_t)(v.has_report ? v.capacity : m->capacity), "used", (json_int_t)v.used,
		"arrivals", (json_int_t)v.arrivals, "share", share_of(r, traffic, service, member),
		"serving", (int)(live->masks.live.serve >> member & 1), "report_age_s",
		doc_age(v.report_age_s), "vantages", (int)v.vantages, "failing", (int)v.failing,
		"hold_down", hold_down_of(&v), "flaps", (int)v.flaps);
}

json_t *views_members(const struct rooms *r, const struct traffic *traffic, uint32_t service)
{
	json_t *list = json_array();
	struct live_service live;

	live_of(r->live, service, &live);
	for (uint32_t m = 0; m < rooms_pool(r, service)->n_members; m++)
		json_array_append_new(list, member_doc(r, traffic, service, m, &live));
	return list;
}

/* ---- services ---- */

static bool is_named(const struct config_pool *pool, uint64_t earlier, uint32_t region)
{
	for (; earlier; earlier &= earlier - 1)
		if (pool->members[__builtin_ctzll(earlier)].region == region)
			return true;
	return false;
}

/* The regions that some class of clients gets now. names: a string for each region, which all
 * services share: a large world has 50,000 of them in one document. */
static json_t *active_of(const struct rooms *r, uint32_t service, const struct live_service *live,
			 json_t *names)
{
	const struct config_pool *pool = rooms_pool(r, service);
	uint64_t active = live_active(r->live, service, &live->masks.live), done = 0;
	json_t *list = json_array();

	for (; active & ~done; done |= active & ~done & -(active & ~done)) {
		uint32_t region = pool->members[__builtin_ctzll(active & ~done)].region;

		if (!is_named(pool, done, region))
			json_array_append(list, json_array_get(names, region));
	}
	return list;
}

static json_t *service_doc(const struct rooms *r, uint32_t service, json_t *names)
{
	const struct config_service *s = &rooms_config(r)->services[service];
	struct live_service live;
	bool is_panic;

	live_of(r->live, service, &live);
	is_panic = !(live.masks.live.serve | live.masks.live.spare);
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:i, s:i, s:o}", "name", s->name, "pool",
		rooms_pool(r, service)->name, "mode", mode_names[s->mode], "active",
		active_of(r, service, &live, names), "ttl",
		(int)decide_ttl_s(is_panic ? DECIDE_PANIC : DECIDE_NORMAL, live.masks.ttl_s),
		"epoch", 0, "forced", doc_forced(live_failover(r->live, service)));
}

json_t *views_services(const struct rooms *r)
{
	json_t *list = json_array(), *names = json_array();

	for (uint32_t i = 0; i < rooms_config(r)->n_regions; i++)
		json_array_append_new(names, json_string(rooms_config(r)->regions[i].name));
	for (uint32_t s = 0; s < rooms_config(r)->n_services; s++)
		json_array_append_new(list, service_doc(r, s, names));
	json_decref(names);
	return list;
}

/* ---- regions ---- */

/* All nodes of the fleet. */
struct nodes {
	struct fleet_node_view list[NODES_MAX];
	size_t n;
};

static json_t *nodes_of(const struct nodes *nodes, const char *region)
{
	json_t *list = json_array();

	for (size_t i = 0; i < nodes->n; i++) {
		const struct fleet_node_view *n = &nodes->list[i];

		if (strcmp(n->region, region) == 0)
			json_array_append_new(
				list,
				json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:f}", "name", n->name,
					  "address", n->address, "software", n->software, "linked",
					  (int)n->is_up, "stale", (int)n->is_stale, "withdrawn",
					  (int)n->is_withdrawn, "heard_s", n->age_s));
	}
	return list;
}

static const struct store_override *region_forced(const struct rooms *r, const char *region)
{
	const struct overrides_set set = overrides_now(r->overrides);

	for (size_t i = 0; i < set.n; i++) {
		const struct store_override *o = &set.list[i];

		if (!o->service[0] && strcmp(o->region, region) == 0 &&
		    (o->kind == STORE_DRAIN || o->kind == STORE_DIAL))
			return o;
	}
	return NULL;
}

static json_t *region_doc(const struct rooms *r, uint32_t region, const struct nodes *nodes,
			  const struct fleet_region_view *v)
{
	const char *name = rooms_config(r)->regions[region].name;

	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:o}", "name", name, "health",
			 verdict_health_name(v->health), "forced",
			 doc_forced(region_forced(r, name)), "report_age_s",
			 doc_age(v->report_age_s), "capacity", (json_int_t)v->capacity, "used",
			 (json_int_t)v->used, "arrivals", (json_int_t)v->arrivals, "nodes",
			 nodes_of(nodes, name));
}

json_t *views_regions(const struct rooms *r)
{
	const struct dnsd_config *config = rooms_config(r);
	struct fleet_region_view *views = calloc(config->n_regions + 1, sizeof(*views));
	struct nodes *nodes = malloc(sizeof(*nodes));
	json_t *list = json_array();

	if (views && nodes && fleet_regions(r->fleet, views) == ERR_OK) {
		nodes->n = fleet_nodes(r->fleet, nodes->list, NODES_MAX);
		for (uint32_t i = 0; i < config->n_regions; i++)
			json_array_append_new(list, region_doc(r, i, nodes, &views[i]));
	}
	free(views);
	free(nodes);
	return list;
}

/* ---- overrides ---- */

static json_t *override_doc(const struct store_override *o)
{
	json_t *value = json_null();

	if (o->kind == STORE_DIAL)
		value = json_real((double)o->value / PICK_SHARE_ALL);
	else if (o->kind == STORE_FAILOVER)
		value = json_string(o->region);
	return json_pack("{s:I, s:s, s:{s:s, s:s}, s:o, s:s, s:s, s:o, s:o}", "id",
			 (json_int_t)o->id, "kind", store_override_kind_name(o->kind), "scope",
			 "service", o->service, "region", o->region, "value", value, "by", o->by,
			 "reason", o->reason, "since", doc_time(o->since_ms), "expires",
			 doc_time(o->expires_ms));
}

json_t *views_overrides(const struct rooms *r)
{
	const struct overrides_set set = overrides_now(r->overrides);
	json_t *list = json_array();

	for (size_t i = 0; i < set.n; i++)
		json_array_append_new(list, override_doc(&set.list[i]));
	return list;
}
