/* SPDX-License-Identifier: Apache-2.0 */
/* view: what the rest of dnsd may look at: members, nodes and vantages as plain data. */
#include "dnsd/fleet/view.h"

#include <stdio.h>
#include <string.h>

static double age_s(uint64_t then_us, uint64_t now_us)
{
	return then_us ? (double)(now_us - then_us) / 1e6 : -1;
}

/* ---- members ---- */

static void add_report(const struct fleet_node *n, const struct fleet_report *r, uint64_t now_us,
		       struct fleet_member_view *out)
{
	double age = age_s(fleet_node_told_us(n), now_us);

	out->has_report = true;
	if (out->report_age_s < 0 || (age >= 0 && age < out->report_age_s))
		out->report_age_s = age;
	if (fleet_node_is_stale(n, now_us) || n->is_withdrawn)
		return;
	out->capacity += r->capacity;
	out->used += r->used;
	out->arrivals += r->arrivals;
	if (r->queue_delay_us > out->queue_delay_us)
		out->queue_delay_us = r->queue_delay_us;
}

static void add_vantages(const struct fleet_judge *j, const struct fleet_member *m, uint64_t now_us,
			 struct fleet_member_view *out, char text[FLEET_REASON_MAX])
{
	const char *seen = "failed";

	for (const struct fleet_vantage *v = j->vantages; v; v = v->next) {
		const struct verdict_vantage one =
			fleet_vantage_of(v, m->first_target, m->n_targets, now_us, &seen);

		out->vantages += one.fresh;
		out->failing += one.fresh && one.known && !one.pass;
	}
	text[0] = 0;
	if (out->failing)
		snprintf(text, FLEET_REASON_MAX, "%u of %u vantages: %s", out->failing,
			 out->vantages, seen);
}

bool fleet_view_is_held_down(const struct fleet_judge *j, uint32_t service, uint32_t member)
{
	const struct verdict_member *v = &j->services[service].members[member].verdict;

	return v->health == HEALTH_DOWN && v->good_at_us;
}

static void add_hold_down(const struct fleet_judge *j, uint32_t service, uint32_t member,
			  uint64_t now_us, struct fleet_member_view *out)
{
	const struct verdict_member *v = &j->services[service].members[member].verdict;
	uint64_t length_us = j->config->services[service].hold_down_ms * 1000;

	out->hold_down_factor = 1;
	if (!fleet_view_is_held_down(j, service, member))
		return;
	out->hold_down_us = verdict_hold_down_us(v, length_us);
	out->hold_down_until_us = v->down_at_us + out->hold_down_us;
	if (out->hold_down_until_us > now_us)
		out->hold_down_left_us = out->hold_down_until_us - now_us;
	if (length_us && out->hold_down_us)
		out->hold_down_factor = (uint32_t)(out->hold_down_us / length_us);
}

char *fleet_view_hold_down_text(const struct fleet_member_view *v, char *out, size_t size)
{
	static const char *const doubled[] = { "", ", doubled once", ", doubled twice",
					       ", doubled 3 times", ", doubled 4 times" };
	unsigned times = v->hold_down_factor ? (unsigned)__builtin_ctz(v->hold_down_factor) : 0;

	out[0] = 0;
	if (v->hold_down_us)
		snprintf(out, size, "%.0f s of %.0f s left%s", (double)v->hold_down_left_us / 1e6,
			 (double)v->hold_down_us / 1e6, doubled[times < 5 ? times : 4]);
	return out;
}

void fleet_view_member(const struct fleet_judge *j, uint32_t service, uint32_t member,
		       uint64_t now_us, struct fleet_member_view *out)
{
	const struct fleet_member *m = &j->services[service].members[member];
	uint32_t region = fleet_judge_pool(j, service)->members[member].region;
	char said[FLEET_REASON_MAX], seen[FLEET_REASON_MAX];
	struct verdict_stream stream;

	memset(out, 0, sizeof(*out));
	out->health = m->verdict.health;
	out->cause = m->verdict.cause;
	out->since_us = m->verdict.since_us;
	out->flaps = m->verdict.flaps;
	out->addresses_up = m->addresses_up;
	out->report_age_s = -1;
	add_hold_down(j, service, member, now_us, out);
	fleet_judge_stream(j, service, member, now_us, &stream, said);
	for (const struct fleet_node *n = j->nodes; n; n = n->next) {
		const struct fleet_report *r =
			n->region == region ? fleet_node_of(n, j->config->services[service].name)
					    : NULL;

		if (r)
			add_report(n, r, now_us, out);
	}
	add_vantages(j, m, now_us, out, seen);
	snprintf(out->reason, sizeof(out->reason), "%s",
		 fleet_judge_reason(out->cause, said, seen));
}

/* ---- peers ---- */

size_t fleet_view_nodes(const struct fleet_judge *j, uint64_t now_us, struct fleet_node_view *out,
			size_t room)
{
	size_t n = 0;

	for (const struct fleet_node *node = j->nodes; node && n < room; node = node->next)
		out[n++] = (struct fleet_node_view){
			.region = node->region_name,
			.name = node->name,
			.software = node->software,
			.address = node->address,
			.is_up = node->link != NULL,
			.is_stale = fleet_node_is_stale(node, now_us),
			.is_withdrawn = node->is_withdrawn,
			.age_s = node->is_heard ? age_s(node->phi.last_us, now_us) : -1,
			.services = (unsigned)node->n_reports,
		};
	return n;
}

static double blind_s(const struct fleet_vantage *v, uint64_t now_us)
{
	double most = 0;

	for (int f = 0; f < FAMILIES; f++)
		if (v->blind_us[f] && age_s(v->blind_us[f], now_us) > most)
			most = age_s(v->blind_us[f], now_us);
	return most;
}

size_t fleet_view_vantages(const struct fleet_judge *j, uint64_t now_us,
			   struct fleet_vantage_view *out, size_t room)
{
	size_t n = 0;

	for (const struct fleet_vantage *v = j->vantages; v && n < room; v = v->next) {
		struct fleet_vantage_view *o = &out[n++];

		*o = (struct fleet_vantage_view){
			.name = v->name,
			.software = v->software,
			.address = v->address,
			.is_up = v->link != NULL,
			.is_fresh = fleet_vantage_is_fresh(v, now_us),
			.is_blind = v->blind_us[FAMILY_4] || v->blind_us[FAMILY_6],
			.blind_s = blind_s(v, now_us),
			.age_s = v->is_heard ? age_s(v->phi.last_us, now_us) : -1,
			.targets = (unsigned)v->n_seen,
			.stretch = v->stretch_ppm / 1e6,
		};
		for (size_t i = 0; i < v->n_seen; i++)
			o->failing += v->seen[i].known && !v->seen[i].pass;
	}
	return n;
}

double fleet_view_report_age_s(const struct fleet_judge *j, uint32_t region, uint64_t now_us)
{
	double least = -1;

	for (const struct fleet_node *n = j->nodes; n; n = n->next) {
		uint64_t told_us = fleet_node_told_us(n);
		double age = age_s(told_us ? told_us : j->start_us, now_us);

		if (n->region == region && (least < 0 || age < least))
			least = age;
	}
	return least;
}
