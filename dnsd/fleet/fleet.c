/* SPDX-License-Identifier: Apache-2.0 */
/* fleet: owns what is known of the regions, and the timers that wake the judge. */
#include "dnsd/fleet/fleet.h"

#include "core/link_listen.h"
#include "core/log.h"
#include "dnsd/fleet/metrics.h"
#include "dnsd/fleet/session.h"
#include "dnsd/fleet/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM	     "dnsd/fleet"
#define HEARTBEAT_MS 500
#define TIMER_MIN_US 10000
#define FORGET_EVERY 120		 /* heartbeats */
#define FORGET_US    (600u * 1000000ull) /* a node that is gone, while another serves */
#define AWAIT_US     10000000		 /* a node that was known before the start */

/* A timer that comes so much too late has waited for the control thread. Then what has arrived
 * meanwhile gets as long to be read. */
#define LATE_US	   100000
#define READING_US 50000
/* A thread that is late each time judges all the same. */
#define LATE_TIMES 3

/* A plan of WIRE_PARTS_MAX parts waits to be sent as a whole. */
#define QUEUE_MAX (WIRE_PARTS_MAX * (WIRE_FRAME_MAX / 2) + 2 * WIRE_FRAME_MAX)

struct fleet {
	struct loop *loop;
	const struct clock *clock;
	struct fleet_handler handler;
	void *ctx;
	struct link_listener *listener;
	struct loop_timer *timer; /* the next moment at which time alone changes something */
	struct loop_timer *heartbeat;
	uint64_t timer_us; /* when it is due */
	unsigned n_late;   /* times in a row that it came too late */
	struct fleet_judge judge;
	struct fleet_session session;
};

static uint64_t now_of(const struct fleet *f)
{
	return clock_mono_us(f->clock);
}

/* ---- time alone ---- */

static void earliest(uint64_t *at, uint64_t candidate)
{
	if (candidate && candidate < *at)
		*at = candidate;
}

static void set_timer(struct fleet *f, uint64_t at_us, uint64_t now_us)
{
	f->timer_us = at_us;
	loop_timer_after(f->timer, (at_us - now_us + 999) / 1000);
}

/* When the next stream is stale, the next hold_down over, the next node no longer awaited. */
static void rearm(struct fleet *f)
{
	uint64_t now_us = now_of(f), at = f->judge.soonest_us;

	for (const struct fleet_node *n = f->judge.nodes; n; n = n->next) {
		if (n->link && !n->was_stale)
			earliest(&at, phi_stale_at_us(&n->phi));
		if (!n->is_heard)
			earliest(&at, n->await_us);
	}
	for (const struct fleet_vantage *v = f->judge.vantages; v; v = v->next)
		if (v->link && v->was_fresh)
			earliest(&at, phi_stale_at_us(&v->phi));
	if (at == UINT64_MAX) {
		f->timer_us = UINT64_MAX;
		loop_timer_stop(f->timer);
		return;
	}
	set_timer(f, at < now_us + TIMER_MIN_US ? now_us + TIMER_MIN_US : at, now_us);
}

static void on_touched(void *fleet)
{
	rearm(fleet);
}

static void look_at_nodes(struct fleet *f, uint64_t now_us)
{
	for (struct fleet_node *n = f->judge.nodes; n; n = n->next) {
		bool stale = fleet_node_is_stale(n, now_us);
		bool is_late = !n->is_heard && n->await_us && now_us >= n->await_us;

		if (stale && !n->was_stale)
			log_warn(ROOM, "region %s: nothing is heard from node %s", n->region_name,
				 n->name);
		if (is_late)
			n->await_us = 0;
		if (stale != n->was_stale || is_late) {
			n->was_stale = stale;
			fleet_judge_region(&f->judge, n->region, now_us);
		}
	}
}

static void look_at_vantages(struct fleet *f, uint64_t now_us)
{
	bool any = false;

	for (struct fleet_vantage *v = f->judge.vantages; v; v = v->next) {
		bool is_fresh = fleet_vantage_is_fresh(v, now_us);

		any |= is_fresh != v->was_fresh;
		v->was_fresh = is_fresh;
	}
	if (any)
		fleet_judge_all(&f->judge, now_us);
}

void fleet_tick(void *fleet)
{
	struct fleet *f = fleet;
	uint64_t now_us = now_of(f);

	if (now_us > f->timer_us && now_us - f->timer_us > LATE_US && f->n_late < LATE_TIMES) {
		f->n_late++;
		set_timer(f, now_us + READING_US, now_us);
		return;
	}
	f->n_late = 0;
	look_at_nodes(f, now_us);
	look_at_vantages(f, now_us);
	fleet_judge_due(&f->judge, now_us);
	rearm(f);
}

/* ---- peers that are gone ---- */

static bool has_linked_sibling(const struct fleet *f, const struct fleet_node *n)
{
	for (const struct fleet_node *o = f->judge.nodes; o; o = o->next)
		if (o != n && o->region == n->region && o->link)
			return true;
	return false;
}

/* Its last word counts no more; without a node left, neither does what was restored of them. */
static void drop_node(struct fleet *f, struct fleet_node **at)
{
	struct fleet_node *n = *at;
	struct fleet_judge *j = &f->judge;
	uint32_t region = n->region;

	*at = n->next;
	log_info(ROOM, "region %s: node %s is forgotten", n->region_name, n->name);
	fleet_node_free(n);
	if (region >= j->config->n_regions)
		return;
	for (uint32_t i = j->region_first[region];
	     !fleet_node_is_known(j->nodes, region) && i < j->region_first[region + 1]; i++) {
		struct fleet_place p = j->by_region[i];
		struct fleet_member *m = &j->services[p.service].members[p.member];

		m->is_restored = true;
		m->restored = (struct verdict_stream){ .retracted = true };
	}
	fleet_judge_region(j, region, now_of(f));
}

/* A node that is gone for long, of a region that others serve, was renamed or taken away. */
static void forget_nodes(struct fleet *f)
{
	struct fleet_node **at = &f->judge.nodes;
	uint64_t now_us = now_of(f);

	while (*at) {
		struct fleet_node *n = *at;

		if (n->link || now_us - n->phi.last_us < FORGET_US || !has_linked_sibling(f, n))
			at = &n->next;
		else
			drop_node(f, at);
	}
}

static bool forget_vantage(struct fleet *f, struct fleet_vantage **at, const char *name)
{
	struct fleet_vantage *v = *at;

	if (v->link || strcmp(v->name, name) != 0)
		return false;
	*at = v->next;
	log_info(ROOM, "prober %s is forgotten", v->name);
	fleet_vantage_free(v);
	return true;
}

static bool is_linked(const struct fleet *f, const char *name)
{
	for (const struct fleet_node *n = f->judge.nodes; n; n = n->next)
		if (n->link && strcmp(n->name, name) == 0)
			return true;
	for (const struct fleet_vantage *v = f->judge.vantages; v; v = v->next)
		if (v->link && strcmp(v->name, name) == 0)
			return true;
	return false;
}

enum err_code fleet_forget(struct fleet *f, const char *name, struct err *e)
{
	struct fleet_node **node = &f->judge.nodes;
	struct fleet_vantage **vantage = &f->judge.vantages;
	bool any = false;

	if (is_linked(f, name))
		return err_set(e, ERR_REFUSED, "%s is linked: stop it first", name);
	while (*node) {
		if (strcmp((*node)->name, name) == 0) {
			drop_node(f, node);
			any = true;
		} else {
			node = &(*node)->next;
		}
	}
	while (*vantage) {
		if (forget_vantage(f, vantage, name))
			any = true;
		else
			vantage = &(*vantage)->next;
	}
	rearm(f);
	return any ? ERR_OK : err_set(e, ERR_NOT_FOUND, "no node or prober %s is known", name);
}

void fleet_beat(void *fleet)
{
	struct fleet *f = fleet;

	fleet_session_beat(&f->session);
	if (f->session.beats % FORGET_EVERY == 0)
		forget_nodes(f);
}

/* ---- configuration ---- */

/* Whoever reports for a region that is gone would be refused now. */
static void adopt_nodes(struct fleet *f)
{
	for (struct fleet_node *n = f->judge.nodes; n; n = n->next) {
		if (n->region == UINT32_MAX && n->link)
			link_close(n->link, "its region is no longer in this configuration");
		else
			fleet_session_send_match(&f->session, n);
	}
}

enum err_code fleet_configure(struct fleet *f, const struct dnsd_config *config, struct err *e)
{
	bool is_new_plan;
	enum err_code code = fleet_judge_configure(&f->judge, config, now_of(f), &is_new_plan, e);

	if (code != ERR_OK)
		return code;
	for (struct fleet_vantage *v = f->judge.vantages; v && is_new_plan; v = v->next)
		if (v->link)
			fleet_session_send_plan(&f->session, v);
	adopt_nodes(f);
	rearm(f);
	return ERR_OK;
}

enum err_code fleet_check(const struct dnsd_config *config, struct err *e)
{
	struct fleet_plan plan;
	enum err_code code = fleet_plan_make(config, &plan, e);

	if (code == ERR_OK)
		fleet_plan_fini(&plan);
	return code;
}

/* ---- what was on disk ---- */

void fleet_member_key(const struct fleet *f, uint32_t service, uint32_t member,
		      char out[FLEET_KEY_MAX])
{
	const struct config_pool *pool = fleet_judge_pool(&f->judge, service);
	const char *region = f->judge.config->regions[pool->members[member].region].name;
	uint32_t nth = fleet_judge_nth(pool, member);

	if (nth)
		snprintf(out, FLEET_KEY_MAX, "%s#%u", region, nth + 1);
	else
		snprintf(out, FLEET_KEY_MAX, "%s", region);
}

void fleet_address_key(const struct fleet *f, uint32_t service, uint32_t member, uint32_t address,
		       char out[FLEET_ADDRESS_KEY_MAX])
{
	const struct config_pool *pool = fleet_judge_pool(&f->judge, service);
	char key[FLEET_KEY_MAX], text[ADDR_TEXT_MAX];

	fleet_member_key(f, service, member, key);
	addr_text(&pool->members[member].addresses[address], text);
	snprintf(out, FLEET_ADDRESS_KEY_MAX, "%s %s", key, text);
}

uint32_t fleet_addresses(const struct fleet *f, uint32_t service, uint32_t member,
			 const struct verdict_member **out)
{
	const struct fleet_member *m = &f->judge.services[service].members[member];

	*out = m->addresses;
	return m->addresses ? m->n_targets : 0;
}

static uint64_t age_us(const struct fleet *f, int64_t since_ms)
{
	int64_t age_ms = clock_wall_ms(f->clock) - since_ms;

	return age_ms > 0 ? (uint64_t)age_ms * 1000 : 0;
}

static bool is_known_health(const struct store_health *from)
{
	return from->health >= HEALTH_UNKNOWN && from->health <= HEALTH_DOWN;
}

static void restore(struct fleet *f, struct fleet_member *m, const struct store_health *from)
{
	enum verdict_health health = (enum verdict_health)from->health;
	enum verdict_cause cause = (enum verdict_cause)from->cause;

	if (!is_known_health(from))
		return; /* of a program that knows more kinds */
	verdict_member_restore(&m->verdict, health, cause, from->flaps, age_us(f, from->since_ms),
			       now_of(f));
	m->is_restored = health != HEALTH_UNKNOWN;
	if (health == HEALTH_DOWN && cause == CAUSE_SAID)
		m->restored = (struct verdict_stream){ .ever = true, .down = true };
	else if (health == HEALTH_STALE || cause == CAUSE_STALE_AND_FAILED)
		m->restored = (struct verdict_stream){ .ever = true, .stale = true };
	else
		m->restored = (struct verdict_stream){ .degraded = health == HEALTH_DEGRADED };
}

static void restore_address(struct fleet *f, uint32_t service, uint32_t member,
			    const struct store_health *from)
{
	struct fleet_member *m = &f->judge.services[service].members[member];
	char key[FLEET_ADDRESS_KEY_MAX];

	for (uint32_t i = 0; m->addresses && i < m->n_targets; i++) {
		fleet_address_key(f, service, member, i, key);
		if (strcmp(key, from->region) != 0 || !is_known_health(from))
			continue;
		verdict_member_restore(&m->addresses[i], (enum verdict_health)from->health,
				       (enum verdict_cause)from->cause, from->flaps,
				       age_us(f, from->since_ms), now_of(f));
		fleet_judge_name_addresses(m);
	}
}

/* A row is of a member, or of one of its addresses. */
void fleet_restore(struct fleet *f, const struct store_health *list, size_t n)
{
	char key[FLEET_KEY_MAX];

	for (size_t i = 0; i < n; i++) {
		uint32_t s = fleet_judge_find(&f->judge, list[i].service);

		for (uint32_t m = 0; s != UINT32_MAX && m < f->judge.services[s].n_members; m++) {
			fleet_member_key(f, s, m, key);
			if (strcmp(key, list[i].region) == 0)
				restore(f, &f->judge.services[s].members[m], &list[i]);
			else if (strchr(list[i].region, ' '))
				restore_address(f, s, m, &list[i]);
		}
	}
	rearm(f);
}

enum err_code fleet_restore_nodes(struct fleet *f, const struct store_node *list, size_t n)
{
	uint64_t now_us = now_of(f);

	for (size_t i = 0; i < n; i++) {
		struct fleet_node *node;

		if (list[i].is_prober) {
			if (!fleet_vantage_get(&f->judge.vantages, list[i].name))
				return ERR_MEMORY;
			continue;
		}
		node = fleet_node_get(&f->judge.nodes, list[i].region, list[i].name);
		if (!node)
			return ERR_MEMORY;
		node->phi.last_us = now_us;
		node->await_us = now_us + AWAIT_US;
		fleet_node_resolve(node, f->judge.config);
	}
	rearm(f);
	return ERR_OK;
}

/* ---- operators ---- */

unsigned fleet_resume(struct fleet *f, const char *region, const char *service)
{
	struct fleet_judge *j = &f->judge;
	uint64_t now_us = now_of(f);
	unsigned n = 0;

	for (uint32_t r = 0; r < j->config->n_regions; r++) {
		if (strcmp(j->config->regions[r].name, region) != 0)
			continue;
		for (uint32_t i = j->region_first[r]; i < j->region_first[r + 1]; i++) {
			struct fleet_place p = j->by_region[i];
			struct fleet_member *m = &j->services[p.service].members[p.member];
			struct fleet_member_view view;

			if (service && strcmp(j->config->services[p.service].name, service) != 0)
				continue;
			fleet_view_member(j, p.service, p.member, now_us, &view);
			n += view.hold_down_left_us > 0;
			verdict_resume(&m->verdict);
		}
		fleet_judge_region(j, r, now_us);
	}
	rearm(f);
	return n;
}

/* ---- views ---- */

void fleet_member(const struct fleet *f, uint32_t service, uint32_t member,
		  struct fleet_member_view *out)
{
	fleet_view_member(&f->judge, service, member, now_of(f), out);
}

enum verdict_health fleet_health(const struct fleet *f, uint32_t service, uint32_t member)
{
	return f->judge.services[service].members[member].verdict.health;
}

bool fleet_is_held_down(const struct fleet *f, uint32_t service, uint32_t member)
{
	return fleet_view_is_held_down(&f->judge, service, member);
}

uint64_t fleet_addresses_up(const struct fleet *f, uint32_t service, uint32_t member)
{
	return f->judge.services[service].members[member].addresses_up;
}

enum err_code fleet_regions(const struct fleet *f, struct fleet_region_view *out)
{
	struct fleet_regions r;
	uint64_t now_us = now_of(f);

	if (fleet_regions_init(&r, &f->judge) != ERR_OK)
		return ERR_MEMORY;
	for (uint32_t i = 0; i < f->judge.config->n_regions; i++)
		fleet_regions_view(&r, &f->judge, i, now_us, &out[i]);
	fleet_regions_fini(&r);
	return ERR_OK;
}

size_t fleet_nodes(const struct fleet *f, struct fleet_node_view *out, size_t room)
{
	return fleet_view_nodes(&f->judge, now_of(f), out, room);
}

size_t fleet_vantages(const struct fleet *f, struct fleet_vantage_view *out, size_t room)
{
	return fleet_view_vantages(&f->judge, now_of(f), out, room);
}

void fleet_problems(const struct fleet *f, struct problems *out)
{
	fleet_trouble(&f->judge, now_of(f), out);
}

bool fleet_metrics(void *fleet, uint32_t part, struct buf *out)
{
	const struct fleet *f = fleet;

	return fleet_metrics_write(&f->session, part, now_of(f), out);
}

/* ---- life ---- */

static void on_changed(void *fleet, const struct fleet_change *change)
{
	struct fleet *f = fleet;

	f->handler.changed(f->ctx, change);
}

static void on_eased(void *fleet, uint32_t service, uint32_t member)
{
	struct fleet *f = fleet;

	if (f->handler.eased)
		f->handler.eased(f->ctx, service, member);
}

static void on_addresses(void *fleet, uint32_t service, uint32_t member, uint64_t up)
{
	struct fleet *f = fleet;

	if (f->handler.addresses)
		f->handler.addresses(f->ctx, service, member, up);
}

static void on_met(void *fleet, enum identity_role role, const char *region, const char *name)
{
	struct fleet *f = fleet;

	if (f->handler.met)
		f->handler.met(f->ctx, role == IDENTITY_PROBER, region, name);
}

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
	f->timer_us = f->judge.soonest_us = UINT64_MAX;
	f->judge.start_us = now_of(f);
	f->judge.changed = on_changed;
	f->judge.eased = on_eased;
	f->judge.addresses = on_addresses;
	f->judge.ctx = f;
	fleet_session_init(&f->session, &f->judge, clock);
	f->session.touched = on_touched;
	f->session.met = on_met;
	f->session.ctx = f;
	if (loop_timer_new(loop, &f->timer, fleet_tick, f) != ERR_OK ||
	    loop_timer_new(loop, &f->heartbeat, fleet_beat, f) != ERR_OK) {
		fleet_free(f);
		return ERR_MEMORY;
	}
	loop_timer_every(f->heartbeat, HEARTBEAT_MS);
	*out = f;
	return ERR_OK;
}

void *fleet_link_ctx(struct fleet *f)
{
	return &f->session.stranger;
}

enum err_code fleet_listen(struct fleet *f, struct tls *tls, const struct endpoint *at,
			   struct err *e)
{
	struct link_options options = LINK_OPTIONS_DEFAULT;

	options.frame_max = WIRE_FRAME_MAX;
	options.queue_max = QUEUE_MAX;
	options.idle_ms = 30000; /* staleness is judged here, long before; this only cleans up */
	return link_listen(&f->listener, f->loop, tls, at, &options, &fleet_session_handler,
			   fleet_link_ctx(f), e);
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	link_listener_free(f->listener);
	fleet_judge_fini(&f->judge);
	loop_timer_free(f->timer);
	loop_timer_free(f->heartbeat);
	free(f);
}
