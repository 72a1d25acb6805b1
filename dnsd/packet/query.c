/* SPDX-License-Identifier: Apache-2.0 */
/* query: one incoming message taken apart. See query.h. */
#include "dnsd/packet/query.h"

#include <string.h>

/* More records than this beside the question serve no query that is known (OPT and TSIG do). */
#define ADDITIONAL_MAX 8

/* And more than this in all are not looked through for an OPT. */
#define LOOK_MAX 32

#define RR_FIXED_LEN 10 /* type, class, ttl, rdlength */
#define ECS_HEAD_LEN 4

/* What every reply needs of an OPT record, whose type field is at `at`. */
static void take_opt(const uint8_t *at, struct query *q)
{
	uint16_t size = dns_get16(at + 2);

	q->has_edns = true;
	q->udp_size = size < DNS_UDP_PLAIN ? DNS_UDP_PLAIN : size;
	q->edns_version = at[5];
	q->is_do = at[6] & 0x80;
}

/* The OPT of a message that is not taken apart any further: RFC 6891 section 6.1.1 wants one in the
 * reply whatever the rcode is. What cannot be read has none. */
static void look_for_opt(struct query *q)
{
	const uint8_t *p = q->packet;
	size_t at = DNS_HEADER_LEN, len = q->packet_len;
	unsigned questions = dns_get16(p + 4), records = 0;
	struct name owner;

	for (size_t section = 6; section <= 10; section += 2)
		records += dns_get16(p + section);
	if (questions + records > LOOK_MAX)
		return;
	for (; questions; questions--, at += 4)
		if (name_read(p, len, &at, &owner) != ERR_OK || len - at < 4)
			return;
	for (; records; records--) {
		if (name_read(p, len, &at, &owner) != ERR_OK || len - at < RR_FIXED_LEN)
			return;
		if (dns_get16(p + at) == DNS_TYPE_OPT && owner.len == 1) {
			take_opt(p + at, q);
			return;
		}
		if (len - at - RR_FIXED_LEN < dns_get16(p + at + 8))
			return;
		at += RR_FIXED_LEN + dns_get16(p + at + 8u);
	}
}

static enum query_verdict refuse(struct query *q, uint16_t rcode)
{
	q->rcode = rcode;
	if (rcode != DNS_RCODE_BADVERS) {
		if (!q->has_edns)
			look_for_opt(q);
		q->ecs.is_present = false; /* RFC 7871 section 7.2.1: only in an answer */
	}
	return QUERY_REPLY;
}

/* ECS, RFC 7871 section 6. Errors are FORMERR: "A server receiving an ECS option that uses either
 * too few or too many ADDRESS octets, or that has non-zero ADDRESS bits set beyond SOURCE
 * PREFIX-LENGTH, SHOULD return FORMERR"; SCOPE "MUST be set to 0" in queries. The format is defined
 * for families 1 and 2 only, so with any other one nothing can be checked or placed: FORMERR too,
 * but for family 0 with nothing in it, which clients send to say "do not place me". */
static bool read_ecs(const uint8_t *at, uint16_t len, struct query_ecs *ecs)
{
	uint16_t family, bytes;
	uint8_t source;

	if (ecs->is_present || len < ECS_HEAD_LEN)
		return false;
	family = dns_get16(at);
	source = at[2];
	bytes = (source + 7u) / 8;
	if (family > 2 ||
	    source > (family == 0   ? 0
		      : family == 1 ? 32
				    : 128) ||
	    at[3] != 0 || len != ECS_HEAD_LEN + bytes)
		return false;
	if (source % 8 && at[ECS_HEAD_LEN + bytes - 1] & (0xff >> source % 8))
		return false;
	ecs->is_present = true;
	ecs->family = family;
	ecs->source_len = source;
	ecs->raw = at;
	ecs->raw_len = len;
	if (source) {
		ecs->addr = (struct addr){ .family = family == 1 ? 4 : 6 };
		memcpy(ecs->addr.bytes, at + ECS_HEAD_LEN, bytes);
	}
	return true;
}

/* RFC 7873 section 5.2.2: a client cookie of 8 bytes, then none or 8..32 of a server cookie. */
static bool read_cookie(const uint8_t *at, uint16_t len, struct query *q)
{
	if (len != 8 && (len < 16 || len > 40))
		return false;
	if (!q->cookie) { /* of several, the first counts */
		q->cookie = at;
		q->cookie_len = len;
	}
	return true;
}

static bool read_options(const uint8_t *at, const uint8_t *end, struct query *q)
{
	while (at < end) {
		uint16_t code, len;

		if (end - at < 4)
			return false;
		code = dns_get16(at);
		len = dns_get16(at + 2);
		at += 4;
		if (end - at < len)
			return false;
		if (code == DNS_OPTION_ECS) {
			if (!read_ecs(at, len, &q->ecs))
				return false;
		} else if (code == DNS_OPTION_COOKIE) {
			if (!read_cookie(at, len, q))
				return false;
		} else if (code == DNS_OPTION_NSID) {
			q->wants_nsid = true;
		} else if (code == DNS_OPTION_KEEPALIVE) {
			q->wants_keepalive = true;
		}
		at += len;
	}
	return true;
}

/* `at` is the type field of an OPT record. */
static bool read_opt(const uint8_t *at, bool is_root, uint16_t rdlen, struct query *q)
{
	if (!is_root || q->has_edns) /* RFC 6891 sections 6.1.1 and 6.1.2 */
		return false;
	take_opt(at, q);
	if (q->edns_version != 0) /* its options may look otherwise: not read */
		return true;
	return read_options(at + RR_FIXED_LEN, at + RR_FIXED_LEN + rdlen, q);
}

/* One record at *at; moves behind it. */
static bool read_record(struct query *q, size_t *at, bool is_last)
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
			return false;
	}
	if (len - *at < RR_FIXED_LEN)
		return false;
	type = dns_get16(p + *at);
	rdlen = dns_get16(p + *at + 8);
	if (len - *at - RR_FIXED_LEN < rdlen)
		return false;
	if (type == DNS_TYPE_OPT && !read_opt(p + *at, is_root, rdlen, q))
		return false;
	if (type == DNS_TYPE_TSIG) {
		if (!is_last) /* RFC 8945 section 5.1: it must be the last record */
			return false;
		q->tsig_at = (uint16_t)start;
	}
	*at += RR_FIXED_LEN + rdlen;
	return true;
}

/* RFC 1995 section 3: the authority section of an IXFR query holds the SOA that the client has. */
static bool read_soa(struct query *q, size_t *at, unsigned count)
{
	struct query scratch = { .packet = q->packet, .packet_len = q->packet_len };

	if (count == 0)
		return true;
	if (q->qtype != DNS_TYPE_IXFR || count != 1)
		return false;
	q->soa_at = (uint16_t)*at;
	return read_record(&scratch, at, false) && !scratch.has_edns;
}

/* The name, type and class at offset 12. Compression makes no sense there and is an error. */
static bool read_question(struct query *q)
{
	const uint8_t *name = q->packet + DNS_HEADER_LEN;
	size_t room = q->packet_len - DNS_HEADER_LEN;
	size_t len = 0;
	uint8_t labels = 0;

	for (;;) {
		uint8_t size;

		if (len >= room)
			return false;
		size = name[len];
		len += 1u + size;
		if (size == 0)
			break;
		if (size > NAME_LABEL_MAX || len >= NAME_WIRE_MAX)
			return false;
		labels++;
	}
	if (room - len < 4)
		return false;
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
	return true;
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
	if (dns_get16(packet + 4) != 1 || dns_get16(packet + 6) != 0 || !read_question(q) ||
	    additional > ADDITIONAL_MAX)
		return refuse(q, DNS_RCODE_FORMERR);
	at = DNS_HEADER_LEN + q->question_len;
	if (!read_soa(q, &at, dns_get16(packet + 8)))
		return refuse(q, DNS_RCODE_FORMERR);
	for (; additional; additional--)
		if (!read_record(q, &at, additional == 1))
			return refuse(q, DNS_RCODE_FORMERR);
	if (at != len)
		return refuse(q, DNS_RCODE_FORMERR);
	if (q->edns_version != 0)
		return refuse(q, DNS_RCODE_BADVERS);
	return QUERY_OK;
}
