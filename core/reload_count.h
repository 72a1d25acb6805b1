/* SPDX-License-Identifier: Apache-2.0 */
/* reload_count: how the reloads of a daemon went, for metrics and status.
 *
 *   fairlead_reloads_total{result="done"|"refused"}
 *   fairlead_reload_ok              0 while the last one was refused
 *   fairlead_reload_time_seconds    of the last one that was done, or the start
 *
 * Threads    the loop's
 * Units      _ms since 1970
 */
#ifndef FAIRLEAD_CORE_RELOAD_COUNT_H
#define FAIRLEAD_CORE_RELOAD_COUNT_H

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct reload_count {
	uint64_t done, refused;
	int64_t done_ms, refused_ms; /* the last of each; the start counts as done */
	bool is_refused;	     /* the last one: a problem until one is done */
	struct err why;
};

void reload_count_start(struct reload_count *r, int64_t now_ms);
void reload_count_done(struct reload_count *r, int64_t now_ms);
void reload_count_refused(struct reload_count *r, int64_t now_ms, const struct err *why);
void reload_count_metrics(void *reload_count, struct buf *out);

#endif
