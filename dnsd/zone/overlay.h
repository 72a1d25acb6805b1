/* SPDX-License-Identifier: Apache-2.0 */
/* overlay: the names of services, laid over the zones' own names.
 *
 * It holds every service's name, the empty non-terminals that a service makes, and the name above
 * each wildcard service, each with the node that the zone file has for the same name.
 *
 * Threads    overlay_add: one; afterwards immutable
 * Ownership  overlay_fini() frees; zones are borrowed
 * Units      places are offsets / 8, 0 = none
 */
#ifndef FAIRLEAD_DNSD_ZONE_OVERLAY_H
#define FAIRLEAD_DNSD_ZONE_OVERLAY_H

#include "core/buf.h"
#include "dnsd/packet/hash.h"
#include "dnsd/zone/zone.h"

struct overlay_node {
	const struct zone_node *node; /* of the zone file; NULL = none */
	uint32_t service;	      /* ZONE_NO_SERVICE for the rest */
	uint32_t wildcard;	      /* place of the service "*" below */
	uint8_t name_len;
	uint8_t name[];
};

struct overlay {
	struct buf nodes;
	struct zone_slot *slots; /* never NULL after overlay_init */
	uint32_t slot_mask;
	uint32_t count;
	uint8_t labels_max;
	uint64_t seed;
};

enum err_code overlay_init(struct overlay *o, uint64_t seed);
void overlay_fini(struct overlay *o);

/* Adds a service's name and what it needs above it. The caller has checked it: it is in the zone,
 * not below a cut, and not there yet as a service. */
enum err_code overlay_add(struct overlay *o, const struct zone *z, const struct name *service_name,
			  uint32_t service);

static inline const struct overlay_node *overlay_at(const struct overlay *o, uint32_t place)
{
	return (const struct overlay_node *)(o->nodes.data + (size_t)place * 8);
}

static inline const struct overlay_node *overlay_find(const struct overlay *o, const uint8_t *name,
						      size_t len, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);

	for (uint32_t at = (uint32_t)hash & o->slot_mask; o->slots[at].node;
	     at = (at + 1) & o->slot_mask) {
		const struct overlay_node *n;

		if (o->slots[at].tag != tag)
			continue;
		n = overlay_at(o, o->slots[at].node);
		if (n->name_len == len && memcmp(n->name, name, len) == 0)
			return n;
	}
	return NULL;
}

#endif
