/* SPDX-License-Identifier: Apache-2.0 */
/* build: a zone while it is read. See build.h. */
#include "dnsd/zone/build.h"

#include "dnsd/packet/hash.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

static enum err_code add_name(struct build *b, const uint8_t *name, size_t len, uint32_t *number);

enum err_code build_init(struct build *b, const struct name *origin, uint64_t seed)
{
	uint32_t apex;

	*b = (struct build){ .origin = *origin, .seed = seed };
	b->slots = calloc(FIRST_SLOTS, sizeof(*b->slots));
	if (!b->slots)
		return ERR_MEMORY;
	b->slot_mask = FIRST_SLOTS - 1;
	buf_u32(&b->records, 0); /* place 0 is nothing */
	return add_name(b, origin->wire, origin->len, &apex);
}

void build_fini(struct build *b)
{
	buf_fini(&b->names);
	buf_fini(&b->records);
	free(b->name);
	free(b->slots);
	*b = (struct build){ .origin = { .len = 0 } };
}

static struct zone_slot *slot_of(const struct build *b, const uint8_t *name, size_t len,
				 uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32), at = (uint32_t)hash & b->slot_mask;

	for (;; at = (at + 1) & b->slot_mask) {
		const struct build_name *found;

		if (!b->slots[at].node)
			return &b->slots[at];
		if (b->slots[at].tag != tag)
			continue;
		found = &b->name[b->slots[at].node - 1];
		if (found->len == len && memcmp(b->names.data + found->name, name, len) == 0)
			return &b->slots[at];
	}
}

uint32_t build_find(const struct build *b, const uint8_t *name, size_t len)
{
	/* An empty slot's 0 turns into BUILD_NONE. */
	return slot_of(b, name, len, hash_name(name, len, b->seed))->node - 1;
}

/* Keeps the table at most half full. */
static enum err_code grow_slots(struct build *b)
{
	struct zone_slot *old = b->slots;
	uint32_t mask = b->slot_mask * 2 + 1;

	if (b->n_names < b->slot_mask / 2)
		return ERR_OK;
	b->slots = calloc((size_t)mask + 1, sizeof(*b->slots));
	if (!b->slots) {
		b->slots = old;
		return ERR_MEMORY;
	}
	b->slot_mask = mask;
	for (uint32_t i = 0; i < b->n_names; i++) {
		uint64_t hash = hash_name(build_wire(b, i), b->name[i].len, b->seed);

		*slot_of(b, build_wire(b, i), b->name[i].len, hash) =
			(struct zone_slot){ (uint32_t)(hash >> 32), i + 1 };
	}
	free(old);
	return ERR_OK;
}

static enum err_code grow_names(struct build *b)
{
	uint32_t room = b->names_room + b->names_room / 2 + 64;
	struct build_name *grown;

	if (b->n_names < b->names_room)
		return ERR_OK;
	grown = realloc(b->name, room * sizeof(*grown));
	if (!grown)
		return ERR_MEMORY;
	b->name = grown;
	b->names_room = room;
	return ERR_OK;
}

/* Finds or makes the name, and the ones above it first. At most 127 deep, by the labels of a name.
 */
static enum err_code add_name(struct build *b, const uint8_t *name, size_t len, uint32_t *number)
{
	uint64_t hash = hash_name(name, len, b->seed);
	struct zone_slot *slot = slot_of(b, name, len, hash);
	uint32_t parent = BUILD_NONE;
	enum err_code rc = ERR_OK;

	if (slot->node) {
		*number = slot->node - 1;
		return ERR_OK;
	}
	if (len > b->origin.len)
		rc = add_name(b, name + 1 + *name, len - 1 - *name, &parent);
	if (rc == ERR_OK)
		rc = grow_names(b);
	if (rc == ERR_OK)
		rc = grow_slots(b);
	if (rc != ERR_OK)
		return rc;
	if (b->names.len + len > UINT32_MAX)
		return ERR_LIMIT;
	*number = b->n_names;
	b->name[b->n_names++] = (struct build_name){ .parent = parent,
						     .name = (uint32_t)b->names.len,
						     .over = BUILD_NONE,
						     .len = (uint8_t)len };
	buf_add(&b->names, name, len);
	if (b->names.failed)
		return ERR_MEMORY;
	*slot_of(b, name, len, hash) = (struct zone_slot){ (uint32_t)(hash >> 32), *number + 1 };
	return ERR_OK;
}

enum err_code build_add(void *ctx, const struct master_record *record)
{
	static const uint8_t pad[4];
	struct build *b = ctx;
	struct build_record head = { .ttl_s = record->ttl_s,
				     .where = record->where,
				     .type = record->type,
				     .rdlen = record->rdlen };
	uint32_t number = b->last;
	size_t place = b->records.len / 4;
	enum err_code rc = ERR_OK;

	if (place > UINT32_MAX)
		return ERR_LIMIT;
	if (b->name[number].len != record->owner.len ||
	    memcmp(build_wire(b, number), record->owner.wire, record->owner.len) != 0)
		rc = add_name(b, record->owner.wire, record->owner.len, &number);
	if (rc != ERR_OK)
		return rc;
	head.next = b->name[number].records;
	buf_add(&b->records, &head, sizeof(head));
	buf_add(&b->records, record->rdata, record->rdlen);
	buf_add(&b->records, pad, -(size_t)record->rdlen & 3);
	if (b->records.failed)
		return ERR_MEMORY;
	b->name[number].records = (uint32_t)place;
	b->last = number;
	b->n_records++;
	return ERR_OK;
}
