/* SPDX-License-Identifier: Apache-2.0 */
/* copies: the last good copies of zones and databases, in a directory beside the state.
 *
 *   zone-HASH.flz    the records of a zone (zone/copy.h)      HASH: of its name
 *   geo-HASH.mmdb    a database as it was read                HASH: of its path
 *
 * Threads    any: copies_save() reads whole databases and belongs on a helper thread; one at a time
 * Errors     copies_save goes on after what fails, and returns the first; the older copy stays
 * Source     docs/operating.md
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_COPIES_H
#define FAIRLEAD_DNSD_PUBLISH_COPIES_H

#include "dnsd/publish/load.h"

#include <limits.h>

char *copies_zone_path(const char *directory, const char *zone, char out[PATH_MAX]);
char *copies_database_path(const char *directory, const char *database, char out[PATH_MAX]);

/* Brings the copies up to date with what serves. Call it after the swap. A zone that came from its
 * copy, and a database that has not changed since it was copied, cost nothing. */
enum err_code copies_save(const struct dnsd_config *config, const struct publish_parts *parts,
			  const char *directory, struct err *e);

#endif
