/* SPDX-License-Identifier: Apache-2.0 */
/* build: a zone while it is read: every name once, with its records in a list.
 *
 * Names are numbered from 0, the apex first and every name after the one above it, so that a pass
 * in that order sees parents before children. Empty non-terminals are names without records.
 *
 * Threads    one
 * Ownership  build_fini() frees all
 * Units      places are byte offsets / 4 in their buffer, 0 = none
 * Errors     ERR_MEMORY; ERR_LIMIT over 4 GiB of names or 16 GiB of records
 */
#ifndef FAIRLEAD_DNSD_ZONE_BUILD_H
#define FAIRLEAD_DNSD_ZONE_BUILD_H

#include "core/buf.h"
#include "dnsd/packet/name.h"
#include "dnsd/zone/master.h"
#include "dnsd/zone/zone.h"

#define BUILD_NONE UINT32_MAX

struct build_name {
	uint32_t parent;  /* BUILD_NONE for the apex */
	uint32_t records; /* place of the newest */
	uint32_t name;	  /* byte offset in names */
	uint32_t place;	  /* of the node, once compiled */
	uint32_t over;	  /* the name that hides this one (see zone_node), or BUILD_NONE */
	uint8_t len;
	uint8_t flags;	/* enum zone_node_flag */
	bool is_server; /* some NS record names it */
};

struct build_record {
	uint32_t next; /* place */
	uint32_t ttl_s;
	uint32_t where;
	uint16_t type;
	uint16_t rdlen;
	uint8_t rdata[];
};

struct build {
	struct name origin;
	uint64_t seed;
	struct buf names, records;
	struct build_name *name;
	uint32_t n_names, names_room, n_records;
	struct zone_slot *slots; /* node = number + 1 */
	uint32_t slot_mask;
	uint32_t last; /* the newest record's name: the next is often the same */
};

enum err_code build_init(struct build *b, const struct name *origin, uint64_t seed);
void build_fini(struct build *b);

/* A master_record_fn, ctx is the struct build. */
enum err_code build_add(void *build, const struct master_record *record);

/* The number of a lower-case name, BUILD_NONE if it is not there. */
uint32_t build_find(const struct build *b, const uint8_t *name, size_t len);

static inline const uint8_t *build_wire(const struct build *b, uint32_t number)
{
	return b->names.data + b->name[number].name;
}

static inline struct build_record *build_record_at(const struct build *b, uint32_t place)
{
	return (struct build_record *)(b->records.data + (size_t)place * 4);
}

/* Walks a name's records: for (r = build_first(b, n); r; r = build_next(b, r)). */
static inline struct build_record *build_first(const struct build *b, uint32_t number)
{
	return b->name[number].records ? build_record_at(b, b->name[number].records) : NULL;
}

static inline struct build_record *build_next(const struct build *b, const struct build_record *r)
{
	return r->next ? build_record_at(b, r->next) : NULL;
}

#endif
