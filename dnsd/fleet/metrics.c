/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: what the fleet looks like, as Prometheus text. */
#include "dnsd/fleet/metrics.h"

#include "core/metrics.h"
#include "dnsd/fleet/regions.h"
#include "dnsd/fleet/view.h"

static const char down_name[] = "fairlead_region_down", load_name[] = "fairlead_region_load_ratio",
		  address_name[] = "fairlead_address_up";

/* ---- families whose rows are services or regions ---- */

static void write_down(const struct fleet_judge *j, uint32_t s, uint64_t now_us, struct buf *out)
{
	const struct config_pool *pool = fleet_judge_pool(j, s);

	for (uint32_t m = 0; m < j->services[s].n_members; m++)
		if (!fleet_judge_nth(pool, m)) /* a region that stands twice: one sample */
			metrics_sample(out, down_name,
				       j->services[s].members[m].verdict.health == HEALTH_DOWN,
				       "service", j->config->services[s].name, "region",
				       j->config->regions[pool->members[m].region].name, NULL);
}

static void write_load_of(const struct fleet_judge *j, const struct fleet_regions *r,
			  uint32_t region, struct buf *out)
{
	uint32_t last = UINT32_MAX;

	for (uint32_t i = j->region_first[region]; i < j->region_first[region + 1]; i++) {
		uint32_t s = j->by_region[i].service;
		const struct fleet_sum *sum = &r->services[s];

		if (s != last)
			metrics_sample(out, load_name,
				       sum->capacity ? (double)sum->used / (double)sum->capacity
						     : 0,
				       "service", j->config->services[s].name, "region",
				       j->config->regions[region].name, NULL);
		last = s;
	}
}

static void write_load(const struct fleet_judge *j, uint32_t region, uint64_t now_us,
		       struct buf *out)
{
	struct fleet_regions r;

	if (fleet_regions_init(&r, j) != ERR_OK) {
		out->failed = true;
		return;
	}
	fleet_regions_sum(&r, j, region, now_us);
	write_load_of(j, &r, region, out);
	fleet_regions_fini(&r);
}

static void write_addresses(const struct fleet_judge *j, uint32_t s, uint64_t now_us,
			    struct buf *out)
{
	for (uint32_t m = 0; m < j->services[s].n_members; m++) {
		const struct fleet_member *x = &j->services[s].members[m];
		const struct config_member *c = &fleet_judge_pool(j, s)->members[m];

		for (uint32_t i = 0; x->addresses && i < x->n_targets && i < 64; i++) {
			char text[ADDR_TEXT_MAX];

			addr_text(&c->addresses[i], text);
			metrics_sample(out, address_name, x->addresses_up >> i & 1, "service",
				       j->config->services[s].name, "region",
				       j->config->regions[c->region].name, "address", text, NULL);
		}
	}
}

static const struct family {
	const char *name, *help;
	bool is_of_regions;
	void (*write)(const struct fleet_judge *j, uint32_t row, uint64_t now_us, struct buf *out);
} families[] = {
	{ down_name, "1 when the region is down for the service, whatever is forced.", false,
	  write_down },
	{ load_name, "Use over capacity, as reported; 0 when capacity is not limited.", true,
	  write_load },
	{ address_name, "1 when answers may name the address, of members with several.", false,
	  write_addresses },
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* ---- the others ---- */

static void write_ages(const struct fleet_judge *j, uint64_t now_us, struct buf *out)
{
	static const char name[] = "fairlead_report_age_seconds";

	metrics_family(
		out, name, "gauge",
		"Since a region last reported, or beat after a report; since the start, of one that"
		" was known before it.");
	for (uint32_t i = 0; i < j->config->n_regions; i++) {
		double age = fleet_view_report_age_s(j, i, now_us);

		if (age >= 0)
			metrics_sample(out, name, age, "region", j->config->regions[i].name, NULL);
	}
}

static void write_vantages(const struct fleet_judge *j, uint64_t now_us, struct buf *out)
{
	metrics_family(out, "fairlead_prober_up", "gauge",
		       "1 when the prober is linked, has the plan and sees.");
	for (const struct fleet_vantage *v = j->vantages; v; v = v->next)
		metrics_sample(out, "fairlead_prober_up",
			       fleet_vantage_is_fresh(v, now_us) && !v->blind_us[FAMILY_4] &&
				       !v->blind_us[FAMILY_6],
			       "prober", v->name, NULL);
	metrics_family(out, "fairlead_prober_linked", "gauge", "1 when the prober is linked.");
	for (const struct fleet_vantage *v = j->vantages; v; v = v->next)
		metrics_sample(out, "fairlead_prober_linked", v->link != NULL, "prober", v->name,
			       NULL);
	metrics_family(out, "fairlead_prober_trusted", "gauge",
		       "0 when the prober sees nothing well in an address family, and its word does"
		       " not count there.");
	for (const struct fleet_vantage *v = j->vantages; v; v = v->next)
		metrics_sample(out, "fairlead_prober_trusted",
			       !v->blind_us[FAMILY_4] && !v->blind_us[FAMILY_6], "prober", v->name,
			       NULL);
	metrics_family(out, "fairlead_prober_stretch_ratio", "gauge",
		       "How much longer a prober's intervals are than asked for.");
	for (const struct fleet_vantage *v = j->vantages; v; v = v->next)
		if (v->link)
			metrics_sample(out, "fairlead_prober_stretch_ratio", v->stretch_ppm / 1e6,
				       "prober", v->name, NULL);
}

static void write_rest(const struct fleet_session *s, uint64_t now_us, struct buf *out)
{
	write_ages(s->judge, now_us, out);
	write_vantages(s->judge, now_us, out);
	metrics_family(out, "fairlead_peers_refused_total", "counter",
		       "Links refused or closed for what the peer is or said.");
	for (int i = 0; i < REFUSALS; i++)
		metrics_sample(out, "fairlead_peers_refused_total", (double)s->refused[i], "reason",
			       fleet_session_refusal_name((enum fleet_refusal)i), NULL);
	metrics_family(out, "fairlead_frames_ignored_total", "counter",
		       "Frames of a kind that only newer peers know.");
	metrics_sample(out, "fairlead_frames_ignored_total", (double)s->ignored, NULL);
}

/* A part is a row of a family; the last one is all the others. */
bool fleet_metrics_write(const struct fleet_session *session, uint32_t part, uint64_t now_us,
			 struct buf *out)
{
	const struct fleet_judge *j = session->judge;

	for (size_t i = 0; i < FAMILIES; i++) {
		const struct family *f = &families[i];
		uint32_t n = (uint32_t)(f->is_of_regions ? j->config->n_regions : j->n_services);

		if (part == 0)
			metrics_family(out, f->name, "gauge", f->help);
		if (part < n)
			f->write(j, part, now_us, out);
		if (part == 0 || part < n)
			return true;
		part -= n ? n : 1;
	}
	if (part == 0)
		write_rest(session, now_us, out);
	return part == 0;
}
