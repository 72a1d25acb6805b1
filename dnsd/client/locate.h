/* SPDX-License-Identifier: Apache-2.0 */
/* locate: the exact place and topology rule of one address, straight from the sources, for
 * `explain`.
 *
 * Threads    control thread: opens and reads files
 * Errors     as client_map_build(); an address that no database has gives the unknown place
 */
#ifndef FAIRLEAD_DNSD_CLIENT_LOCATE_H
#define FAIRLEAD_DNSD_CLIENT_LOCATE_H

#include "core/addr.h"
#include "schema/config/dnsd_config.h"
#include "steer/place.h"

/* Each field is from the first database that has it, as client_map_build() merges them. */
enum err_code client_place_find(char *const *databases, size_t n_databases, const struct addr *a,
				struct place *out, struct err *e);

/* The index of the first topology rule that matches an address at a place, -1 = none. (A class
 * knows only one that prefers the same.) */
int32_t client_rule_find(const struct config_topology *rules, size_t n_rules, const struct addr *a,
			 const struct place *p);

#endif
