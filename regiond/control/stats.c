/* SPDX-License-Identifier: Apache-2.0 */
/* stats: regiond's metrics. */
#include "regiond/control/stats.h"

#include "core/expiry.h"

#include <string.h>

/* ---- families of services ---- */

static void write_ends(const struct table_service *ts, struct buf *out)
{
	for (int end = 0; end < SERVICE_ENDS; end++)
		metrics_sample(out, "fairlead_requests_total",
			       (double)atomic_load(&ts->service->ends[end]), "service",
			       ts->service->name, "pool",
			       routes_rest(&ts->routes)->pool->config->name, "code",
			       service_end_name(end), NULL);
}

static void write_bytes(const struct table_service *ts, struct buf *out)
{
	const struct service *s = ts->service;
	metrics_sample(out, "fairlead_bytes_total",
		       (double)atomic_load(&s->bytes[SERVICE_FROM_CLIENT]), "service", s->name,
		       "from", "client", NULL);
	metrics_sample(out, "fairlead_bytes_total",
		       (double)atomic_load(&s->bytes[SERVICE_FROM_BACKEND]), "service", s->name,
		       "from", "backend", NULL);
}

static void write_seconds(const struct table_service *ts, struct buf *out)
{
	metrics_histogram_write(out, "fairlead_request_seconds", &ts->service->seconds, "service",
				ts->service->name, NULL);
}

static void write_capacity(const struct table_service *ts, struct buf *out)
{
	struct tally t;
	tally_take(&t, ts, NULL);
	metrics_sample(out, "fairlead_capacity", (double)t.capacity, "service", t.service->name,
		       NULL);
}

static void write_used(const struct table_service *ts, struct buf *out)
{
	struct tally t;
	tally_take(&t, ts, NULL);
	metrics_sample(out, "fairlead_used", (double)t.used, "service", t.service->name, NULL);
}

/* ---- families of backends ---- */

static double in_flight(const struct backend *b)
{
	return atomic_load(&b->in_flight);
}

static double is_up(const struct backend *b)
{
	return atomic_load(&b->state) == BACKEND_UP;
}

static double failures(const struct backend *b)
{
	return (double)atomic_load(&b->connect_failures);
}

static void write_pool(const struct pool *p, const char *name,
		       double (*value)(const struct backend *b), struct buf *out)
{
	for (size_t k = 0; k < p->n_slots; k++)
		metrics_sample(out, name, value(p->slots[k].backend), "pool", p->config->name,
			       "backend", p->slots[k].backend->text, "az",
			       p->az_names[p->slots[k].az], NULL);
}

/* One of the two is set. */
static const struct family {
	const char *name, *type, *help;
	void (*service)(const struct table_service *ts, struct buf *out);
	double (*backend)(const struct backend *b);
} families[] = {
	{ .name = "fairlead_requests_total",
	  .type = "counter",
	  .help = "Connections that ended, by how: done, reset, full, down, unreachable, "
		  "exhausted.",
	  .service = write_ends },
	{ .name = "fairlead_bytes_total",
	  .type = "counter",
	  .help = "Bytes that were read from clients and from backends.",
	  .service = write_bytes },
	{ .name = "fairlead_request_seconds",
	  .type = "histogram",
	  .help = "How long connections lasted that reached a backend.",
	  .service = write_seconds },
	{ .name = "fairlead_backend_inflight",
	  .type = "gauge",
	  .help = "Connections to the backend now.",
	  .backend = in_flight },
	{ .name = "fairlead_backend_up",
	  .type = "gauge",
	  .help = "1 when all monitors of the pool pass.",
	  .backend = is_up },
	{ .name = "fairlead_backend_connect_failures_total",
	  .type = "counter",
	  .help = "Connections to the backend that did not come about.",
	  .backend = failures },
	{ .name = "fairlead_capacity",
	  .type = "gauge",
	  .help = "Connections that the service's usable backends may have; 0 = not limited.",
	  .service = write_capacity },
	{ .name = "fairlead_used",
	  .type = "gauge",
	  .help = "Connections that the service's backends have.",
	  .service = write_used },
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static bool write_row(const struct table *t, const struct family *f, size_t row, struct buf *out)
{
	size_t n = f->service ? t->n_services : t->n_pools;
	if (row > 0 && row >= n)
		return false;
	if (row == 0)
		metrics_family(out, f->name, f->type, f->help);
	if (row < n && f->service)
		f->service(&t->services[row], out);
	else if (row < n)
		write_pool(&t->pools[row], f->name, f->backend, out);
	return true;
}

/* ---- all else ---- */

static void collect_process(const struct node *n, struct buf *out)
{
	size_t up = 0;
	for (size_t i = 0; i < reporter_directors(n->reporter); i++)
		up += reporter_director(n->reporter, i).up;
	metrics_family(out, "fairlead_connections", "gauge", "Client connections now.");
	metrics_sample(out, "fairlead_connections", (double)front_open(n->front), NULL);
	metrics_family(out, "fairlead_accept_pauses_total", "counter",
		       "How often file descriptors had run out.");
	metrics_sample(out, "fairlead_accept_pauses_total", (double)front_pauses(n->front), NULL);
	metrics_family(out, "fairlead_shortages_total", "counter",
		       "Connections to backends that were not made for want of descriptors, ports "
		       "or memory, or made of a port in TIME_WAIT (ports_reused).");
	for (enum shortage s = 0; s < SHORTAGES; s++)
		metrics_sample(out, "fairlead_shortages_total",
			       (double)front_shortages(n->front, s), "kind", shortage_name(s),
			       NULL);
	metrics_family(out, "fairlead_directors", "gauge", "Directors that are configured.");
	metrics_sample(out, "fairlead_directors", (double)reporter_directors(n->reporter), NULL);
	metrics_family(out, "fairlead_directors_up", "gauge", "Directors that are reported to.");
	metrics_sample(out, "fairlead_directors_up", (double)up, NULL);
	metrics_family(out, "fairlead_frames_ignored_total", "counter",
		       "Frames of a kind that only newer directors know.");
	metrics_sample(out, "fairlead_frames_ignored_total", (double)reporter_ignored(n->reporter),
		       NULL);
}

static void collect_checks(const struct node *n, struct buf *out)
{
	struct schedule_stats s;
	schedule_stats(n->schedule, &s);
	metrics_family(out, "fairlead_checks_total", "counter",
		       "Checks of backends, by result; not_made: for want of a descriptor, port or "
		       "memory here.");
	metrics_sample(out, "fairlead_checks_total", (double)s.passed, "result", "pass", NULL);
	metrics_sample(out, "fairlead_checks_total", (double)s.failed, "result", "fail", NULL);
	metrics_sample(out, "fairlead_checks_total", (double)s.not_made, "result", "not_made",
		       NULL);
}

static void collect_problems(const struct problems *p, struct buf *out)
{
	double critical = 0;
	for (size_t i = 0; i < p->n; i++)
		critical += p->list[i].severity == PROBLEM_CRITICAL;
	metrics_family(out, "fairlead_problems", "gauge", "Problems that status shows now.");
	metrics_sample(out, "fairlead_problems", critical, "severity", "critical", NULL);
	metrics_sample(out, "fairlead_problems", (double)p->n - critical, "severity", "warning",
		       NULL);
}

/* A part is a service or a pool of a family; the last one is all that does not grow. */
bool stats_collect(void *ctx, uint32_t part, struct buf *out)
{
	const struct stats *stats = ctx;
	const struct node *n = stats->node;
	size_t row = part;
	for (size_t f = 0; f < FAMILIES; f++) {
		size_t rows = families[f].service ? n->table->n_services : n->table->n_pools;
		if (write_row(n->table, &families[f], row, out))
			return true;
		row -= rows ? rows : 1;
	}
	if (row > 0)
		return false;
	collect_process(n, out);
	reload_count_metrics((void *)changeover_count(stats->reload), out);
	collect_checks(n, out);
	expiry_metrics(n->tls, clock_wall_ms(n->clock) / 1000, out);
	forced_metrics(n->forced, out);
	collect_problems(trouble_list(stats->trouble), out);
	return true;
}

uint64_t stats_numbering(void *ctx)
{
	const struct stats *stats = ctx;
	return changeover_count(stats->reload)->done;
}
