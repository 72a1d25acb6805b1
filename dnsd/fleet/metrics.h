/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: fairlead_region_down, fairlead_region_load_ratio, fairlead_report_age_seconds,
 * fairlead_peers_refused_total, fairlead_address_up and those of the probers. A series is written
 * while what it speaks of is in the configuration or linked: what is gone leaves no series.
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_DNSD_FLEET_METRICS_H
#define FAIRLEAD_DNSD_FLEET_METRICS_H

#include "core/buf.h"
#include "dnsd/fleet/session.h"

/* A metrics_part_fn of core/metrics.h. */
bool fleet_metrics_write(const struct fleet_session *session, uint32_t part, uint64_t now_us,
			 struct buf *out);

#endif
