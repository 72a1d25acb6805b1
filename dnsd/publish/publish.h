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
#include "dnsd/publish/build.h"
#include "dnsd/publish/load.h"

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
