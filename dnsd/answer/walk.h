/* SPDX-License-Identifier: Apache-2.0 */
/* walk: from the name and type of a question to the records of its answer: one look-up after the
 * other, as long as there are aliases to follow.
 *
 * Threads    any reader of the snapshot; the reply and the counters are one thread's
 * Errors     none: an rcode
 * Source     docs/walk-a-query.md; RFC 1034 section 4.3.2, RFC 2308, RFC 6672, RFC 8482, RFC 9471
 */
#ifndef FAIRLEAD_DNSD_ANSWER_WALK_H
#define FAIRLEAD_DNSD_ANSWER_WALK_H

#include "dnsd/answer/job.h"
#include "dnsd/packet/reply.h"
#include "dnsd/publish/snapshot.h"

/* Writes the sections of the reply, which has begun. Returns the rcode. */
uint16_t walk_question(const struct snapshot *snap, const struct answer_job *job,
		       struct answer_counters *counters, struct reply *r);

#endif
