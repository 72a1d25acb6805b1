/* SPDX-License-Identifier: Apache-2.0 */
/* job: one message on its way through the room, between answer_prepare() and answer_finish().
 *
 * Threads    the worker's own
 * Ownership  the query points into the packet
 */
#ifndef FAIRLEAD_DNSD_ANSWER_JOB_H
#define FAIRLEAD_DNSD_ANSWER_JOB_H

#include "core/addr.h"
#include "dnsd/answer/counters.h"
#include "dnsd/packet/query.h"

struct answer_job {
	enum query_verdict verdict;
	enum answer_transport transport;
	uint64_t hash;
	struct addr source;
	struct query query;
};

/* Whom the answer is for, and whether its scope is to be told: the client's subnet, when there is
 * one that may be used (RFC 7871 section 7.2.1), else the resolver. */
static inline const struct addr *job_client(const struct answer_job *job)
{
	const struct query_ecs *ecs = &job->query.ecs;

	return ecs->is_present && ecs->source_len ? &ecs->addr : &job->source;
}

#endif
