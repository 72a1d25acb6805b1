/* SPDX-License-Identifier: Apache-2.0 */
/* views: the documents of the admin API: regions, services, members, overrides, status. */
#include "dnsd/control/inside.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MAX 256

static const char *const mode_names[] = { "active-active", "active-standby", "exclusive" };

json_t *views_time(int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	if (!ms)
		return json_null();
	clock_text(ms, text);
	return json_string(text);
}

static json_t *views_age(double age_s)
{
	return age_s < 0 ? json_null() : json_real(age_s);
}

json_t *views_forced(const struct store_override *o)
{
	if (!o)
		return json_null();
	return json_pack("{s:I, s:s, s:s, s:s, s:o}", "id", (json_int_t)o->id, "kind",
			 live_is_held(o) ? "held" : store_override_kind_name(o->kind), "by", o->by,
			 "reason", o->reason, "until", views_time(o->expires_ms));
}

uint32_t views_service_index(const struct control *c, const char *name)
{
	size_t len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	for (uint32_t s = 0; s < c->config->n_services; s++)
		if (strncasecmp(c->config->services[s].name, name, len) == 0 &&
		    !c->config->services[s].name[len])
			return s;
	return UINT32_MAX;
}

static const struct config_pool *pool_of(const struct control *c, uint32_t service)
{
	return &c->config->pools[c->config->services[service].pool];
}

/* ---- members ---- */

/* The member's part of the answers that this service has given, as the workers counted them. */
static json_t *share_of(struct control *c, uint32_t service, uint32_t member)
{
	const struct snapshot *snap = publish_current(c->publish);
	const struct snapshot_service *s = &snap->services[service];
	double all = 0, own = 0;

	for (uint32_t m = 0; m < s->n_members; m++) {
		bool again = false;

		for (uint32_t i = 0; i < m; i++)
			again |= s->members[i].counter == s->members[m].counter;
		if (!again)
			all += serve_answers(c->serve, s->members[m].counter);
	}
	own = serve_answers(c->serve, s->members[member].counter);
	return all > 0 ? json_real(own / all) : json_null();
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

static json_t *member_doc(struct control *c, uint32_t service, uint32_t member,
			  const struct publish_service_live *live)
{
	const struct config_member *m = &pool_of(c, service)->members[member];
	struct fleet_member_view v;

	fleet_member(c->fleet, service, member, &v);
	return json_pack(
		"{s:s, s:o, s:s, s:s, s:s, s:o, s:i, s:I, s:f, s:I, s:I, s:o, s:b, s:o, s:i, s:i}",
		"region", c->config->regions[m->region].name, "addresses", addresses_of(m),
		"health", verdict_health_name(v.health), "cause", verdict_cause_name(v.cause),
		"why", v.reason, "forced", views_forced(live_forced(c, service, member)), "tier",
		(int)m->tier, "weight", (json_int_t)m->weight, "dial",
		(double)live->dial_ppm[member] / CONTROL_SHARE_ALL, "capacity",
		(json_int_t)(v.has_report ? v.capacity : m->capacity), "used", (json_int_t)v.used,
		"share", share_of(c, service, member), "serving", (int)(live->serve >> member & 1),
		"report_age_s", views_age(v.report_age_s), "vantages", (int)v.vantages, "failing",
		(int)v.failing);
}

json_t *views_members(struct control *c, uint32_t service)
{
	json_t *list = json_array();
	struct publish_service_live live;

	live_of(c, service, &live);
	for (uint32_t m = 0; m < pool_of(c, service)->n_members; m++)
		json_array_append_new(list, member_doc(c, service, m, &live));
	return list;
}

/* ---- services ---- */

/* The regions that some class of clients gets now. */
static json_t *active_of(struct control *c, uint32_t service,
			 const struct publish_service_live *live)
{
	const struct config_pool *pool = pool_of(c, service);
	const struct rows *rows = publish_current(c->publish)->services[service].rows;
	uint64_t bits = rows_active(rows, live->serve, live->forced);
	json_t *list = json_array();

	for (uint32_t m = 0; m < pool->n_members; m++) {
		bool again = false;

		for (uint32_t i = 0; i < m; i++)
			again |= bits >> i & 1 &&
				 pool->members[i].region == pool->members[m].region;
		if (bits >> m & 1 && !again)
			json_array_append_new(
				list,
				json_string(c->config->regions[pool->members[m].region].name));
	}
	return list;
}

static json_t *service_doc(struct control *c, uint32_t service)
{
	const struct config_service *s = &c->config->services[service];
	struct publish_service_live live;

	live_of(c, service, &live);
	return json_pack("{s:s, s:s, s:s, s:o, s:i, s:i, s:o}", "name", s->name, "pool",
			 pool_of(c, service)->name, "mode", mode_names[s->mode], "active",
			 active_of(c, service, &live), "ttl",
			 (int)(live.serve ? live.ttl_s : SNAPSHOT_TTL_PANIC_S), "epoch", 0,
			 "forced", views_forced(live_failover(c, s->name)));
}

json_t *views_services(struct control *c)
{
	json_t *list = json_array();

	for (uint32_t s = 0; s < c->config->n_services; s++)
		json_array_append_new(list, service_doc(c, s));
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

static json_t *nodes_of(struct control *c, const char *region)
{
	struct fleet_node_view nodes[NODES_MAX];
	size_t n = fleet_nodes(c->fleet, nodes, NODES_MAX);
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

static const struct store_override *region_forced(const struct control *c, const char *region)
{
	for (size_t i = 0; i < c->n_overrides; i++) {
		const struct store_override *o = &c->overrides[i];

		if (!o->service[0] && strcmp(o->region, region) == 0 &&
		    (o->kind == STORE_DRAIN || o->kind == STORE_DIAL))
			return o;
	}
	return NULL;
}

static json_t *region_doc(struct control *c, uint32_t region)
{
	const char *name = c->config->regions[region].name;
	enum verdict_health health = HEALTH_UNKNOWN;
	uint64_t capacity = 0, used = 0;
	double age = -1;

	for (uint32_t s = 0; s < c->config->n_services; s++) {
		bool counted = false;

		for (uint32_t m = 0; m < pool_of(c, s)->n_members; m++) {
			struct fleet_member_view v;

			if (pool_of(c, s)->members[m].region != region)
				continue;
			fleet_member(c->fleet, s, m, &v);
			health = worse(health, v.health);
			if (v.report_age_s >= 0 && (age < 0 || v.report_age_s < age))
				age = v.report_age_s;
			if (!counted) { /* the report is of the service, not of one member */
				capacity += v.capacity;
				used += v.used;
				counted = true;
			}
		}
	}
	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:o}", "name", name, "health",
			 verdict_health_name(health), "forced",
			 views_forced(region_forced(c, name)), "report_age_s", views_age(age),
			 "capacity", (json_int_t)capacity, "used", (json_int_t)used, "nodes",
			 nodes_of(c, name));
}

json_t *views_regions(struct control *c)
{
	json_t *list = json_array();

	for (uint32_t r = 0; r < c->config->n_regions; r++)
		json_array_append_new(list, region_doc(c, r));
	return list;
}

/* ---- overrides ---- */

static json_t *override_doc(const struct store_override *o)
{
	json_t *value = json_null();

	if (o->kind == STORE_DIAL)
		value = json_real((double)o->value / CONTROL_SHARE_ALL);
	else if (o->kind == STORE_FAILOVER)
		value = json_string(o->region);
	return json_pack(
		"{s:I, s:s, s:{s:s, s:s}, s:o, s:s, s:s, s:o, s:o}", "id", (json_int_t)o->id,
		"kind", live_is_held(o) ? "held" : store_override_kind_name(o->kind), "scope",
		"service", o->service, "region", o->region, "value", value, "by", o->by, "reason",
		o->reason, "since", views_time(o->since_ms), "expires", views_time(o->expires_ms));
}

json_t *views_overrides(struct control *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_overrides; i++)
		json_array_append_new(list, override_doc(&c->overrides[i]));
	return list;
}

/* ---- status ---- */

static void add_problem(json_t *list, const char *severity, double since_s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void add_problem(json_t *list, const char *severity, double since_s, const char *fmt, ...)
{
	va_list args;
	char line[512];

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	json_array_append_new(list, json_pack("{s:s, s:s, s:f}", "severity", severity, "what", line,
					      "since", since_s));
}

static void service_problems(struct control *c, uint32_t s, json_t *list)
{
	const struct config_service *cs = &c->config->services[s];
	struct publish_service_live live;

	live_of(c, s, &live);
	if (!live.serve)
		add_problem(list, "critical", 0, "%s: no member may serve, the last resort answers",
			    cs->name);
	for (uint32_t m = 0; m < pool_of(c, s)->n_members; m++) {
		const char *region = c->config->regions[pool_of(c, s)->members[m].region].name;
		struct fleet_member_view v;
		double since;

		fleet_member(c->fleet, s, m, &v);
		since = (double)(clock_mono_us(c->clock) - v.since_us) / 1e6;
		if (v.health == HEALTH_DOWN)
			add_problem(list, "critical", since, "%s: %s is down (%s)%s%s", cs->name,
				    region, verdict_cause_name(v.cause), v.reason[0] ? ": " : "",
				    v.reason);
		else if (v.health == HEALTH_STALE)
			add_problem(list, "warning", since,
				    "%s: nothing is heard from %s; it still serves", cs->name,
				    region);
		else if (v.health == HEALTH_DEGRADED)
			add_problem(list, "warning", since, "%s: %s is degraded%s%s", cs->name,
				    region, v.reason[0] ? ": " : "", v.reason);
	}
}

static json_t *problems_of(struct control *c)
{
	json_t *list = json_array();
	struct fleet_vantage_view vantages[NODES_MAX];
	size_t n = fleet_vantages(c->fleet, vantages, NODES_MAX);

	for (uint32_t s = 0; s < c->config->n_services; s++)
		service_problems(c, s, list);
	for (size_t i = 0; i < n; i++) {
		if (vantages[i].is_distrusted)
			add_problem(list, "warning", vantages[i].age_s,
				    "prober %s is not trusted: what it sees is contradicted",
				    vantages[i].name);
		else if (!vantages[i].is_up)
			add_problem(list, "warning", vantages[i].age_s,
				    "nothing is heard from prober %s", vantages[i].name);
	}
	return list;
}

static json_t *probers_doc(struct control *c)
{
	json_t *list = json_array();
	struct fleet_vantage_view v[NODES_MAX];
	size_t n = fleet_vantages(c->fleet, v, NODES_MAX);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:b, s:b, s:i, s:i}", "name", v[i].name,
						"linked", (int)v[i].is_up, "trusted",
						(int)!v[i].is_distrusted, "targets",
						(int)v[i].targets, "failing", (int)v[i].failing));
	return list;
}

json_t *views_status(struct control *c)
{
	json_t *node = json_pack("{s:s, s:s, s:s, s:I, s:o, s:i}", "name", c->config->node,
				 "version", PACKAGE_VERSION, "mode", "standalone", "generation",
				 (json_int_t)publish_current(c->publish)->generation, "started",
				 views_time(c->started_ms), "classes",
				 (int)client_map_class_count(publish_current(c->publish)->clients));

	return json_pack("{s:[o], s:o, s:o, s:o, s:o, s:o}", "nodes", node, "regions",
			 views_regions(c), "services", views_services(c), "probers", probers_doc(c),
			 "overrides", views_overrides(c), "problems", problems_of(c));
}
