/* SPDX-License-Identifier: Apache-2.0 */
/* answer: bytes and a source address in, bytes out. It knows nothing of sockets: UDP, TCP, rings
 * and tests call the very same function.
 *
 * Threads    any reader of the snapshot; the scratch belongs to one thread
 * Ownership  nothing is kept; no allocation, no lock
 * Units      lengths in bytes
 * Errors     none: every input gives a reply or 0 (say nothing)
 * Source     docs/walk-a-query.md; RFC 1035, 2308, 4592, 6891, 7871, 8482
 */
#ifndef FAIRLEAD_DNSD_ANSWER_ANSWER_H
#define FAIRLEAD_DNSD_ANSWER_ANSWER_H

#include "core/addr.h"
#include "dnsd/packet/query.h"
#include "dnsd/publish/snapshot.h"

enum answer_transport { ANSWER_UDP, ANSWER_TCP, ANSWER_TRANSPORTS };

#define ANSWER_OUT_MAX 65535
#define ANSWER_UDP_MAX 1232
#define ANSWER_SLOTS   65536 /* of fairlead_dns_answers_total; slot 0 = everything beyond */
#define ANSWER_QTYPES  8     /* A AAAA CNAME MX TXT NS SOA, other */
#define ANSWER_RCODES  24

/* One thread's own counters, on pages of its own. */
struct answer_counters {
	_Atomic uint64_t queries[ANSWER_TRANSPORTS][ANSWER_QTYPES];
	_Atomic uint64_t rcodes[ANSWER_RCODES];
	_Atomic uint64_t dropped, truncated;
	_Atomic uint64_t slots[ANSWER_SLOTS];
};

struct answer_scratch {
	struct answer_counters *counters;
};

enum err_code answer_scratch_init(struct answer_scratch *s);
void answer_scratch_fini(struct answer_scratch *s);

/* Returns the length of the reply in out, or 0. room >= 512. */
size_t answer_query(const struct snapshot *snap, struct answer_scratch *scratch, const uint8_t *in,
		    size_t len, const struct addr *source, enum answer_transport transport,
		    uint8_t *out, size_t room);

/* The same in two steps, for batches: answer_prepare() of all takes the packets apart and asks for
 * the memory that answer_finish() of each will want. in[] must stay as it is between the two. */
struct answer_job {
	enum query_verdict verdict;
	enum answer_transport transport;
	uint64_t hash;
	struct addr source;
	struct query query;
};
void answer_prepare(const struct snapshot *snap, struct answer_job *job, const uint8_t *in,
		    size_t len, const struct addr *source, enum answer_transport transport);
size_t answer_finish(const struct snapshot *snap, struct answer_scratch *scratch,
		     struct answer_job *job, uint8_t *out, size_t room);

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

/* Names of the counters of queries: "A", "AAAA", ..., "other". */
const char *answer_qtype_name(unsigned index);

#endif
