/* SPDX-License-Identifier: Apache-2.0 */
/* check: is what was read a zone? And which names are hidden by which.
 *
 * Sorts each name's records (by type, then rdata), drops duplicates, gives each RRset one TTL, sets
 * the flags, `over` and `is_server` of the names, and reports what breaks a rule of the DNS.
 *
 * Threads    one
 * Errors     ERR_MEMORY; mistakes go to the findings only
 * Source     RFC 1034 section 3.6.2 (CNAME alone); RFC 2181 sections 5.2, 10.1, 10.3; RFC 4592
 *            section 4; RFC 6672 section 2.4; RFC 1912
 */
#ifndef FAIRLEAD_DNSD_ZONE_CHECK_H
#define FAIRLEAD_DNSD_ZONE_CHECK_H

#include "dnsd/zone/build.h"
#include "dnsd/zone/findings.h"

enum err_code check_zone(struct build *b, struct findings *findings);

/* The domain name in the rdata of an NS, MX, SRV, CNAME or DNAME record; NULL for other types. */
const uint8_t *check_target(uint16_t type, const uint8_t *rdata, size_t rdlen, size_t *len);

#endif
