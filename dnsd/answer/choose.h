/* SPDX-License-Identifier: Apache-2.0 */
/* choose: which member of a service a client gets, and how far that holds.
 *
 * Threads    any reader of the snapshot
 * Units      lengths in bits, ttl_s seconds
 * Source     steer/decide.h; RFC 7871 section 7.2.1
 */
#ifndef FAIRLEAD_DNSD_ANSWER_CHOOSE_H
#define FAIRLEAD_DNSD_ANSWER_CHOOSE_H

#include "core/addr.h"
#include "dnsd/publish/snapshot.h"

/* The choice for one client, as the data path makes it; for `explain` too.
 *
 * scope_len, by configuration and dial, never by who is up:
 *
 *   0                       one row for all classes, and nothing in it to tie or dial
 *   max(leaf, 24 or 48)     a group of more than one, or a dial: the client's network chooses
 *   leaf                    else: the prefix of the map
 */
struct answer_choice {
	uint32_t class;
	uint8_t scope_len;
	enum decide_how how;
	int member;	       /* PICK_NOBODY: fixed addresses, or none at all */
	struct pick_live live; /* the masks that were read */
	uint64_t key;	       /* of the client's prefix, for rule 9 */
	uint32_t ttl_s;
};
/* type: whose addresses are asked for, which matters to family_fallback; SNAPSHOT_TYPES = any. */
void answer_choose(const struct snapshot *snap, const struct snapshot_service *service,
		   const struct addr *client, enum snapshot_type type, struct answer_choice *out);

/* The members that have a living address of a type; 0 when none in particular is asked for. */
static inline uint64_t choose_has(const struct snapshot_service *s, enum snapshot_type type)
{
	return type < SNAPSHOT_TYPES
		       ? atomic_load_explicit(&s->live->has[type], memory_order_relaxed)
		       : 0;
}

#endif
