/* SPDX-License-Identifier: Apache-2.0 */
/* copy_paths: where the last good copies of zones and databases lie.
 *
 *   zone-HASH.flz    the records of a zone (zone/copy.h)      HASH: of its name
 *   geo-HASH.mmdb    a database as it was read                HASH: of its path
 *
 * Threads    any, pure
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_COPY_PATHS_H
#define FAIRLEAD_DNSD_PUBLISH_COPY_PATHS_H

#include <limits.h>

/* Return out. */
char *copy_paths_zone(const char *directory, const char *zone, char out[PATH_MAX]);
char *copy_paths_database(const char *directory, const char *database, char out[PATH_MAX]);

#endif
