/* SPDX-License-Identifier: Apache-2.0 */
/* svcb: the rdata of SVCB and HTTPS records: PRIORITY TARGET KEY[=VALUE] ...
 *
 * A value is a character string first, and a list of what it holds then: alpn="a\\,b,c" are the two
 * names "a,b" and "c".
 *
 * Threads    any
 * Errors     as pieces.h: false with r->why
 * Source     RFC 9460 sections 2 and 7, appendix A; RFC 9461 (dohpath); RFC 9540 (ohttp)
 */
#ifndef FAIRLEAD_DNSD_ZONE_SVCB_H
#define FAIRLEAD_DNSD_ZONE_SVCB_H

#include <stdbool.h>

struct rdata;

bool svcb_read(struct rdata *r);

#endif
