/* SPDX-License-Identifier: Apache-2.0 */
/* answer: bytes and a source address in, bytes out. See answer.h. */
#include "dnsd/answer/answer.h"

#include "dnsd/answer/walk.h"
#include "dnsd/packet/reply.h"

#define KEEPALIVE_100MS 100 /* edns-tcp-keepalive: the stream's idle time, 10 s */

void answer_prepare(const struct snapshot *snap, struct answer_job *job, const uint8_t *in,
		    size_t len, const struct addr *source, enum answer_transport transport)
{
	job->verdict = query_parse(in, len, &job->query);
	job->transport = transport;
	job->source = *source;
	if (job->verdict != QUERY_OK)
		return;
	job->hash = zone_set_hash(snap->zones, job->query.name, job->query.name_len);
	zone_set_prefetch(snap->zones, job->hash);
	client_map_prefetch(snap->clients, job_client(job));
}

static void add_options(const struct snapshot *snap, const struct answer_job *job, struct reply *r)
{
	static const uint8_t keepalive[2] = { 0, KEEPALIVE_100MS };

	if (job->query.wants_nsid)
		reply_option(r, DNS_OPTION_NSID, snap->nsid, snap->nsid_len);
	if (job->query.wants_keepalive && job->transport != ANSWER_UDP)
		reply_option(r, DNS_OPTION_KEEPALIVE, keepalive, sizeof(keepalive));
}

/* What is settled before any name is looked up: malformed messages, classes and transfers that are
 * not served. Limits and cookies have their place here too. */
static bool settle(const struct answer_job *job, uint16_t *rcode)
{
	const struct query *q = &job->query;

	if (job->verdict == QUERY_REPLY)
		*rcode = q->rcode;
	else if (q->qclass != DNS_CLASS_IN || q->qtype == DNS_TYPE_AXFR ||
		 q->qtype == DNS_TYPE_IXFR)
		*rcode = DNS_RCODE_REFUSED;
	else
		return false;
	return true;
}

size_t answer_finish(const struct snapshot *snap, struct answer_scratch *scratch,
		     struct answer_job *job, uint8_t *out, size_t room)
{
	struct answer_counters *counters = scratch->counters;
	struct reply r;
	uint16_t rcode;

	if (job->verdict == QUERY_DROP) {
		counters_add(&counters->dropped);
		return 0;
	}
	counters_add(&counters->queries[job->transport][counters_qtype(job->query.qtype)]);
	reply_begin(&r, out, room, &job->query,
		    reply_limit(&job->query, job->transport != ANSWER_UDP));
	if (settle(job, &rcode))
		r.is_authoritative = false;
	else
		rcode = walk_question(snap, job, counters, &r);
	if (job->query.has_edns)
		add_options(snap, job, &r);
	counters_add(&counters->rcodes[rcode < ANSWER_RCODES ? rcode : ANSWER_RCODES - 1]);
	if (r.is_cut || r.is_partial)
		counters_add(&counters->truncated);
	return reply_end(&r, rcode);
}

size_t answer_query(const struct snapshot *snap, struct answer_scratch *scratch, const uint8_t *in,
		    size_t len, const struct addr *source, enum answer_transport transport,
		    uint8_t *out, size_t room)
{
	struct answer_job job;

	answer_prepare(snap, &job, in, len, source, transport);
	return answer_finish(snap, scratch, &job, out, room);
}

bool answer_stream(const struct snapshot *snap, struct answer_scratch *scratch, const uint8_t *in,
		   size_t len, const struct addr *source, uint8_t *out, answer_message_fn fn,
		   void *ctx)
{
	size_t n = answer_query(snap, scratch, in, len, source, ANSWER_TCP, out, ANSWER_OUT_MAX);

	return n && fn(ctx, out, n);
}
