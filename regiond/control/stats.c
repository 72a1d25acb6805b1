/* SPDX-License-Identifier: Apache-2.0 */
/* stats: regiond's metrics. */
#include "regiond/control/stats.h"

#include "core/expiry.h"

#include <string.h>

static void collect_ends(const struct node *n, struct buf *out)
{
	metrics_family(out, "fairlead_requests_total", "counter",
		       "Connections that ended, by how: done, reset, full, down, unreachable, "
		       "exhausted.");
	for (size_t i = 0; i < n->table->n_services; i++) {
		const struct table_service *ts = &n->table->services[i];
		for (int end = 0; end < SERVICE_ENDS; end++)
			metrics_sample(out, "fairlead_requests_total",
				       (double)atomic_load(&ts->service->ends[end]), "service",
				       ts->service->name, "pool",
				       routes_rest(&ts->routes)->pool->config->name, "code",
				       service_end_name(end), NULL);
	}
	metrics_family(out, "fairlead_bytes_total", "counter",
		       "Bytes that were read from clients and from backends.");
	for (size_t i = 0; i < n->table->n_services; i++) {
		const struct service *s = n->table->services[i].service;
		metrics_sample(out, "fairlead_bytes_total",
			       (double)atomic_load(&s->bytes[SERVICE_FROM_CLIENT]), "service",
			       s->name, "from", "client", NULL);
		metrics_sample(out, "fairlead_bytes_total",
			       (double)atomic_load(&s->bytes[SERVICE_FROM_BACKEND]), "service",
			       s->name, "from", "backend", NULL);
	}
	metrics_family(out, "fairlead_request_seconds", "histogram",
		       "How long connections lasted that reached a backend.");
	for (size_t i = 0; i < n->table->n_services; i++) {
		const struct service *s = n->table->services[i].service;
		metrics_histogram_write(out, "fairlead_request_seconds", &s->seconds, "service",
					s->name, NULL);
	}
}

/* One family of a value for each backend. */
static void collect_backends(const struct node *n, struct buf *out, const char *name,
			     const char *type, const char *help,
			     double (*value)(const struct backend *b))
{
	metrics_family(out, name, type, help);
	for (size_t i = 0; i < n->table->n_pools; i++) {
		const struct pool *p = &n->table->pools[i];
		for (size_t k = 0; k < p->n_slots; k++)
			metrics_sample(out, name, value(p->slots[k].backend), "pool",
				       p->config->name, "backend", p->slots[k].backend->text, "az",
				       p->az_names[p->slots[k].az], NULL);
	}
}

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

static void collect_load(const struct node *n, struct buf *out)
{
	struct tally t;
	metrics_family(out, "fairlead_capacity", "gauge",
		       "Connections that the service's usable backends may have; 0 = not limited.");
	for (size_t i = 0; i < n->table->n_services; i++) {
		tally_take(&t, &n->table->services[i], NULL);
		metrics_sample(out, "fairlead_capacity", (double)t.capacity, "service",
			       t.service->name, NULL);
	}
	metrics_family(out, "fairlead_used", "gauge",
		       "Connections that the service's backends have.");
	for (size_t i = 0; i < n->table->n_services; i++) {
		tally_take(&t, &n->table->services[i], NULL);
		metrics_sample(out, "fairlead_used", (double)t.used, "service", t.service->name,
			       NULL);
	}
}

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

void stats_collect(void *ctx, struct buf *out)
{
	const struct stats *pages = ctx;
	const struct node *n = pages->node;
	collect_ends(n, out);
	collect_backends(n, out, "fairlead_backend_inflight", "gauge",
			 "Connections to the backend now.", in_flight);
	collect_backends(n, out, "fairlead_backend_up", "gauge",
			 "1 when all monitors of the pool pass.", is_up);
	collect_backends(n, out, "fairlead_backend_connect_failures_total", "counter",
			 "Connections to the backend that did not come about.", failures);
	collect_load(n, out);
	collect_process(n, out);
	reload_count_metrics((void *)changeover_count(pages->reload), out);
	collect_checks(n, out);
	expiry_metrics(n->tls, clock_wall_ms(n->clock) / 1000, out);
	forced_metrics(n->forced, out);
	collect_problems(trouble_list(pages->trouble), out);
}
