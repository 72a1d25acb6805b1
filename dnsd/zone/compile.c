/* SPDX-License-Identifier: Apache-2.0 */
/* compile: from the names and records to the zone that answers. See compile.h. */
#include "dnsd/zone/compile.h"

#include "dnsd/zone/check.h"
#include "dnsd/zone/types.h"

#include <stdlib.h>
#include <string.h>

#define APEX 0u

struct compile {
	struct build *b;
	struct findings *findings;
	struct buf out;
	uint32_t rrsets, records;
	uint32_t negative_soa; /* place */
	uint8_t labels_max;
};

static void pad_to_word(struct buf *out)
{
	static const uint8_t zeros[4];

	buf_add(out, zeros, -out->len & 3);
}

static uint32_t place_now(struct compile *c)
{
	return (uint32_t)(c->out.len / 4);
}

static struct zone_node *node_of(struct compile *c, uint32_t number)
{
	return (struct zone_node *)(c->out.data + (size_t)c->b->name[number].place * 4);
}

static void add_record(struct buf *out, const struct build_record *r, uint32_t ttl_s)
{
	uint8_t head[RRSET_RR_HEAD];

	rrset_put_head(head, RRSET_OWNER_QNAME, r->type, ttl_s, r->rdlen);
	buf_add(out, head, sizeof(head));
	buf_add(out, r->rdata, r->rdlen);
}

/* The records of r's type, which follow one another. Returns the first of the next type. */
static const struct build_record *add_rrset(struct compile *c, uint32_t number,
					    const struct build_record *r, uint32_t ttl_s)
{
	struct buf *out = &c->out;
	size_t start = out->len;
	struct rrset head = {
		.type = r->type, .ttl_s = ttl_s, .id = c->rrsets++, .where = r->where
	};
	char text[NAME_TEXT_MAX];

	buf_add(out, &head, offsetof(struct rrset, wire));
	for (; r && r->type == head.type; r = build_next(c->b, r)) {
		add_record(out, r, ttl_s);
		if (head.count++ == UINT16_MAX)
			break;
	}
	if (out->failed)
		return r;
	head.len = (uint32_t)(out->len - start - offsetof(struct rrset, wire));
	memcpy(out->data + start, &head, offsetof(struct rrset, wire));
	pad_to_word(out);
	c->records += head.count;
	if (head.len > DNS_MESSAGE_MAX - DNS_HEADER_LEN)
		findings_mistake(c->findings, head.where,
				 "%s %s: %u bytes, expected what fits a message",
				 name_text(build_wire(c->b, number), text),
				 types_name(head.type, (char[16]){ 0 }), head.len);
	while (r && r->type == head.type)
		r = build_next(c->b, r);
	return r;
}

static void add_node(struct compile *c, uint32_t number)
{
	struct build *b = c->b;
	struct build_name *n = &b->name[number];
	const uint8_t *wire = build_wire(b, number);
	const struct build_record *r = build_first(b, number);
	struct zone_node head = { .flags = n->flags, .name_len = n->len };
	uint8_t labels = name_labels(wire);

	n->place = place_now(c);
	if (n->over != BUILD_NONE)
		head.over = b->name[n->over].place;
	buf_add(&c->out, &head, offsetof(struct zone_node, name));
	buf_add(&c->out, wire, n->len);
	pad_to_word(&c->out);
	while (r) {
		r = add_rrset(c, number, r, r->ttl_s);
		head.rrsets++;
	}
	if (c->out.failed)
		return;
	node_of(c, number)->rrsets = head.rrsets;
	if (wire[0] == 1 && wire[1] == '*' && n->parent != BUILD_NONE)
		node_of(c, n->parent)->wildcard = n->place;
	if (labels > c->labels_max)
		c->labels_max = labels;
}

static bool has_address(const struct build *b, uint32_t name)
{
	for (const struct build_record *r = build_first(b, name); r; r = build_next(b, r))
		if (r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA)
			return true;
	return false;
}

/* The cut's servers with addresses that are inside the cut, or those that are not. */
static uint16_t add_servers(struct compile *c, uint32_t cut, bool inside)
{
	struct build *b = c->b;
	uint16_t count = 0;

	for (const struct build_record *r = build_first(b, cut); r; r = build_next(b, r)) {
		uint8_t lower[NAME_WIRE_MAX];
		uint32_t server, place;
		size_t len;

		if (r->type != DNS_TYPE_NS)
			continue;
		len = name_len(r->rdata);
		name_lower(lower, r->rdata, len);
		if (name_is_within(lower, len, build_wire(b, cut), b->name[cut].len) != inside)
			continue;
		server = build_find(b, lower, len);
		if (server == BUILD_NONE || !has_address(b, server)) {
			if (inside)
				findings_warning(
					c->findings, r->where,
					"NS: a server inside the delegation without an address, "
					"expected glue");
			continue;
		}
		if (b->name[server].over != BUILD_NONE &&
		    !(b->name[b->name[server].over].flags & ZONE_NODE_CUT))
			continue;
		place = b->name[server].place;
		buf_add(&c->out, &place, sizeof(place));
		count++;
	}
	return count;
}

static void add_glue(struct compile *c, uint32_t cut)
{
	size_t start = c->out.len;
	struct zone_glue head = { 0 };

	buf_add(&c->out, &head, offsetof(struct zone_glue, node));
	head.needed = add_servers(c, cut, true);
	head.count = (uint16_t)(head.needed + add_servers(c, cut, false));
	if (c->out.failed)
		return;
	if (!head.count) {
		c->out.len = start;
		return;
	}
	memcpy(c->out.data + start, &head, offsetof(struct zone_glue, node));
	node_of(c, cut)->glue = (uint32_t)(start / 4);
}

/* A name of the SOA, cut where the zone's own name begins. Returns its length in the rdata. */
static size_t add_soa_name(struct compile *c, size_t wire, const uint8_t *name,
			   struct zone_soa *head, unsigned *pointers)
{
	const struct name *origin = &c->b->origin;
	size_t len = name_len(name);
	uint8_t lower[NAME_WIRE_MAX + 8];

	name_lower(lower, name, len);
	if (!name_is_within(lower, len, origin->wire, origin->len)) {
		buf_add(&c->out, name, len);
		return len;
	}
	buf_add(&c->out, name, len - origin->len);
	head->pointer_at[(*pointers)++] = (uint16_t)(c->out.len - wire);
	buf_u16(&c->out, RRSET_OWNER_QNAME);
	return len;
}

/* RFC 2308 section 5: negative answers live for the lesser of the SOA's TTL and its minimum field.
 */
static void add_negative_soa(struct compile *c, uint32_t *serial)
{
	const struct build_record *soa = build_first(c->b, APEX);
	size_t start = c->out.len, wire = start + offsetof(struct zone_soa, wire), names;
	struct zone_soa head = { 0 };
	unsigned pointers = 1; /* the owner's, at 0 */
	uint8_t rr[RRSET_RR_HEAD];

	while (soa->type != DNS_TYPE_SOA)
		soa = build_next(c->b, soa);
	*serial = dns_get32(soa->rdata + soa->rdlen - 20);
	head.ttl_s = dns_get32(soa->rdata + soa->rdlen - 4);
	if (soa->ttl_s < head.ttl_s)
		head.ttl_s = soa->ttl_s;
	c->negative_soa = place_now(c);
	buf_add(&c->out, &head, offsetof(struct zone_soa, wire));
	rrset_put_head(rr, RRSET_OWNER_QNAME, DNS_TYPE_SOA, head.ttl_s, 0);
	buf_add(&c->out, rr, sizeof(rr));
	names = add_soa_name(c, wire, soa->rdata, &head, &pointers);
	names += add_soa_name(c, wire, soa->rdata + names, &head, &pointers);
	buf_add(&c->out, soa->rdata + names, soa->rdlen - names);
	if (c->out.failed)
		return;
	head.len = (uint16_t)(c->out.len - wire);
	dns_put16(c->out.data + wire + RRSET_RR_HEAD - 2, (uint16_t)(head.len - RRSET_RR_HEAD));
	memcpy(c->out.data + start, &head, offsetof(struct zone_soa, wire));
	pad_to_word(&c->out);
}

static enum err_code add_all(struct compile *c, uint32_t *serial)
{
	struct build *b = c->b;

	buf_u32(&c->out, 0); /* place 0 is nothing */
	for (uint32_t i = 0; i < b->n_names; i++) {
		if (c->out.len / 4 > UINT32_MAX - 0x100000)
			return ERR_LIMIT;
		add_node(c, i);
	}
	for (uint32_t i = 0; i < b->n_names && !c->out.failed; i++)
		if (b->name[i].over == i)
			add_glue(c, i);
	if (!c->out.failed)
		add_negative_soa(c, serial);
	return c->out.failed ? ERR_MEMORY : ERR_OK;
}

static void set_slots(struct build *b)
{
	for (uint32_t i = 0; i <= b->slot_mask; i++)
		if (b->slots[i].node)
			b->slots[i].node = b->name[b->slots[i].node - 1].place;
}

enum err_code compile_zone(struct build *b, struct findings *findings, struct zone **out)
{
	struct compile c = { .b = b, .findings = findings };
	struct zone *z = calloc(1, sizeof(*z));
	enum err_code rc = ERR_MEMORY;
	uint32_t *arena;
	size_t len;

	if (!z)
		goto fail;
	rc = add_all(&c, &z->serial);
	if (rc != ERR_OK)
		goto fail;
	len = c.out.len;
	arena = realloc(c.out.data, len); /* the doubled room is given back */
	if (!arena)
		arena = (uint32_t *)c.out.data;
	buf_init(&c.out);
	set_slots(b);
	z->arena = arena;
	z->slots = b->slots;
	z->slot_mask = b->slot_mask;
	b->slots = NULL;
	z->apex = b->name[APEX].place;
	z->negative_soa = (const struct zone_soa *)(arena + c.negative_soa);
	z->origin = b->origin;
	z->labels_max = c.labels_max;
	z->seed = b->seed;
	z->names = b->n_names;
	z->rrsets = c.rrsets;
	z->records = c.records;
	z->bytes = sizeof(*z) + len + ((size_t)z->slot_mask + 1) * sizeof(*z->slots);
	atomic_init(&z->refs, 1);
	*out = z;
	return ERR_OK;
fail:
	buf_fini(&c.out);
	free(z);
	return rc;
}
