/* SPDX-License-Identifier: Apache-2.0 */
/* publish: builds snapshots aside and swaps them in.
 *
 *   control: change -> publish_inputs -> (builder thread) publish_load: zones, databases
 *                                     -> publish_build: services, blobs, rows -> publish_swap
 *   control: member or address up or down -> publish_live(): a few stores, no rebuild
 *
 * Threads    publish_load and publish_build on any thread (they share nothing that changes);
 *            publish_swap, publish_live, publish_current on the control thread alone
 * Ownership  publish_parts holds references; a snapshot takes its own
 * Errors     texts name file and line; a failed load or build leaves everything as it was
 * Source     docs/walk-a-query.md, docs/threads.md
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_PUBLISH_H
#define FAIRLEAD_DNSD_PUBLISH_PUBLISH_H

#include "core/metrics.h"
#include "dnsd/publish/labels.h"
#include "dnsd/publish/load.h"
#include "dnsd/publish/serving.h"
#include "dnsd/publish/snapshot.h"
#include "schema/config/dnsd_config.h"

/* labels numbers the counters; previous (may be NULL) lends its rows where the ranking and the
 * classes are the same. In the result every member may serve: publish_set_live() before
 * publish_swap(). */
enum err_code publish_build(const struct dnsd_config *config, const struct publish_parts *parts,
			    const struct snapshot *previous, struct labels *labels,
			    struct snapshot **out, struct err *e);

/* Only on a snapshot that is not published yet. */
void publish_set_live(struct snapshot *s, uint32_t service,
		      const struct publish_service_live *live);

/* Where the regions are, by index; out has room for all. */
void publish_region_places(const struct dnsd_config *config, struct place *out);

struct publish;
enum err_code publish_new(struct publish **out);
void publish_free(struct publish *p);			  /* after all readers have stopped */
void publish_swap(struct publish *p, struct snapshot *s); /* takes s; the old one is freed later */
/* Microseconds until every query sees it: a few stores. Dials are not looked at: they need a build.
 */
void publish_live(struct publish *p, uint32_t service, const struct publish_service_live *live);
const struct snapshot *publish_current(const struct publish *p); /* control thread */
_Atomic(struct snapshot *) *publish_pointer(struct publish *p);	 /* what the readers rcu_read() */
void publish_metrics(void *publish, struct buf *out); /* fairlead_publish_total, _seconds */
/* How long the last build took, for the histogram. */
void publish_took(struct publish *p, uint64_t us);

#endif
