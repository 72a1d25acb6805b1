/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: everything a query needs, compiled beforehand, and read without a lock.
 *
 * Parts that change seldom are shared between generations by reference count: the zones, the client
 * map, the rows. The services and their answer blobs are made anew each time; that is quick.
 *
 *   query name --zone_set--> service index --\
 *   client     --client_map-> class ----------+--> row (groups of members) --pick--> member
 *                                                    member + type --> blob --> reply
 *
 * A blob is ready wire: `C0 0C type class ttl rdlength rdata` for each address of the member, and
 * the whole run twice, so that a rotated window of n records is one memcpy. Beside it is the place
 * of the RRSIG of the same set; its length is 0 in an unsigned zone.
 *
 * Lifetime   built aside by publish_build(), swapped in by publish_swap(), freed whole after a
 *            grace period. While it is published, control stores into `live` and `out`, and
 *            answers count up `turn`: atomics
 * Threads    any may read between rcu_quiet() and rcu_quiet()
 * Units      ttl_s seconds, scope in bits, dial in ppm
 */
#ifndef FAIRLEAD_DNSD_PUBLISH_SNAPSHOT_H
#define FAIRLEAD_DNSD_PUBLISH_SNAPSHOT_H

#include "core/addr.h"
#include "core/arena.h"
#include "dnsd/client/map.h"
#include "dnsd/publish/rows.h"
#include "dnsd/zone/zone_set.h"
#include "steer/decide.h"

#include <stdatomic.h>

struct snapshot_blob {
	const uint8_t *rrs; /* count records, twice; NULL when count is 0 */
	uint16_t count;
	uint16_t rr_len;      /* of one record: 16 for A, 28 for AAAA */
	const uint8_t *rrsig; /* the signed form's extra record */
	uint16_t rrsig_len;
};

enum snapshot_type { SNAPSHOT_A, SNAPSHOT_AAAA, SNAPSHOT_TYPES };

struct snapshot_member {
	struct snapshot_blob blob[SNAPSHOT_TYPES];
	uint64_t sixes; /* which of its addresses, in the configuration's order, are IPv6 */
	uint32_t n_addresses;
	uint32_t counter; /* slot of fairlead_dns_answers_total{service,region} */
};

/* What control changes without a rebuild: serving.h. */
struct snapshot_live {
	_Atomic uint64_t serve, forced, dialled, spare;
	_Atomic uint64_t impaired;	      /* members with a dead address */
	_Atomic uint64_t has[SNAPSHOT_TYPES]; /* members with a living address of the type */
	_Atomic uint32_t ttl_s;
};

/* The dead records of one member's blobs, bit i = record i; of a blob the first 64. */
struct snapshot_out {
	_Atomic uint64_t records[SNAPSHOT_TYPES];
};

/* Where the next answer of an RRset begins: one count for each, whoever answers, or A and AAAA that
 * are asked in turn would always begin at the same address. Away from what readers share. */
struct snapshot_turn {
	_Atomic uint32_t next[SNAPSHOT_TYPES];
	uint8_t pad[56]; /* a cache line of its own: each answer writes */
};

enum snapshot_last_resort { SNAPSHOT_ALL, SNAPSHOT_NONE, SNAPSHOT_FIXED };

struct snapshot_service {
	const struct snapshot_member *members;
	struct pick_member *picks; /* same index */
	struct snapshot_live *live;
	struct snapshot_out *out; /* by member */
	struct snapshot_turn *turn;
	struct rows *rows; /* of this service's ranking; owned by the snapshot */
	struct snapshot_blob fixed[SNAPSHOT_TYPES]; /* last_resort addresses */
	enum snapshot_last_resort last_resort;
	uint32_t n_members;
	uint32_t ttl_s; /* that stands in the blobs */
	uint32_t answers;
	bool has_type[SNAPSHOT_TYPES];	    /* any member has addresses of it */
	uint64_t with_type[SNAPSHOT_TYPES]; /* the members that have */
	bool family_next;		    /* of those alone, when one of them may serve */
};

struct snapshot {
	struct zone_set *zones;
	struct client_map *clients;
	struct snapshot_service *services;
	struct snapshot_live *lives; /* of the services, away from what never changes */
	struct snapshot_turn *turns; /* of the services */
	uint32_t n_services;
	uint64_t generation;
	uint16_t nsid_len;
	uint8_t nsid[64]; /* the node's name */
	struct arena *arena;
};

void snapshot_free(struct snapshot *s);

#endif
