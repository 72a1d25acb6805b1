/* SPDX-License-Identifier: Apache-2.0 */
/* view: what the rest of dnsd, and metrics, may look at. */
#include "core/metrics.h"
#include "dnsd/fleet/inside.h"

#include <stdio.h>
#include <string.h>

static double age_s(const struct fleet *f, uint64_t then_us)
{
	return then_us ? (double)(fleet_now(f) - then_us) / 1e6 : -1;
}

enum verdict_health fleet_health(const struct fleet *f, uint32_t service, uint32_t member)
{
	return f->services[service].members[member].verdict.health;
}

bool fleet_is_held_down(const struct fleet *f, uint32_t service, uint32_t member)
{
	const struct verdict_member *v = &f->services[service].members[member].verdict;

	return v->health == HEALTH_DOWN && v->good_at_us;
}

static void add_hold_down(const struct fleet *f, uint32_t service, uint32_t member,
			  struct fleet_member_view *out)
{
	const struct verdict_member *v = &f->services[service].members[member].verdict;
	uint64_t length_us = f->config->services[service].hold_down_ms * 1000, end_us;

	if (!fleet_is_held_down(f, service, member))
		return;
	out->hold_down_us = verdict_hold_down_us(v, length_us);
	end_us = v->down_at_us + out->hold_down_us;
	out->hold_down_left_us = end_us > fleet_now(f) ? end_us - fleet_now(f) : 0;
}

static void add_report(struct fleet *f, const struct fleet_node *n, const struct fleet_report *r,
		       struct fleet_member_view *out)
{
	double age = age_s(f, n->report_us);

	out->has_report = true;
	if (out->report_age_s < 0 || (age >= 0 && age < out->report_age_s))
		out->report_age_s = age;
	if (fleet_node_is_stale(n, fleet_now(f)) || n->is_withdrawn)
		return;
	out->capacity += r->capacity;
	out->used += r->used;
	out->arrivals += r->arrivals;
	if (r->queue_delay_us > out->queue_delay_us)
		out->queue_delay_us = r->queue_delay_us;
}

void fleet_member(struct fleet *f, uint32_t service, uint32_t member, struct fleet_member_view *out)
{
	const struct fleet_member *m = &f->services[service].members[member];
	const struct config_pool *pool = &f->config->pools[f->config->services[service].pool];
	uint32_t region = pool->members[member].region;
	const char *seen = "failed";
	struct verdict_stream stream;

	memset(out, 0, sizeof(*out));
	out->health = m->verdict.health;
	out->cause = m->verdict.cause;
	out->since_us = m->verdict.since_us;
	out->flaps = m->verdict.flaps;
	add_hold_down(f, service, member, out);
	out->report_age_s = -1;
	fleet_region_stream(f, region, service, &stream, out->reason);
	for (const struct fleet_node *n = f->nodes; n; n = n->next) {
		const struct fleet_report *r = n->region == region ? fleet_node_of(n, service)
								   : NULL;

		if (r)
			add_report(f, n, r, out);
	}
	for (const struct fleet_vantage *v = f->vantages; v; v = v->next) {
		struct verdict_vantage one;

		fleet_vantage_of(v, m, fleet_now(f), &one, &seen);
		out->vantages += one.fresh;
		out->failing += one.fresh && !one.pass;
	}
	if (out->failing && !out->reason[0])
		snprintf(out->reason, sizeof(out->reason), "%u of %u vantages: %s", out->failing,
			 out->vantages, seen);
}

size_t fleet_nodes(struct fleet *f, struct fleet_node_view *out, size_t room)
{
	size_t n = 0;

	for (const struct fleet_node *node = f->nodes; node && n < room; node = node->next)
		out[n++] = (struct fleet_node_view){
			.region = node->region_name,
			.name = node->name,
			.software = node->software,
			.address = node->address,
			.is_up = node->link != NULL,
			.is_stale = fleet_node_is_stale(node, fleet_now(f)),
			.is_withdrawn = node->is_withdrawn,
			.age_s = age_s(f, node->phi.last_us),
			.services = (unsigned)node->n_reports,
		};
	return n;
}

size_t fleet_vantages(struct fleet *f, struct fleet_vantage_view *out, size_t room)
{
	size_t n = 0;

	for (const struct fleet_vantage *v = f->vantages; v && n < room; v = v->next) {
		struct fleet_vantage_view *o = &out[n++];

		*o = (struct fleet_vantage_view){
			.name = v->name,
			.software = v->software,
			.address = v->address,
			.is_up = v->link != NULL,
			.is_fresh = fleet_vantage_is_fresh(v, fleet_now(f)),
			.is_distrusted = v->is_distrusted,
			.age_s = age_s(f, v->phi.last_us),
			.targets = (unsigned)v->n_seen,
		};
		for (size_t i = 0; i < v->n_seen; i++)
			o->failing += v->seen[i].known && !v->seen[i].pass;
	}
	return n;
}

/* ---- metrics ---- */

typedef double (*member_fn)(const struct fleet_member_view *view);

static double is_serving(const struct fleet_member_view *v)
{
	return v->health != HEALTH_DOWN;
}

static double load_ratio(const struct fleet_member_view *v)
{
	return v->capacity ? (double)v->used / (double)v->capacity : 0;
}

static void write_members(struct fleet *f, struct buf *out, const char *name, const char *help,
			  member_fn fn)
{
	metrics_family(out, name, "gauge", help);
	for (uint32_t s = 0; s < f->n_services; s++) {
		const struct config_service *cs = &f->config->services[s];
		const struct config_pool *pool = &f->config->pools[cs->pool];

		for (uint32_t m = 0; m < f->services[s].n_members; m++) {
			struct fleet_member_view view;
			bool again = false; /* a region that stands twice has one sample */

			for (uint32_t i = 0; i < m; i++)
				again |= pool->members[i].region == pool->members[m].region;
			if (again)
				continue;
			fleet_member(f, s, m, &view);
			metrics_sample(out, name, fn(&view), "service", cs->name, "region",
				       f->config->regions[pool->members[m].region].name, NULL);
		}
	}
}

static void write_ages(struct fleet *f, struct buf *out)
{
	metrics_family(out, "fairlead_report_age_seconds", "gauge",
		       "Since the freshest report of a region.");
	for (uint32_t i = 0; i < f->config->n_regions; i++) {
		double least = -1;

		for (const struct fleet_node *n = f->nodes; n; n = n->next) {
			double age = age_s(f, n->report_us);

			if (n->region == i && age >= 0 && (least < 0 || age < least))
				least = age;
		}
		if (least >= 0)
			metrics_sample(out, "fairlead_report_age_seconds", least, "region",
				       f->config->regions[i].name, NULL);
	}
}

void fleet_metrics(void *fleet, struct buf *out)
{
	static const char *const reasons[REFUSALS] = { "certificate", "fleet",	  "role",
						       "region",      "protocol", "unverified" };
	struct fleet *f = fleet;

	write_members(f, out, "fairlead_region_up", "1 when the region may serve the service.",
		      is_serving);
	write_members(f, out, "fairlead_region_load_ratio",
		      "Use over capacity, as reported; 0 when capacity is not limited.",
		      load_ratio);
	write_ages(f, out);
	metrics_family(out, "fairlead_peers_refused_total", "counter",
		       "Links refused or closed for what the peer is or said.");
	for (int i = 0; i < REFUSALS; i++)
		metrics_sample(out, "fairlead_peers_refused_total",
			       (double)atomic_load(&f->refused[i]), "reason", reasons[i], NULL);
}
