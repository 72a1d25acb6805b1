/* SPDX-License-Identifier: Apache-2.0 */
/* session: the links of regionds and proberds: who may speak, and where each frame goes. */
#include "core/log.h"
#include "core/utf8.h"
#include "dnsd/fleet/inside.h"

#include <stdio.h>
#include <string.h>

#define SOFTWARE "fairlead-dnsd " PACKAGE_VERSION

/* ---- who may speak ---- */

static bool has_region(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->config->n_regions; i++)
		if (strcmp(f->config->regions[i].name, name) == 0)
			return true;
	return false;
}

static enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	struct fleet *f = ctx;

	if (strcmp(peer->fleet, f->config->fleet) != 0) {
		f->last_refusal = REFUSAL_FLEET;
		return err_set(e, ERR_DENIED, "fleet %s is not ours (%s)", peer->fleet,
			       f->config->fleet);
	}
	if (peer->role == IDENTITY_PROBER)
		return ERR_OK;
	if (peer->role != IDENTITY_REGIOND) {
		f->last_refusal = REFUSAL_ROLE;
		return err_set(e, ERR_DENIED, "role %s does not report to a name server",
			       identity_role_name(peer->role));
	}
	if (!has_region(f, peer->region)) {
		f->last_refusal = REFUSAL_REGION;
		return err_set(e, ERR_DENIED, "region %s is not in this configuration",
			       peer->region);
	}
	return ERR_OK;
}

/* When may() was not asked, the certificate was at fault, or there was none. */
static void refused(void *ctx, const char *who, const struct err *why)
{
	static struct log_limit limit = LOG_LIMIT_INIT(60);
	struct fleet *f = ctx;

	if (f->last_refusal == REFUSAL_CERTIFICATE && why->sub == ERR_SUB_FLEET)
		f->last_refusal = REFUSAL_FLEET;
	if (why->sub == ERR_SUB_UNVERIFIED)
		f->last_refusal = REFUSAL_UNVERIFIED;
	atomic_fetch_add(&f->refused[f->last_refusal], 1);
	f->last_refusal = REFUSAL_CERTIFICATE;
	log_limited(&limit, LOG_WARN, "dnsd/fleet", "refused %s: %s", who, why->text);
}

/* ---- which node or vantage a link belongs to ---- */

static struct fleet_node *node_of(struct fleet *f, const struct link *link)
{
	for (struct fleet_node *n = f->nodes; n; n = n->next)
		if (n->link == link)
			return n;
	return NULL;
}

static struct fleet_vantage *vantage_of(struct fleet *f, const struct link *link)
{
	for (struct fleet_vantage *v = f->vantages; v; v = v->next)
		if (v->link == link)
			return v;
	return NULL;
}

bool fleet_send(struct link *link, const wire_message *m)
{
	struct buf out = BUF_INIT;
	bool sent = wire_pack(m, &out, NULL) == ERR_OK &&
		    link_send(link, out.data, out.len) == ERR_OK;

	buf_fini(&out);
	return sent;
}

static void welcome(struct fleet *f, struct link *link)
{
	Fairlead__Wire__Welcome w = FAIRLEAD__WIRE__WELCOME__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	w.protocol = WIRE_PROTOCOL;
	w.software = SOFTWARE;
	w.node = f->config->node;
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME;
	m.welcome = &w;
	fleet_send(link, &m);
}

/* ---- frames ---- */

static void refuse(struct fleet *f, struct link *link, enum fleet_refusal why, const char *reason)
{
	char uri[IDENTITY_TEXT_MAX], who[IDENTITY_TEXT_MAX + 128];
	struct err e;

	identity_text(link_peer(link), uri);
	snprintf(who, sizeof(who), "%s (%s)", link_address(link), uri);
	f->last_refusal = why;
	err_set(&e, ERR_REFUSED, "%s", reason);
	refused(f, who, &e);
	link_close(link, reason);
}

/* Once after a lost link is usual; again and again means two daemons under one name. */
static void replace(struct link *old, const char *who, const char *address)
{
	static struct log_limit limit = LOG_LIMIT_INIT(6);

	log_limited(&limit, LOG_WARN, "dnsd/fleet",
		    "%s has linked again from %s: its link from %s is closed", who, address,
		    link_address(old));
	link_close(old, "the same name has linked again");
}

static void on_hello_node(struct fleet *f, struct fleet_node *n, struct link *link,
			  const Fairlead__Wire__Hello *h)
{
	if (n->link && n->link != link) {
		struct link *old = n->link;

		n->link = NULL;
		replace(old, n->name, link_address(link));
	}
	n->link = link;
	n->report_seq = 0;
	n->was_stale = false;
	fleet_copy(n->software, sizeof(n->software), h->software);
	snprintf(n->address, sizeof(n->address), "%s", link_address(link));
	phi_init(&n->phi, (uint64_t)h->heartbeat_ms * 1000, fleet_now(f));
	log_info("dnsd/fleet", "region %s: node %s linked from %s", n->region_name, n->name,
		 n->address);
}

static void on_hello_vantage(struct fleet *f, struct fleet_vantage *v, struct link *link,
			     const Fairlead__Wire__Hello *h)
{
	if (v->link && v->link != link) {
		struct link *old = v->link;

		v->link = NULL;
		replace(old, v->name, link_address(link));
	}
	v->link = link;
	v->full_us = 0;
	v->is_distrusted = false;
	v->lat_e4 = h->lat_e4;
	v->lon_e4 = h->lon_e4;
	fleet_vantage_place(v);
	fleet_copy(v->software, sizeof(v->software), h->software);
	snprintf(v->address, sizeof(v->address), "%s", link_address(link));
	phi_init(&v->phi, (uint64_t)h->heartbeat_ms * 1000, fleet_now(f));
	log_info("dnsd/fleet", "prober %s linked from %s", v->name, v->address);
	fleet_plan_send(f, v);
}

static void on_hello(struct fleet *f, struct link *link, const Fairlead__Wire__Hello *h)
{
	const struct identity *peer = link_peer(link);
	struct fleet_node *n = NULL;
	struct fleet_vantage *v = NULL;

	if (h->protocol < WIRE_PROTOCOL_MIN) {
		char text[96];

		snprintf(text, sizeof(text), "protocol %u is too old, at least %d is wanted",
			 h->protocol, WIRE_PROTOCOL_MIN);
		refuse(f, link, REFUSAL_PROTOCOL, text);
		return;
	}
	if (peer->role == IDENTITY_REGIOND)
		n = fleet_node_get(f, peer->region, peer->name);
	else
		v = fleet_vantage_get(f, peer->name);
	if (!n && !v) {
		link_close(link, "no memory");
		return;
	}
	welcome(f, link);
	if (n)
		on_hello_node(f, n, link, h);
	else
		on_hello_vantage(f, v, link, h);
}

static void withdraw(struct fleet_node *n, const char *reason)
{
	n->is_withdrawn = true;
	snprintf(n->withdrawn_reason, sizeof(n->withdrawn_reason), "withdrawn: %.200s", reason);
	utf8_trim(n->withdrawn_reason);
	fleet_judge_region(n->fleet, n->region);
}

static void on_node_frame(struct fleet *f, struct fleet_node *n, const wire_message *m)
{
	struct err e;

	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT: break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_REPORT:
		if (fleet_node_report(n, m->report, &e) != ERR_OK)
			refuse(f, n->link, REFUSAL_PROTOCOL, e.text);
		else
			fleet_judge_region(f, n->region);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_WITHDRAW: withdraw(n, m->withdraw->reason); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE: withdraw(n, m->goodbye->reason); break;
	default: refuse(f, n->link, REFUSAL_PROTOCOL, "a regiond does not say that"); break;
	}
}

static void on_vantage_frame(struct fleet *f, struct fleet_vantage *v, const wire_message *m)
{
	struct err e;

	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT: break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_VERDICTS:
		if (fleet_vantage_verdicts(v, m->verdicts, &e) != ERR_OK)
			refuse(f, v->link, REFUSAL_PROTOCOL, e.text);
		else
			fleet_judge_all(f);
		break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE: link_close(v->link, "goodbye"); break;
	default: refuse(f, v->link, REFUSAL_PROTOCOL, "a prober does not say that"); break;
	}
}

static void on_message(struct fleet *f, struct link *link, const wire_message *m)
{
	struct fleet_node *n = node_of(f, link);
	struct fleet_vantage *v = vantage_of(f, link);

	if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_HELLO && !n && !v) {
		on_hello(f, link, m->hello);
	} else if (n) {
		bool was_stale = n->was_stale;

		phi_heard(&n->phi, fleet_now(f));
		n->was_stale = false;
		on_node_frame(f, n, m);
		if (was_stale) /* back: it serves at once */
			fleet_judge_region(f, n->region);
	} else if (v) {
		phi_heard(&v->phi, fleet_now(f));
		on_vantage_frame(f, v, m);
	} else {
		refuse(f, link, REFUSAL_PROTOCOL, "the first frame must be a hello");
	}
}

static void frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct fleet *f = ctx;
	wire_message *m;
	struct err e;

	if (wire_unpack(bytes, len, &m, &e) != ERR_OK) {
		refuse(f, link, REFUSAL_PROTOCOL, e.text);
		return;
	}
	on_message(f, link, m);
	wire_free(m);
	fleet_rearm(f);
}

static void up(void *ctx, struct link *link, const struct identity *peer)
{
	/* Nothing until its hello. */
}

static void down(void *ctx, struct link *link, const char *reason)
{
	struct fleet *f = ctx;
	struct fleet_node *n = node_of(f, link);
	struct fleet_vantage *v = vantage_of(f, link);

	if (n) {
		n->link = NULL;
		phi_closed(&n->phi);
		n->was_stale = true;
		log_warn("dnsd/fleet", "region %s: link to node %s is lost: %s", n->region_name,
			 n->name, reason);
		fleet_judge_region(f, n->region);
	}
	if (v) {
		v->link = NULL;
		v->full_us = 0;
		log_warn("dnsd/fleet", "link to prober %s is lost: %s", v->name, reason);
		fleet_judge_all(f);
	}
	fleet_rearm(f);
}

const struct link_handler fleet_link_handler = {
	.may = may, .up = up, .frame = frame, .down = down, .refused = refused
};
