/* SPDX-License-Identifier: Apache-2.0 */
/* fleet: owns what is known of the regions, and judges the members whenever something new is heard
 * or time alone changes something. */
#include "dnsd/fleet/fleet.h"

#include "core/link_listen.h"
#include "core/log.h"
#include "core/utf8.h"
#include "dnsd/fleet/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_MS 500
#define VANTAGES_MAX 256
#define TIMER_MIN_US 10000
#define FORGET_EVERY 120 /* heartbeats */

void fleet_copy(char *out, size_t room, const char *text)
{
	utf8_copy(out, room, text);
}

uint64_t fleet_now(const struct fleet *f)
{
	return clock_mono_us(f->clock);
}

/* ---- judging ---- */

struct inputs {
	struct verdict_input in;
	struct verdict_vantage vantages[VANTAGES_MAX];
	char reason[FLEET_REASON_MAX];
};

static void gather(struct fleet *f, uint32_t service, uint32_t member, uint64_t now,
		   struct inputs *out)
{
	const struct config_service *cs = &f->config->services[service];
	const struct fleet_member *m = &f->services[service].members[member];
	const char *seen = NULL;
	unsigned failing = 0, known = 0;
	size_t n = 0;

	fleet_region_stream(f, f->config->pools[cs->pool].members[member].region, service,
			    &out->in.stream, out->reason);
	if (!out->in.stream.ever)
		out->in.stream = m->restored;
	for (const struct fleet_vantage *v = f->vantages; v && n < VANTAGES_MAX; v = v->next, n++) {
		fleet_vantage_of(v, m, now, &out->vantages[n], &seen);
		known += out->vantages[n].fresh;
		failing += out->vantages[n].fresh && !out->vantages[n].pass;
	}
	out->in.vantages = out->vantages;
	out->in.n_vantages = n;
	out->in.hold_down_us = cs->hold_down_ms * 1000;
	if (failing && !out->reason[0])
		snprintf(out->reason, sizeof(out->reason), "%u of %u vantages: %s", failing, known,
			 seen ? seen : "failed");
}

static void judge(struct fleet *f, uint32_t service, uint32_t member, uint64_t now)
{
	struct fleet_member *m = &f->services[service].members[member];
	struct fleet_change change = { .service = service,
				       .member = member,
				       .from = m->verdict.health };
	bool was_good = m->verdict.good_at_us;
	struct inputs inputs;

	gather(f, service, member, now, &inputs);
	if (!verdict_member_update(&m->verdict, &inputs.in, now, &m->next_us)) {
		if (was_good != (bool)m->verdict.good_at_us && f->handler.eased)
			f->handler.eased(f->ctx, service, member);
		return;
	}
	change.to = m->verdict.health;
	change.cause = m->verdict.cause;
	change.reason = inputs.reason;
	f->handler.changed(f->ctx, &change);
}

void fleet_judge_region(struct fleet *f, uint32_t region)
{
	uint64_t now = fleet_now(f);

	for (uint32_t s = 0; s < f->n_services; s++) {
		const struct config_pool *pool = &f->config->pools[f->config->services[s].pool];

		for (uint32_t m = 0; m < f->services[s].n_members; m++)
			if (pool->members[m].region == region)
				judge(f, s, m, now);
	}
}

void fleet_judge_all(struct fleet *f)
{
	uint64_t now = fleet_now(f);

	for (struct fleet_vantage *v = f->vantages; v; v = v->next)
		fleet_vantage_doubt(v, now);
	for (uint32_t s = 0; s < f->n_services; s++)
		for (uint32_t m = 0; m < f->services[s].n_members; m++)
			judge(f, s, m, now);
}

/* ---- time alone ---- */

static void earliest(uint64_t *at, uint64_t candidate)
{
	if (candidate && candidate < *at)
		*at = candidate;
}

void fleet_rearm(struct fleet *f)
{
	uint64_t now = fleet_now(f), at = UINT64_MAX;

	for (const struct fleet_node *n = f->nodes; n; n = n->next)
		if (n->link && !n->was_stale)
			earliest(&at, phi_stale_at_us(&n->phi));
	for (const struct fleet_vantage *v = f->vantages; v; v = v->next)
		if (v->link && v->was_fresh)
			earliest(&at, phi_stale_at_us(&v->phi));
	for (size_t s = 0; s < f->n_services; s++)
		for (size_t m = 0; m < f->services[s].n_members; m++)
			earliest(&at, f->services[s].members[m].next_us);
	if (at == UINT64_MAX) {
		loop_timer_stop(f->timer);
		return;
	}
	if (at < now + TIMER_MIN_US)
		at = now + TIMER_MIN_US;
	loop_timer_after(f->timer, (at - now + 999) / 1000);
}

void fleet_tick(void *arg)
{
	struct fleet *f = arg;
	uint64_t now = fleet_now(f);

	for (struct fleet_node *n = f->nodes; n; n = n->next) {
		bool stale = fleet_node_is_stale(n, now);

		if (stale && !n->was_stale)
			log_warn("dnsd/fleet", "region %s: nothing is heard from node %s",
				 n->region_name, n->name);
		n->was_stale = stale;
	}
	for (struct fleet_vantage *v = f->vantages; v; v = v->next)
		v->was_fresh = fleet_vantage_is_fresh(v, now);
	fleet_judge_all(f);
	fleet_rearm(f);
}

/* A node that is gone for long, of a region that others serve, was renamed or taken away. */
static void forget_nodes(struct fleet *f)
{
	uint64_t now = fleet_now(f);
	bool any = false;
	struct fleet_node **at = &f->nodes;

	while (*at) {
		struct fleet_node *n = *at, *other;

		for (other = f->nodes; other; other = other->next)
			if (other != n && other->region == n->region && other->link)
				break;
		if (n->link || !other || now - n->phi.last_us < FLEET_FORGET_US) {
			at = &n->next;
			continue;
		}
		*at = n->next;
		log_info("dnsd/fleet", "region %s: node %s is forgotten", n->region_name, n->name);
		fleet_node_free(n);
		any = true;
	}
	if (any) /* its last word counts no more */
		fleet_judge_all(f);
}

void fleet_beat(void *arg)
{
	struct fleet *f = arg;
	Fairlead__Wire__Heartbeat beat = FAIRLEAD__WIRE__HEARTBEAT__INIT;
	wire_message m = FAIRLEAD__WIRE__MESSAGE__INIT;

	beat.seq = ++f->heartbeat_seq;
	beat.sent_us = fleet_now(f);
	m.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT;
	m.heartbeat = &beat;
	for (struct fleet_node *n = f->nodes; n; n = n->next)
		if (n->link)
			fleet_send(n->link, &m);
	for (struct fleet_vantage *v = f->vantages; v; v = v->next) {
		if (v->link)
			fleet_send(v->link, &m);
		v->was_fresh = fleet_vantage_is_fresh(v, fleet_now(f));
	}
	if (f->heartbeat_seq % FORGET_EVERY == 0)
		forget_nodes(f);
}

/* ---- configuration ---- */

/* Which of its region's members in this pool it is: 0 for the first. */
static uint32_t place_in_region(const struct config_pool *pool, uint32_t member)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < member; i++)
		n += pool->members[i].region == pool->members[member].region;
	return n;
}

static uint32_t find_service(const struct dnsd_config *c, const char *name)
{
	uint32_t s = 0;

	while (c && s < c->n_services && strcmp(c->services[s].name, name) != 0)
		s++;
	return c && s < c->n_services ? s : UINT32_MAX;
}

/* The member of the old configuration's service that is this one: same region, same place in it. */
static const struct fleet_member *find_member(const struct dnsd_config *c,
					      const struct fleet_service *services, uint32_t s,
					      const char *region, uint32_t nth)
{
	const struct config_pool *pool;

	if (s == UINT32_MAX)
		return NULL;
	pool = &c->pools[c->services[s].pool];
	for (uint32_t m = 0; m < pool->n_members; m++)
		if (strcmp(c->regions[pool->members[m].region].name, region) == 0 &&
		    place_in_region(pool, m) == nth)
			return &services[s].members[m];
	return NULL;
}

static void free_services(struct fleet_service *services, size_t n)
{
	for (size_t i = 0; services && i < n; i++)
		free(services[i].members);
	free(services);
}

static enum err_code make_service(struct fleet *f, uint32_t index, const struct dnsd_config *old,
				  const struct fleet_plan *plan, struct fleet_service *out)
{
	const struct config_service *cs = &f->config->services[index];
	const struct config_pool *pool = &f->config->pools[cs->pool];
	uint32_t was = find_service(old, cs->name);

	out->members = calloc(pool->n_members + 1, sizeof(*out->members));
	if (!out->members)
		return ERR_MEMORY;
	out->n_members = pool->n_members;
	for (uint32_t m = 0; m < pool->n_members; m++) {
		const struct fleet_member *known = find_member(
			old, f->services, was, f->config->regions[pool->members[m].region].name,
			place_in_region(pool, m));

		if (known)
			out->members[m] = *known;
		else
			verdict_member_init(&out->members[m].verdict, fleet_now(f));
		out->members[m].first_target =
			fleet_plan_first(plan, f->config, cs->pool, m, &out->members[m].n_targets);
	}
	return ERR_OK;
}

/* Proberds go on as they are when nothing changes for them. */
static void adopt_plan(struct fleet *f, struct fleet_plan *plan)
{
	struct fleet_plan old = f->plan;
	bool is_same = f->plan_revision && old.signature && old.signature == plan->signature;

	f->plan = *plan;
	f->plan_revision += !is_same;
	for (struct fleet_vantage *v = f->vantages; v && !is_same; v = v->next) {
		fleet_vantage_carry(v, &old, &f->plan);
		if (v->link)
			fleet_plan_send(f, v);
	}
	fleet_plan_fini(&old);
}

/* Whoever reports for a region that is gone would be refused now. */
static void adopt_nodes(struct fleet *f)
{
	for (struct fleet_node *n = f->nodes; n; n = n->next) {
		fleet_node_resolve(n);
		if (n->region == UINT32_MAX && n->link)
			link_close(n->link, "its region is no longer in this configuration");
	}
}

enum err_code fleet_configure(struct fleet *f, const struct dnsd_config *config, struct err *e)
{
	const struct dnsd_config *old = f->config;
	struct fleet_service *services = calloc(config->n_services + 1, sizeof(*services));
	struct fleet_plan plan = { 0 };
	enum err_code rc = services ? fleet_plan_make(config, &plan) : ERR_MEMORY;

	f->config = config;
	for (uint32_t i = 0; rc == ERR_OK && i < config->n_services; i++)
		rc = make_service(f, i, old, &plan, &services[i]);
	if (rc != ERR_OK) {
		f->config = old;
		fleet_plan_fini(&plan);
		free_services(services, config->n_services);
		return err_set(e, rc, "no memory for %zu services", config->n_services);
	}
	free_services(f->services, f->n_services);
	f->services = services;
	f->n_services = config->n_services;
	adopt_plan(f, &plan);
	adopt_nodes(f);
	fleet_judge_all(f);
	fleet_rearm(f);
	return ERR_OK;
}

/* ---- what was on disk ---- */

void fleet_member_key(const struct fleet *f, uint32_t service, uint32_t member,
		      char out[FLEET_KEY_MAX])
{
	const struct config_pool *pool = &f->config->pools[f->config->services[service].pool];
	const char *region = f->config->regions[pool->members[member].region].name;
	uint32_t nth = place_in_region(pool, member);

	if (nth)
		snprintf(out, FLEET_KEY_MAX, "%s#%u", region, nth + 1);
	else
		snprintf(out, FLEET_KEY_MAX, "%s", region);
}

static uint64_t age_us(const struct fleet *f, int64_t since_ms)
{
	int64_t age_ms = clock_wall_ms(f->clock) - since_ms;

	return age_ms > 0 ? (uint64_t)age_ms * 1000 : 0;
}

static void restore(struct fleet *f, struct fleet_member *m, const struct store_health *from)
{
	enum verdict_health health = (enum verdict_health)from->health;
	enum verdict_cause cause = (enum verdict_cause)from->cause;

	if (from->health < HEALTH_UNKNOWN || from->health > HEALTH_DOWN)
		return; /* of a program that knows more kinds */
	verdict_member_restore(&m->verdict, health, cause, from->flaps, age_us(f, from->since_ms),
			       fleet_now(f));
	if (health == HEALTH_DOWN && cause == CAUSE_SAID)
		m->restored = (struct verdict_stream){ .ever = true, .down = true };
	else if (health == HEALTH_STALE || health == HEALTH_DEGRADED ||
		 cause == CAUSE_STALE_AND_FAILED)
		m->restored = (struct verdict_stream){ .ever = true,
						       .stale = true,
						       .degraded = health == HEALTH_DEGRADED };
}

void fleet_restore(struct fleet *f, const struct store_health *list, size_t n)
{
	char key[FLEET_KEY_MAX];

	for (size_t i = 0; i < n; i++) {
		uint32_t s = find_service(f->config, list[i].service);

		for (uint32_t m = 0; s != UINT32_MAX && m < f->services[s].n_members; m++) {
			fleet_member_key(f, s, m, key);
			if (strcmp(key, list[i].region) == 0)
				restore(f, &f->services[s].members[m], &list[i]);
		}
	}
	fleet_rearm(f);
}

/* ---- life ---- */

enum err_code fleet_new(struct fleet **out, struct loop *loop, const struct clock *clock,
			const struct fleet_handler *handler, void *ctx)
{
	struct fleet *f = calloc(1, sizeof(*f));

	if (!f)
		return ERR_MEMORY;
	f->loop = loop;
	f->clock = clock;
	f->handler = *handler;
	f->ctx = ctx;
	if (loop_timer_new(loop, &f->timer, fleet_tick, f) != ERR_OK ||
	    loop_timer_new(loop, &f->heartbeat, fleet_beat, f) != ERR_OK) {
		fleet_free(f);
		return ERR_MEMORY;
	}
	loop_timer_every(f->heartbeat, HEARTBEAT_MS);
	*out = f;
	return ERR_OK;
}

enum err_code fleet_listen(struct fleet *f, struct tls *tls, const struct endpoint *at,
			   struct err *e)
{
	struct link_options options = LINK_OPTIONS_DEFAULT;

	options.frame_max = WIRE_FRAME_MAX;
	options.idle_ms = 30000; /* staleness is judged here, long before; this only cleans up */
	return link_listen(&f->listener, f->loop, tls, at, &options, &fleet_link_handler, f, e);
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	link_listener_free(f->listener);
	while (f->nodes) {
		struct fleet_node *n = f->nodes;

		f->nodes = n->next;
		fleet_node_free(n);
	}
	while (f->vantages) {
		struct fleet_vantage *v = f->vantages;

		f->vantages = v->next;
		fleet_vantage_free(v);
	}
	free_services(f->services, f->n_services);
	fleet_plan_fini(&f->plan);
	loop_timer_free(f->timer);
	loop_timer_free(f->heartbeat);
	free(f);
}
