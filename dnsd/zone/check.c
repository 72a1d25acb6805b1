/* SPDX-License-Identifier: Apache-2.0 */
/* check: is what was read a zone? See check.h. */
#include "dnsd/zone/check.h"

#include "dnsd/zone/types.h"

#include <stdlib.h>
#include <string.h>

#define APEX 0u

struct check {
	struct build *b;
	struct findings *findings;
	uint32_t *places; /* of one name's records, for sorting */
	size_t room;
	char text[NAME_TEXT_MAX];
};

/* The length of the name that begins here, 0 if it is none; a pointer cannot go before its
 * beginning. */
static size_t plain_name(const uint8_t *at, size_t room)
{
	struct name name;
	size_t len = 0;

	return name_read(at, room, &len, &name) == ERR_OK ? len : 0;
}

static bool is_soa(const uint8_t *rdata, size_t rdlen)
{
	size_t first = plain_name(rdata, rdlen);
	size_t second = first ? plain_name(rdata + first, rdlen - first) : 0;

	return second && rdlen == first + second + 20;
}

const uint8_t *check_target(uint16_t type, const uint8_t *rdata, size_t rdlen, size_t *len)
{
	size_t skip = type == DNS_TYPE_MX ? 2 : type == DNS_TYPE_SRV ? 6 : 0;

	if (!skip && type != DNS_TYPE_NS && type != DNS_TYPE_CNAME && type != DNS_TYPE_DNAME)
		return NULL;
	if (rdlen < skip)
		return NULL;
	*len = plain_name(rdata + skip, rdlen - skip);
	if (*len == 0 || skip + *len != rdlen)
		return NULL;
	return rdata + skip;
}

static const char *text_of(struct check *c, uint32_t number)
{
	return name_text(build_wire(c->b, number), c->text);
}

static int compare_records(const void *a, const void *b, void *build)
{
	const struct build_record *x = build_record_at(build, *(const uint32_t *)a);
	const struct build_record *y = build_record_at(build, *(const uint32_t *)b);
	size_t shorter = x->rdlen < y->rdlen ? x->rdlen : y->rdlen;
	int diff = (int)x->type - (int)y->type;

	if (!diff)
		diff = memcmp(x->rdata, y->rdata, shorter);
	if (!diff)
		diff = (int)x->rdlen - (int)y->rdlen;
	return diff ? diff : x->where < y->where ? -1 : x->where > y->where;
}

/* The name's list in order. */
static enum err_code sort_records(struct check *c, uint32_t number)
{
	struct build *b = c->b;
	uint32_t place = b->name[number].records;
	size_t count = 0;

	for (; place; place = build_record_at(b, place)->next) {
		if (count == c->room) {
			size_t room = c->room * 2 + 64;
			uint32_t *grown = realloc(c->places, room * sizeof(*grown));

			if (!grown)
				return ERR_MEMORY;
			c->places = grown;
			c->room = room;
		}
		c->places[count++] = place;
	}
	if (count < 2)
		return ERR_OK;
	qsort_r(c->places, count, sizeof(*c->places), compare_records, b);
	b->name[number].records = c->places[0];
	for (size_t i = 0; i < count; i++)
		build_record_at(b, c->places[i])->next = i + 1 < count ? c->places[i + 1] : 0;
	return ERR_OK;
}

static bool is_same(const struct build_record *a, const struct build_record *b)
{
	return a->type == b->type && a->rdlen == b->rdlen &&
	       memcmp(a->rdata, b->rdata, a->rdlen) == 0;
}

static void drop_duplicates(struct check *c, uint32_t number)
{
	struct build_record *r = build_first(c->b, number), *next;

	while (r && (next = build_next(c->b, r)) != NULL) {
		if (!is_same(r, next)) {
			r = next;
			continue;
		}
		findings_warning(c->findings, next->where,
				 "%s: the same record is on line %u, used once", text_of(c, number),
				 findings_line(r->where));
		if (next->ttl_s < r->ttl_s)
			r->ttl_s = next->ttl_s;
		r->next = next->next;
		c->b->n_records--;
	}
}

/* RFC 2181 section 5.2: the TTLs of an RRset must be the same; the least is the safe one. */
static void settle_ttl(struct check *c, uint32_t number, struct build_record *first)
{
	uint32_t least = first->ttl_s;
	bool differs = false;
	struct build_record *r;

	for (r = first; r && r->type == first->type; r = build_next(c->b, r)) {
		differs |= r->ttl_s != first->ttl_s;
		least = r->ttl_s < least ? r->ttl_s : least;
	}
	if (!differs)
		return;
	findings_warning(c->findings, first->where,
			 "%s %s: records with different TTLs, expected one; the least, %u, is used",
			 text_of(c, number), types_name(first->type, (char[16]){ 0 }), least);
	for (r = first; r && r->type == first->type; r = build_next(c->b, r))
		r->ttl_s = least;
}

/* How many records of the type; *first is set to the first. The list is sorted. */
static unsigned count_type(const struct build *b, uint32_t number, uint16_t type,
			   const struct build_record **first)
{
	unsigned count = 0;

	*first = NULL;
	for (const struct build_record *r = build_first(b, number); r; r = build_next(b, r)) {
		if (r->type != type)
			continue;
		if (!count++)
			*first = r;
	}
	return count;
}

static bool is_wildcard(const uint8_t *wire)
{
	return wire[0] == 1 && wire[1] == '*';
}

/* Marks the names that NS records of this name point to. */
static void mark_servers(struct build *b, const struct build_record *ns)
{
	for (; ns && ns->type == DNS_TYPE_NS; ns = build_next(b, ns)) {
		struct name target;
		size_t at = 0;
		uint32_t number;

		if (name_read(ns->rdata, ns->rdlen, &at, &target) != ERR_OK)
			continue;
		name_lower(target.wire, target.wire, target.len);
		number = build_find(b, target.wire, target.len);
		if (number != BUILD_NONE)
			b->name[number].is_server = true;
	}
}

static void check_alone(struct check *c, uint32_t number, const struct build_record *cname)
{
	const struct build_record *other = build_first(c->b, number);

	if (other == cname)
		other = build_next(c->b, cname);
	if (!other)
		return;
	if (other->type == DNS_TYPE_CNAME)
		findings_mistake(c->findings, other->where, "%s: a second CNAME, expected one",
				 text_of(c, number));
	else
		findings_mistake(
			c->findings, cname->where,
			"%s: CNAME beside %s of line %u, expected a CNAME alone (RFC 1034 3.6.2)",
			text_of(c, number), types_name(other->type, (char[16]){ 0 }),
			findings_line(other->where));
}

static void check_dname(struct check *c, uint32_t number, const struct build_record *dname,
			const struct build_record *ns)
{
	const struct build_record *second = build_next(c->b, dname);

	if (second && second->type == DNS_TYPE_DNAME)
		findings_mistake(c->findings, second->where, "%s: a second DNAME, expected one",
				 text_of(c, number));
	if (ns && number != APEX)
		findings_mistake(c->findings, dname->where,
				 "%s: DNAME at a delegation, expected one of both (RFC 6672 2.3)",
				 text_of(c, number));
}

/* Sets the flags, checks what a name can be said to be by itself. */
static void check_name(struct check *c, uint32_t number)
{
	struct build *b = c->b;
	struct build_name *n = &b->name[number];
	const struct build_record *ns, *cname, *dname, *soa;

	count_type(b, number, DNS_TYPE_NS, &ns);
	count_type(b, number, DNS_TYPE_CNAME, &cname);
	count_type(b, number, DNS_TYPE_DNAME, &dname);
	count_type(b, number, DNS_TYPE_SOA, &soa);
	n->flags |= (ns && number != APEX ? ZONE_NODE_CUT : 0) | (cname ? ZONE_NODE_CNAME : 0) |
		    (dname ? ZONE_NODE_DNAME : 0);
	if (ns)
		mark_servers(b, ns);
	if (cname)
		check_alone(c, number, cname);
	if (dname)
		check_dname(c, number, dname, ns);
	if (soa && number != APEX)
		findings_mistake(c->findings, soa->where,
				 "%s: SOA, expected only at the zone's own name",
				 text_of(c, number));
	if (is_wildcard(build_wire(b, number)) && ((ns && number != APEX) || dname))
		findings_mistake(c->findings, (ns ? ns : dname)->where,
				 "%s: %s at a wildcard has no defined meaning (RFC 4592 section 4)",
				 text_of(c, number), ns ? "NS" : "DNAME");
}

static void check_apex(struct check *c)
{
	const struct build_record *soa, *ns, *second;
	uint32_t top = findings_where(1, 1);
	unsigned soas = count_type(c->b, APEX, DNS_TYPE_SOA, &soa);

	if (!soa) {
		findings_mistake(c->findings, top,
				 "%s: no SOA record, expected one at the zone's name",
				 text_of(c, APEX));
	} else if (soas > 1) {
		second = build_next(c->b, soa);
		findings_mistake(c->findings, second->where,
				 "%s: a second SOA (the first is on line %u)", text_of(c, APEX),
				 findings_line(soa->where));
	}
	if (!count_type(c->b, APEX, DNS_TYPE_NS, &ns))
		findings_mistake(c->findings, soa ? soa->where : top,
				 "%s: no NS record, expected at least one at the zone's name",
				 text_of(c, APEX));
}

/* What the name above hides, this one's children are hidden by too; a cut hides itself. */
static void set_over(struct build *b, uint32_t number)
{
	struct build_name *n = &b->name[number];
	const struct build_name *parent;

	if (n->parent != BUILD_NONE) {
		parent = &b->name[n->parent];
		n->over = parent->over != BUILD_NONE	    ? parent->over
			  : parent->flags & ZONE_NODE_DNAME ? n->parent
							    : BUILD_NONE;
	}
	if (n->over == BUILD_NONE && n->flags & ZONE_NODE_CUT)
		n->over = number;
	if (n->over != BUILD_NONE && n->over != number && b->name[n->over].flags & ZONE_NODE_CUT)
		n->flags |= ZONE_NODE_GLUE;
}

/* A record that no query can reach, and that is no glue, was probably not meant. */
static void check_hidden(struct check *c, uint32_t number)
{
	const struct build_name *n = &c->b->name[number];
	bool is_cut = n->over == number;
	bool is_dname = c->b->name[n->over].flags & ZONE_NODE_DNAME;

	for (const struct build_record *r = build_first(c->b, number); r; r = build_next(c->b, r)) {
		bool is_address = r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA;

		if (is_cut && (r->type == DNS_TYPE_NS || r->type == DNS_TYPE_DS))
			continue;
		if (is_address && n->is_server && !is_dname)
			continue;
		findings_warning(c->findings, r->where, "%s %s: %s, never answered",
				 text_of(c, number), types_name(r->type, (char[16]){ 0 }),
				 is_dname ? "below a DNAME"
				 : is_address
					 ? "below a delegation and not glue (no NS record names it)"
					 : "below a delegation and not glue");
	}
}

/* Rdata written as \# n hex may be anything: what is relied on later is looked at here. */
static bool has_bad_rdata(const struct build_record *r)
{
	size_t len;

	switch (r->type) {
	case DNS_TYPE_A: return r->rdlen != 4;
	case DNS_TYPE_AAAA: return r->rdlen != 16;
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_DNAME:
	case DNS_TYPE_MX:
	case DNS_TYPE_SRV: return !check_target(r->type, r->rdata, r->rdlen, &len);
	case DNS_TYPE_SOA: return !is_soa(r->rdata, r->rdlen);
	default: return false;
	}
}

static void check_rdata(struct check *c, uint32_t number)
{
	for (const struct build_record *r = build_first(c->b, number); r; r = build_next(c->b, r))
		if (has_bad_rdata(r))
			findings_mistake(c->findings, r->where,
					 "%s %s: the rdata is not of this type's form",
					 text_of(c, number), types_name(r->type, (char[16]){ 0 }));
}

static bool has_address(const struct build *b, uint32_t number)
{
	for (const struct build_record *r = build_first(b, number); r; r = build_next(b, r))
		if (r->type == DNS_TYPE_A || r->type == DNS_TYPE_AAAA || r->type == DNS_TYPE_CNAME)
			return true;
	return false;
}

static bool has_wildcard(const struct build *b, const uint8_t *name, size_t len)
{
	uint8_t wire[NAME_WIRE_MAX + 2] = { 1, '*' };

	memcpy(wire + 2, name, len);
	return build_find(b, wire, len + 2) != BUILD_NONE;
}

/* Whether the name of a server of `cut` lies in this zone and has no address there: nobody could
 * ask it. A wildcard may give it one, and another delegation has it elsewhere. */
static bool lacks_address(const struct build *b, uint32_t cut, const uint8_t *name, size_t len)
{
	uint32_t number = build_find(b, name, len);

	if (number != BUILD_NONE && has_address(b, number))
		return false;
	while (len > 1) {
		number = build_find(b, name, len);
		if (number == APEX)
			return true;
		if (number != BUILD_NONE && number != cut && b->name[number].flags & ZONE_NODE_CUT)
			return false;
		len -= *name + 1u;
		name += *name + 1;
		if (has_wildcard(b, name, len))
			return false;
	}
	return false;
}

/* RFC 2181 section 10.3: NS and MX must not point to an alias; nothing good comes of SRV to one. */
static void check_targets(struct check *c, uint32_t number)
{
	struct build *b = c->b;

	for (const struct build_record *r = build_first(b, number); r; r = build_next(b, r)) {
		uint8_t lower[NAME_WIRE_MAX];
		const uint8_t *target;
		uint32_t to;
		size_t len;

		if (r->type != DNS_TYPE_NS && r->type != DNS_TYPE_MX && r->type != DNS_TYPE_SRV)
			continue;
		target = check_target(r->type, r->rdata, r->rdlen, &len);
		if (!target)
			continue;
		name_lower(lower, target, len);
		to = build_find(b, lower, len);
		if (to != BUILD_NONE && b->name[to].flags & ZONE_NODE_CNAME)
			findings_warning(c->findings, r->where,
					 "%s %s: points to a CNAME, expected a name with addresses",
					 text_of(c, number), types_name(r->type, (char[16]){ 0 }));
		if (r->type == DNS_TYPE_NS && lacks_address(b, number, lower, len))
			findings_warning(c->findings, r->where,
					 "%s NS: the server has no address in this zone, expected "
					 "an A or AAAA record of its name",
					 text_of(c, number));
	}
}

static enum err_code check_sorted(struct check *c)
{
	struct build *b = c->b;

	for (uint32_t i = 0; i < b->n_names; i++) {
		enum err_code rc = sort_records(c, i);
		struct build_record *r;

		if (rc != ERR_OK)
			return rc;
		drop_duplicates(c, i);
		for (r = build_first(b, i); r; r = build_next(b, r)) {
			struct build_record *next = build_next(b, r);

			if (next && next->type == r->type) {
				settle_ttl(c, i, r);
				while (next && next->type == r->type) {
					r = next;
					next = build_next(b, r);
				}
			}
		}
	}
	return ERR_OK;
}

enum err_code check_zone(struct build *b, struct findings *findings)
{
	struct check c = { .b = b, .findings = findings };
	enum err_code rc = check_sorted(&c);

	free(c.places);
	if (rc != ERR_OK)
		return rc;
	check_apex(&c);
	for (uint32_t i = 0; i < b->n_names && !findings_is_full(findings); i++)
		check_name(&c, i);
	for (uint32_t i = 0; i < b->n_names && !findings_is_full(findings); i++) {
		set_over(b, i);
		check_rdata(&c, i);
		check_targets(&c, i);
		if (b->name[i].over != BUILD_NONE)
			check_hidden(&c, i);
	}
	return ERR_OK;
}
