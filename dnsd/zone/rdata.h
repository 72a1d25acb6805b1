/* SPDX-License-Identifier: Apache-2.0 */
/* rdata: the record data that ldns 1.8 does not read, or reads wrong without saying so:
 *
 *   any type \# n hex        types that it has no name for, long ones, types of fixed form
 *   TXT SPF AVC NINFO        over 65,535 characters of text it is cut
 *   RESINFO WALLET AMTRELAY DSYNC     not known to it; nor are RKEY, DOA and TA
 *   CAA                      an unquoted value
 *   IPSECKEY                 a relative gateway
 *   SVCB HTTPS               escapes in alpn (svcb.h)
 *
 * Threads    any
 * Units      bytes
 * Errors     false with *why
 * Source     RFC 1035, 3597, 4025, 8659, 8777, 9460, 9606, 9859
 */
#ifndef FAIRLEAD_DNSD_ZONE_RDATA_H
#define FAIRLEAD_DNSD_ZONE_RDATA_H

#include "dnsd/zone/pieces.h"

/* Is it one of those? */
bool rdata_is_own(uint16_t type, const char *text);
/* Reads the whole text. */
bool rdata_read(struct rdata *r, uint16_t type);

#endif
