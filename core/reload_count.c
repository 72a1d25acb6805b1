/* SPDX-License-Identifier: Apache-2.0 */
/* reload_count: how the reloads of a daemon went, for metrics and status. */
#include "core/reload_count.h"

#include "core/metrics.h"

void reload_count_start(struct reload_count *r, int64_t now_ms)
{
	*r = (struct reload_count){ .done_ms = now_ms };
}

void reload_count_done(struct reload_count *r, int64_t now_ms)
{
	r->done++;
	r->done_ms = now_ms;
	r->is_refused = false;
	r->why.text[0] = 0;
}

void reload_count_refused(struct reload_count *r, int64_t now_ms, const struct err *why)
{
	r->refused++;
	r->refused_ms = now_ms;
	r->is_refused = true;
	r->why = *why;
}

void reload_count_metrics(void *arg, struct buf *out)
{
	const struct reload_count *r = arg;

	metrics_family(out, "fairlead_reloads_total", "counter",
		       "Reloads of the configuration, by result.");
	metrics_sample(out, "fairlead_reloads_total", (double)r->done, "result", "done", NULL);
	metrics_sample(out, "fairlead_reloads_total", (double)r->refused, "result", "refused",
		       NULL);
	metrics_family(out, "fairlead_reload_ok", "gauge",
		       "1 = the last reload was taken, 0 = it was refused.");
	metrics_sample(out, "fairlead_reload_ok", !r->is_refused, NULL);
	metrics_family(out, "fairlead_reload_time_seconds", "gauge",
		       "When the last good reload, or the start, was; in seconds since 1970.");
	metrics_sample(out, "fairlead_reload_time_seconds", (double)r->done_ms / 1000, NULL);
}
