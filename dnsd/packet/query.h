/* SPDX-License-Identifier: Apache-2.0 */
/* query: one incoming message taken apart, bounds checked, nothing copied but the lower-cased name.
 *
 * Threads    any; struct query is the worker's scratch and points into the packet
 * Ownership  valid as long as the packet's bytes
 * Units      sizes in bytes, prefix lengths in bits, numbers in host order
 * Errors     no struct err: the verdict says drop, or which rcode to send back
 * Source     RFC 1035 section 4.1; RFC 6891 (EDNS); RFC 7871 (client subnet); RFC 7873 (cookies);
 *            RFC 7828 (keepalive); RFC 5001 (NSID); RFC 8945 (TSIG's place); RFC 1995 (IXFR's SOA)
 */
#ifndef FAIRLEAD_DNSD_PACKET_QUERY_H
#define FAIRLEAD_DNSD_PACKET_QUERY_H

#include "core/addr.h"
#include "dnsd/packet/dns.h"
#include "dnsd/packet/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum query_verdict {
	QUERY_OK,    /* a question to answer */
	QUERY_DROP,  /* not a query, or too short to answer: silence (RFC 5625's loops) */
	QUERY_REPLY, /* answer with q->rcode and nothing else */
};

struct query_ecs {
	bool is_present;
	uint16_t family; /* as sent: 0, 1 or 2 */
	uint8_t source_len;
	struct addr addr;   /* family 0 when source_len is 0: the client asks not to be placed */
	const uint8_t *raw; /* family, source, scope and address: echoed, with the scope replaced */
	uint16_t raw_len;   /* 4..20 */
};

struct query {
	const uint8_t *packet;
	uint16_t packet_len;
	uint16_t id;
	uint16_t flags; /* enum dns_flag, as sent */
	uint16_t rcode; /* when the verdict is QUERY_REPLY */
	uint8_t opcode;
	uint8_t labels;	       /* of the name, without the root */
	uint16_t name_len;     /* 0 while no whole question was read */
	uint16_t question_len; /* name_len + 4, or 0 */
	const uint8_t *qname;  /* in the packet, case as sent */
	uint16_t qtype, qclass;

	bool has_edns, is_do, wants_nsid, wants_keepalive;
	uint8_t edns_version;
	uint16_t udp_size;     /* as sent, at least 512; 512 without EDNS */
	const uint8_t *cookie; /* raw option data, 8 or 16..40 bytes; NULL = none */
	uint16_t cookie_len;
	uint16_t tsig_at; /* offset of a TSIG record, which ends the message; 0 = none */
	uint16_t soa_at;  /* offset of the SOA record of an IXFR query; 0 = none */
	struct query_ecs ecs;

	uint8_t name[NAME_WIRE_MAX + 9]; /* lower case; bytes after name_len are undefined */
};

/* Takes packet[len] apart into *q. After QUERY_DROP *q is not to be read. After QUERY_REPLY it
 * holds what reply_begin() needs: the question is echoed when it was read whole, the OPT when one
 * was found, without its client subnet. */
enum query_verdict query_parse(const uint8_t *packet, size_t len, struct query *q);

#endif
