/* SPDX-License-Identifier: Apache-2.0 */
/* status: one document about everything. */
#include "dnsd/admin/status.h"

#include "dnsd/admin/doc.h"
#include "dnsd/admin/views.h"
#include "schema/sql/store_look.h"

#include <stdarg.h>
#include <stdio.h>

#define NODES_MAX 256

static void add_problem(json_t *list, const char *severity, double since_s, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void add_problem(json_t *list, const char *severity, double since_s, const char *fmt, ...)
{
	va_list args;
	char line[1536];

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	json_array_append_new(list, json_pack("{s:s, s:s, s:f}", "severity", severity, "what", line,
					      "since", since_s));
}

static void service_problems(const struct rooms *r, uint32_t s, json_t *list)
{
	const struct config_service *cs = &rooms_config(r)->services[s];
	struct live_service live;

	live_of(r->live, s, &live);
	if (!(live.masks.live.serve | live.masks.live.spare))
		add_problem(list, "critical", 0, "%s: no member may serve, the last resort answers",
			    cs->name);
	for (uint32_t m = 0; m < rooms_pool(r, s)->n_members; m++) {
		const char *region =
			rooms_config(r)->regions[rooms_pool(r, s)->members[m].region].name;
		struct fleet_member_view v;
		double since;

		fleet_member(r->fleet, s, m, &v);
		since = (double)(clock_mono_us(r->clock) - v.since_us) / 1e6;
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

static void add_problems(json_t *list, struct problems *problems)
{
	problems_sort(problems);
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->list[i];

		add_problem(list, problem_severity_name(p->severity), p->since_s, "%s%s%s", p->what,
			    p->reason[0] ? ": " : "", p->reason);
	}
	problems_fini(problems);
}

static json_t *problems_of(const struct rooms *r)
{
	struct problems state = PROBLEMS_INIT, fleet = PROBLEMS_INIT;
	json_t *list = json_array();

	store_problems(r->store, &state);
	add_problems(list, &state);
	for (uint32_t s = 0; s < rooms_config(r)->n_services; s++)
		service_problems(r, s, list);
	fleet_problems(r->fleet, &fleet);
	add_problems(list, &fleet);
	return list;
}

static json_t *probers_doc(const struct rooms *r)
{
	json_t *list = json_array();
	struct fleet_vantage_view v[NODES_MAX];
	size_t n = fleet_vantages(r->fleet, v, NODES_MAX);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:b, s:b, s:i, s:i}", "name", v[i].name, "linked",
					(int)v[i].is_up, "trusted", (int)!v[i].is_blind, "targets",
					(int)v[i].targets, "failing", (int)v[i].failing));
	return list;
}

json_t *status_doc(const struct rooms *r)
{
	json_t *node = json_pack("{s:s, s:s, s:s, s:I, s:o, s:i}", "name", rooms_config(r)->node,
				 "version", PACKAGE_VERSION, "mode", "standalone", "generation",
				 (json_int_t)rooms_snapshot(r)->generation, "started",
				 doc_time(r->started_ms), "classes",
				 (int)client_map_class_count(rooms_snapshot(r)->clients));

	return json_pack("{s:[o], s:o, s:o, s:o, s:o, s:o}", "nodes", node, "regions",
			 views_regions(r), "services", views_services(r), "probers", probers_doc(r),
			 "overrides", views_overrides(r), "problems", problems_of(r));
}
