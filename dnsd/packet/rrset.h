/* SPDX-License-Identifier: Apache-2.0 */
/* rrset: an RRset compiled ahead to the bytes of its answer.
 *
 * Each of its records, one after the other:
 *
 *   +----+----+----+----+----+----+----+----+----+----+----+----+------- ... -------+
 *   | C0   0C |  type   |  class  |        ttl        | length  |  rdata, no pointers |
 *   +----+----+----+----+----+----+----+----+----+----+----+----+------- ... -------+
 *
 * The owner is a pointer to the question's name at offset 12. When the owner is another name in
 * the packet (a delegation, the target of a CNAME) rrset_copy() puts another pointer there.
 *
 * Threads    any, immutable once made
 * Ownership  part of the zone or snapshot that holds it
 * Units      ttl_s seconds; len bytes of wire
 * Source     RFC 1035 sections 4.1.3 and 4.1.4
 */
#ifndef FAIRLEAD_DNSD_PACKET_RRSET_H
#define FAIRLEAD_DNSD_PACKET_RRSET_H

#include "dnsd/packet/dns.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RRSET_RR_HEAD	  12
#define RRSET_OWNER_QNAME 0xc00c /* the question's name */

struct rrset {
	uint16_t type;
	uint16_t count; /* records, >= 1 */
	uint32_t ttl_s;
	uint32_t len;
	uint32_t id;	/* rank in its zone, from 0: index for side tables such as signatures */
	uint32_t where; /* which file and line it came from: zone_where_text(); 0 = nowhere */
	uint8_t wire[];
};

/* A pointer to the name at `offset` of the message; offset < 0x4000. */
static inline uint16_t rrset_pointer(size_t offset)
{
	return (uint16_t)(0xc000 | offset);
}

/* Writes a record's head; its rdata goes to the place that is returned. */
static inline uint8_t *rrset_put_head(uint8_t *at, uint16_t owner, uint16_t type, uint32_t ttl_s,
				      uint16_t rdlen)
{
	dns_put16(at, owner);
	dns_put16(at + 2, type);
	dns_put16(at + 4, DNS_CLASS_IN);
	dns_put32(at + 6, ttl_s);
	dns_put16(at + 10, rdlen);
	return at + RRSET_RR_HEAD;
}

/* Writes `owner` before every record of wire[len]. */
void rrset_patch(uint8_t *wire, size_t len, uint16_t owner);

/* Copies the records to out, with `owner` as the pointer of each. Returns the length, or 0 when
 * room is too small (nothing is written). */
static inline size_t rrset_copy(uint8_t *out, size_t room, const struct rrset *set, uint16_t owner)
{
	if (set->len > room)
		return 0;
	memcpy(out, set->wire, set->len);
	if (owner != RRSET_OWNER_QNAME)
		rrset_patch(out, set->len, owner);
	return set->len;
}

/* The first record's rdata. */
static inline const uint8_t *rrset_rdata(const struct rrset *set, uint16_t *len)
{
	*len = dns_get16(set->wire + 10);
	return set->wire + RRSET_RR_HEAD;
}

/* The record behind `rr`, NULL after the last: for (rr = set->wire; rr; rr = rrset_next(set, rr))
 */
static inline const uint8_t *rrset_next(const struct rrset *set, const uint8_t *rr)
{
	rr += RRSET_RR_HEAD + dns_get16(rr + 10);
	return rr < set->wire + set->len ? rr : NULL;
}

#endif
