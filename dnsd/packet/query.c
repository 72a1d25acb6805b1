/* SPDX-License-Identifier: Apache-2.0 */
/* query: one incoming message taken apart. See query.h. */
#include "dnsd/packet/query.h"

#include <string.h>

/* More records than this beside the question serve no query that is known (OPT and TSIG do). */
#define ADDITIONAL_MAX 8

#define RR_FIXED_LEN 10 /* type, class, ttl, rdlength */
#define ECS_HEAD_LEN 4

static enum query_verdict refuse(struct query *q, uint16_t rcode)
{
	q->rcode = rcode;
	return QUERY_REPLY;
}

/* ECS, RFC 7871 section 6. Errors are FORMERR: "A server receiving an ECS option that uses either
 * too few or too many ADDRESS octets, or that has non-zero ADDRESS bits set beyond SOURCE
 * PREFIX-LENGTH, SHOULD return FORMERR"; SCOPE "MUST be set to 0" in queries. The format is defined
 * for families 1 and 2 only, so with any other one nothing can be checked or placed: FORMERR too,
 * but for family 0 with nothing in it, which clients send to say "do not place me". */
static bool has_bad_ecs(const uint8_t *at, uint16_t len, struct query_ecs *ecs)
{
	uint16_t family, bytes;
	uint8_t source;

	if (ecs->is_present || len < ECS_HEAD_LEN)
		return true;
	family = dns_get16(at);
	source = at[2];
	bytes = (source + 7u) / 8;
	if (family > 2 ||
	    source > (family == 0   ? 0
		      : family == 1 ? 32
				    : 128) ||
	    at[3] != 0 || len != ECS_HEAD_LEN + bytes)
		return true;
	if (source % 8 && at[ECS_HEAD_LEN + bytes - 1] & (0xff >> source % 8))
		return true;
	ecs->is_present = true;
	ecs->family = family;
	ecs->source_len = source;
	ecs->raw = at;
	ecs->raw_len = len;
	if (source) {
		ecs->addr = (struct addr){ .family = family == 1 ? 4 : 6 };
		memcpy(ecs->addr.bytes, at + ECS_HEAD_LEN, bytes);
	}
	return false;
}

/* RFC 7873 section 5.2.2: a client cookie of 8 bytes, then none or 8..32 of a server cookie. */
static bool has_bad_cookie(const uint8_t *at, uint16_t len, struct query *q)
{
	if (len != 8 && (len < 16 || len > 40))
		return true;
	if (!q->cookie) { /* of several, the first counts */
		q->cookie = at;
		q->cookie_len = len;
	}
	return false;
}

static bool has_bad_options(const uint8_t *at, const uint8_t *end, struct query *q)
{
	while (at < end) {
		uint16_t code, len;

		if (end - at < 4)
			return true;
		code = dns_get16(at);
		len = dns_get16(at + 2);
		at += 4;
		if (end - at < len)
			return true;
		if (code == DNS_OPTION_ECS) {
			if (has_bad_ecs(at, len, &q->ecs))
				return true;
		} else if (code == DNS_OPTION_COOKIE) {
			if (has_bad_cookie(at, len, q))
				return true;
		} else if (code == DNS_OPTION_NSID) {
			q->wants_nsid = true;
		} else if (code == DNS_OPTION_KEEPALIVE) {
			q->wants_keepalive = true;
		}
		at += len;
	}
	return false;
}

/* `at` is the type field of an OPT record. */
static bool has_bad_opt(const uint8_t *at, bool is_root, uint16_t rdlen, struct query *q)
{
	uint16_t size = dns_get16(at + 2);

	if (!is_root || q->has_edns) /* RFC 6891 sections 6.1.1 and 6.1.2 */
		return true;
	q->has_edns = true;
	q->udp_size = size < DNS_UDP_PLAIN ? DNS_UDP_PLAIN : size;
	q->edns_version = at[5];
	q->is_do = at[6] & 0x80;
	if (q->edns_version != 0) /* its options may look otherwise: not read */
		return false;
	return has_bad_options(at + RR_FIXED_LEN, at + RR_FIXED_LEN + rdlen, q);
}

/* One record at *at; moves behind it. */
static bool has_bad_record(struct query *q, size_t *at, bool is_last)
{
	const uint8_t *p = q->packet;
	size_t start = *at, len = q->packet_len;
	bool is_root = start < len && p[start] == 0;
	uint16_t type, rdlen;

	if (is_root) {
		*at = start + 1;
	} else {
		struct name owner;

		if (name_read(p, len, at, &owner) != ERR_OK)
			return true;
	}
	if (len - *at < RR_FIXED_LEN)
		return true;
	type = dns_get16(p + *at);
	rdlen = dns_get16(p + *at + 8);
	if (len - *at - RR_FIXED_LEN < rdlen)
		return true;
	if (type == DNS_TYPE_OPT && has_bad_opt(p + *at, is_root, rdlen, q))
		return true;
	if (type == DNS_TYPE_TSIG) {
		if (!is_last) /* RFC 8945 section 5.1: it must be the last record */
			return true;
		q->tsig_at = (uint16_t)start;
	}
	*at += RR_FIXED_LEN + rdlen;
	return false;
}

/* RFC 1995 section 3: the authority section of an IXFR query holds the SOA that the client has. */
static bool has_bad_soa(struct query *q, size_t *at, unsigned count)
{
	struct query scratch = { .packet = q->packet, .packet_len = q->packet_len };

	if (count == 0)
		return false;
	if (q->qtype != DNS_TYPE_IXFR || count != 1)
		return true;
	q->soa_at = (uint16_t)*at;
	return has_bad_record(&scratch, at, false) || scratch.has_edns;
}

/* The name, type and class at offset 12. Compression makes no sense there and is an error. */
static bool has_bad_question(struct query *q)
{
	const uint8_t *name = q->packet + DNS_HEADER_LEN;
	size_t room = q->packet_len - DNS_HEADER_LEN;
	size_t len = 0;
	uint8_t labels = 0;

	for (;;) {
		uint8_t size;

		if (len >= room)
			return true;
		size = name[len];
		len += 1u + size;
		if (size == 0)
			break;
		if (size > NAME_LABEL_MAX || len >= NAME_WIRE_MAX)
			return true;
		labels++;
	}
	if (room - len < 4)
		return true;
	if (room - len >= 8)
		name_lower_padded(q->name, name, len);
	else
		name_lower(q->name, name, len);
	q->qname = name;
	q->labels = labels;
	q->name_len = (uint16_t)len;
	q->question_len = (uint16_t)(len + 4);
	q->qtype = dns_get16(name + len);
	q->qclass = dns_get16(name + len + 2);
	return false;
}

enum query_verdict query_parse(const uint8_t *packet, size_t len, struct query *q)
{
	unsigned additional;
	size_t at;

	memset(q, 0, offsetof(struct query, name));
	if (len < DNS_HEADER_LEN || len > DNS_MESSAGE_MAX || packet[2] & 0x80)
		return QUERY_DROP;
	q->packet = packet;
	q->packet_len = (uint16_t)len;
	q->id = dns_get16(packet);
	q->flags = dns_get16(packet + 2);
	q->opcode = packet[2] >> 3 & 0xf;
	q->udp_size = DNS_UDP_PLAIN;
	if (q->opcode != DNS_OPCODE_QUERY)
		return refuse(q, DNS_RCODE_NOTIMP);
	additional = dns_get16(packet + 10);
	if (dns_get16(packet + 4) != 1 || dns_get16(packet + 6) != 0 || has_bad_question(q) ||
	    additional > ADDITIONAL_MAX)
		return refuse(q, DNS_RCODE_FORMERR);
	at = DNS_HEADER_LEN + q->question_len;
	if (has_bad_soa(q, &at, dns_get16(packet + 8)))
		return refuse(q, DNS_RCODE_FORMERR);
	for (; additional; additional--)
		if (has_bad_record(q, &at, additional == 1))
			return refuse(q, DNS_RCODE_FORMERR);
	if (at != len)
		return refuse(q, DNS_RCODE_FORMERR);
	if (q->edns_version != 0)
		return refuse(q, DNS_RCODE_BADVERS);
	return QUERY_OK;
}
