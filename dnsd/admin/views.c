/* SPDX-License-Identifier: Apache-2.0 */
/* views: the lists of the admin API. */
#include "dnsd/admin/views.h"

#include "dnsd/admin/doc.h"
#include "dnsd/admin/reach.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MAX 256

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
	if (!v->hold_down_us)
		return json_null();
	return json_pack("{s:f, s:f}", "left_s", (double)v->hold_down_left_us / 1e6, "of_s",
			 (double)v->hold_down_us / 1e6);
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

/* The regions that some class of clients gets now. */
static json_t *active_of(const struct rooms *r, uint32_t service, const struct live_service *live)
{
	const struct config_pool *pool = rooms_pool(r, service);
	uint64_t bits = live_active(r->live, service, &live->masks.live);
	json_t *list = json_array();

	for (uint32_t m = 0; m < pool->n_members; m++) {
		bool again = false;

		for (uint32_t i = 0; i < m; i++)
			again |= bits >> i & 1 &&
				 pool->members[i].region == pool->members[m].region;
		if (bits >> m & 1 && !again)
			json_array_append_new(
				list,
				json_string(
					rooms_config(r)->regions[pool->members[m].region].name));
	}
	return list;
}

static json_t *service_doc(const struct rooms *r, uint32_t service)
{
	const struct config_service *s = &rooms_config(r)->services[service];
	struct live_service live;
	bool is_panic;

	live_of(r->live, service, &live);
	is_panic = !(live.masks.live.serve | live.masks.live.spare);
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:i, s:i, s:o}", "name", s->name, "pool",
		rooms_pool(r, service)->name, "mode", mode_names[s->mode], "active",
		active_of(r, service, &live), "ttl",
		(int)decide_ttl_s(is_panic ? DECIDE_PANIC : DECIDE_NORMAL, live.masks.ttl_s),
		"epoch", 0, "forced", doc_forced(live_failover(r->live, service)));
}

json_t *views_services(const struct rooms *r)
{
	json_t *list = json_array();

	for (uint32_t s = 0; s < rooms_config(r)->n_services; s++)
		json_array_append_new(list, service_doc(r, s));
	return list;
}

/* ---- regions ---- */

/* The worst that is known of any of its members, but for unknown, which any knowledge beats. */
static enum verdict_health worse(enum verdict_health a, enum verdict_health b)
{
	static const int rank[] = { [HEALTH_UNKNOWN] = 0,
				    [HEALTH_UP] = 1,
				    [HEALTH_DEGRADED] = 2,
				    [HEALTH_STALE] = 3,
				    [HEALTH_DOWN] = 4 };

	return rank[a] >= rank[b] ? a : b;
}

static json_t *nodes_of(const struct rooms *r, const char *region)
{
	struct fleet_node_view nodes[NODES_MAX];
	size_t n = fleet_nodes(r->fleet, nodes, NODES_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (strcmp(nodes[i].region, region) == 0)
			json_array_append_new(
				list,
				json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:f}", "name",
					  nodes[i].name, "address", nodes[i].address, "software",
					  nodes[i].software, "linked", (int)nodes[i].is_up, "stale",
					  (int)nodes[i].is_stale, "withdrawn",
					  (int)nodes[i].is_withdrawn, "heard_s", nodes[i].age_s));
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

/* Of all services of a region. What it reports of a service is of its pool there: two services on
 * one pool have the same capacity, once. */
struct sum {
	enum verdict_health health;
	uint64_t capacity, used, arrivals;
	double age_s; /* -1 = never */
};

struct of_pool {
	uint64_t capacity, used; /* of one region */
};

static void add_member(const struct rooms *r, uint32_t s, uint32_t m, struct sum *sums,
		       struct of_pool *pools)
{
	const struct dnsd_config *config = rooms_config(r);
	uint32_t region = rooms_pool(r, s)->members[m].region;
	struct of_pool *pool = &pools[config->services[s].pool * config->n_regions + region];
	struct sum *sum = &sums[region];
	struct fleet_member_view v;

	fleet_member(r->fleet, s, m, &v);
	sum->health = worse(sum->health, v.health);
	if (v.report_age_s >= 0 && (sum->age_s < 0 || v.report_age_s < sum->age_s))
		sum->age_s = v.report_age_s;
	if (live_nth(r->live, s, m)) /* the report is of the service, not of one member */
		return;
	sum->arrivals += v.arrivals;
	if (v.capacity > pool->capacity) {
		sum->capacity += v.capacity - pool->capacity;
		pool->capacity = v.capacity;
	}
	if (v.used > pool->used) {
		sum->used += v.used - pool->used;
		pool->used = v.used;
	}
}

static json_t *region_doc(const struct rooms *r, uint32_t region, const struct sum *sum)
{
	const char *name = rooms_config(r)->regions[region].name;

	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:o}", "name", name, "health",
			 verdict_health_name(sum->health), "forced",
			 doc_forced(region_forced(r, name)), "report_age_s", doc_age(sum->age_s),
			 "capacity", (json_int_t)sum->capacity, "used", (json_int_t)sum->used,
			 "arrivals", (json_int_t)sum->arrivals, "nodes", nodes_of(r, name));
}

json_t *views_regions(const struct rooms *r)
{
	const struct dnsd_config *config = rooms_config(r);
	struct sum *sums = calloc(config->n_regions + 1, sizeof(*sums));
	struct of_pool *pools = calloc(config->n_pools * config->n_regions + 1, sizeof(*pools));
	json_t *list = json_array();

	for (uint32_t i = 0; sums && i < config->n_regions; i++)
		sums[i] = (struct sum){ .health = HEALTH_UNKNOWN, .age_s = -1 };
	for (uint32_t s = 0; sums && pools && s < config->n_services; s++)
		for (uint32_t m = 0; m < rooms_pool(r, s)->n_members; m++)
			add_member(r, s, m, sums, pools);
	for (uint32_t i = 0; sums && i < config->n_regions; i++)
		json_array_append_new(list, region_doc(r, i, &sums[i]));
	free(sums);
	free(pools);
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
