/* SPDX-License-Identifier: Apache-2.0 */
/* public: what anybody may read on listen.http. */
#include "dnsd/admin/public.h"

#include "core/expiry.h"
#include "core/metrics.h"
#include "core/process.h"
#include "core/status_pages.h"
#include "dnsd/admin/trouble.h"
#include "dnsd/live/gauges.h"
#include "schema/sql/store_look.h"

#include <stdlib.h>

struct public
{
	const struct rooms *rooms;
	const struct refusals *refusals;
	struct metrics *metrics;
	bool is_ready;
	struct status_pages pages;
};

static bool write_serve(void *public, uint32_t part, struct buf *out)
{
	struct public *p = public;

	return serve_metrics(p->rooms->serve, part, out, reload_labels(p->rooms->reload));
}

static void write_own(void *public, struct buf *out)
{
	struct public *p = public;

	metrics_family(out, "fairlead_overrides", "gauge", "What operators force now.");
	metrics_sample(out, "fairlead_overrides", (double)overrides_now(p->rooms->overrides).n,
		       NULL);
	metrics_family(out, "fairlead_operations_refused_total", "counter",
		       "Changes that were asked for and refused.");
	metrics_sample(out, "fairlead_operations_refused_total",
		       (double)refusals_total(p->refusals), NULL);
	metrics_family(out, "fairlead_client_classes", "gauge", "Classes of clients.");
	metrics_sample(out, "fairlead_client_classes",
		       client_map_class_count(rooms_snapshot(p->rooms)->clients), NULL);
	expiry_metrics(p->rooms->tls, clock_wall_ms(p->rooms->clock) / 1000, out);
}

static enum err_code add_metrics(struct public *p)
{
	enum err_code rc = metrics_new(&p->metrics);

	if (rc == ERR_OK)
		rc = metrics_add_parts(p->metrics, write_serve, p);
	if (rc == ERR_OK)
		rc = metrics_add_parts(p->metrics, fleet_metrics, p->rooms->fleet);
	if (rc == ERR_OK)
		rc = metrics_add_parts(p->metrics, gauges_write, p->rooms->live);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, publish_metrics, p->rooms->publish);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, write_own, p);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, trouble_metrics, (void *)p->rooms);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, store_metrics, p->rooms->store);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, upkeep_metrics, p->rooms->upkeep);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, reload_metrics, p->rooms->reload);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, loop_metrics, p->rooms->loop);
	if (rc == ERR_OK)
		rc = metrics_add(p->metrics, process_metrics, NULL);
	return rc;
}

static const char *why_not_ready(const void *public)
{
	const struct public *p = public;

	return p->is_ready ? NULL : "not ready";
}

enum err_code public_new(struct public **out, const struct rooms *rooms,
			 const struct refusals *refusals)
{
	struct public *p = calloc(1, sizeof(*p));
	enum err_code rc;

	if (!p)
		return ERR_MEMORY;
	p->rooms = rooms;
	p->refusals = refusals;
	rc = add_metrics(p);
	if (rc != ERR_OK) {
		public_free(p);
		return rc;
	}
	p->pages = (struct status_pages){ p->metrics, why_not_ready, p };
	metrics_number_by(p->metrics, reload_numbering, rooms->reload);
	*out = p;
	return ERR_OK;
}

void public_free(struct public *p)
{
	if (!p)
		return;
	metrics_free(p->metrics);
	free(p);
}

void public_set_ready(struct public *p, bool is_ready)
{
	p->is_ready = is_ready;
}

void public_handle(void *public, const struct http_request *req, struct http_reply *reply)
{
	struct public *p = public;

	status_pages_handle(&p->pages, req, reply);
}
