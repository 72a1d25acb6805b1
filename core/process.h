/* SPDX-License-Identifier: Apache-2.0 */
/* process: what each daemon tells of itself as a process, for metrics_add().
 *
 *   fairlead_build_info{version}              process_start_time_seconds
 *   process_cpu_seconds_total                 process_resident_memory_bytes
 *   process_open_fds, process_max_fds         process_threads
 *   fairlead_log_lines_dropped_total          fairlead_descriptors_refused_total
 *
 * Threads    any
 * Errors     what /proc does not tell is left out
 * Source     proc(5); the names are those of Prometheus client libraries
 */
#ifndef FAIRLEAD_CORE_PROCESS_H
#define FAIRLEAD_CORE_PROCESS_H

#include "core/buf.h"

void process_metrics(void *unused, struct buf *out);

#endif
