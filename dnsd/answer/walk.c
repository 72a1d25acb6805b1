/* SPDX-License-Identifier: Apache-2.0 */
/* walk: from a question to the records of its answer. See walk.h. */
#include "dnsd/answer/walk.h"

#include "dnsd/answer/choose.h"

#include <string.h>

#define CHAIN_MAX  64 /* CNAMEs and DNAMEs that are followed for one question */
#define TTL_OFFSET 6  /* in a record whose owner is a pointer */

/* The name that is asked for now: the question's, or the target of an alias in the reply. */
struct walk {
	const struct snapshot *snap;
	struct answer_counters *counters;
	const struct answer_job *job;
	struct reply *reply;
	const uint8_t *name; /* lower case */
	size_t name_len, name_at;
	uint64_t hash;
	unsigned followed;
	const struct rrset *alias[CHAIN_MAX]; /* that were followed */
	struct name target;		      /* holds what name points to after the first alias */
};

/* A pointer to the last owner_len bytes of the name. That of an alias may itself end in a pointer.
 */
static uint16_t owner_of(const struct walk *w, size_t owner_len)
{
	const uint8_t *out = w->reply->out;
	size_t at = w->name_at, left = w->name_len - owner_len;

	if (!w->followed)
		return zone_hit_owner(at, w->name_len, owner_len);
	while (left) {
		while (out[at] >= 0xc0)
			at = dns_get16(out + at) & 0x3fff;
		left -= 1u + out[at];
		at += 1u + out[at];
	}
	return out[at] >= 0xc0 ? dns_get16(out + at) : rrset_pointer(at);
}

static size_t add_soa(struct walk *w, const struct zone *zone)
{
	const struct zone_soa *soa = zone->negative_soa;
	size_t at = reply_records(w->reply, REPLY_AUTHORITY, soa->wire, soa->len, 1);
	uint16_t apex = owner_of(w, zone->origin.len);

	if (!at)
		return 0;
	dns_put16(w->reply->out + at, apex);
	for (unsigned i = 1; i < 3 && soa->pointer_at[i]; i++)
		dns_put16(w->reply->out + at + soa->pointer_at[i], apex);
	return at;
}

/* The chosen member has no such address, another one might: this "no" is kept no longer than its
 * "yes" would be. */
static void add_steered_soa(struct walk *w, const struct zone *zone, uint32_t ttl_s)
{
	size_t at = add_soa(w, zone);

	if (at && ttl_s < zone->negative_soa->ttl_s)
		dns_put32(w->reply->out + at + TTL_OFFSET, ttl_s);
}

/* Where this answer begins among `count` records. */
static unsigned turn_of(const struct snapshot_service *s, enum snapshot_type type, unsigned count)
{
	if (count < 2)
		return 0;
	return atomic_fetch_add_explicit(&s->turn->next[type], 1, memory_order_relaxed) % count;
}

static void set_ttl(struct walk *w, size_t at, unsigned n, unsigned rr_len, uint32_t ttl_s)
{
	for (unsigned i = 0; i < n; i++)
		dns_put32(w->reply->out + at + i * rr_len + TTL_OFFSET, ttl_s);
}

static void add_blob(struct walk *w, const struct snapshot_service *service,
		     enum snapshot_type type, const struct snapshot_blob *blob, uint32_t blob_ttl_s,
		     uint32_t ttl_s)
{
	unsigned n = blob->count < service->answers ? blob->count : service->answers;
	unsigned first = turn_of(service, type, blob->count);
	size_t len = (size_t)n * blob->rr_len;
	size_t at = reply_records(w->reply, REPLY_ANSWER, blob->rrs + first * blob->rr_len, len, n);

	if (!at)
		return;
	if (w->name_at != DNS_HEADER_LEN)
		rrset_patch(w->reply->out + at, len, rrset_pointer(w->name_at));
	if (ttl_s != blob_ttl_s)
		set_ttl(w, at, n, blob->rr_len, ttl_s);
	if (blob->rrsig_len && w->job->query.is_do)
		reply_records(w->reply, REPLY_ANSWER, blob->rrsig, blob->rrsig_len, 1);
}

/* The records that are not dead, of a blob of which some are: one by one. */
static void add_living(struct walk *w, const struct snapshot_service *service,
		       enum snapshot_type type, const struct snapshot_blob *blob, uint64_t out,
		       uint32_t ttl_s)
{
	unsigned left = service->answers, living = 0, skip;

	for (unsigned i = 0; i < blob->count; i++)
		living += i >= 64 || !(out >> i & 1);
	skip = turn_of(service, type, living);
	left = left < living ? left : living;
	for (unsigned i = 0; left; i = i + 1 < blob->count ? i + 1 : 0) {
		size_t at;

		if ((i < 64 && out >> i & 1) || (skip && skip--))
			continue;
		at = reply_blob(w->reply, REPLY_ANSWER, blob->rrs + (size_t)i * blob->rr_len,
				blob->rr_len, 1, rrset_pointer(w->name_at));
		if (!at)
			return;
		set_ttl(w, at, 1, blob->rr_len, ttl_s);
		left--;
	}
}

static bool has_any(const struct snapshot_service *s, uint16_t qtype)
{
	if (qtype == DNS_TYPE_ANY)
		return s->has_type[SNAPSHOT_A] || s->has_type[SNAPSHOT_AAAA];
	return s->has_type[qtype == DNS_TYPE_A ? SNAPSHOT_A : SNAPSHOT_AAAA];
}

static enum snapshot_type type_of(uint16_t qtype)
{
	return qtype == DNS_TYPE_A	? SNAPSHOT_A
	       : qtype == DNS_TYPE_AAAA ? SNAPSHOT_AAAA
					: SNAPSHOT_TYPES;
}

/* ANY gets one RRset, which is enough: RFC 8482 section 4.1. */
static enum snapshot_type type_in(const struct snapshot_blob *blobs, enum snapshot_type asked)
{
	if (asked != SNAPSHOT_TYPES)
		return asked;
	return blobs[SNAPSHOT_A].count ? SNAPSHOT_A : SNAPSHOT_AAAA;
}

/* The addresses of the chosen member, without its dead ones. When all would be dead it serves as it
 * is: in a panic nobody is better. */
static void answer_member(struct walk *w, const struct zone_hit *hit,
			  const struct snapshot_service *s, enum snapshot_type asked,
			  const struct answer_choice *choice)
{
	const struct snapshot_member *m = &s->members[choice->member];
	uint64_t bit = UINT64_C(1) << choice->member, out = 0;
	enum snapshot_type type = type_in(m->blob, asked);
	const struct snapshot_blob *blob = &m->blob[type];
	uint64_t impaired = atomic_load_explicit(&s->live->impaired, memory_order_relaxed);

	counters_add(&w->counters->slots[m->counter]);
	if (__builtin_expect(impaired & bit && choice->how != DECIDE_PANIC, 0)) {
		if (asked == SNAPSHOT_TYPES && !(choose_has(s, type) & bit)) {
			type = type == SNAPSHOT_A ? SNAPSHOT_AAAA : SNAPSHOT_A;
			blob = &m->blob[type];
		}
		out = atomic_load_explicit(&s->out[choice->member].records[type],
					   memory_order_relaxed);
	}
	if (!blob->count || (out && !(choose_has(s, type) & bit)))
		add_steered_soa(w, hit->zone, choice->ttl_s);
	else if (out)
		add_living(w, s, type, blob, out, choice->ttl_s);
	else
		add_blob(w, s, type, blob, s->ttl_s, choice->ttl_s);
}

static void answer_fixed(struct walk *w, const struct zone_hit *hit,
			 const struct snapshot_service *s, enum snapshot_type asked)
{
	enum snapshot_type type = type_in(s->fixed, asked);

	if (s->fixed[type].count)
		add_blob(w, s, type, &s->fixed[type], DECIDE_TTL_PANIC_S, DECIDE_TTL_PANIC_S);
	else
		add_steered_soa(w, hit->zone, DECIDE_TTL_PANIC_S);
}

static uint16_t answer_service(struct walk *w, const struct zone_hit *hit)
{
	const struct snapshot_service *s = &w->snap->services[hit->service];
	const struct query *q = &w->job->query;
	enum snapshot_type type = type_of(q->qtype);
	struct answer_choice choice;

	if (!has_any(s, q->qtype)) { /* whoever were chosen: true for all clients */
		add_soa(w, hit->zone);
		return DNS_RCODE_NOERROR;
	}
	answer_choose(w->snap, s, job_client(w->job), type, &choice);
	if (q->ecs.is_present && q->ecs.source_len)
		w->reply->ecs_scope = choice.scope_len;
	if (choice.member != PICK_NOBODY) {
		answer_member(w, hit, s, type, &choice);
	} else if (s->last_resort == SNAPSHOT_FIXED) {
		answer_fixed(w, hit, s, type);
	} else {
		reply_ede(w->reply, DNS_EDE_NOT_READY, "no member may serve");
		return DNS_RCODE_SERVFAIL;
	}
	return DNS_RCODE_NOERROR;
}

/* The addresses of a name of our zones, IPv4 first. False when some did not fit. */
static bool add_addresses(struct walk *w, const struct zone_node *node)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	bool all = true;

	for (unsigned i = 0; i < 2; i++) {
		const struct rrset *set = zone_node_rrset(node, types[i]);

		if (set && !reply_addresses(w->reply, node->name, node->name_len, set))
			all = false;
	}
	return all;
}

/* RFC 9471: all glue inside the cut, or TC. Glue beside it (of siblings) is a help. */
static void answer_referral(struct walk *w, const struct zone_hit *hit)
{
	const struct zone_glue *glue = hit->glue;

	if (!w->followed)
		w->reply->is_authoritative = false;
	if (!reply_rrset(w->reply, REPLY_AUTHORITY, hit->rrset, owner_of(w, hit->owner_len)))
		return;
	for (uint16_t i = 0; glue && i < glue->count; i++)
		if (!add_addresses(w, zone_node_at(hit->zone, glue->node[i])) && i < glue->needed)
			w->reply->is_partial = true;
}

/* The addresses of the names that an answer points to, when they are in the same zone and no
 * service's: RFC 1035 section 3.3 (NS, MX), RFC 2782 (SRV), RFC 9460 section 4.1 (SVCB). */
static void add_targets(struct walk *w, const struct zone_hit *hit)
{
	const struct rrset *set = hit->rrset;
	unsigned before = set->type == DNS_TYPE_SRV ? 6 : set->type == DNS_TYPE_NS ? 0 : 2;

	for (size_t at = 0; at < set->len; at += RRSET_RR_HEAD + dns_get16(set->wire + at + 10)) {
		const uint8_t *target = set->wire + at + RRSET_RR_HEAD + before;
		uint8_t lower[NAME_WIRE_MAX];
		const struct zone_node *node;
		size_t len = name_len(target);

		name_lower(lower, target, len);
		node = zone_find_node(hit->zone, lower, len,
				      zone_set_hash(w->snap->zones, lower, len));
		if (node && (!node->over || node->flags & ZONE_NODE_GLUE))
			add_addresses(w, node);
	}
}

static bool has_targets(uint16_t type)
{
	return type == DNS_TYPE_NS || type == DNS_TYPE_MX || type == DNS_TYPE_SRV ||
	       type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

static void answer_static(struct walk *w, const struct zone_hit *hit)
{
	if (reply_rrset(w->reply, REPLY_ANSWER, hit->rrset, rrset_pointer(w->name_at)) &&
	    has_targets(hit->rrset->type))
		add_targets(w, hit);
}

/* An RRset stands in an answer once (RFC 2181 section 5). Who comes to an alias again is in a loop,
 * and gets what there is: the resolver sees the loop too. */
static bool is_followed(const struct walk *w, const struct rrset *alias)
{
	for (unsigned i = 0; i < w->followed; i++)
		if (w->alias[i] == alias)
			return true;
	return false;
}

/* Goes on with the name whose wire form stands in the reply at `at`. A chain that is longer than
 * what is followed, or than pointers reach, ends here: the resolver asks on. */
static bool follow(struct walk *w, const struct rrset *alias, const uint8_t *wire, size_t len,
		   size_t at)
{
	if (w->followed == CHAIN_MAX || at > 0x3fff)
		return false;
	w->alias[w->followed++] = alias;
	memcpy(w->target.wire, wire, len);
	w->target.len = (uint8_t)len;
	name_lower(w->target.wire, w->target.wire, len);
	w->name = w->target.wire;
	w->name_len = len;
	w->name_at = at;
	w->hash = zone_set_hash(w->snap->zones, w->name, len);
	return true;
}

static bool follow_cname(struct walk *w, const struct zone_hit *hit)
{
	size_t at;

	if (is_followed(w, hit->rrset))
		return false;
	at = reply_rrset(w->reply, REPLY_ANSWER, hit->rrset, rrset_pointer(w->name_at));
	return at && follow(w, hit->rrset, hit->target, hit->target_len, at + RRSET_RR_HEAD);
}

/* RFC 6672 section 3.1: the DNAME, and a CNAME made from it. */
static bool follow_dname(struct walk *w, const struct zone_hit *hit, uint16_t *rcode)
{
	struct name made;
	size_t at;

	if (is_followed(w, hit->rrset) ||
	    !reply_rrset(w->reply, REPLY_ANSWER, hit->rrset, owner_of(w, hit->owner_len)))
		return false;
	if (name_replace_suffix(w->name, w->name_len, hit->owner_len, hit->target, hit->target_len,
				&made) != ERR_OK) {
		*rcode = DNS_RCODE_YXDOMAIN;
		return false;
	}
	at = reply_cname(w->reply, rrset_pointer(w->name_at), hit->rrset->ttl_s, made.wire,
			 made.len);
	if (w->job->query.qtype == DNS_TYPE_CNAME || w->job->query.qtype == DNS_TYPE_ANY)
		return false; /* the CNAME that was made is what was asked for */
	return at && follow(w, hit->rrset, made.wire, made.len, at + RRSET_RR_HEAD);
}

/* One look-up. Returns true when the walk goes on with another name. */
static bool step(struct walk *w, uint16_t *rcode)
{
	struct zone_hit hit;

	zone_set_find_hashed(w->snap->zones, w->name, w->name_len, w->hash, w->job->query.qtype,
			     &hit);
	switch (hit.kind) {
	case ZONE_HIT_REFUSED:
		if (!w->followed) {
			w->reply->is_authoritative = false;
			reply_ede(w->reply, DNS_EDE_NOT_AUTHORITATIVE, NULL);
			*rcode = DNS_RCODE_REFUSED;
		}
		return false;
	case ZONE_HIT_BROKEN:
		if (!w->followed) {
			w->reply->is_authoritative = false;
			reply_ede(w->reply, DNS_EDE_INVALID_DATA, "the zone could not be loaded");
			*rcode = DNS_RCODE_SERVFAIL;
		}
		return false;
	case ZONE_HIT_ANSWER: answer_static(w, &hit); return false;
	case ZONE_HIT_SERVICE: *rcode = answer_service(w, &hit); return false;
	case ZONE_HIT_CNAME: return follow_cname(w, &hit);
	case ZONE_HIT_DNAME: return follow_dname(w, &hit, rcode);
	case ZONE_HIT_NXDOMAIN:
		*rcode = DNS_RCODE_NXDOMAIN;
		add_soa(w, hit.zone);
		return false;
	case ZONE_HIT_NODATA: add_soa(w, hit.zone); return false;
	case ZONE_HIT_REFERRAL: answer_referral(w, &hit); return false;
	}
	return false;
}

uint16_t walk_question(const struct snapshot *snap, const struct answer_job *job,
		       struct answer_counters *counters, struct reply *r)
{
	const struct query *q = &job->query;
	uint16_t rcode = DNS_RCODE_NOERROR;
	struct walk w;

	/* By hand: the places of aliases need not be cleared for each question. */
	w.snap = snap;
	w.counters = counters;
	w.job = job;
	w.reply = r;
	w.name = q->name;
	w.name_len = q->name_len;
	w.name_at = DNS_HEADER_LEN;
	w.hash = job->hash;
	w.followed = 0;
	while (step(&w, &rcode))
		;
	return rcode;
}
