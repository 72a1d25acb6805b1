/* SPDX-License-Identifier: Apache-2.0 */
/* trouble: what is wrong with the fleet now. */
#include "dnsd/fleet/trouble.h"

#include "dnsd/fleet/match.h"

#include <stdio.h>

/* A link is dialled again within 2 s: before that its loss is told by STALE alone. */
#define MISSING_US 5000000
/* A second daemon dials again every other second; one that was stopped is no problem any more. */
#define DOUBLE_US 30000000

static double age_s(uint64_t then_us, uint64_t now_us)
{
	return (double)(now_us - then_us) / 1e6;
}

/* When the peer was heard last, or the start when it was not since then. */
static uint64_t heard_us(const struct fleet_judge *j, const struct phi *phi, bool is_heard)
{
	return is_heard ? phi->last_us : j->start_us;
}

/* ---- regions ---- */

static void node_trouble(const struct fleet_judge *j, const struct fleet_node *n, uint64_t now_us,
			 struct problems *out)
{
	uint64_t since_us = heard_us(j, &n->phi, n->is_heard);

	if (n->region == UINT32_MAX)
		return;
	if (fleet_node_is_stale(n, now_us) && now_us >= since_us + MISSING_US &&
	    fleet_node_is_live(j->nodes, n->region, now_us))
		problems_add(out, PROBLEM_WARNING, "node_missing", n->name, age_s(since_us, now_us),
			     n->is_withdrawn ? n->withdrawn_reason : "",
			     "regiond %s of %s is not linked", n->name, n->region_name);
	for (size_t i = 0; n->link && i < n->n_notes; i++)
		problems_add(out, PROBLEM_WARNING, "node_note", n->name, age_s(n->notes_us, now_us),
			     "", "regiond %s of %s: %s", n->name, n->region_name, n->notes[i].text);
	if (n->double_us && now_us < n->double_us + DOUBLE_US)
		problems_add(out, PROBLEM_CRITICAL, "double_name", n->name,
			     age_s(n->double_us, now_us), "names of nodes are unique",
			     "two regionds of %s call themselves %s: that at %.48s is refused",
			     n->region_name, n->name, n->double_address);
}

static void region_trouble(const struct fleet_judge *j, uint32_t region, uint64_t now_us,
			   struct problems *out)
{
	const char *name = j->config->regions[region].name;
	uint64_t last_us = 0;

	for (const struct fleet_node *n = j->nodes; n; n = n->next) {
		uint64_t us = heard_us(j, &n->phi, n->is_heard);

		if (n->region == region && us > last_us)
			last_us = us;
	}
	if (!last_us || now_us < last_us + MISSING_US ||
	    fleet_node_is_live(j->nodes, region, now_us))
		return;
	problems_add(out, PROBLEM_CRITICAL, "region_missing", name, age_s(last_us, now_us),
		     "no regiond of it is linked", "nothing is heard from %s", name);
}

static void match_trouble(const struct fleet_judge *j, const struct fleet_node *n,
			  struct problems *out)
{
	struct fleet_match m;

	if (!n->link || !n->report_us || fleet_match_make(j, n, &m) != ERR_OK)
		return;
	for (size_t i = 0; i < m.n_not_here; i++)
		problems_add(out, PROBLEM_WARNING, "service_unmatched", m.not_here[i], -1,
			     "this configuration has no such service there",
			     "reported by %s and unknown here", n->region_name);
	for (size_t i = 0; i < m.n_missing; i++)
		problems_add(out, PROBLEM_WARNING, "service_unmatched", m.missing[i], -1,
			     "no regiond of the region reports it", "not in the reports of %s",
			     n->region_name);
	fleet_match_fini(&m);
}

static void address_trouble(const struct fleet_judge *j, uint32_t s, uint32_t m, uint64_t now_us,
			    struct problems *out)
{
	const struct fleet_member *x = &j->services[s].members[m];
	const struct config_member *c = &fleet_judge_pool(j, s)->members[m];

	if (!x->addresses || x->verdict.health == HEALTH_DOWN)
		return;
	for (uint32_t i = 0; i < x->n_targets && i < 64; i++) {
		char text[ADDR_TEXT_MAX];

		if (x->addresses_up >> i & 1)
			continue;
		addr_text(&c->addresses[i], text);
		problems_add(out, PROBLEM_WARNING, "address_down", j->config->services[s].name,
			     age_s(x->addresses[i].since_us, now_us), "the probers see it fail",
			     "%s of %s is not answered", text, j->config->regions[c->region].name);
	}
}

/* ---- probers ---- */

static void blind_trouble(const struct fleet_vantage *v, uint64_t now_us, struct problems *out)
{
	static const char *const names[FAMILIES] = { "IPv4", "IPv6" };

	for (int f = 0; f < FAMILIES; f++)
		if (v->link && v->blind_us[f])
			problems_add(out, PROBLEM_WARNING, "prober_blind", v->name,
				     age_s(v->blind_us[f], now_us),
				     "it is cut off, or no region is left to see",
				     "prober %s sees nothing well over %s: its word does not count",
				     v->name, names[f]);
}

static void vantage_trouble(const struct fleet_judge *j, const struct fleet_vantage *v,
			    uint64_t now_us, struct problems *out)
{
	uint64_t since_us = heard_us(j, &v->phi, v->is_heard);

	if ((!v->link || phi_is_stale(&v->phi, now_us)) && now_us >= since_us + MISSING_US)
		problems_add(out, PROBLEM_WARNING, "prober_missing", v->name,
			     age_s(since_us, now_us), "", "prober %s is not linked", v->name);
	blind_trouble(v, now_us, out);
	if (v->link && v->stretch_ppm > 1000000)
		problems_add(out, PROBLEM_WARNING, "prober_stretched", v->name, -1,
			     "its limits.probes_per_second is too low for the plan",
			     "prober %s checks %u.%02u times less often than asked for", v->name,
			     v->stretch_ppm / 1000000, v->stretch_ppm % 1000000 / 10000);
	if (v->double_us && now_us < v->double_us + DOUBLE_US)
		problems_add(out, PROBLEM_CRITICAL, "double_name", v->name,
			     age_s(v->double_us, now_us), "names of nodes are unique",
			     "two probers call themselves %s: that at %.48s is refused", v->name,
			     v->double_address);
}

void fleet_trouble(const struct fleet_judge *j, uint64_t now_us, struct problems *out)
{
	for (uint32_t r = 0; r < j->config->n_regions; r++)
		region_trouble(j, r, now_us, out);
	for (const struct fleet_node *n = j->nodes; n; n = n->next) {
		node_trouble(j, n, now_us, out);
		match_trouble(j, n, out);
	}
	for (const struct fleet_vantage *v = j->vantages; v; v = v->next)
		vantage_trouble(j, v, now_us, out);
	for (uint32_t s = 0; s < j->n_services; s++)
		for (uint32_t m = 0; m < j->services[s].n_members; m++)
			address_trouble(j, s, m, now_us, out);
}
