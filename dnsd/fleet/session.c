/* SPDX-License-Identifier: Apache-2.0 */
/* session: the links of regionds and proberds: who may speak, and where each frame goes. */
#include "dnsd/fleet/session.h"

#include "core/log.h"
#include "core/utf8.h"
#include "dnsd/fleet/match.h"
#include "schema/wire/send.h"

#include <stdio.h>
#include <string.h>

#define SOFTWARE   "fairlead-dnsd " PACKAGE_VERSION
#define ROOM	   "dnsd/fleet"
#define BEAT_MS	   500
#define GOODBYE_MS 1000

void fleet_session_init(struct fleet_session *s, struct fleet_judge *judge,
			const struct clock *clock)
{
	*s = (struct fleet_session){ .judge = judge, .clock = clock };
	s->stranger.session = s;
}

static uint64_t now_of(const struct fleet_session *s)
{
	return clock_mono_us(s->clock);
}

/* ---- who may speak ---- */

const char *fleet_session_refusal_name(enum fleet_refusal r)
{
	static const char *const names[REFUSALS] = { "certificate", "fleet",	  "role",  "region",
						     "protocol",    "unverified", "double" };

	return names[r];
}

static bool has_region(const struct dnsd_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_regions; i++)
		if (strcmp(c->regions[i].name, name) == 0)
			return true;
	return false;
}

static enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	struct fleet_session *s = ((struct fleet_owner *)ctx)->session;
	const struct dnsd_config *config = s->judge->config;

	if (strcmp(peer->fleet, config->fleet) != 0) {
		s->last = REFUSAL_FLEET;
		return err_set(e, ERR_DENIED, "fleet %s is not ours (%s)", peer->fleet,
			       config->fleet);
	}
	if (peer->role == IDENTITY_PROBER)
		return ERR_OK;
	if (peer->role != IDENTITY_REGIOND) {
		s->last = REFUSAL_ROLE;
		return err_set(e, ERR_DENIED, "role %s does not report to a name server",
			       identity_role_name(peer->role));
	}
	if (!has_region(config, peer->region)) {
		s->last = REFUSAL_REGION;
		return err_set(e, ERR_DENIED, "region %s is not in this configuration",
			       peer->region);
	}
	return ERR_OK;
}

/* When may() was not asked, the certificate was at fault, or there was none. */
static void refused(void *ctx, const char *who, const struct err *why)
{
	static struct log_limit limit = LOG_LIMIT_INIT(60);
	struct fleet_session *s = ((struct fleet_owner *)ctx)->session;

	if (s->last == REFUSAL_CERTIFICATE && why->sub == ERR_SUB_FLEET)
		s->last = REFUSAL_FLEET;
	if (why->sub == ERR_SUB_UNVERIFIED)
		s->last = REFUSAL_UNVERIFIED;
	s->refused[s->last]++;
	s->last = REFUSAL_CERTIFICATE;
	log_limited(&limit, LOG_WARN, ROOM, "refused %s: %s", who, why->text);
}

/* ---- sending ---- */

/* The peer is told why, and its link closed. */
static void refuse(struct fleet_session *s, struct link *link, enum fleet_refusal why,
		   const char *reason)
{
	char uri[IDENTITY_TEXT_MAX], who[IDENTITY_TEXT_MAX + 128];
	struct err e;

	identity_text(link_peer(link), uri);
	snprintf(who, sizeof(who), "%s (%s)", link_address(link), uri);
	s->last = why;
	err_set(&e, ERR_REFUSED, "%s", reason);
	refused(&s->stranger, who, &e);
	send_goodbye(link, reason, NULL);
	link_drain(link, GOODBYE_MS, NULL, NULL);
}

/* Where proberds are linked from, each address once, in the order of their list; the bytes of an
 * address are those of the vantage's struct addr. */
struct checkers {
	struct addr addrs[WIRE_CHECKERS_MAX];
	ProtobufCBinaryData list[WIRE_CHECKERS_MAX];
	size_t n;
	uint64_t signature; /* never 0 */
};

static bool has_checker(const struct checkers *c, const struct addr *a)
{
	for (size_t i = 0; i < c->n; i++)
		if (addr_is_equal(&c->addrs[i], a))
			return true;
	return false;
}

static void add_checker(struct checkers *c, const struct addr *a)
{
	size_t len = a->family == 4 ? 4 : 16;

	if (c->n == WIRE_CHECKERS_MAX || has_checker(c, a))
		return;
	c->addrs[c->n] = *a;
	c->list[c->n] = (ProtobufCBinaryData){ .len = len, .data = c->addrs[c->n].bytes };
	c->n++;
	for (size_t i = 0; i < len; i++)
		c->signature = (c->signature ^ a->bytes[i]) * 0x100000001b3; /* FNV-1a */
}

static void find_checkers(const struct fleet_session *s, struct checkers *c)
{
	c->n = 0;
	c->signature = 0xcbf29ce484222325;
	for (const struct fleet_vantage *v = s->judge->vantages; v; v = v->next) {
		struct endpoint at;

		if (v->address[0] && endpoint_parse(v->address, &at, NULL) == ERR_OK)
			add_checker(c, &at.addr);
	}
	c->signature |= 1;
}

static void send_checkers(struct fleet_node *n, struct checkers *c)
{
	Fairlead__Wire__Checkers checkers = FAIRLEAD__WIRE__CHECKERS__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	if (n->told_checkers == c->signature || (!c->n && !n->told_checkers))
		return;
	checkers.n_addresses = c->n;
	checkers.addresses = c->list;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS;
	m.checkers = &checkers;
	if (send_message(n->link, &m, NULL) == ERR_OK)
		n->told_checkers = c->signature;
}

/* Told again with a heartbeat whenever it is news to a node. */
static void tell_checkers(struct fleet_session *s)
{
	struct checkers c;

	find_checkers(s, &c);
	for (struct fleet_node *n = s->judge->nodes; n; n = n->next)
		if (n->link && n->report_us)
			send_checkers(n, &c);
}

void fleet_session_beat(struct fleet_session *s)
{
	uint64_t seq = ++s->beats, now_us = now_of(s);

	for (struct fleet_node *n = s->judge->nodes; n; n = n->next)
		if (n->link)
			send_heartbeat(n->link, seq, now_us, BEAT_MS, NULL);
	for (struct fleet_vantage *v = s->judge->vantages; v; v = v->next)
		if (v->link)
			send_heartbeat(v->link, seq, now_us, BEAT_MS, NULL);
	tell_checkers(s);
}

/* A prober that does not get the whole plan is no witness: it has not told of every target. */
void fleet_session_send_plan(struct fleet_session *s, struct fleet_vantage *v)
{
	const struct fleet_judge *j = s->judge;
	struct err e = { "the link is stuck" };
	enum err_code code = ERR_OK;

	for (uint32_t i = 0; code == ERR_OK && i < j->plan.n_parts; i++) {
		struct buf wire = BUF_INIT;

		code = fleet_plan_pack(&j->plan, j->config, j->plan_revision, i, &wire, &e);
		if (code == ERR_OK)
			code = link_send(v->link, wire.data, wire.len);
		buf_fini(&wire);
	}
	if (code == ERR_OK)
		return;
	v->full_us = 0;
	log_error(ROOM, "prober %s does not get the plan of %zu targets: %s", v->name,
		  j->plan.n_targets, e.text);
	link_close(v->link, "the plan could not be sent");
}

void fleet_session_send_match(struct fleet_session *s, struct fleet_node *n)
{
	Fairlead__Wire__Services services = FAIRLEAD__WIRE__SERVICES__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;
	struct fleet_match match;

	if (!n->link || !n->report_us || fleet_match_make(s->judge, n, &match) != ERR_OK)
		return;
	services.not_here = (char **)match.not_here;
	services.n_not_here = match.n_not_here;
	services.missing = (char **)match.missing;
	services.n_missing = match.n_missing;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_SERVICES;
	m.services = &services;
	if (n->told != match.signature && (n->told || match.n_not_here || match.n_missing) &&
	    send_message(n->link, &m, NULL) == ERR_OK)
		n->told = match.signature;
	fleet_match_fini(&match);
}

/* ---- hello ---- */

/* The old link's place is taken. Once after a lost link is usual. */
static void replace(struct fleet_session *s, struct link *old, const char *who, const char *address)
{
	static struct log_limit limit = LOG_LIMIT_INIT(6);

	log_limited(&limit, LOG_WARN, ROOM,
		    "%s has linked again from %s: its link from %s is closed", who, address,
		    link_address(old));
	link_set_ctx(old, &s->stranger);
	link_close(old, "the same name has linked again");
}

/* Another daemon under this name, while the first one is heard. */
static bool is_double(const struct link *link, const struct link *old, uint64_t incarnation,
		      const Fairlead__Wire__Hello *h, const struct phi *phi, uint64_t now_us)
{
	return old && old != link && incarnation != h->incarnation && !phi_is_stale(phi, now_us);
}

static void refuse_double(struct fleet_session *s, struct link *link, const char *name,
			  const char *first)
{
	char reason[IDENTITY_PART_MAX + ENDPOINT_TEXT_MAX + 64];

	snprintf(reason, sizeof(reason), "%s is linked already from %s: names are unique", name,
		 first);
	refuse(s, link, REFUSAL_DOUBLE, reason);
}

static void greet(struct fleet_session *s, struct link *link, struct fleet_owner *owner)
{
	owner->session = s;
	link_set_ctx(link, owner);
	send_welcome(link, SOFTWARE, s->judge->config->node, NULL);
}

static void hello_node(struct fleet_session *s, struct link *link, struct fleet_node *n,
		       const Fairlead__Wire__Hello *h)
{
	uint64_t now_us = now_of(s);
	bool was_heard = n->is_heard;

	if (!n->is_withdrawn && is_double(link, n->link, n->incarnation, h, &n->phi, now_us)) {
		n->double_us = now_us;
		snprintf(n->double_address, sizeof(n->double_address), "%s", link_address(link));
		refuse_double(s, link, n->name, n->address);
		return;
	}
	if (n->link && n->link != link)
		replace(s, n->link, n->name, link_address(link));
	greet(s, link, &n->owner);
	n->link = link;
	n->incarnation = h->incarnation;
	n->report_seq = 0;
	n->told = n->told_checkers = 0;
	n->was_stale = false;
	n->is_heard = true;
	utf8_copy(n->software, sizeof(n->software), h->software);
	snprintf(n->address, sizeof(n->address), "%s", link_address(link));
	phi_init(&n->phi, (uint64_t)h->heartbeat_ms * 1000, now_us);
	log_info(ROOM, "region %s: node %s linked from %s", n->region_name, n->name, n->address);
	if (!was_heard && s->met)
		s->met(s->ctx, IDENTITY_REGIOND, n->region_name, n->name);
}

static void hello_vantage(struct fleet_session *s, struct link *link, struct fleet_vantage *v,
			  const Fairlead__Wire__Hello *h)
{
	uint64_t now_us = now_of(s);
	bool was_heard = v->is_heard;

	if (is_double(link, v->link, v->incarnation, h, &v->phi, now_us)) {
		v->double_us = now_us;
		snprintf(v->double_address, sizeof(v->double_address), "%s", link_address(link));
		refuse_double(s, link, v->name, v->address);
		return;
	}
	if (v->link && v->link != link)
		replace(s, v->link, v->name, link_address(link));
	greet(s, link, &v->owner);
	v->link = link;
	v->incarnation = h->incarnation;
	v->full_us = 0;
	v->next_part = 0;
	v->is_heard = true;
	v->lat_e4 = h->lat_e4;
	v->lon_e4 = h->lon_e4;
	fleet_vantage_place(v, s->judge->vantages);
	utf8_copy(v->software, sizeof(v->software), h->software);
	snprintf(v->address, sizeof(v->address), "%s", link_address(link));
	phi_init(&v->phi, (uint64_t)h->heartbeat_ms * 1000, now_us);
	log_info(ROOM, "prober %s linked from %s", v->name, v->address);
	fleet_session_send_plan(s, v);
	if (!was_heard && s->met)
		s->met(s->ctx, IDENTITY_PROBER, "", v->name);
}

static void first_hello(struct fleet_session *s, struct link *link, const Fairlead__Wire__Hello *h)
{
	const struct identity *peer = link_peer(link);
	struct fleet_judge *j = s->judge;
	struct fleet_node *n = NULL;
	struct fleet_vantage *v = NULL;

	if (h->protocol < WIRE_PROTOCOL_MIN) {
		char text[96];

		snprintf(text, sizeof(text), "protocol %u is too old, at least %d is wanted",
			 h->protocol, WIRE_PROTOCOL_MIN);
		refuse(s, link, REFUSAL_PROTOCOL, text);
		return;
	}
	if (peer->role == IDENTITY_REGIOND) {
		n = fleet_node_get(&j->nodes, peer->region, peer->name);
		if (n)
			fleet_node_resolve(n, j->config);
	} else {
		v = fleet_vantage_get(&j->vantages, peer->name);
	}
	if (n)
		hello_node(s, link, n, h);
	else if (v)
		hello_vantage(s, link, v, h);
	else
		link_close(link, "out of memory");
}

/* ---- frames ---- */

static void take_period(struct phi *phi, uint32_t period_ms)
{
	if (period_ms)
		phi_set_heartbeat(phi, (uint64_t)period_ms * 1000);
}

static void on_report(struct fleet_session *s, struct fleet_node *n,
		      const Fairlead__Wire__Report *r)
{
	uint64_t now_us = now_of(s);
	bool was_withdrawn = n->is_withdrawn;
	struct err e;

	if (fleet_node_report(n, r, now_us, &e) != ERR_OK) {
		refuse(s, n->link, REFUSAL_PROTOCOL, e.text);
		return;
	}
	if (r->full || was_withdrawn)
		fleet_judge_region(s->judge, n->region, now_us);
	else
		for (size_t i = 0; i < r->n_services; i++)
			fleet_judge_service(s->judge, n->region, r->services[i]->service, now_us);
	if (r->full)
		fleet_session_send_match(s, n);
}

static void on_withdraw(struct fleet_session *s, struct fleet_node *n, const char *reason)
{
	fleet_node_withdraw(n, reason);
	fleet_judge_region(s->judge, n->region, now_of(s));
}

static void on_node_frame(struct fleet_session *s, struct fleet_node *n, const wire_message *m)
{
	bool was_stale = n->was_stale;

	phi_heard(&n->phi, now_of(s));
	n->was_stale = false;
	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HELLO: /* its heartbeat has changed */
		take_period(&n->phi, m->hello->heartbeat_ms);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT:
		take_period(&n->phi, m->heartbeat->period_ms);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_REPORT: on_report(s, n, m->report); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW: on_withdraw(s, n, m->withdraw->reason); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE: on_withdraw(s, n, m->goodbye->reason); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY__NOT_SET: s->ignored++; break;
	default: refuse(s, n->link, REFUSAL_PROTOCOL, "a regiond does not say that"); break;
	}
	if (was_stale) /* back: it serves at once */
		fleet_judge_region(s->judge, n->region, now_of(s));
}

static void on_verdicts(struct fleet_session *s, struct fleet_vantage *v,
			const Fairlead__Wire__Verdicts *m)
{
	struct fleet_judge *j = s->judge;
	uint64_t now_us = now_of(s);
	struct err e;

	if (fleet_vantage_verdicts(v, m, &j->plan, j->plan_revision, now_us, &e) != ERR_OK) {
		refuse(s, v->link, REFUSAL_PROTOCOL, e.text);
		return;
	}
	if (!v->was_fresh && fleet_vantage_is_fresh(v, now_us)) { /* all it says is news */
		v->was_fresh = true;
		fleet_judge_all(j, now_us);
		return;
	}
	for (size_t i = 0; v->was_fresh && i < v->n_touched; i++)
		fleet_judge_target(j, v->touched[i], now_us);
}

static void on_vantage_frame(struct fleet_session *s, struct fleet_vantage *v,
			     const wire_message *m)
{
	phi_heard(&v->phi, now_of(s));
	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HELLO:
		take_period(&v->phi, m->hello->heartbeat_ms);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT:
		take_period(&v->phi, m->heartbeat->period_ms);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS: on_verdicts(s, v, m->verdicts); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE: link_close(v->link, "goodbye"); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY__NOT_SET: s->ignored++; break;
	default: refuse(s, v->link, REFUSAL_PROTOCOL, "a prober does not say that"); break;
	}
}

static void frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct fleet_owner *owner = ctx;
	struct fleet_session *s = owner->session;
	wire_message *m;
	struct err e;

	if (wire_unpack(bytes, len, &m, &e) != ERR_OK) {
		refuse(s, link, REFUSAL_PROTOCOL, e.text);
		return;
	}
	if (owner->node)
		on_node_frame(s, owner->node, m);
	else if (owner->vantage)
		on_vantage_frame(s, owner->vantage, m);
	else if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_HELLO)
		first_hello(s, link, m->hello);
	else
		refuse(s, link, REFUSAL_PROTOCOL, "the first frame must be a hello");
	wire_free(m);
	if (s->touched)
		s->touched(s->ctx);
}

/* ---- up and down ---- */

static void up(void *ctx, struct link *link, const struct identity *peer)
{
	/* Nothing until its hello. */
}

static void lost_node(struct fleet_session *s, struct fleet_node *n, const char *reason)
{
	n->link = NULL;
	phi_closed(&n->phi);
	n->was_stale = true;
	log_warn(ROOM, "region %s: link to node %s is lost: %s", n->region_name, n->name, reason);
	fleet_judge_region(s->judge, n->region, now_of(s));
}

static void lost_vantage(struct fleet_session *s, struct fleet_vantage *v, const char *reason)
{
	v->link = NULL;
	v->full_us = 0;
	v->was_fresh = false;
	memset(v->blind_us, 0, sizeof(v->blind_us));
	log_warn(ROOM, "link to prober %s is lost: %s", v->name, reason);
	fleet_judge_all(s->judge, now_of(s));
}

static void down(void *ctx, struct link *link, const char *reason)
{
	struct fleet_owner *owner = ctx;
	struct fleet_session *s = owner->session;

	if (owner->node && owner->node->link == link)
		lost_node(s, owner->node, reason);
	if (owner->vantage && owner->vantage->link == link)
		lost_vantage(s, owner->vantage, reason);
	if (s->touched)
		s->touched(s->ctx);
}

const struct link_handler fleet_session_handler = {
	.may = may, .up = up, .frame = frame, .down = down, .refused = refused
};
