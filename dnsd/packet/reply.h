/* SPDX-License-Identifier: Apache-2.0 */
/* reply: a bounded writer of one answer: header, the question as it was sent, records, OPT.
 *
 *   reply_begin()  reply_rrset() / reply_records() / reply_cname() ...  reply_end()
 *
 * Records come in the order of the sections. What does not fit the client marks the answer as cut,
 * and reply_end() then leaves the question and the OPT, with TC (RFC 2181 section 9). What is only
 * a help (reply_addresses) is left out, RRset by RRset; where glue that is needed is missing, TC
 * says so and the rest stays (RFC 9471 section 3).
 *
 * Threads    the worker's own scratch
 * Ownership  options and texts are borrowed until reply_end(); out is not the query's own packet
 * Units      bytes; offsets from the start of the message; ttl_s seconds
 * Source     RFC 1035 section 4; RFC 6891; RFC 7871 section 7.2; RFC 5001; RFC 8914
 */
#ifndef FAIRLEAD_DNSD_PACKET_REPLY_H
#define FAIRLEAD_DNSD_PACKET_REPLY_H

#include "dnsd/packet/compress.h"
#include "dnsd/packet/query.h"
#include "dnsd/packet/rrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLY_OPTIONS_MAX 4

enum reply_section { REPLY_ANSWER, REPLY_AUTHORITY, REPLY_ADDITIONAL, REPLY_SECTIONS };

struct reply {
	uint8_t *out;
	size_t len;
	size_t limit;	 /* what the client takes */
	size_t reserved; /* of which the OPT will need so much */
	const struct query *q;
	bool is_authoritative; /* true from the start; clear it for referrals and refusals */
	bool is_cut;	       /* something did not fit */
	bool is_partial;       /* glue that is needed did not fit */
	uint8_t ecs_scope;     /* bits; set it before reply_end(); 0 = good for all clients */
	uint16_t count[REPLY_SECTIONS];
	int ede;	      /* enum dns_ede */
	const char *ede_text; /* NULL = none */
	unsigned options;
	struct reply_option {
		uint16_t code, len;
		const void *data;
	} option[REPLY_OPTIONS_MAX];
	struct compress names; /* empty until one is to be compressed */
};

/* What fits the client: 512 without EDNS over UDP, else min(what it says, 1232); 65535 over TCP. */
size_t reply_limit(const struct query *q, bool is_stream);

/* Starts the answer to q in out[room]; room >= 512, and limit is lowered to it. */
void reply_begin(struct reply *r, uint8_t *out, size_t room, const struct query *q, size_t limit);

/* Adds `count` compiled records (see rrset.h), each with `owner` (rrset_pointer(),
 * RRSET_OWNER_QNAME) as its name. Returns the offset of the first, 0 when they did not fit: the
 * answer is then cut. */
size_t reply_blob(struct reply *r, enum reply_section section, const uint8_t *wire, size_t len,
		  unsigned count, uint16_t owner);
/* Adds `count` records that bear their own names. */
size_t reply_records(struct reply *r, enum reply_section section, const uint8_t *wire, size_t len,
		     unsigned count);

/* Adds a compiled RRset. The names in its rdata become pointers where that is allowed. */
size_t reply_rrset(struct reply *r, enum reply_section section, const struct rrset *set,
		   uint16_t owner);

/* Adds a CNAME made on the spot (DNAME). The target's rdata is at the returned offset + 12. */
size_t reply_cname(struct reply *r, uint16_t owner, uint32_t ttl_s, const uint8_t *target,
		   size_t target_len);
/* Adds a set of addresses with the owner's name before each to the additional section when they
 * fit. Returns whether they did. */
bool reply_addresses(struct reply *r, const uint8_t *owner, size_t owner_len,
		     const struct rrset *set);

/* Adds an EDNS option (cookie, NSID, keepalive) if the client speaks EDNS and it fits. */
void reply_option(struct reply *r, uint16_t code, const void *data, size_t len);
/* Says why in a machine-readable way; sent when there is room. text: NULL or borrowed. */
void reply_ede(struct reply *r, enum dns_ede code, const char *text);

/* Writes header and OPT. Returns the length of the message. */
size_t reply_end(struct reply *r, uint16_t rcode);

#endif
