/* SPDX-License-Identifier: Apache-2.0 */
/* overlay: the names of services, laid over the zones' own names. See overlay.h. */
#include "dnsd/zone/overlay.h"

#include <stdlib.h>

#define FIRST_SLOTS 16

enum err_code overlay_init(struct overlay *o, uint64_t seed)
{
	*o = (struct overlay){ .seed = seed };
	o->slots = calloc(FIRST_SLOTS, sizeof(*o->slots));
	o->slot_mask = FIRST_SLOTS - 1;
	buf_u32(&o->nodes, 0); /* place 0 is nothing */
	buf_u32(&o->nodes, 0);
	return o->slots && !o->nodes.failed ? ERR_OK : ERR_MEMORY;
}

void overlay_fini(struct overlay *o)
{
	buf_fini(&o->nodes);
	free(o->slots);
	o->slots = NULL;
}

static void put_slot(struct zone_slot *slots, uint32_t mask, uint64_t hash, uint32_t place)
{
	uint32_t at = (uint32_t)hash & mask;

	while (slots[at].node)
		at = (at + 1) & mask;
	slots[at] = (struct zone_slot){ (uint32_t)(hash >> 32), place };
}

/* Keeps the table at most half full. */
static enum err_code grow_slots(struct overlay *o)
{
	uint32_t mask = o->slot_mask * 2 + 1;
	struct zone_slot *slots;

	if (o->count < o->slot_mask / 2)
		return ERR_OK;
	slots = calloc((size_t)mask + 1, sizeof(*slots));
	if (!slots)
		return ERR_MEMORY;
	for (uint32_t i = 0; i <= o->slot_mask; i++) {
		const struct overlay_node *n = overlay_at(o, o->slots[i].node);

		if (o->slots[i].node)
			put_slot(slots, mask, hash_name(n->name, n->name_len, o->seed),
				 o->slots[i].node);
	}
	free(o->slots);
	o->slots = slots;
	o->slot_mask = mask;
	return ERR_OK;
}

/* The name's node, made if it is not there. Its address holds until the next one is made. */
static enum err_code make_node(struct overlay *o, const struct zone *z, const uint8_t *name,
			       size_t len, struct overlay_node **out)
{
	static const uint8_t zeros[8];
	uint64_t hash = hash_name(name, len, o->seed);
	struct overlay_node head = { .service = ZONE_NO_SERVICE, .name_len = (uint8_t)len };
	uint32_t place = (uint32_t)(o->nodes.len / 8);

	*out = (struct overlay_node *)overlay_find(o, name, len, hash);
	if (*out)
		return ERR_OK;
	if (grow_slots(o) != ERR_OK)
		return ERR_MEMORY;
	head.node = zone_find_node(z, name, len, hash);
	buf_add(&o->nodes, &head, offsetof(struct overlay_node, name));
	buf_add(&o->nodes, name, len);
	buf_add(&o->nodes, zeros, -o->nodes.len & 7);
	if (o->nodes.failed)
		return ERR_MEMORY;
	put_slot(o->slots, o->slot_mask, hash, place);
	o->count++;
	if (name_labels(name) > o->labels_max)
		o->labels_max = name_labels(name);
	*out = (struct overlay_node *)overlay_at(o, place);
	return ERR_OK;
}

/* Tells the name above a "*" of it, so that the wildcard is found from its closest encloser. */
static enum err_code link_wildcard(struct overlay *o, const struct zone *z, const uint8_t *star,
				   size_t len, uint32_t place)
{
	struct overlay_node *above;
	enum err_code rc = make_node(o, z, star + 2, len - 2, &above);

	if (rc == ERR_OK)
		above->wildcard = place;
	return rc;
}

enum err_code overlay_add(struct overlay *o, const struct zone *z, const struct name *service_name,
			  uint32_t service)
{
	const uint8_t *name = service_name->wire;
	size_t len = service_name->len;
	struct overlay_node *n;
	enum err_code rc = make_node(o, z, name, len, &n);

	if (rc == ERR_OK)
		n->service = service;
	/* RFC 4592 section 2.2.2: the names between a service and what exists above it exist,
	 * empty. */
	while (rc == ERR_OK && len > z->origin.len) {
		uint32_t place = (uint32_t)(((uint8_t *)n - o->nodes.data) / 8);

		if (name[0] == 1 && name[1] == '*')
			rc = link_wildcard(o, z, name, len, place);
		len -= 1u + *name;
		name += 1 + *name;
		if (zone_find_node(z, name, len, hash_name(name, len, o->seed)))
			break;
		if (rc == ERR_OK)
			rc = make_node(o, z, name, len, &n);
	}
	return rc;
}
