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

static void write_panic(struct live *l, uint32_t s, struct buf *out)
{
	struct live_service now;

	live_of(l, s, &now);
	metrics_sample(out, "fairlead_service_panic",
		       !(now.masks.live.serve | now.masks.live.spare), "service",
		       live_config(l)->services[s].name, NULL);
}

static const struct family {
	const char *name, *help;
	void (*write)(struct live *l, uint32_t s, struct buf *out);
} families[] = {
	{ "fairlead_region_up",
	  "1 when the region may serve the service: not down, not drained, not dialled to 0, not"
	  " held.",
	  write_service },
	{ "fairlead_service_panic", "1 when no member may serve, and the last resort answers.",
	  write_panic },
};

/* A part is a service of a family. */
bool gauges_write(void *live, uint32_t part, struct buf *out)
{
	struct live *l = live;
	uint32_t n = (uint32_t)live_config(l)->n_services, s = n ? part % n : 0;
	uint32_t f = n ? part / n : part;

	if (f >= sizeof(families) / sizeof(families[0]))
		return false;
	if (s == 0)
		metrics_family(out, families[f].name, "gauge", families[f].help);
	if (n)
		families[f].write(l, s, out);
	return true;
}
