/* SPDX-License-Identifier: Apache-2.0 */
/* stats: regiond's metrics, and the pages of listen.http.
 *
 *   /metrics   Prometheus text
 *   /healthz   200 while it runs
 *   /readyz    200 when it wants clients
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_REGIOND_STATS_H
#define FAIRLEAD_REGIOND_STATS_H

#include "core/http.h"
#include "core/metrics.h"
#include "regiond/control/changeover.h"
#include "regiond/control/node.h"
#include "regiond/control/trouble.h"

struct stats_pages {
	const struct node *node;
	const struct changeover *reload;
	const struct trouble *trouble;
	struct metrics *metrics;
};

/* metrics_fn; ctx is a struct stats_pages. */
void stats_collect(void *ctx, struct buf *out);

/* http_handler_fn; ctx is a struct stats_pages. */
void stats_handle(void *ctx, const struct http_request *req, struct http_reply *reply);

#endif
