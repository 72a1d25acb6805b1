/* SPDX-License-Identifier: Apache-2.0 */
/* stats: regiond's metrics.
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_REGIOND_STATS_H
#define FAIRLEAD_REGIOND_STATS_H

#include "core/metrics.h"
#include "regiond/control/changeover.h"
#include "regiond/control/node.h"
#include "regiond/control/trouble.h"

struct stats {
	const struct node *node;
	const struct changeover *reload;
	const struct trouble *trouble;
};

/* A metrics_part_fn, and what its parts are numbered by; ctx is a struct stats. */
bool stats_collect(void *ctx, uint32_t part, struct buf *out);
uint64_t stats_numbering(void *ctx);

#endif
