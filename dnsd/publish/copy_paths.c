/* SPDX-License-Identifier: Apache-2.0 */
/* copy_paths: where the last good copies lie. See copy_paths.h. */
#include "dnsd/publish/copy_paths.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

char *copy_paths_zone(const char *directory, const char *zone, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/zone-%016llx.flz", directory,
		 (unsigned long long)XXH3_64bits(zone, strlen(zone)));
	return out;
}

char *copy_paths_database(const char *directory, const char *database, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/geo-%016llx.mmdb", directory,
		 (unsigned long long)XXH3_64bits(database, strlen(database)));
	return out;
}
