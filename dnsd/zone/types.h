/* SPDX-License-Identifier: Apache-2.0 */
/* types: record types by name, those that ldns 1.8 does not know included.
 *
 * Threads    any, pure
 * Source     IANA "Resource Record (RR) TYPEs"; RFC 3597 section 5 (TYPEnnn)
 */
#ifndef FAIRLEAD_DNSD_ZONE_TYPES_H
#define FAIRLEAD_DNSD_ZONE_TYPES_H

#include <stdint.h>

enum zone_type {
	TYPE_IPSECKEY = 45,
	TYPE_NINFO = 56,
	TYPE_RKEY = 57,
	TYPE_DSYNC = 66,
	TYPE_SPF = 99,
	TYPE_AVC = 258,
	TYPE_DOA = 259,
	TYPE_AMTRELAY = 260,
	TYPE_RESINFO = 261,
	TYPE_WALLET = 262,
	TYPE_TA = 32768,
};

/* 0 = not known. */
uint16_t types_by_name(const char *name);
/* "MX" or "TYPE65280". Returns out. */
const char *types_name(uint16_t type, char out[16]);

#endif
