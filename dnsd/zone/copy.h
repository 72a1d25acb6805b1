/* SPDX-License-Identifier: Apache-2.0 */
/* copy: a zone's records in a file of their own, to serve from when its zone file is broken.
 *
 *   "FLZONE1\n" | origin | record ... | XXH3 of all before, 8 bytes
 *   record: owner | type, 2 bytes | ttl, 4 | length, 2 | rdata          names: wire, lower case
 *
 * Threads    any; a zone is only read
 * Errors     copy_save: as file_replace(), the old copy stays; copy_load: ERR_NOT_FOUND, ERR_IO,
 *            ERR_INPUT for a copy that is damaged or of another zone
 * Source     docs/operating.md
 */
#ifndef FAIRLEAD_DNSD_ZONE_COPY_H
#define FAIRLEAD_DNSD_ZONE_COPY_H

#include "dnsd/zone/zone_load.h"

/* Writes nothing when the file holds these records already, or the zone has no records of its own
 * (broken, or itself from a copy). */
enum err_code copy_save(const struct zone *z, const char *path, struct err *e);
enum err_code copy_load(const char *path, const char *origin, const struct zone_limits *limits,
			struct zone **out, struct err *e);

#endif
