/* SPDX-License-Identifier: Apache-2.0 */
/* publish: the pointer that all readers follow, and the control thread's stores into what it points
 * to. */
#include "dnsd/publish/publish.h"

#include "core/log.h"
#include "core/rcu.h"

#include <malloc.h>
#include <stdlib.h>

struct publish {
	_Atomic(struct snapshot *) current;
	uint64_t total;
	struct metrics_histogram seconds;
};

enum err_code publish_new(struct publish **out)
{
	struct publish *p = calloc(1, sizeof(*p));

	if (!p)
		return ERR_MEMORY;
	*out = p;
	return ERR_OK;
}

void publish_free(struct publish *p)
{
	if (!p)
		return;
	rcu_barrier_wait();
	snapshot_free(rcu_read(&p->current));
	free(p);
}

static void free_later(void *snapshot)
{
	snapshot_free(snapshot);
	malloc_trim(0); /* a generation may be most of the heap: give it back */
}

void publish_swap(struct publish *p, struct snapshot *s)
{
	struct snapshot *old = rcu_publish(&p->current, s);

	p->total++;
	if (old && rcu_later(free_later, old) != ERR_OK)
		log_warn("dnsd/publish", "out of memory to free generation %llu: it is kept",
			 (unsigned long long)old->generation);
}

void publish_live(struct publish *p, uint32_t service, const struct publish_service_live *live)
{
	struct snapshot *s = rcu_read(&p->current);

	if (s && service < s->n_services)
		serving_store(&s->services[service], live);
}

const struct snapshot *publish_current(const struct publish *p)
{
	return rcu_read(&p->current);
}

_Atomic(struct snapshot *) *publish_pointer(struct publish *p)
{
	return &p->current;
}

void publish_took(struct publish *p, uint64_t us)
{
	metrics_observe_us(&p->seconds, us);
}

/* A page that shows every zone of a large hoster is read by nobody. */
#define ZONES_SHOWN 4096

static void write_zones(const struct snapshot *s, struct buf *out)
{
	size_t n = zone_set_count(s->zones);
	char name[NAME_TEXT_MAX];

	metrics_family(out, "fairlead_zones", "gauge", "Zones that are answered.");
	metrics_sample(out, "fairlead_zones", (double)n, NULL);
	metrics_family(out, "fairlead_zone_serial", "gauge",
		       "SOA serial of the zone that is served; of the first 4096.");
	for (size_t i = 0; i < n && i < ZONES_SHOWN; i++) {
		const struct zone *z = zone_set_zone(s->zones, i);

		if (!z->is_broken)
			metrics_sample(out, "fairlead_zone_serial", z->serial, "zone",
				       name_text(z->origin.wire, name), NULL);
	}
}

static void write_databases(const struct snapshot *s, struct buf *out)
{
	const struct client_map_database *list;
	size_t n = client_map_databases(s->clients, &list);

	metrics_family(out, "fairlead_database_built_time_seconds", "gauge",
		       "When the database that clients are placed by was made, as it says itself;"
		       " in seconds since 1970.");
	for (size_t i = 0; i < n; i++)
		if (list[i].built_s)
			metrics_sample(out, "fairlead_database_built_time_seconds",
				       (double)list[i].built_s, "database", list[i].path, NULL);
}

void publish_metrics(void *publish, struct buf *out)
{
	struct publish *p = publish;

	if (publish_current(p)) {
		write_zones(publish_current(p), out);
		write_databases(publish_current(p), out);
	}
	metrics_family(out, "fairlead_publish_total", "counter", "Snapshots published.");
	metrics_sample(out, "fairlead_publish_total", (double)p->total, NULL);
	metrics_family(out, "fairlead_publish_seconds", "histogram",
		       "Time to load and build a snapshot, beside the one that serves.");
	metrics_histogram_write(out, "fairlead_publish_seconds", &p->seconds, NULL);
}
