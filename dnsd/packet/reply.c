/* SPDX-License-Identifier: Apache-2.0 */
/* reply: a bounded writer of one answer. See reply.h. */
#include "dnsd/packet/reply.h"

#define OPT_HEAD_LEN	11u /* root, type, class, ttl, rdlength */
#define OPTION_HEAD_LEN 4u

size_t reply_limit(const struct query *q, bool is_stream)
{
	if (is_stream)
		return DNS_MESSAGE_MAX;
	return q->udp_size < DNS_UDP_MAX ? q->udp_size : DNS_UDP_MAX;
}

void reply_begin(struct reply *r, uint8_t *out, size_t room, const struct query *q, size_t limit)
{
	r->out = out;
	r->limit = limit < room ? limit : room;
	r->q = q;
	r->is_authoritative = true;
	r->is_cut = false;
	r->is_partial = false;
	r->names.n = 0;
	r->ecs_scope = 0;
	memset(r->count, 0, sizeof(r->count));
	r->ede = DNS_EDE_NONE;
	r->ede_text = NULL;
	r->options = 0;
	r->reserved = 0;
	if (q->has_edns)
		r->reserved = OPT_HEAD_LEN +
			      (q->ecs.is_present ? OPTION_HEAD_LEN + q->ecs.raw_len : 0u);
	memcpy(out + DNS_HEADER_LEN, q->qname ? q->qname : out, q->question_len);
	r->len = DNS_HEADER_LEN + q->question_len;
}

static inline bool fits(const struct reply *r, size_t len)
{
	return r->len + r->reserved + len <= r->limit;
}

size_t reply_records(struct reply *r, enum reply_section section, const uint8_t *wire, size_t len,
		     unsigned count)
{
	size_t at = r->len;

	if (!fits(r, len)) {
		r->is_cut = true;
		return 0;
	}
	memcpy(r->out + at, wire, len);
	r->len += len;
	r->count[section] = (uint16_t)(r->count[section] + count);
	return at;
}

size_t reply_blob(struct reply *r, enum reply_section section, const uint8_t *wire, size_t len,
		  unsigned count, uint16_t owner)
{
	size_t at = reply_records(r, section, wire, len, count);

	if (at && owner != RRSET_OWNER_QNAME)
		rrset_patch(r->out + at, len, owner);
	return at;
}

size_t reply_cname(struct reply *r, uint16_t owner, uint32_t ttl_s, const uint8_t *target,
		   size_t target_len)
{
	uint8_t rr[RRSET_RR_HEAD + NAME_WIRE_MAX];

	memcpy(rrset_put_head(rr, owner, DNS_TYPE_CNAME, ttl_s, (uint16_t)target_len), target,
	       target_len);
	return reply_records(r, REPLY_ANSWER, rr, RRSET_RR_HEAD + target_len, 1);
}

/* How many bytes may still be written at r->len. */
static size_t room_of(const struct reply *r)
{
	return r->len + r->reserved < r->limit ? r->limit - r->reserved - r->len : 0;
}

static bool put_bytes(struct reply *r, const uint8_t *bytes, size_t len)
{
	if (len > room_of(r))
		return false;
	memcpy(r->out + r->len, bytes, len);
	r->len += len;
	return true;
}

static bool put_name(struct reply *r, const uint8_t *wire, size_t len)
{
	size_t size;

	if (!r->names.n && r->q->question_len)
		compress_learn(&r->names, r->out, DNS_HEADER_LEN);
	size = compress_put(&r->names, r->out, r->len, room_of(r), wire, len);
	r->len += size;
	return size > 0;
}

/* One compiled record, `names` of its rdata compressed. */
static bool put_record(struct reply *r, const uint8_t *rr, uint16_t owner, unsigned names,
		       size_t before)
{
	size_t rdlen = dns_get16(rr + 10), at = r->len, done = RRSET_RR_HEAD + before;

	if (!put_bytes(r, rr, done))
		return false;
	dns_put16(r->out + at, owner);
	for (; names; names--) {
		size_t len = name_len(rr + done);

		if (!put_name(r, rr + done, len))
			return false;
		done += len;
	}
	if (!put_bytes(r, rr + done, RRSET_RR_HEAD + rdlen - done))
		return false;
	dns_put16(r->out + at + 10, (uint16_t)(r->len - at - RRSET_RR_HEAD));
	return true;
}

size_t reply_rrset(struct reply *r, enum reply_section section, const struct rrset *set,
		   uint16_t owner)
{
	size_t before, at = r->len;
	unsigned names = compress_names(set->type, &before), known = r->names.n;

	if (!names)
		return reply_blob(r, section, set->wire, set->len, set->count, owner);
	for (size_t i = 0; i < set->len; i += RRSET_RR_HEAD + dns_get16(set->wire + i + 10)) {
		if (put_record(r, set->wire + i, owner, names, before))
			continue;
		r->len = at;
		r->names.n = known;
		r->is_cut = true;
		return 0;
	}
	r->count[section] = (uint16_t)(r->count[section] + set->count);
	return at;
}

bool reply_addresses(struct reply *r, const uint8_t *owner, size_t owner_len,
		     const struct rrset *set)
{
	unsigned known = r->names.n;
	size_t at = r->len;

	for (size_t i = 0; i < set->len; i += RRSET_RR_HEAD + dns_get16(set->wire + i + 10)) {
		const uint8_t *rr = set->wire + i;

		if (put_name(r, owner, owner_len) &&
		    put_bytes(r, rr + 2, RRSET_RR_HEAD - 2u + dns_get16(rr + 10)))
			continue;
		r->len = at;
		r->names.n = known;
		return false;
	}
	r->count[REPLY_ADDITIONAL] = (uint16_t)(r->count[REPLY_ADDITIONAL] + set->count);
	return true;
}

void reply_option(struct reply *r, uint16_t code, const void *data, size_t len)
{
	if (!r->q->has_edns || r->options == REPLY_OPTIONS_MAX || !fits(r, OPTION_HEAD_LEN + len))
		return;
	r->option[r->options++] = (struct reply_option){ code, (uint16_t)len, data };
	r->reserved += OPTION_HEAD_LEN + len;
}

void reply_ede(struct reply *r, enum dns_ede code, const char *text)
{
	r->ede = code;
	r->ede_text = text;
}

static uint8_t *put_option(uint8_t *at, uint16_t code, const void *data, size_t len)
{
	dns_put16(at, code);
	dns_put16(at + 2, (uint16_t)len);
	memcpy(at + OPTION_HEAD_LEN, data, len);
	return at + OPTION_HEAD_LEN + len;
}

/* The code alone when there is no room for its text, nothing when there is none for that. */
static uint8_t *put_ede(const struct reply *r, uint8_t *at)
{
	size_t text_len = r->ede_text ? strlen(r->ede_text) : 0;

	if (r->ede < 0 || !fits(r, OPTION_HEAD_LEN + 2))
		return at;
	if (!fits(r, OPTION_HEAD_LEN + 2 + text_len))
		text_len = 0;
	dns_put16(at, DNS_OPTION_EDE);
	dns_put16(at + 2, (uint16_t)(2 + text_len));
	dns_put16(at + 4, (uint16_t)r->ede);
	memcpy(at + 6, r->ede_text ? r->ede_text : "", text_len);
	return at + 6 + text_len;
}

static void put_opt(struct reply *r, uint16_t rcode)
{
	const struct query *q = r->q;
	uint8_t *opt = r->out + r->len;
	uint8_t *at = opt + OPT_HEAD_LEN;

	opt[0] = 0;
	dns_put16(opt + 1, DNS_TYPE_OPT);
	dns_put16(opt + 3, DNS_UDP_MAX);
	opt[5] = (uint8_t)(rcode >> 4);
	opt[6] = 0; /* version */
	dns_put16(opt + 7, q->is_do ? 0x8000 : 0);
	if (q->ecs.is_present) {
		uint8_t *scope = at + OPTION_HEAD_LEN + 3;

		at = put_option(at, DNS_OPTION_ECS, q->ecs.raw, q->ecs.raw_len);
		/* RFC 7871 section 7.2.1: a query with source 0 gets scope 0. */
		*scope = q->ecs.source_len ? r->ecs_scope : 0;
	}
	for (unsigned i = 0; i < r->options; i++)
		at = put_option(at, r->option[i].code, r->option[i].data, r->option[i].len);
	at = put_ede(r, at);
	dns_put16(opt + 9, (uint16_t)(at - opt - OPT_HEAD_LEN));
	r->len += (size_t)(at - opt);
	r->count[REPLY_ADDITIONAL]++;
}

size_t reply_end(struct reply *r, uint16_t rcode)
{
	const struct query *q = r->q;
	uint8_t *out = r->out;
	uint16_t flags = DNS_FLAG_QR | (uint16_t)(q->opcode << 11) | (rcode & 0xf);

	/* The bits of another opcode need not mean what a query's do. */
	if (q->opcode == DNS_OPCODE_QUERY)
		flags |= q->flags & (DNS_FLAG_RD | DNS_FLAG_CD);
	if (r->is_authoritative)
		flags |= DNS_FLAG_AA;
	if (r->is_cut) {
		flags |= DNS_FLAG_TC;
		r->len = DNS_HEADER_LEN + q->question_len;
		memset(r->count, 0, sizeof(r->count));
	}
	if (r->is_partial)
		flags |= DNS_FLAG_TC;
	if (q->has_edns)
		put_opt(r, rcode);
	dns_put16(out, q->id);
	dns_put16(out + 2, flags);
	dns_put16(out + 4, q->question_len ? 1 : 0);
	dns_put16(out + 6, r->count[REPLY_ANSWER]);
	dns_put16(out + 8, r->count[REPLY_AUTHORITY]);
	dns_put16(out + 10, r->count[REPLY_ADDITIONAL]);
	return r->len;
}
