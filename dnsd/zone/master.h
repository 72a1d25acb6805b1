/* SPDX-License-Identifier: Apache-2.0 */
/* master: a master file read record by record: directives here, the records' text by ldns.
 *
 * ldns 1.8 reads the rdata of most types (rdata.h says which not). It refuses $INCLUDE and
 * $GENERATE, takes a relative $ORIGIN for an absolute one, a class before the TTL for a type, and
 * numbers modulo their width: what stands around the rdata is read here.
 *
 * Threads    one
 * Ownership  a record and its bytes live until fn returns
 * Units      ttl_s seconds
 * Errors     mistakes go to the findings and reading goes on; other errors (memory, limits, a file
 *            that cannot be opened) end it
 * Source     RFC 1035 section 5.1; RFC 2308 section 4 ($TTL); RFC 3597 (unknown types)
 */
#ifndef FAIRLEAD_DNSD_ZONE_MASTER_H
#define FAIRLEAD_DNSD_ZONE_MASTER_H

#include "dnsd/packet/name.h"
#include "dnsd/zone/findings.h"

struct master_record {
	struct name owner; /* lower case, within the zone */
	uint16_t type;
	uint16_t rdlen;
	uint32_t ttl_s;
	uint32_t where;
	const uint8_t *rdata;
};

/* Anything but ERR_OK ends the reading and is returned. */
typedef enum err_code (*master_record_fn)(void *ctx, const struct master_record *record);

struct master_options {
	const struct name *origin; /* lower case */
	uint8_t include_depth;
	uint32_t records_max; /* ERR_LIMIT beyond; records that are left out count too */
	struct findings *findings;
	master_record_fn fn;
	void *ctx;
};

enum err_code master_read_file(const char *path, const struct master_options *options,
			       struct err *e);
enum err_code master_read_text(const char *text, size_t len, const char *label,
			       const struct master_options *options, struct err *e);

#endif
