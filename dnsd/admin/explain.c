/* SPDX-License-Identifier: Apache-2.0 */
/* explain: why this client gets this answer. */
#include "dnsd/admin/explain.h"

#include "core/suggest.h"
#include "dnsd/admin/doc.h"
#include "dnsd/answer/answer.h"
#include "dnsd/client/locate.h"
#include "dnsd/packet/dns.h"
#include "steer/prior.h"

#include <stdlib.h>
#include <string.h>

struct asked {
	const struct rooms *r;
	const struct snapshot *snap;
	uint32_t service;
	const struct snapshot_service *s;
	const struct config_service *cs;
	const struct config_pool *pool;
	struct addr client;
	enum snapshot_type type;
	struct place place; /* of the address itself, from the databases */
	struct answer_choice choice;
	struct decide_row row;
	struct rows_ranking ranking;
	struct rank_input input;
	struct place class_place;
	struct place *regions;
	const struct dnsd_config *config;
	struct live_service now;
	uint16_t prefer[CONFIG_MEMBERS_MAX];
};

/* ---- the question ---- */

/* What a name is that no service steers. */
static const char *kind_of(const struct zone_hit *hit)
{
	switch (hit->kind) {
	case ZONE_HIT_REFUSED: return "it is in none of the zones here, and refused";
	case ZONE_HIT_ANSWER: return "it is static, from the zone file: all clients get the same";
	case ZONE_HIT_CNAME:
	case ZONE_HIT_DNAME: return "it is an alias, from the zone file";
	case ZONE_HIT_NODATA: return "it is in the zone file, without an address";
	case ZONE_HIT_NXDOMAIN: return "it does not exist (NXDOMAIN)";
	case ZONE_HIT_REFERRAL: return "it is below a delegation, for other name servers";
	case ZONE_HIT_BROKEN: return "its zone could not be loaded (SERVFAIL)";
	case ZONE_HIT_SERVICE: break;
	}
	return "";
}

static enum err_code not_a_service(const struct asked *a, const char *text,
				   const struct zone_hit *hit, struct err *e)
{
	const struct dnsd_config *config = rooms_config(a->r);
	struct suggest suggest;

	suggest_init(&suggest, text);
	for (size_t i = 0; i < config->n_services; i++)
		suggest_offer(&suggest, config->services[i].name);
	if (suggest.best)
		return err_set(e, ERR_NOT_FOUND, "there is no service %s: %s. Did you mean %s?",
			       text, kind_of(hit), suggest.best);
	return err_set(e, ERR_NOT_FOUND, "there is no service %s: %s", text, kind_of(hit));
}

/* By the data path's own look-up, so that a name below a wildcard service is explained too. */
static enum err_code find_service(struct asked *a, const char *text, struct err *e)
{
	const struct snapshot *snap = rooms_snapshot(a->r);
	struct zone_hit hit;
	struct name name;

	if (name_parse(text, NULL, &name, e) != ERR_OK)
		return ERR_INPUT;
	name_lower(name.wire, name.wire, name.len);
	zone_set_find(snap->zones, name.wire, name.len, DNS_TYPE_A, &hit);
	if (hit.kind != ZONE_HIT_SERVICE)
		return not_a_service(a, text, &hit, e);
	a->service = hit.service;
	return ERR_OK;
}

static enum err_code parse(struct asked *a, const struct http_request *req, struct err *e)
{
	const char *name = http_query(req, "name"), *type = http_query(req, "type");
	const char *client = http_query(req, "client");
	struct prefix prefix;

	enum err_code rc;

	if (!name || !client)
		return err_set(e, ERR_INPUT, "name and client are needed");
	rc = find_service(a, name, e);
	if (rc != ERR_OK)
		return rc;
	a->type = SNAPSHOT_A;
	if (type && strcasecmp(type, "AAAA") == 0)
		a->type = SNAPSHOT_AAAA;
	else if (type && strcasecmp(type, "A") != 0)
		return err_set(e, ERR_INPUT, "type is A or AAAA: a service has no other");
	if (!strchr(client, '/'))
		return addr_parse(client, &a->client, e);
	if (prefix_parse(client, &prefix, e) != ERR_OK)
		return ERR_INPUT;
	a->client = prefix.addr;
	return ERR_OK;
}

static enum err_code prepare(struct asked *a, struct err *e)
{
	const struct dnsd_config *config = rooms_config(a->r);

	a->config = config;
	a->snap = rooms_snapshot(a->r);
	live_of(a->r->live, a->service, &a->now);
	a->s = &a->snap->services[a->service];
	a->cs = &config->services[a->service];
	a->pool = &config->pools[a->cs->pool];
	a->regions = calloc(config->n_regions + 1, sizeof(*a->regions));
	if (!a->regions)
		return err_set(e, ERR_MEMORY, "out of memory");
	publish_region_places(config, a->regions);
	if (rows_ranking_init(&a->ranking, config, a->service, a->regions) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	answer_choose(a->snap, a->s, &a->client, a->type, &a->choice);
	a->row = rows_get(a->s->rows, a->choice.class);
	rows_class_input(&a->ranking, config, a->snap->clients, a->choice.class, &a->class_place,
			 a->prefer, &a->input);
	return client_place_find(config->geo.databases, config->geo.n_databases, &a->client,
				 &a->place, e);
}

/* ---- the candidates ---- */

static void candidate_of(const struct asked *a, uint32_t m, struct rules_candidate *out)
{
	const struct world_masks *masks = &a->now.masks;
	const struct decide_question q = { .rank = &a->input,
					   .live = &a->choice.live,
					   .members = a->s->picks,
					   .out = masks->out,
					   .held = masks->held,
					   .held_down = masks->held_down,
					   .down = masks->down,
					   .client_key = a->choice.key,
					   .ignores_dials = decide_ignored_dials(
						   &a->choice.live, a->s->picks, a->choice.key,
						   a->choice.member) };

	decide_candidate(&q, a->choice.how, m, out);
}

/* Whom m is compared with: the chosen one; the chosen one itself with the next best. */
static uint32_t rival_of(const struct asked *a, uint32_t m)
{
	struct rules_candidate best, one;
	uint32_t rival = m;
	int sign;

	if (a->choice.member != PICK_NOBODY && a->choice.member != (int)m)
		return (uint32_t)a->choice.member;
	for (uint32_t i = 0; i < a->s->n_members; i++) {
		if (i == m)
			continue;
		candidate_of(a, i, &one);
		if (rival != m)
			rules_compare(&one, &best, &sign);
		if (rival == m || sign < 0) {
			rival = i;
			best = one;
		}
	}
	return rival;
}

/* What keeps one out that was dropped. */
static enum steer_rule dropped_by(const struct rules_candidate *c)
{
	if (c->is_out || c->is_held)
		return RULE_FORCED;
	return c->is_fenced_out ? RULE_FENCE : RULE_HEALTH;
}

/* The rule that dropped m, or put it behind the chosen one; or the chosen one before the next. */
static const char *rule_for(const struct asked *a, uint32_t m)
{
	struct rules_candidate own, other;
	uint32_t rival = rival_of(a, m);
	int sign;

	candidate_of(a, m, &own);
	if (a->choice.member == PICK_NOBODY || !decide_is_kept(&own))
		return rules_name(dropped_by(&own));
	if (rival == m)
		return "the only member";
	candidate_of(a, rival, &other);
	return rules_name(rules_compare(&own, &other, &sign));
}

/* What an operator, or the daemon, does about it; "" = nothing. */
static void note_of(const struct asked *a, uint32_t m, const struct fleet_member_view *view,
		    char out[128])
{
	uint64_t bit = UINT64_C(1) << m;
	char text[96];

	out[0] = 0;
	if (view->hold_down_us)
		snprintf(out, 128, "well again, in hold_down: %s",
			 fleet_view_hold_down_text(view, text, sizeof(text)));
	else if (a->now.masks.held & bit)
		snprintf(out, 128, "held: it was down, and failback is manual (fairlead failback)");
	else if (a->now.masks.out & bit)
		snprintf(out, 128, "an operator took it out");
}

static json_t *candidate(struct asked *a, uint32_t m)
{
	uint32_t region = a->pool->members[m].region;
	uint32_t rtt_us = prior_rtt_us(place_distance_m(&a->place, &a->regions[region]));
	struct fleet_member_view view;
	struct rules_candidate c;
	char note[128];

	candidate_of(a, m, &c);
	fleet_member(a->r->fleet, a->service, m, &view);
	note_of(a, m, &view, note);
	return json_pack(
		"{s:s, s:b, s:b, s:s, s:s, s:o, s:s, s:i, s:s, s:s, s:o, s:o, s:f}", "region",
		a->config->regions[region].name, "chosen", (int)(a->choice.member == (int)m),
		"kept", (int)(decide_is_kept(&c) && a->choice.member != PICK_NOBODY), "rule",
		rule_for(a, m), "note", note, "rtt_ms",
		rtt_us ? json_real((double)rtt_us / 1000) : json_null(), "rtt_source",
		rtt_us ? "distance" : "none", "rtt_samples", 0, "health",
		verdict_health_name(view.health), "why", view.reason, "forced",
		doc_forced(live_forced(a->r->live, a->service, m)), "load",
		view.capacity ? json_real((double)view.used / (double)view.capacity) : json_null(),
		"share", (double)a->s->picks[m].dial_ppm / PICK_SHARE_ALL);
}

/* ---- the document ---- */

static json_t *location(const struct place *p)
{
	return json_pack("{s:o, s:o, s:o}", "country",
			 p->country[0] ? json_string(p->country) : json_null(), "lat",
			 p->has_position ? json_real(p->lat_e4 / 1e4) : json_null(), "lon",
			 p->has_position ? json_real(p->lon_e4 / 1e4) : json_null());
}

static json_t *answers(const struct asked *a)
{
	const struct config_member *m =
		a->choice.member == PICK_NOBODY ? NULL : &a->pool->members[a->choice.member];
	const struct addr *list = m ? m->addresses : a->pool->last_resort_addresses;
	size_t n = m ? m->n_addresses : a->pool->n_last_resort;
	uint8_t family = a->type == SNAPSHOT_A ? 4 : 6;
	json_t *out = json_array();
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n && json_array_size(out) < a->cs->answers; i++) {
		if (list[i].family != family)
			continue;
		addr_text(&list[i], text);
		json_array_append_new(out, json_string(text));
	}
	return out;
}

static const char *scope_reason(const struct asked *a)
{
	const struct pick_live *live = &a->choice.live;

	if (!a->choice.scope_len)
		return "all clients are steered alike: no answer differs";
	if (live->dialled & a->row.allowed)
		return "a dial: each network is in its share or not";
	if (a->row.is_tie || live->forced & (live->forced - 1))
		return "members rank alike: each network gets one, by weight";
	return "the widest prefix around the client whose members are always steered alike";
}

/* Why nothing is in the answer: its type, when somebody was chosen. */
static json_t *answer_reason(const struct asked *a, const json_t *answer)
{
	const char *type = a->type == SNAPSHOT_A ? "IPv4" : "IPv6";
	uint32_t region;
	char text[192];

	if (json_array_size(answer))
		return json_null();
	if (a->choice.member == PICK_NOBODY)
		return json_sprintf("no member may serve, and the last resort has no %s address",
				    type);
	region = a->pool->members[a->choice.member].region;
	snprintf(text, sizeof(text), "%.80s has no %s address%s", a->config->regions[region].name,
		 type,
		 a->s->family_next ? ", and no other region that may serve has one"
				   : "; family_fallback: next takes the next region that has one");
	return json_string(text);
}

static const char *ttl_reason(const struct asked *a)
{
	if (a->choice.how == DECIDE_PANIC)
		return "panic: no member may serve";
	if (a->now.masks.ttl_why == WORLD_TTL_MOVED)
		return "failing over: an operator moved the service";
	if (a->now.masks.ttl_why == WORLD_TTL_DOWN)
		return "failing over: a member is down";
	return "normally: the service's ttl";
}

/* Among whom it was chosen. */
static const char *how_name(const struct asked *a)
{
	switch (a->choice.how) {
	case DECIDE_NORMAL: return "serving";
	case DECIDE_SPARE: return "held back";
	case DECIDE_PANIC: break;
	}
	return "last resort";
}

static json_t *rule_of(const struct asked *a)
{
	const struct dnsd_config *config = rooms_config(a->r);
	int32_t rule =
		client_rule_find(config->topology, config->n_topology, &a->client, &a->place);
	char text[64];

	if (rule < 0)
		return json_null();
	snprintf(text, sizeof(text), "topology rule %d", rule + 1);
	return json_string(text);
}

static json_t *document(struct asked *a)
{
	json_t *candidates = json_array(), *answer = answers(a);
	char client[ADDR_TEXT_MAX];

	addr_text(&a->client, client);
	for (uint32_t m = 0; m < a->s->n_members; m++)
		json_array_append_new(candidates, candidate(a, m));
	return json_pack(
		"{s:s, s:s, s:I, s:o, s:o, s:i, s:s, s:i, s:s, s:b, s:s, s:o, s:o, s:i, s:o}",
		"service", a->cs->name, "client", client, "class", (json_int_t)a->choice.class,
		"location", location(&a->place), "rule", rule_of(a), "scope",
		(int)a->choice.scope_len, "scope_reason", scope_reason(a), "ttl",
		(int)a->choice.ttl_s, "ttl_reason", ttl_reason(a), "panic",
		(int)(a->choice.how == DECIDE_PANIC), "chosen_among", how_name(a), "answer", answer,
		"answer_reason", answer_reason(a, answer), "epoch", 0, "candidates", candidates);
}

void explain_handle(const struct rooms *r, const struct http_request *req, struct http_reply *reply)
{
	struct asked a = { .r = r };
	struct err e;
	enum err_code rc = parse(&a, req, &e);

	if (rc == ERR_OK)
		rc = prepare(&a, &e);
	if (rc == ERR_OK)
		http_reply_json(reply, 200, document(&a));
	else
		http_reply_error(reply, rc, e.text);
	rows_ranking_fini(&a.ranking);
	free(a.regions);
}
