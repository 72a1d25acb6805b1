/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_query: any packet is read without a step outside it, and whatever is answered is well
 * formed. */
#include "dnsd/packet/reply.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(claim)              \
	do {                     \
		if (!(claim))    \
			abort(); \
	} while (0)

static void check_query(const struct query *q)
{
	struct name name;
	size_t at = DNS_HEADER_LEN;

	if (q->question_len) {
		MUST(name_read(q->packet, q->packet_len, &at, &name) == ERR_OK);
		MUST(name.len == q->name_len && name.labels == q->labels);
		MUST(name_is_equal(name.wire, name.len, q->name, q->name_len));
	}
	if (q->ecs.is_present) {
		MUST(q->ecs.raw_len == 4 + (q->ecs.source_len + 7) / 8);
		MUST(q->ecs.addr.family != 4 || q->ecs.source_len <= 32);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[DNS_UDP_MAX];
	enum query_verdict verdict;
	struct query q;
	struct reply r;
	size_t len;

	verdict = query_parse(data, size, &q);
	if (verdict == QUERY_DROP)
		return 0;
	check_query(&q);
	reply_begin(&r, out, sizeof(out), &q, reply_limit(&q, false));
	r.ecs_scope = 24;
	if (q.wants_nsid)
		reply_option(&r, DNS_OPTION_NSID, "node", 4);
	if (q.question_len)
		reply_cname(&r, RRSET_OWNER_QNAME, 30, q.name, q.name_len);
	reply_ede(&r, DNS_EDE_OTHER, "reason");
	len = reply_end(&r, q.rcode);
	MUST(len >= DNS_HEADER_LEN && len <= reply_limit(&q, false));
	MUST(dns_get16(out) == q.id && out[2] & 0x80);
	return 0;
}
