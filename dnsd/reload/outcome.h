/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: what came of the reloads: counted, as problems, and what still waits for a restart.
 *
 * Threads    the control thread
 * Ownership  outcome_fini()
 * Units      _ms milliseconds since 1970
 */
#ifndef FAIRLEAD_DNSD_RELOAD_OUTCOME_H
#define FAIRLEAD_DNSD_RELOAD_OUTCOME_H

#include "core/clock.h"
#include "core/problem.h"
#include "core/reload_count.h"
#include "dnsd/reload/build.h"

struct outcome {
	const struct clock *clock;
	struct reload_count count;
	struct buf waits; /* keys of the configuration that only a restart brings into effect */
	struct publish_faults faults; /* what serves otherwise than it is configured */
	int64_t faults_ms;
};

void outcome_init(struct outcome *o, const struct clock *clock);
void outcome_fini(struct outcome *o);

/* Of a build that was adopted, or not. Takes its faults, and what waits for a restart. */
void outcome_note(struct outcome *o, struct build *b);
/* Kinds "zone", "database", "reload", "restart". */
void outcome_problems(const struct outcome *o, const struct dnsd_config *config,
		      struct problems *out);
/* Those of core/reload_count.h, and fairlead_stand_ins. */
void outcome_metrics(const struct outcome *o, struct buf *out);

/* One line of a fault: "zone example.com: its last good copy serves". */
void outcome_fault_text(const struct publish_fault *f, const struct dnsd_config *config, char *out,
			size_t size);

#endif
