/* SPDX-License-Identifier: Apache-2.0 */
/* match: which services only one side knows: a region that reports `dbx` where this configuration
 * has `db` is as good as silent, and both sides are to say so.
 *
 *   not here   a node reports it; here it does not exist, or has no member in that region
 *   missing    here it has a member in that region, and no node of the region reports it
 *
 * Threads    the control thread
 * Ownership  names point into the configuration and the nodes: until either changes
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_FLEET_MATCH_H
#define FAIRLEAD_DNSD_FLEET_MATCH_H

#include "dnsd/fleet/judge.h"

struct fleet_match {
	const char **not_here, **missing;
	size_t n_not_here, n_missing;
	uint64_t signature; /* of both lists; never 0 */
};

/* For a node that has reported. */
enum err_code fleet_match_make(const struct fleet_judge *j, const struct fleet_node *n,
			       struct fleet_match *out);
void fleet_match_fini(struct fleet_match *m);

#endif
