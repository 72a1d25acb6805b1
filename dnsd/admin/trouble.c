/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: what is wrong now. */
#include "dnsd/admin/trouble.h"

#include "core/expiry.h"
#include "core/metrics.h"
#include "dnsd/admin/reach.h"

#include <stdio.h>
#include <string.h>

/* ---- services and their members ---- */

static void add_down(const struct config_service *cs, const char *region,
		     const struct fleet_member_view *v, double since_s, struct problems *out)
{
	char reason[FLEET_REASON_MAX + 96], text[96];

	if (v->hold_down_us) {
		snprintf(reason, sizeof(reason), "%s; fairlead resume %s",
			 fleet_view_hold_down_text(v, text, sizeof(text)), region);
		problems_add(out, PROBLEM_WARNING, "hold_down", cs->name, since_s, reason,
			     "%s is well again, and out for its hold_down", region);
		return;
	}
	snprintf(reason, sizeof(reason), "%s%s%s", verdict_cause_name(v->cause),
		 v->reason[0] ? ": " : "", v->reason);
	problems_add(out, PROBLEM_CRITICAL, "region_down", cs->name, since_s, reason, "%s is down",
		     region);
}

static void add_member(const struct rooms *r, uint32_t s, uint32_t m, struct problems *out)
{
	const struct config_service *cs = &rooms_config(r)->services[s];
	const char *region = live_region_of(r->live, s, m);
	struct fleet_member_view v;
	double since_s;

	switch (fleet_health(r->fleet, s, m)) {
	case HEALTH_UP:
	case HEALTH_UNKNOWN: return;
	case HEALTH_DOWN:
	case HEALTH_STALE:
	case HEALTH_DEGRADED: break;
	}
	fleet_member(r->fleet, s, m, &v);
	since_s = (double)(clock_mono_us(r->clock) - v.since_us) / 1e6;
	if (v.health == HEALTH_DOWN)
		add_down(cs, region, &v, since_s, out);
	else if (v.health == HEALTH_STALE)
		problems_add(out, PROBLEM_WARNING, "region_stale", cs->name, since_s, "",
			     "nothing is heard from %s; it still serves", region);
	else
		problems_add(out, PROBLEM_WARNING, "region_degraded", cs->name, since_s, v.reason,
			     "%s is degraded", region);
}

static void add_held(const struct rooms *r, uint32_t s, const struct live_service *now,
		     struct problems *out)
{
	for (uint64_t held = now->masks.held; held; held &= held - 1)
		problems_add(out, PROBLEM_WARNING, "held", rooms_config(r)->services[s].name, -1,
			     "it was down; fairlead failback SERVICE ends it",
			     "%s is well, and held for a failback by hand",
			     live_region_of(r->live, s, (uint32_t)__builtin_ctzll(held)));
}

static void add_service(const struct rooms *r, uint32_t s, struct problems *out)
{
	const char *name = rooms_config(r)->services[s].name;
	struct live_service now;
	struct pick_live live, all = { .serve = UINT64_MAX };

	live_of(r->live, s, &now);
	live = now.masks.live;
	add_held(r, s, &now, out);
	if (!(live.serve | live.spare))
		problems_add(out, PROBLEM_CRITICAL, "no_member", name, -1, "",
			     "no member may serve, the last resort answers");
	else if (!live.serve)
		problems_add(out, PROBLEM_CRITICAL, "only_held_back", name, -1, "",
			     "only members that are held back are left, and serve");
	else if (reach_leaves_alone(r, s, &all, &live))
		problems_add(out, PROBLEM_CRITICAL, "fence_alone", name, -1, "",
			     "clients within a fence have nobody, the last resort answers them");
	if (reach_is_on_standby(rooms_pool(r, s), live.serve))
		problems_add(out, PROBLEM_WARNING, "standby", name, -1, "",
			     "nobody of the first tier serves, its standby does");
	for (uint32_t m = 0; m < rooms_pool(r, s)->n_members; m++)
		add_member(r, s, m, out);
}

/* ---- what else ---- */

static void add_idle(const struct rooms *r, struct problems *out)
{
	const struct resolve *resolved = live_resolved(r->live);

	for (size_t i = 0; i < resolved->n_idle; i++) {
		const struct store_override *o = resolved->idle[i];
		char text[512];

		live_describe(o, text, sizeof(text));
		problems_add(out, PROBLEM_WARNING, "override_without_effect", "", -1,
			     "out of force until it is said again; fairlead override clear ID",
			     "%s bears on nothing", text);
	}
}

void trouble_collect(const struct rooms *r, struct problems *out)
{
	upkeep_problems(r->upkeep, out);
	reload_problems(r->reload, out);
	expiry_problems(r->tls, rooms_config(r)->tls.certificate, clock_wall_ms(r->clock) / 1000,
			out);
	keep_problems(r->keep, out);
	fleet_problems(r->fleet, out);
	for (uint32_t s = 0; s < rooms_config(r)->n_services; s++)
		add_service(r, s, out);
	add_idle(r, out);
	problems_sort(out);
}

/* ---- documents ---- */

/* "chat.example.com: eu is down (refused)"; of several "eu is down: 60 services (refused)". */
static json_t *line_of(const struct rooms *r, const struct problem *first, size_t n)
{
	bool is_service = resolve_service(live_names(r->live), first->subject) != UINT32_MAX;
	bool is_named = !first->subject[0] || strstr(first->what, first->subject);
	const char *open = first->reason[0] ? " (" : "", *close = first->reason[0] ? ")" : "";

	if (n > 1 && is_service)
		return json_sprintf("%s: %zu services%s%s%s", first->what, n, open, first->reason,
				    close);
	if (n > 1)
		return json_sprintf("%s: %zu times%s%s%s", first->what, n, open, first->reason,
				    close);
	return json_sprintf("%s%s%s%s%s%s", is_named ? "" : first->subject, is_named ? "" : ": ",
			    first->what, open, first->reason, close);
}

static json_t *group_doc(const struct rooms *r, const struct problems *p,
			 const struct problem_group *g)
{
	const struct problem *first = &p->list[g->first];
	json_t *subjects = json_array();

	for (size_t i = 0; i < g->n; i++)
		if (p->list[g->first + i].subject[0])
			json_array_append_new(subjects, json_string(p->list[g->first + i].subject));
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:I, s:o}", "severity",
			 problem_severity_name(g->severity), "kind", first->kind, "what",
			 line_of(r, first, g->n), "since",
			 g->since_s < 0 ? json_null() : json_real(g->since_s), "cause", first->what,
			 "reason", first->reason, "count", (json_int_t)g->n, "subjects", subjects);
}

json_t *trouble_doc(const struct rooms *r, const struct problems *p)
{
	json_t *list = json_array();
	struct problem_group g;

	for (size_t at = 0; problems_group(p, at, &g); at = g.first + g.n)
		json_array_append_new(list, group_doc(r, p, &g));
	return list;
}

void trouble_metrics(void *rooms, struct buf *out)
{
	struct problems p = PROBLEMS_INIT;
	size_t n[PROBLEM_CRITICAL + 1] = { 0 };

	trouble_collect(rooms, &p);
	for (size_t i = 0; i < p.n; i++)
		n[p.list[i].severity]++;
	metrics_family(out, "fairlead_problems", "gauge", "What `fairlead status` lists.");
	for (int s = PROBLEM_WARNING; s <= PROBLEM_CRITICAL; s++)
		metrics_sample(out, "fairlead_problems", (double)n[s], "severity",
			       problem_severity_name((enum problem_severity)s), NULL);
	problems_fini(&p);
}
