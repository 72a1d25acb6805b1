/* SPDX-License-Identifier: Apache-2.0 */
/* rooms: the doors that the admin API goes through: whom it asks and whom it tells. It has no
 * state of its own: control/control.c fills it once, and nobody else writes in it.
 *
 * Threads    the control thread
 * Ownership  all borrowed
 */
#ifndef FAIRLEAD_DNSD_ADMIN_ROOMS_H
#define FAIRLEAD_DNSD_ADMIN_ROOMS_H

#include "core/job.h"
#include "dnsd/reload/reload.h"
#include "dnsd/serve/serve.h"
#include "dnsd/state/upkeep.h"

struct rooms {
	struct loop *loop;
	struct job_pool *jobs;
	const struct clock *clock;
	struct fleet *fleet;
	struct overrides *overrides;
	struct live *live;
	struct keep *keep;
	struct publish *publish;
	struct serve *serve;
	struct reload *reload;
	struct store *store;
	struct upkeep *upkeep;
	struct tls *tls; /* our certificate; NULL = none */
	int64_t started_ms;
};

static inline const struct dnsd_config *rooms_config(const struct rooms *r)
{
	return reload_config(r->reload);
}

static inline const struct config_pool *rooms_pool(const struct rooms *r, uint32_t service)
{
	return &rooms_config(r)->pools[rooms_config(r)->services[service].pool];
}

static inline const struct snapshot *rooms_snapshot(const struct rooms *r)
{
	return publish_current(r->publish);
}

#endif
