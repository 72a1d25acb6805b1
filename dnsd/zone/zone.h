/* SPDX-License-Identifier: Apache-2.0 */
/* zone: one zone's static records, compiled from a master file into an immutable object.
 *
 * All of it stands in one arena, addressed by places (offsets in words of four bytes; 0 = none):
 *
 *   slots: hash of the name -> node     node: links | name | rrset | rrset | ...
 *
 * There is a node for every name and every empty non-terminal. A node knows by itself what hides it
 * (a delegation or a DNAME above) and whether it has a wildcard child, so that one look-up of the
 * name gives the answer, and a missing name needs one look-up for each label up to its closest
 * encloser.
 *
 * Threads    immutable: any thread may read; references are counted atomically
 * Ownership  zone_ref/zone_unref; everything found lives as long as the zone
 * Units      lengths in bytes, ttl_s seconds
 * Errors     ERR_INPUT: all mistakes stand in the findings, a line each, FILE:LINE: error: ...
 * Source     RFC 1035 section 5; RFC 1034 section 4.3.2; RFC 2181 (RRsets); RFC 2308 (negative
 *            answers); RFC 4592 (wildcards, empty non-terminals); RFC 6672 (DNAME); RFC 9471 (glue)
 */
#ifndef FAIRLEAD_DNSD_ZONE_ZONE_H
#define FAIRLEAD_DNSD_ZONE_ZONE_H

#include "core/buf.h"
#include "core/err.h"
#include "dnsd/packet/name.h"
#include "dnsd/packet/rrset.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_NO_SERVICE UINT32_MAX /* a name that is no service's */

enum zone_node_flag {
	ZONE_NODE_CUT = 1,   /* delegated: an NS set below the apex */
	ZONE_NODE_DNAME = 2, /* all names below are redirected */
	ZONE_NODE_CNAME = 4,
	ZONE_NODE_GLUE = 8, /* below a cut */
};

struct zone_node {
	uint32_t over;	   /* place of the topmost cut at or above, or DNAME above: that answers */
	uint32_t wildcard; /* place of the child "*" */
	uint32_t glue;	   /* place of a cut's struct zone_glue */
	uint16_t rrsets;
	uint8_t flags;
	uint8_t name_len;
	uint8_t name[]; /* lower case; the rrsets follow at the next word: zone_node_first() */
};

/* The name servers of a cut that have addresses in the zone, by the places of their nodes. */
struct zone_glue {
	uint16_t count, needed; /* the first `needed` are inside the cut: RFC 9471 section 2.1 */
	uint32_t node[];
};

/* The SOA record of negative answers. Its names that end in the zone's own are cut there, and the
 * place of the pointer is kept: all pointers are to the apex inside the name that was asked for. */
struct zone_soa {
	uint32_t ttl_s; /* min(ttl, minimum): RFC 2308 section 5 */
	uint16_t len;
	uint16_t pointer_at[3]; /* in wire; the owner's first, then those there are; 0 = no more */
	uint8_t wire[];
};

struct zone_slot {
	uint32_t tag; /* the hash's upper half */
	uint32_t node;
};

struct zone_file; /* what it was read from */

struct zone {
	bool is_broken; /* known by name only: none of what follows but origin, seed and slots */
	bool is_copy;	/* from its last good copy (copy.h), not from the zone file */
	const uint32_t *arena;
	const struct zone_slot *slots;
	uint32_t slot_mask;
	uint32_t apex; /* place */
	const struct zone_soa *negative_soa;
	struct name origin; /* lower case */
	uint8_t labels_max; /* of any name in it */
	uint64_t seed;
	uint32_t serial;
	uint32_t names, rrsets, records;
	size_t bytes; /* of memory */
	_Atomic uint32_t refs;
	uint16_t n_files;
	struct zone_file *files;
};

/* A zone that is configured and could not be loaded: its names are answered with an error. */
enum err_code zone_new_broken(const char *origin, uint64_t seed, struct zone **out, struct err *e);

struct zone *zone_ref(struct zone *z); /* returns z */
void zone_unref(struct zone *z);

/* Are the files it was read from, included ones too, still the same ones, unwritten? (It asks the
 * file system.) The time of change counts too: a writer may keep size and time of modification. */
bool zone_is_current(const struct zone *z);
const char *zone_path(const struct zone *z); /* "" for a broken one */

/* "FILE:LINE" of an RRset, for messages. */
#define ZONE_WHERE_MAX 512
char *zone_where_text(const struct zone *z, uint32_t where, char out[ZONE_WHERE_MAX]);

static inline const struct zone_node *zone_node_at(const struct zone *z, uint32_t place)
{
	return (const struct zone_node *)(z->arena + place);
}

/* The node of a lower-case name with its hash_name() under the zone's seed; NULL if there is none.
 */
static inline const struct zone_node *zone_find_node(const struct zone *z, const uint8_t *name,
						     size_t len, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);

	for (uint32_t at = (uint32_t)hash & z->slot_mask; z->slots[at].node;
	     at = (at + 1) & z->slot_mask) {
		const struct zone_node *node;

		if (z->slots[at].tag != tag)
			continue;
		node = zone_node_at(z, z->slots[at].node);
		if (node->name_len == len && memcmp(node->name, name, len) == 0)
			return node;
	}
	return NULL;
}

static inline const struct rrset *zone_node_first(const struct zone_node *n)
{
	return (const struct rrset *)((const uint8_t *)n +
				      ((offsetof(struct zone_node, name) + n->name_len + 3u) &
				       ~(size_t)3));
}

/* The rrset behind it in the node; count them by node->rrsets. */
static inline const struct rrset *zone_node_next(const struct rrset *set)
{
	return (const struct rrset *)((const uint8_t *)set +
				      ((offsetof(struct rrset, wire) + set->len + 3u) &
				       ~(size_t)3));
}

/* The node's rrset of a type, NULL if none. node may be NULL. */
static inline const struct rrset *zone_node_rrset(const struct zone_node *n, uint16_t type)
{
	const struct rrset *set;

	if (!n)
		return NULL;
	set = zone_node_first(n);
	for (unsigned left = n->rrsets; left; left--, set = zone_node_next(set))
		if (set->type == type)
			return set;
	return NULL;
}

/* Calls fn for every node with records, glue included, apex first, else in the file's order. */
typedef void (*zone_node_fn)(void *ctx, const struct zone *z, const struct zone_node *node);
void zone_each_node(const struct zone *z, zone_node_fn fn, void *ctx);

#endif
