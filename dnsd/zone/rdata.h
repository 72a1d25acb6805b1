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

#include "dnsd/packet/name.h"

#define RDATA_MAX 65535

/* Where rdata is read from and written to; the svcb room writes here too. */
struct rdata {
	const char *at; /* what is left of the text */
	const struct name *origin;
	uint8_t *out; /* RDATA_MAX */
	size_t len;
	const char *why;
};

/* Is it one of those? */
bool rdata_is_own(uint16_t type, const char *text);
/* Reads the whole text. */
bool rdata_read(struct rdata *r, uint16_t type);

/* The pieces: each takes one word, or the rest of them, and appends its wire form. */
bool rdata_put(struct rdata *r, const void *bytes, size_t len);
bool rdata_put_number(struct rdata *r, unsigned bytes);
bool rdata_put_name(struct rdata *r);
bool rdata_put_base64(struct rdata *r, const char *text, size_t len);

#endif
