/* SPDX-License-Identifier: Apache-2.0 */
/* map: from a client's address to its class and its ECS scope, in tens of nanoseconds.
 *
 * The databases and the operator's topology prefixes are merged into disjoint prefixes, each of one
 * class, joined to the widest that hold together, and compiled into two poptries. The scope is the
 * length of that prefix: a property of the partition, so it is the same whatever is up or down, and
 * two answers never have overlapping scopes (RFC 7871 section 7.2.1).
 *
 *   no database and no topology rule   one class, scope 0
 *   v4 inside v6                        placed by the v4 (mapped, translated, compatible, 6to4,
 *                                       Teredo, NAT64); the scope counts the v6 bits before it
 *   not in any database                 the class of "unknown place" (0 when no rule matches)
 *
 * Threads    build on any one thread; a built map never changes: find() from all threads, lock-free
 * Ownership  counted: build gives one reference, unref() of the last frees
 * Units      scope_len in bits of the address's own family
 * Errors     ERR_INPUT (a database that is damaged or not one, with its path), ERR_IO, ERR_MEMORY
 * Source     RFC 7871 (client subnet in DNS queries); poptrie.h
 */
#ifndef FAIRLEAD_DNSD_CLIENT_MAP_H
#define FAIRLEAD_DNSD_CLIENT_MAP_H

#include "core/addr.h"
#include "dnsd/client/classes.h"

struct client_map;

struct client_map_input {
	char *const *databases; /* MMDB files; what an earlier one says goes before a later one */
	size_t n_databases;
	struct classes_input classes;
};

/* The part of a configuration that decides the map; borrows from it. */
struct client_map_input client_map_input_of(const struct dnsd_config *config);

/* What a build found, for the log and for `explain`. */
struct client_map_stats {
	uint32_t classes;
	uint32_t exact_ranks; /* of the nearest regions, on which every member of a class agrees */
	bool coarsened;	      /* fewer than asked for, because of classes_max */
	size_t prefixes4, prefixes6, bytes;
};

enum err_code client_map_build(const struct client_map_input *in, struct client_map **out,
			       struct err *e);
struct client_map *client_map_ref(struct client_map *m);
void client_map_unref(struct client_map *m); /* NULL is fine */

/* The class and scope of an address, which may be a network address with its host bits zero.
 * Family 0 counts as an unknown place with scope 0. */
void client_map_find(const struct client_map *m, const struct addr *a, uint32_t *class_index,
		     uint8_t *scope_len);
/* Asks for the first cache line that find() will want. */
void client_map_prefetch(const struct client_map *m, const struct addr *a);

/* Classes are numbered from 0; 0 is the unknown place that no topology rule matches. */
uint32_t client_map_class_count(const struct client_map *m);
const struct client_class *client_map_class(const struct client_map *m, uint32_t class_index);

/* The databases it was made of. */
struct client_map_database {
	char *path;
	uint64_t built_s; /* by who made it, seconds since 1970; 0 = it does not say */
};
size_t client_map_databases(const struct client_map *m, const struct client_map_database **list);

const struct client_map_stats *client_map_stats(const struct client_map *m);

#endif
