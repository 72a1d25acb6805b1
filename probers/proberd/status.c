/* SPDX-License-Identifier: Apache-2.0 */
/* status: what a proberd sees and does, as JSON for its admin socket and as metrics. */
#include "probers/proberd/status.h"

#include "core/expiry.h"

#include <string.h>

#define PPM 1000000.0

/* ---- JSON */

static const char *health_of(const struct schedule_state *state)
{
	if (!state->known)
		return "unknown";
	return state->pass ? "up" : "down";
}

static json_t *probes_json(const struct status_source *s)
{
	struct schedule_stats stats;

	schedule_stats(s->schedule, &stats);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "targets",
			 (json_int_t)stats.targets, "running", (json_int_t)stats.running, "passed",
			 (json_int_t)stats.passed, "failed", (json_int_t)stats.failed, "not_made",
			 (json_int_t)stats.not_made, "per_second", (json_int_t)stats.per_second,
			 "need_per_second", (json_int_t)stats.need_per_second, "stretch",
			 stats.stretch_ppm / PPM);
}

static json_t *director_json(const struct director *d)
{
	const struct plan *plan = director_plan(d);
	struct director_stats stats;

	director_stats(d, &stats);
	return json_pack("{s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "director",
			 stats.name, "node", stats.link.node, "up", (int)stats.is_up, "has_plan",
			 (int)stats.has_plan, "plan", (json_int_t)plan_revision(plan), "targets",
			 (json_int_t)plan_size(plan), "refused", (json_int_t)stats.link.refused,
			 "lost", (json_int_t)stats.link.lost, "stuck", (json_int_t)stats.link.stuck,
			 "bad_frames", (json_int_t)stats.link.bad_frames, "trouble",
			 stats.link.trouble);
}

static json_t *target_json(const char *director, const struct plan_target *t, uint64_t now_us)
{
	uint64_t age_us = t->state.at_us ? now_us - t->state.at_us : 0;
	char at[ENDPOINT_TEXT_MAX];

	endpoint_text(&t->to, at);
	return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "director",
			 director, "id", (json_int_t)t->id, "pool", t->pool, "region", t->region,
			 "monitor", t->monitor, "address", at, "health", health_of(&t->state),
			 "streak", (json_int_t)t->state.streak, "rtt_us",
			 (json_int_t)t->state.rtt_us, "age_ms", (json_int_t)(age_us / 1000),
			 "reason", t->state.pass ? "" : t->state.reason);
}

static bool add_targets(const struct status_source *s, const struct director *d, json_t *list)
{
	const struct plan *plan = director_plan(d);
	uint64_t now_us = clock_mono_us(s->clock);
	struct director_stats stats;
	struct plan_target t;
	size_t i;

	director_stats(d, &stats);
	for (i = 0; i < plan_size(plan); i++) {
		plan_target(plan, i, &t);
		if (json_array_append_new(list, target_json(stats.name, &t, now_us)) != 0)
			return false;
	}
	return true;
}

json_t *status_json(const struct status_source *s)
{
	json_t *directors = json_array(), *targets = json_array();
	bool ok = directors && targets;
	size_t i;

	for (i = 0; i < s->n_directors && ok; i++)
		ok = json_array_append_new(directors, director_json(s->directors[i])) == 0 &&
		     add_targets(s, s->directors[i], targets);
	if (!ok) {
		json_decref(directors);
		json_decref(targets);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "node", s->node, "fleet", s->fleet,
			 "software", "fairlead-proberd " PACKAGE_VERSION, "incarnation",
			 (json_int_t)s->incarnation, "probes", probes_json(s), "directors",
			 directors, "targets", targets);
}

/* ---- metrics */

static void simple(struct buf *out, const char *name, const char *type, const char *help,
		   double value)
{
	metrics_family(out, name, type, help);
	metrics_sample(out, name, value, NULL);
}

static void probe_metrics(const struct status_source *s, struct buf *out)
{
	struct schedule_stats stats;

	schedule_stats(s->schedule, &stats);
	simple(out, "fairlead_probe_targets", "gauge", "Addresses that are checked.",
	       (double)stats.targets);
	simple(out, "fairlead_probe_running", "gauge", "Checks that wait for their result.",
	       (double)stats.running);
	metrics_family(out, "fairlead_probe_checks_total", "counter", "Checks by their result.");
	metrics_sample(out, "fairlead_probe_checks_total", (double)stats.passed, "result", "pass",
		       NULL);
	metrics_sample(out, "fairlead_probe_checks_total", (double)stats.failed, "result", "fail",
		       NULL);
	simple(out, "fairlead_probe_not_made_total", "counter",
	       "Checks that this prober had no descriptor, port, memory or permission for.",
	       (double)stats.not_made);
	simple(out, "fairlead_probe_stretch_ratio", "gauge",
	       "How much longer all intervals are than asked for, to keep the limit.",
	       stats.stretch_ppm / PPM);
	metrics_family(out, "fairlead_probe_seconds", "histogram", "How long checks take.");
	metrics_histogram_write(out, "fairlead_probe_seconds", s->seconds, NULL);
	reload_count_metrics((void *)&s->reloads, out);
	expiry_metrics(*s->tls, clock_wall_ms(s->clock) / 1000, out);
}

struct director_family {
	const char *name, *type, *help;
	double (*value)(const struct director_stats *stats);
};

static double value_up(const struct director_stats *stats)
{
	return stats->is_up;
}

static double value_refused(const struct director_stats *stats)
{
	return (double)stats->link.refused;
}

static double value_lost(const struct director_stats *stats)
{
	return (double)stats->link.lost;
}

static double value_stuck(const struct director_stats *stats)
{
	return (double)stats->link.stuck;
}

static double value_ignored(const struct director_stats *stats)
{
	return (double)stats->link.ignored;
}

static double value_bad_frames(const struct director_stats *stats)
{
	return (double)stats->link.bad_frames;
}

static const struct director_family director_families[] = {
	{ "fairlead_probe_director_up", "gauge", "Whether the link is up.", value_up },
	{ "fairlead_probe_director_refused_total", "counter",
	  "Attempts that did not become a link.", value_refused },
	{ "fairlead_probe_director_lost_total", "counter", "Links that went down.", value_lost },
	{ "fairlead_probe_director_stuck_total", "counter",
	  "Links that went down because the director did not read.", value_stuck },
	{ "fairlead_probe_director_ignored_frames_total", "counter",
	  "Frames of a kind that only a newer director knows.", value_ignored },
	{ "fairlead_probe_director_bad_frames_total", "counter",
	  "Links that were closed for what the director said.", value_bad_frames },
};

static void director_metrics(const struct status_source *s, struct buf *out)
{
	struct director_stats stats;
	size_t f, i;

	for (f = 0; f < sizeof(director_families) / sizeof(director_families[0]); f++) {
		const struct director_family *family = &director_families[f];

		metrics_family(out, family->name, family->type, family->help);
		for (i = 0; i < s->n_directors; i++) {
			director_stats(s->directors[i], &stats);
			metrics_sample(out, family->name, family->value(&stats), "director",
				       stats.name, NULL);
		}
	}
}

static void target_metrics(const struct director *d, size_t from, size_t to, struct buf *out)
{
	const struct plan *plan = director_plan(d);
	char at[ENDPOINT_TEXT_MAX], id[16];
	struct director_stats stats;
	struct plan_target t;
	size_t i;

	director_stats(d, &stats);
	for (i = from; i < to; i++) {
		plan_target(plan, i, &t);
		if (!t.state.known)
			continue;
		endpoint_text(&t.to, at);
		snprintf(id, sizeof(id), "%u", t.id);
		metrics_sample(out, "fairlead_probe_target_up", t.state.pass, "director",
			       stats.name, "target", id, "pool", t.pool, "region", t.region,
			       "monitor", t.monitor, "address", at, NULL);
	}
}

#define TARGETS_PART 256 /* of one director */

/* Part 0 is all else, and the head of the last family. */
bool status_metrics(void *ctx, uint32_t part, struct buf *out)
{
	const struct status_source *s = ctx;
	size_t i, n, parts, at = part;

	if (part == 0) {
		probe_metrics(s, out);
		director_metrics(s, out);
		metrics_family(out, "fairlead_probe_target_up", "gauge",
			       "The verdict on each target that has one.");
		return true;
	}
	for (i = 0, at--; i < s->n_directors; i++, at -= parts) {
		n = plan_size(director_plan(s->directors[i]));
		parts = (n + TARGETS_PART - 1) / TARGETS_PART;
		if (at >= parts)
			continue;
		at *= TARGETS_PART;
		target_metrics(s->directors[i], at, n - at < TARGETS_PART ? n : at + TARGETS_PART,
			       out);
		return true;
	}
	return false;
}

uint64_t status_numbering(void *ctx)
{
	const struct status_source *s = ctx;
	uint64_t number = s->reloads.done;
	size_t i;

	for (i = 0; i < s->n_directors; i++)
		number = number * 31 + plan_revision(director_plan(s->directors[i]));
	return number;
}

bool status_is_ready(const struct status_source *s)
{
	struct director_stats stats;
	size_t i;

	for (i = 0; i < s->n_directors; i++) {
		director_stats(s->directors[i], &stats);
		if (stats.is_up && stats.has_plan)
			return true;
	}
	return false;
}
