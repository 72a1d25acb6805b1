/* SPDX-License-Identifier: Apache-2.0 */
/* zone_load: from a master file to a zone: read (master.h), gathered by name (build.h), checked
 * (check.h), compiled (compile.h).
 *
 * Threads    any; each call is by itself
 * Ownership  *out has one reference
 * Errors     ERR_INPUT: all mistakes stand in the report, a line each, FILE:LINE: error: ...
 * Source     RFC 1035 section 5
 */
#ifndef FAIRLEAD_DNSD_ZONE_ZONE_LOAD_H
#define FAIRLEAD_DNSD_ZONE_ZONE_LOAD_H

#include "core/buf.h"
#include "dnsd/zone/zone.h"

struct zone_limits {
	uint64_t seed;	       /* of the name hash: the same for all zones of a set */
	uint32_t records_max;  /* 0 = 50 million */
	uint32_t mistakes_max; /* reported before giving up; 0 = 50 */
	uint8_t include_depth; /* $INCLUDE in $INCLUDE; 0 = none allowed */
};

#define ZONE_INCLUDE_DEPTH 8

/* Reads the master file `path` of the zone `origin` ("example.com" or with the dot). Warnings are
 * added to report (may be NULL) whether it succeeds or not. */
enum err_code zone_load(const char *path, const char *origin, const struct zone_limits *limits,
			struct zone **out, struct buf *report, struct err *e);
/* The same from memory, for tests: `label` stands where the file's name would, and $INCLUDE is
 * refused. */
enum err_code zone_load_text(const char *text, size_t len, const char *label, const char *origin,
			     const struct zone_limits *limits, struct zone **out,
			     struct buf *report, struct err *e);

#endif
