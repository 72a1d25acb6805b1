/* SPDX-License-Identifier: Apache-2.0 */
/* nearest: the regions in the order of their distance from a place, fast enough for every record of
 * a city database.
 *
 * Only the order counts, so chords through the sphere are compared instead of arcs along it: three
 * multiplications a region, in integers, the same on every node.
 *
 * Threads    read by any after init
 * Ownership  nearest_fini() frees; the regions are not kept
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_CLIENT_NEAREST_H
#define FAIRLEAD_DNSD_CLIENT_NEAREST_H

#include "core/err.h"
#include "schema/config/dnsd_config.h"
#include "steer/place.h"

#define NEAREST_EXACT 8 /* with up to so many regions the whole order is told */
#define NEAREST_FIRST 6 /* with more, the first so many */

struct nearest {
	struct nearest_region {
		int32_t x, y, z; /* of the unit sphere, in 2^-30 */
		uint16_t region; /* index in the configuration */
	} * regions;
	size_t n;
	size_t ranks; /* how many nearest_order() gives: all of n, or NEAREST_FIRST */
};

/* ranked[i] says whether region i is ranked by distance anywhere; one without a place never is. */
enum err_code nearest_init(struct nearest *t, const struct config_region *regions, size_t n_regions,
			   const bool *ranked);
void nearest_fini(struct nearest *t);

/* The `ranks` nearest regions of a place with a position; ties go to the lower index. The rest of
 * out is zero. */
void nearest_order(const struct nearest *t, const struct place *p, uint16_t out[NEAREST_EXACT]);

#endif
