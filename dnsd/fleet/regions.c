/* SPDX-License-Identifier: Apache-2.0 */
/* regions: what a region reports and amounts to, for documents and metrics that show them all. */
#include "dnsd/fleet/regions.h"

#include <stdlib.h>
#include <string.h>

enum err_code fleet_regions_init(struct fleet_regions *r, const struct fleet_judge *j)
{
	r->services = calloc(j->n_services + 1, sizeof(*r->services));
	r->pools = calloc(j->config ? j->config->n_pools + 1 : 1, sizeof(*r->pools));
	if (r->services && r->pools)
		return ERR_OK;
	fleet_regions_fini(r);
	return ERR_MEMORY;
}

void fleet_regions_fini(struct fleet_regions *r)
{
	free(r->services);
	free(r->pools);
	*r = (struct fleet_regions){ 0 };
}

/* ---- reports ---- */

/* Both lists are in the order of names: they are walked side by side. */
static void add_node(struct fleet_regions *r, const struct fleet_judge *j,
		     const struct fleet_node *n)
{
	size_t at = 0;

	for (size_t i = 0; i < n->n_reports; i++) {
		const struct fleet_report *report = &n->reports[i];
		int order = -1;

		while (at < j->n_services &&
		       (order = strcmp(j->config->services[j->by_name[at]].name, report->service)) <
			       0)
			at++;
		if (order == 0) {
			struct fleet_sum *sum = &r->services[j->by_name[at]];

			sum->capacity += report->capacity;
			sum->used += report->used;
			sum->arrivals += report->arrivals;
		}
	}
}

void fleet_regions_sum(struct fleet_regions *r, const struct fleet_judge *j, uint32_t region,
		       uint64_t now_us)
{
	for (uint32_t i = j->region_first[region]; i < j->region_first[region + 1]; i++)
		r->services[j->by_region[i].service] = (struct fleet_sum){ 0 };
	for (const struct fleet_node *n = j->nodes; n; n = n->next)
		if (n->region == region && !fleet_node_is_stale(n, now_us) && !n->is_withdrawn)
			add_node(r, j, n);
}

/* ---- a region as a whole ---- */

static enum verdict_health worse(enum verdict_health a, enum verdict_health b)
{
	static const int rank[] = { [HEALTH_UNKNOWN] = 0,
				    [HEALTH_UP] = 1,
				    [HEALTH_DEGRADED] = 2,
				    [HEALTH_STALE] = 3,
				    [HEALTH_DOWN] = 4 };

	return rank[a] >= rank[b] ? a : b;
}

static void raise_to(uint64_t *most, uint64_t value, uint64_t *sum)
{
	if (value <= *most)
		return;
	*sum += value - *most;
	*most = value;
}

static void add_service(struct fleet_regions *r, const struct fleet_judge *j, uint32_t region,
			uint32_t service, struct fleet_region_view *out)
{
	struct fleet_of_pool *pool = &r->pools[j->config->services[service].pool];
	const struct fleet_sum *sum = &r->services[service];

	if (pool->region != region + 1)
		*pool = (struct fleet_of_pool){ .region = region + 1 };
	raise_to(&pool->capacity, sum->capacity, &out->capacity);
	raise_to(&pool->used, sum->used, &out->used);
	out->arrivals += sum->arrivals;
}

static double report_age_s(const struct fleet_judge *j, uint32_t region, uint64_t now_us)
{
	uint64_t last_us = 0;

	for (const struct fleet_node *n = j->nodes; n; n = n->next)
		if (n->region == region && fleet_node_told_us(n) > last_us)
			last_us = fleet_node_told_us(n);
	return last_us ? (double)(now_us - last_us) / 1e6 : -1;
}

void fleet_regions_view(struct fleet_regions *r, const struct fleet_judge *j, uint32_t region,
			uint64_t now_us, struct fleet_region_view *out)
{
	uint32_t last = UINT32_MAX;

	*out = (struct fleet_region_view){ .health = HEALTH_UNKNOWN,
					   .report_age_s = report_age_s(j, region, now_us) };
	fleet_regions_sum(r, j, region, now_us);
	for (uint32_t i = j->region_first[region]; i < j->region_first[region + 1]; i++) {
		struct fleet_place p = j->by_region[i];

		out->health =
			worse(out->health, j->services[p.service].members[p.member].verdict.health);
		if (p.service != last) /* a region that stands twice reports the service once */
			add_service(r, j, region, p.service, out);
		last = p.service;
	}
}
