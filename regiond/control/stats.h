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

/* metrics_fn; ctx is a struct stats. */
void stats_collect(void *ctx, struct buf *out);

#endif
