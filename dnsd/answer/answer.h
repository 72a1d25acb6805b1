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
#include "dnsd/answer/choose.h"
#include "dnsd/answer/job.h"
#include "dnsd/publish/snapshot.h"

#define ANSWER_OUT_MAX 65535
#define ANSWER_UDP_MAX 1232

/* Returns the length of the reply in out, or 0. room >= 512. */
size_t answer_query(const struct snapshot *snap, struct answer_scratch *scratch, const uint8_t *in,
		    size_t len, const struct addr *source, enum answer_transport transport,
		    uint8_t *out, size_t room);

/* One message of an answer; false = no more of it is wanted. */
typedef bool (*answer_message_fn)(void *ctx, const uint8_t *message, size_t len);
/* For a stream, where an answer may be several messages: each goes to fn, in order. False when
 * there was none, or fn wanted no more. `out` has ANSWER_OUT_MAX bytes. */
bool answer_stream(const struct snapshot *snap, struct answer_scratch *scratch, const uint8_t *in,
		   size_t len, const struct addr *source, uint8_t *out, answer_message_fn fn,
		   void *ctx);

/* The same in two steps, for batches: answer_prepare() of all takes the packets apart and asks for
 * the memory that answer_finish() of each will want. in[] must stay as it is between the two. */
void answer_prepare(const struct snapshot *snap, struct answer_job *job, const uint8_t *in,
		    size_t len, const struct addr *source, enum answer_transport transport);
size_t answer_finish(const struct snapshot *snap, struct answer_scratch *scratch,
		     struct answer_job *job, uint8_t *out, size_t room);

#endif
