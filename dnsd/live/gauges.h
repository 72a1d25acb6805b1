/* SPDX-License-Identifier: Apache-2.0 */
/* gauges: who serves now, as Prometheus text: fairlead_region_up, fairlead_service_panic.
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_DNSD_LIVE_GAUGES_H
#define FAIRLEAD_DNSD_LIVE_GAUGES_H

#include "core/buf.h"
#include "dnsd/live/live.h"

/* Fits metrics_add_parts(). */
bool gauges_write(void *live, uint32_t part, struct buf *out);

#endif
