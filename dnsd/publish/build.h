/* SPDX-License-Identifier: Apache-2.0 */
/* build: from a configuration and its loaded parts to a snapshot: answer blobs, members, rows.
 *
 * Threads    any thread: what it reads is not changed meanwhile, what it makes is nobody else's yet
 * Ownership  the snapshot takes references of its own; snapshot_free() frees
 * Errors     ERR_MEMORY alone; a failed build leaves everything as it was
 * Source     docs/walk-a-query.md
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_BUILD_H
#define FAIRLEAD_DNSD_PUBLISH_BUILD_H

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

#endif
