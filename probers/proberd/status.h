/* SPDX-License-Identifier: Apache-2.0 */
/* status: what a proberd sees and does, as JSON for its admin socket and as metrics.
 *
 * Threads    the loop's
 * Ownership  a source only points; status_json() gives a new reference
 * Units      as the names say; metrics in seconds and 0 or 1
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_STATUS_H
#define FAIRLEAD_PROBERS_PROBERD_STATUS_H

#include "core/metrics.h"
#include "core/reload_count.h"
#include "probers/proberd/director.h"

#include <jansson.h>

struct status_source {
	const char *fleet, *node;
	const struct clock *clock;
	uint64_t incarnation;
	struct schedule *schedule;
	const struct metrics_histogram *seconds; /* of checks */
	struct director **directors;
	size_t n_directors;
	struct reload_count reloads;
	struct tls *const *tls; /* our own, as it is now */
};

/* {node, fleet, software, incarnation, probes{...}, directors[...], targets[...]};
 * NULL: out of memory */
json_t *status_json(const struct status_source *s);

/* A metrics_part_fn over a struct status_source, and what its parts are numbered by. */
bool status_metrics(void *ctx, uint32_t part, struct buf *out);
uint64_t status_numbering(void *ctx);

/* At least one director is up and has said what to check. */
bool status_is_ready(const struct status_source *s);

#endif
