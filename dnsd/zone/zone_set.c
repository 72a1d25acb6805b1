/* SPDX-License-Identifier: Apache-2.0 */
/* zone_set: several zones and the services that stand in them. See zone_set.h. */
#include "dnsd/zone/zone_set.h"

#include "dnsd/zone/overlay.h"
#include "dnsd/zone/types.h"

#include <stdlib.h>

/* So many zones' tables are prefetched; with more of them a guess would be wrong more often. */
#define PREFETCH_ZONES 4

struct zone_set {
	_Atomic uint32_t refs;
	uint64_t seed;
	uint64_t apex_len[4];	 /* bit n: some apex has n bytes */
	struct zone_slot *slots; /* apex -> number + 1 */
	uint32_t slot_mask;
	size_t n_zones;
	struct zone **zones;
	struct overlay overlay;
};

/* ---- finding ---- */

uint64_t zone_set_hash(const struct zone_set *s, const uint8_t *name, size_t len)
{
	return hash_name(name, len, s->seed);
}

void zone_set_prefetch(const struct zone_set *s, uint64_t hash)
{
	__builtin_prefetch(&s->overlay.slots[(uint32_t)hash & s->overlay.slot_mask]);
	for (size_t i = 0; i < s->n_zones && i < PREFETCH_ZONES; i++)
		__builtin_prefetch(&s->zones[i]->slots[(uint32_t)hash & s->zones[i]->slot_mask]);
}

static struct zone *find_apex(const struct zone_set *s, const uint8_t *name, size_t len,
			      uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);

	for (uint32_t at = (uint32_t)hash & s->slot_mask; s->slots[at].node;
	     at = (at + 1) & s->slot_mask) {
		struct zone *z = s->zones[s->slots[at].node - 1];

		if (s->slots[at].tag == tag && z->origin.len == len &&
		    memcmp(z->origin.wire, name, len) == 0)
			return z;
	}
	return NULL;
}

/* The zone with the longest apex at or above the name. Only suffixes of a length that some apex has
 * are looked up. */
static struct zone *find_zone(const struct zone_set *s, const uint8_t *name, size_t len)
{
	for (;;) {
		if (s->apex_len[len >> 6] >> (len & 63) & 1) {
			struct zone *z = find_apex(s, name, len, hash_name(name, len, s->seed));

			if (z)
				return z;
		}
		if (len == 1)
			return NULL;
		len -= 1u + *name;
		name += 1 + *name;
	}
}

static void set_target(struct zone_hit *hit)
{
	uint16_t len;

	hit->target = rrset_rdata(hit->rrset, &len);
	hit->target_len = (uint8_t)len;
}

/* A cut or a DNAME answers for all that it hides. */
static void hit_over(struct zone_hit *hit, const struct zone_node *over)
{
	hit->owner_len = over->name_len;
	hit->node = over;
	if (over->flags & ZONE_NODE_CUT) {
		hit->kind = ZONE_HIT_REFERRAL;
		hit->rrset = zone_node_rrset(over, DNS_TYPE_NS);
		if (over->glue)
			hit->glue = (const struct zone_glue *)(hit->zone->arena + over->glue);
	} else {
		hit->kind = ZONE_HIT_DNAME;
		hit->rrset = zone_node_rrset(over, DNS_TYPE_DNAME);
		set_target(hit);
	}
}

/* The name exists: hit->node (may be NULL) and hit->service are set. */
static void hit_name(struct zone_hit *hit, uint16_t qtype)
{
	const struct zone_node *node = hit->node;

	if (node && node->over) {
		const struct zone_node *over = zone_node_at(hit->zone, node->over);

		/* RFC 4035 section 3.1.4.1: DS belongs to the parent's side of a cut. */
		if (qtype != DNS_TYPE_DS || over != node) {
			hit_over(hit, over);
			return;
		}
	}
	hit->kind = ZONE_HIT_NODATA;
	if (hit->service != ZONE_NO_SERVICE &&
	    (qtype == DNS_TYPE_A || qtype == DNS_TYPE_AAAA || qtype == DNS_TYPE_ANY)) {
		hit->kind = ZONE_HIT_SERVICE;
	} else if (!node || !node->rrsets) {
		return;
	} else if (qtype == DNS_TYPE_ANY) { /* RFC 8482 section 4.1: one RRset is enough */
		hit->kind = ZONE_HIT_ANSWER;
		hit->rrset = zone_node_first(node);
	} else if (node->flags & ZONE_NODE_CNAME && qtype != DNS_TYPE_CNAME) {
		hit->kind = ZONE_HIT_CNAME;
		hit->rrset = zone_node_rrset(node, DNS_TYPE_CNAME);
		set_target(hit);
	} else {
		hit->rrset = zone_node_rrset(node, qtype);
		if (hit->rrset)
			hit->kind = ZONE_HIT_ANSWER;
	}
}

/* The name does not exist: its closest encloser (RFC 4592 section 3.3.1) answers. The apex exists,
 * so the walk ends there at the latest. */
static void hit_encloser(const struct zone_set *s, const uint8_t *name, size_t len, unsigned labels,
			 uint16_t qtype, struct zone_hit *hit)
{
	const struct zone *z = hit->zone;
	unsigned deepest = z->labels_max > s->overlay.labels_max ? z->labels_max
								 : s->overlay.labels_max;
	const struct overlay_node *over;
	const struct zone_node *node;

	do {
		uint64_t hash;

		len -= 1u + *name;
		name += 1 + *name;
		over = NULL;
		node = NULL;
		if (--labels > deepest)
			continue;
		hash = hash_name(name, len, s->seed);
		over = overlay_find(&s->overlay, name, len, hash);
		node = over ? over->node : zone_find_node(z, name, len, hash);
	} while (!over && !node);
	if (node && node->over) {
		hit_over(hit, zone_node_at(z, node->over));
	} else if (node && node->flags & ZONE_NODE_DNAME) {
		hit_over(hit, node);
	} else if (over && over->wildcard) {
		over = overlay_at(&s->overlay, over->wildcard);
		hit->is_wildcard = true;
		hit->service = over->service;
		hit->node = over->node;
		hit_name(hit, qtype);
	} else if (node && node->wildcard) {
		hit->is_wildcard = true;
		hit->node = zone_node_at(z, node->wildcard);
		hit_name(hit, qtype);
	} else {
		hit->kind = ZONE_HIT_NXDOMAIN;
	}
}

/* The zone above one whose apex is asked for its DS; NULL if this set has none. */
static struct zone *find_parent(const struct zone_set *s, const uint8_t *name, size_t len)
{
	return len == 1 ? NULL : find_zone(s, name + 1 + *name, len - 1 - *name);
}

void zone_set_find_hashed(const struct zone_set *s, const uint8_t *name, size_t len, uint64_t hash,
			  uint16_t qtype, struct zone_hit *hit)
{
	const struct overlay_node *over = NULL;
	const struct zone *z = find_zone(s, name, len), *parent = NULL;

	*hit = (struct zone_hit){ .kind = ZONE_HIT_REFUSED,
				  .owner_len = (uint8_t)len,
				  .service = ZONE_NO_SERVICE };
	if (!z)
		return;
	if (qtype == DNS_TYPE_DS && len == z->origin.len)
		parent = find_parent(s, name, len);
	if (parent)
		z = parent; /* services are of the zone below */
	else
		over = overlay_find(&s->overlay, name, len, hash);
	hit->zone = z;
	if (z->is_broken) {
		hit->kind = ZONE_HIT_BROKEN;
		return;
	}
	hit->node = over ? over->node : zone_find_node(z, name, len, hash);
	if (over)
		hit->service = over->service;
	if (over || hit->node)
		hit_name(hit, qtype);
	else
		hit_encloser(s, name, len, name_labels(name), qtype, hit);
}

/* ---- making ---- */

static enum err_code add_zones(struct zone_set *s, struct zone *const *zones, size_t n,
			       struct err *e)
{
	uint32_t mask = 15;

	while (mask < 2 * n)
		mask = mask * 2 + 1;
	s->zones = calloc(n ? n : 1, sizeof(*s->zones));
	s->slots = calloc((size_t)mask + 1, sizeof(*s->slots));
	if (!s->zones || !s->slots)
		return err_set(e, ERR_MEMORY, "out of memory for %zu zones", n);
	s->slot_mask = mask;
	for (size_t i = 0; i < n; i++) {
		const struct name *origin = &zones[i]->origin;
		uint64_t hash = hash_name(origin->wire, origin->len, s->seed);
		uint32_t at = (uint32_t)hash & mask;
		char text[NAME_TEXT_MAX];

		if (zones[i]->seed != s->seed)
			return err_set(e, ERR_INPUT, "zones of different seeds in one set");
		if (find_apex(s, origin->wire, origin->len, hash))
			return err_set(e, ERR_EXISTS, "zone %s is given twice",
				       name_text(origin->wire, text));
		while (s->slots[at].node)
			at = (at + 1) & mask;
		s->zones[s->n_zones++] = zone_ref(zones[i]);
		s->slots[at] = (struct zone_slot){ (uint32_t)(hash >> 32), (uint32_t)i + 1 };
		s->apex_len[origin->len >> 6] |= 1ull << (origin->len & 63);
	}
	return ERR_OK;
}

static const struct zone_node *closest_node(const struct zone *z, const struct name *name)
{
	const uint8_t *at = name->wire;
	size_t len = name->len;

	for (;;) {
		const struct zone_node *n = zone_find_node(z, at, len, hash_name(at, len, z->seed));

		if (n)
			return n;
		len -= 1u + *at;
		at += 1 + *at;
	}
}

/* What the zone file says at or above the service's name that excludes it. NULL if nothing does. */
static const struct rrset *conflict(const struct zone *z, const struct name *name, const char **why)
{
	const struct zone_node *n = closest_node(z, name);
	bool is_itself = n->name_len == name->len;
	const struct rrset *set = NULL;

	if (n->over || (!is_itself && n->flags & ZONE_NODE_DNAME)) {
		n = n->over ? zone_node_at(z, n->over) : n;
		*why = "is hidden by this";
		return zone_node_rrset(n, n->flags & ZONE_NODE_CUT ? DNS_TYPE_NS : DNS_TYPE_DNAME);
	}
	*why = "has this in the zone file, and a service is its only source of addresses";
	if (is_itself) {
		set = zone_node_rrset(n, DNS_TYPE_A);
		set = set ? set : zone_node_rrset(n, DNS_TYPE_AAAA);
		set = set ? set : zone_node_rrset(n, DNS_TYPE_CNAME);
	}
	return set;
}

/* One service. *mistakes counts what was reported. */
static enum err_code add_service(struct zone_set *s, const struct zone_service *service,
				 struct buf *report, unsigned *mistakes)
{
	char where[ZONE_WHERE_MAX];
	const struct overlay_node *there;
	const struct rrset *set;
	const struct zone *z;
	struct name name;
	const char *why;
	struct err bad;

	(*mistakes)++;
	if (name_parse(service->name, NULL, &name, &bad) != ERR_OK) {
		buf_printf(report, "service %s: error: %s\n", service->name, bad.text);
		return ERR_OK;
	}
	name_lower(name.wire, name.wire, name.len);
	z = find_zone(s, name.wire, name.len);
	if (!z) {
		buf_printf(report,
			   "service %s: error: it is in none of the zones, expected a name "
			   "in one of them\n",
			   service->name);
		return ERR_OK;
	}
	if (z->is_broken) {
		(*mistakes)--;
		return ERR_OK;
	}
	set = conflict(z, &name, &why);
	if (set) {
		buf_printf(report, "%s: error: %s: service %s %s\n",
			   zone_where_text(z, set->where, where),
			   types_name(set->type, (char[16]){ 0 }), service->name, why);
		return ERR_OK;
	}
	there = overlay_find(&s->overlay, name.wire, name.len,
			     hash_name(name.wire, name.len, s->seed));
	if (there && there->service != ZONE_NO_SERVICE) {
		buf_printf(report, "service %s: error: given twice\n", service->name);
		return ERR_OK;
	}
	(*mistakes)--;
	return overlay_add(&s->overlay, z, &name, service->index);
}

static enum err_code add_services(struct zone_set *s, const struct zone_service *services, size_t n,
				  bool *is_left_out, struct buf *report, unsigned *mistakes)
{
	enum err_code rc = ERR_OK;

	for (size_t i = 0; rc == ERR_OK && i < n; i++) {
		unsigned before = *mistakes;

		rc = add_service(s, &services[i], report, mistakes);
		if (is_left_out && *mistakes > before) {
			is_left_out[i] = true;
			*mistakes = before;
		}
	}
	return rc;
}

enum err_code zone_set_new(struct zone *const *zones, size_t n_zones,
			   const struct zone_service *services, size_t n_services,
			   bool *is_left_out, struct zone_set **out, struct buf *report,
			   struct err *e)
{
	struct zone_set *s = calloc(1, sizeof(*s));
	struct buf lines = BUF_INIT;
	unsigned mistakes = 0;
	enum err_code rc;

	if (!s)
		return err_set(e, ERR_MEMORY, "out of memory for the zones");
	atomic_init(&s->refs, 1);
	s->seed = n_zones ? zones[0]->seed : 0;
	rc = add_zones(s, zones, n_zones, e);
	if (rc != ERR_OK)
		goto fail;
	rc = overlay_init(&s->overlay, s->seed);
	if (rc == ERR_OK)
		rc = add_services(s, services, n_services, is_left_out, &lines, &mistakes);
	if (rc != ERR_OK) {
		err_set(e, rc, "out of memory for %zu services", n_services);
		goto fail;
	}
	if (mistakes) {
		rc = err_set(e, ERR_INPUT, "%.*s", (int)strcspn(buf_text(&lines), "\n"),
			     buf_text(&lines));
		goto fail;
	}
	if (report) /* of those that were left out */
		buf_add(report, lines.data, lines.len);
	buf_fini(&lines);
	*out = s;
	return ERR_OK;
fail:
	if (report)
		buf_add(report, lines.data, lines.len);
	buf_fini(&lines);
	zone_set_unref(s);
	return rc;
}

struct zone_set *zone_set_ref(struct zone_set *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void zone_set_unref(struct zone_set *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->n_zones; i++)
		zone_unref(s->zones[i]);
	overlay_fini(&s->overlay);
	free(s->zones);
	free(s->slots);
	free(s);
}

size_t zone_set_count(const struct zone_set *s)
{
	return s->n_zones;
}

struct zone *zone_set_zone(const struct zone_set *s, size_t at)
{
	return s->zones[at];
}

struct zone *zone_set_by_origin(const struct zone_set *s, const uint8_t *origin, size_t len)
{
	return find_apex(s, origin, len, hash_name(origin, len, s->seed));
}
