/* SPDX-License-Identifier: Apache-2.0 */
/* locate: the exact place of one address, straight from the databases, for `explain`.
 *
 * Threads    control thread: opens and reads files
 * Errors     as client_map_build(); an address that no database has gives the unknown place
 */
#ifndef FAIRLEAD_DNSD_CLIENT_LOCATE_H
#define FAIRLEAD_DNSD_CLIENT_LOCATE_H

#include "core/addr.h"
#include "steer/place.h"

#include <stddef.h>

/* Each field is from the first database that has it, as client_map_build() merges them. */
enum err_code client_place_find(char *const *databases, size_t n_databases, const struct addr *a,
				struct place *out, struct err *e);

#endif
