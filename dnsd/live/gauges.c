/* SPDX-License-Identifier: Apache-2.0 */
/* gauges: who serves now, as Prometheus text. */
#include "dnsd/live/gauges.h"

#include "core/metrics.h"

static void write_service(struct live *l, uint32_t s, struct buf *out)
{
	const struct dnsd_config *config = live_config(l);
	const struct config_pool *pool = &config->pools[config->services[s].pool];
	struct live_service now;

	live_of(l, s, &now);
	for (uint32_t m = 0; m < pool->n_members; m++) {
		uint32_t region = pool->members[m].region;
		bool is_up = live_region_bits(l, s, region) & now.masks.live.serve;

		if (!live_nth(l, s, m)) /* a region that stands twice: one sample */
			metrics_sample(out, "fairlead_region_up", is_up, "service",
				       config->services[s].name, "region",
				       config->regions[region].name, NULL);
	}
}

static void write_panic(struct live *l, struct buf *out)
{
	const struct dnsd_config *config = live_config(l);

	metrics_family(out, "fairlead_service_panic", "gauge",
		       "1 when no member may serve, and the last resort answers.");
	for (uint32_t s = 0; s < config->n_services; s++) {
		struct live_service now;

		live_of(l, s, &now);
		metrics_sample(out, "fairlead_service_panic",
			       !(now.masks.live.serve | now.masks.live.spare), "service",
			       config->services[s].name, NULL);
	}
}

void gauges_write(void *live, struct buf *out)
{
	struct live *l = live;

	metrics_family(out, "fairlead_region_up", "gauge",
		       "1 when the region may serve the service: not down, not drained, not dialled"
		       " to 0, not held.");
	for (uint32_t s = 0; s < live_config(l)->n_services; s++)
		write_service(l, s, out);
	write_panic(l, out);
}
