/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: how the last reload went, and what is not as it is configured. */
#include "dnsd/reload/outcome.h"

#include "core/metrics.h"
#include "schema/config/config.h"

#include <stdio.h>
#include <string.h>

void outcome_init(struct outcome *o, const struct clock *clock)
{
	*o = (struct outcome){ .clock = clock, .waits = BUF_INIT };
}

void outcome_fini(struct outcome *o)
{
	buf_fini(&o->waits);
	publish_faults_fini(&o->faults);
}

static void take_faults(struct outcome *o, struct build *b)
{
	publish_faults_fini(&o->faults);
	o->faults = b->faults;
	memset(&b->faults, 0, sizeof(b->faults));
	o->faults_ms = clock_wall_ms(o->clock);
}

/* As long as the file differs from what the process was started with. */
static void take_waits(struct outcome *o, struct build *b)
{
	buf_fini(&o->waits);
	o->waits = b->waits;
	b->waits = (struct buf)BUF_INIT;
}

/* The databases alone were read anew, and all of them are good. */
static void drop_database_faults(struct outcome *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->faults.n; i++)
		if (o->faults.list[i].kind != PUBLISH_DATABASE)
			o->faults.list[n++] = o->faults.list[i];
	o->faults.n = n;
}

void outcome_note(struct outcome *o, struct build *b)
{
	int64_t now_ms = clock_wall_ms(o->clock);

	if (b->code != ERR_OK) {
		reload_count_refused(&o->count, now_ms, &b->e);
		return;
	}
	if (!b->is_reload && !b->load.is_fresh_geo)
		return; /* only dials differ */
	reload_count_done(&o->count, now_ms);
	if (b->is_reload) {
		take_faults(o, b);
		take_waits(o, b);
	} else {
		drop_database_faults(o);
	}
}

/* ---- problems ---- */

static double age_s(const struct outcome *o, int64_t since_ms)
{
	int64_t age_ms = clock_wall_ms(o->clock) - since_ms;

	return age_ms > 0 ? (double)age_ms / 1000 : 0;
}

static const char *kind_of(const struct publish_fault *f)
{
	return f->kind == PUBLISH_ZONE	     ? "zone"
	       : f->kind == PUBLISH_DATABASE ? "database"
					     : "service";
}

static const char *name_of(const struct publish_fault *f, const struct dnsd_config *config)
{
	switch (f->kind) {
	case PUBLISH_ZONE: return f->index < config->n_zones ? config->zones[f->index].name : "";
	case PUBLISH_DATABASE:
		return f->index < config->geo.n_databases ? config->geo.databases[f->index] : "";
	default: return f->index < config->n_services ? config->services[f->index].name : "";
	}
}

static const char *stand_in_of(const struct publish_fault *f)
{
	switch (f->stand_in) {
	case PUBLISH_RUNNING: return "the one that was loaded before serves";
	case PUBLISH_COPY: return "its last good copy serves";
	default: break;
	}
	return f->kind == PUBLISH_DATABASE ? "clients are placed without it"
	       : f->kind == PUBLISH_ZONE   ? "its names are answered SERVFAIL"
					   : "it is not answered";
}

void outcome_fault_text(const struct publish_fault *f, const struct dnsd_config *config, char *out,
			size_t size)
{
	snprintf(out, size, "%s %s cannot be loaded: %s", kind_of(f), name_of(f, config),
		 stand_in_of(f));
}

void outcome_problems(const struct outcome *o, const struct dnsd_config *config,
		      struct problems *out)
{
	char text[512];

	for (size_t i = 0; i < o->faults.n; i++) {
		const struct publish_fault *f = &o->faults.list[i];

		outcome_fault_text(f, config, text, sizeof(text));
		problems_add(out,
			     f->stand_in == PUBLISH_NOTHING && f->kind != PUBLISH_DATABASE
				     ? PROBLEM_CRITICAL
				     : PROBLEM_WARNING,
			     kind_of(f), name_of(f, config), age_s(o, o->faults_ms), f->why.text,
			     "%s", text);
	}
	if (o->count.is_refused)
		problems_add(out, PROBLEM_WARNING, "reload", config->file,
			     age_s(o, o->count.refused_ms), o->count.why.text,
			     "the last reload was refused: what was there before serves");
	if (o->waits.len)
		problems_add(out, PROBLEM_WARNING, "restart", config->file, -1,
			     buf_text((struct buf *)&o->waits),
			     "keys that were changed take effect with a restart");
}

/* ---- metrics ---- */

void outcome_metrics(const struct outcome *o, struct buf *out)
{
	static const char *const kinds[] = { "zone", "service", "database" };

	reload_count_metrics((void *)&o->count, out);
	metrics_family(out, "fairlead_stand_ins", "gauge",
		       "Zones, services and databases that could not be loaded as configured.");
	for (size_t k = 0; k < 3; k++) {
		size_t n = 0;

		for (size_t i = 0; i < o->faults.n; i++)
			n += strcmp(kind_of(&o->faults.list[i]), kinds[k]) == 0;
		metrics_sample(out, "fairlead_stand_ins", (double)n, "kind", kinds[k], NULL);
	}
}
