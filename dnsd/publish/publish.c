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

void publish_metrics(void *publish, struct buf *out)
{
	struct publish *p = publish;

	metrics_family(out, "fairlead_publish_total", "counter", "Snapshots published.");
	metrics_sample(out, "fairlead_publish_total", (double)p->total, NULL);
	metrics_family(out, "fairlead_publish_seconds", "histogram",
		       "Time to load and build a snapshot, beside the one that serves.");
	metrics_histogram_write(out, "fairlead_publish_seconds", &p->seconds, NULL);
}
