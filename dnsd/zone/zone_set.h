/* SPDX-License-Identifier: Apache-2.0 */
/* zone_set: several zones and the services that stand in them, as one immutable object to ask.
 *
 * A service is a name whose A and AAAA are the caller's; its other types come from the zone file,
 * and a service may stand at the apex, below it, or be a wildcard "*.x". The zones are shared by
 * reference, the services lie over them, so that neither a reload of one zone nor a change of
 * services touches the rest.
 *
 *   find(name, type): the zone of the longest apex that holds the name,
 *     then the name itself (services first), or else its closest encloser:
 *       below a delegation  -> REFERRAL
 *       below a DNAME       -> DNAME
 *       with a "*" child    -> that one's answer
 *
 * Threads    immutable; any thread may find; references are counted atomically
 * Ownership  zone_set_ref/zone_set_unref; a hit lives as long as the set
 * Units      lengths in bytes
 * Errors     zone_set_new: ERR_INPUT with every conflict as a line of report; zone_set_find: none
 * Source     RFC 1034 section 4.3.2, RFC 4592, RFC 6672, RFC 8482 (ANY), RFC 4035 section 3.1.4.1
 *            (DS)
 */
#ifndef FAIRLEAD_DNSD_ZONE_ZONE_SET_H
#define FAIRLEAD_DNSD_ZONE_ZONE_SET_H

#include "dnsd/packet/hash.h"
#include "dnsd/zone/zone.h"

struct zone_set;

struct zone_service {
	const char *name; /* text, absolute; "*.x" is a wildcard */
	uint32_t index;	  /* the caller's; comes back in the hit */
};

enum zone_hit_kind {
	ZONE_HIT_REFUSED,  /* in none of the zones */
	ZONE_HIT_ANSWER,   /* rrset */
	ZONE_HIT_SERVICE,  /* service: type A, AAAA or ANY at its name */
	ZONE_HIT_CNAME,	   /* rrset, and target to go on with */
	ZONE_HIT_DNAME,	   /* rrset, owner_len, target: answer it and name_replace_suffix() */
	ZONE_HIT_NODATA,   /* with zone->negative_soa */
	ZONE_HIT_NXDOMAIN, /* with zone->negative_soa */
	ZONE_HIT_REFERRAL, /* rrset (NS) and glue; AA clear */
	ZONE_HIT_BROKEN,   /* in a zone that could not be loaded: SERVFAIL */
};

/* Owners: ANSWER and CNAME belong to the name asked for (wildcards too); DNAME and REFERRAL to its
 * last owner_len bytes; the negative SOA to its last zone->origin.len bytes. zone_hit_owner() makes
 * the pointer. */
struct zone_hit {
	enum zone_hit_kind kind;
	bool is_wildcard;  /* made from a "*" name */
	uint8_t owner_len; /* DNAME, REFERRAL; else the name's own length */
	uint8_t target_len;
	uint32_t service;	      /* of the name, also when the type is not A or AAAA */
	const struct zone *zone;      /* NULL when refused */
	const struct zone_node *node; /* what the name has in the zone file; NULL = nothing */
	const struct rrset *rrset;
	const uint8_t *target;	      /* wire, in the case of the zone file */
	const struct zone_glue *glue; /* NULL = none */
};

/* The seed is that of the zones (zone_limits). n == 0 is a set that refuses everything. is_left_out
 * (NULL: a conflict is an error) is set for each service that a zone file leaves no place for; the
 * set is made without it. Services in a broken zone are answered with its error. */
enum err_code zone_set_new(struct zone *const *zones, size_t n_zones,
			   const struct zone_service *services, size_t n_services,
			   bool *is_left_out, struct zone_set **out, struct buf *report,
			   struct err *e);
struct zone_set *zone_set_ref(struct zone_set *s); /* returns s */
void zone_set_unref(struct zone_set *s);

/* Finding is one call, or three when a batch of queries is at hand: hash all, prefetch all, find
 * all. */
uint64_t zone_set_hash(const struct zone_set *s, const uint8_t *name, size_t len);
void zone_set_prefetch(const struct zone_set *s, uint64_t hash);
void zone_set_find_hashed(const struct zone_set *s, const uint8_t *name, size_t len, uint64_t hash,
			  uint16_t qtype, struct zone_hit *hit);

/* name[len] in lower case. */
static inline void zone_set_find(const struct zone_set *s, const uint8_t *name, size_t len,
				 uint16_t qtype, struct zone_hit *hit)
{
	zone_set_find_hashed(s, name, len, zone_set_hash(s, name, len), qtype, hit);
}

/* The pointer to the last owner_len bytes of the name of name_len bytes that stands at `name_at` in
 * the reply: 12 for the question's name. */
static inline uint16_t zone_hit_owner(size_t name_at, size_t name_len, size_t owner_len)
{
	return rrset_pointer(name_at + name_len - owner_len);
}

size_t zone_set_count(const struct zone_set *s);
struct zone *zone_set_zone(const struct zone_set *s, size_t at); /* 0 <= at < count */
/* The zone whose apex this is (wire, lower case); NULL if none. Borrowed. */
struct zone *zone_set_by_origin(const struct zone_set *s, const uint8_t *origin, size_t len);

#endif
