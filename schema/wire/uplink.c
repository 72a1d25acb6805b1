/* SPDX-License-Identifier: Apache-2.0 */
/* uplink: the link to one director, of whoever reports to it (regiond, proberd). */
#include "schema/wire/uplink.h"

#include "core/link_dial.h"
#include "core/log.h"
#include "core/utf8.h"
#include "schema/wire/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct uplink {
	const struct uplink_world *world;
	const struct uplink_fns *fns;
	void *ctx;
	char *host;
	uint16_t port;
	char address[UPLINK_ADDRESS_MAX];
	struct link *link;
	struct loop_timer *heartbeat, *full;
	struct loop_timer *changes; /* the end of this turn: changes of one turn go together */
	uint64_t beats;
	bool is_leaving;
	char goodbye[UPLINK_TROUBLE_MAX]; /* why the director closes this link, in its words */
	struct uplink_stats stats;
};

/* ---- sending ---- */

void uplink_send_packed(struct uplink *u, const struct buf *bytes)
{
	if (bytes->len && link_send(u->link, bytes->data, bytes->len) == ERR_LIMIT)
		u->stats.stuck++;
}

static void note_sent(struct uplink *u, enum err_code code, const struct err *e)
{
	if (code == ERR_LIMIT)
		u->stats.stuck++;
	else if (code != ERR_OK && code != ERR_REFUSED)
		log_error(u->world->room, "director %s: %s", u->address, e->text);
}

void uplink_send(struct uplink *u, const wire_message *m)
{
	struct err e = { "" };

	note_sent(u, send_message(u->link, m, &e), &e);
}

static void say_hello(struct uplink *u)
{
	const struct uplink_world *w = u->world;
	const struct send_self self = { w->software, w->incarnation, w->heartbeat_ms, w->lat_e4,
					w->lon_e4 };
	struct err e = { "" };

	note_sent(u, send_hello(u->link, &self, &e), &e);
}

static void say_heartbeat(struct uplink *u)
{
	const struct uplink_world *w = u->world;
	struct err e = { "" };

	note_sent(u,
		  send_heartbeat(u->link, ++u->beats, clock_mono_us(w->clock), w->heartbeat_ms, &e),
		  &e);
}

static void say_goodbye(struct uplink *u, const char *reason)
{
	struct err e = { "" };

	note_sent(u, send_goodbye(u->link, reason, &e), &e);
}

static void on_heartbeat(void *arg)
{
	say_heartbeat(arg);
}

static void on_full(void *arg)
{
	struct uplink *u = arg;

	u->fns->full(u->ctx);
}

static void on_changes(void *arg)
{
	struct uplink *u = arg;

	if (link_is_up(u->link))
		u->fns->changes(u->ctx);
}

void uplink_changed(struct uplink *u)
{
	loop_timer_after(u->changes, 0);
}

void uplink_retime(struct uplink *u)
{
	if (!link_is_up(u->link))
		return;
	say_heartbeat(u);
	loop_timer_every(u->heartbeat, u->world->heartbeat_ms);
}

/* ---- receiving ---- */

static void note_trouble(struct uplink *u, const char *reason)
{
	utf8_copy(u->stats.trouble, sizeof(u->stats.trouble), reason);
}

/* It is dialled again every other second: the same trouble is logged once. */
static void log_trouble(struct uplink *u, const char *what, const char *reason)
{
	char before[UPLINK_TROUBLE_MAX];

	memcpy(before, u->stats.trouble, sizeof(before));
	note_trouble(u, reason);
	if (strcmp(before, u->stats.trouble) != 0 && !u->is_leaving)
		log_warn(u->world->room, "director %s: %s: %s", u->address, what, reason);
}

/* down() follows and logs it. */
void uplink_refuse(struct uplink *u, const char *reason)
{
	u->stats.bad_frames++;
	link_close(u->link, reason);
}

/* Only now it takes us: who is up may still be refused for what the Hello says. */
static void take_welcome(struct uplink *u, const Fairlead__Wire__Welcome *welcome)
{
	char reason[128];

	if (welcome->protocol >= WIRE_PROTOCOL_MIN) {
		log_info(u->world->room, "director %s: up, it is %s", u->address, u->stats.node);
		note_trouble(u, "");
		return;
	}
	snprintf(reason, sizeof(reason), "it speaks protocol %u, at least %u is needed",
		 welcome->protocol, WIRE_PROTOCOL_MIN);
	uplink_refuse(u, reason);
}

/* What a director never says ends the link, as it would at the other side. */
static void take(struct uplink *u, const wire_message *m)
{
	char reason[128];

	switch (m->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME: take_welcome(u, m->welcome); return;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT: return; /* the link counts silence */
	case FAIRLEAD__WIRE__MESSAGE__BODY__NOT_SET: u->stats.ignored++; return;
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE:
		utf8_copy(u->goodbye, sizeof(u->goodbye), m->goodbye->reason);
		return;
	case FAIRLEAD__WIRE__MESSAGE__BODY_PLAN:
	case FAIRLEAD__WIRE__MESSAGE__BODY_SERVICES:
	case FAIRLEAD__WIRE__MESSAGE__BODY_CHECKERS:
		if (u->fns->message)
			u->fns->message(u->ctx, m);
		return;
	default:
		snprintf(reason, sizeof(reason), "a director does not send a %s", wire_kind(m));
		uplink_refuse(u, reason);
	}
}

static void on_frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct uplink *u = ctx;
	wire_message *message;
	struct err e = { "" };

	if (wire_unpack(bytes, len, &message, &e) != ERR_OK) {
		uplink_refuse(u, e.text);
		return;
	}
	take(u, message);
	wire_free(message);
}

/* ---- the link ---- */

static enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	const struct uplink *u = ctx;

	if (peer->role == IDENTITY_DNSD && strcmp(peer->fleet, u->world->fleet) == 0)
		return ERR_OK;
	return err_set(e, ERR_DENIED, "expected a dnsd of fleet %s", u->world->fleet);
}

static void on_up(void *ctx, struct link *link, const struct identity *peer)
{
	struct uplink *u = ctx;

	snprintf(u->stats.node, sizeof(u->stats.node), "%s", peer->name);
	u->goodbye[0] = '\0';
	u->beats = 0;
	say_hello(u);
	loop_timer_every(u->heartbeat, u->world->heartbeat_ms);
	loop_timer_every(u->full, UPLINK_FULL_MS);
	u->fns->up(u->ctx);
}

static void on_down(void *ctx, struct link *link, const char *reason)
{
	struct uplink *u = ctx;

	loop_timer_stop(u->heartbeat);
	loop_timer_stop(u->full);
	loop_timer_stop(u->changes);
	if (!u->is_leaving) {
		u->stats.lost++;
		log_trouble(u, "lost", *u->goodbye ? u->goodbye : reason);
	}
	if (u->fns->down)
		u->fns->down(u->ctx);
}

static void on_refused(void *ctx, const char *who, const struct err *why)
{
	struct uplink *u = ctx;

	u->stats.refused++;
	log_trouble(u, "no link", why->text);
}

static const struct link_handler handler = {
	.may = may,
	.up = on_up,
	.frame = on_frame,
	.down = on_down,
	.refused = on_refused,
};

/* ---- life ---- */

static enum err_code make_parts(struct uplink *u, struct err *e)
{
	struct link_options options = LINK_OPTIONS_DEFAULT;
	struct loop *loop = u->world->loop;
	enum err_code code;

	options.jobs = u->world->jobs;
	if (!u->host || loop_timer_new(loop, &u->heartbeat, on_heartbeat, u) != ERR_OK ||
	    loop_timer_new(loop, &u->full, on_full, u) != ERR_OK ||
	    loop_timer_new(loop, &u->changes, on_changes, u) != ERR_OK)
		return err_set(e, ERR_MEMORY, "director %s: out of memory", u->address);
	code = link_dial(&u->link, loop, u->world->tls, u->host, u->port, &options, &handler, u, e);
	return code == ERR_OK ? code : err_wrap(e, code, "director %s", u->address);
}

enum err_code uplink_new(struct uplink **out, const struct uplink_world *world, const char *host,
			 uint16_t port, const struct uplink_fns *fns, void *ctx, struct err *e)
{
	struct uplink *u = calloc(1, sizeof(*u));
	enum err_code code;

	if (!u)
		return err_set(e, ERR_MEMORY, "director %s: out of memory", host);
	*u = (struct uplink){ .world = world, .fns = fns, .ctx = ctx, .port = port };
	u->host = strdup(host);
	snprintf(u->address, sizeof(u->address), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
		 port);
	code = make_parts(u, e);
	if (code != ERR_OK) {
		uplink_free(u);
		return code;
	}
	*out = u;
	return ERR_OK;
}

void uplink_free(struct uplink *u)
{
	if (!u)
		return;
	link_free(u->link);
	loop_timer_free(u->heartbeat);
	loop_timer_free(u->full);
	loop_timer_free(u->changes);
	free(u->host);
	free(u);
}

void uplink_redial(struct uplink *u, const char *reason)
{
	link_close(u->link, reason);
}

void uplink_leave(struct uplink *u, const char *reason, uint64_t ms, loop_fn done, void *arg)
{
	u->is_leaving = true;
	if (!link_is_up(u->link)) {
		link_drain(u->link, ms, NULL, NULL); /* nor dialled any more */
		done(arg);
		return;
	}
	say_goodbye(u, reason);
	link_drain(u->link, ms, done, arg);
}

bool uplink_is_up(const struct uplink *u)
{
	return link_is_up(u->link);
}

bool uplink_is_at(const struct uplink *u, const char *host, uint16_t port)
{
	return u->port == port && strcmp(u->host, host) == 0;
}

const char *uplink_address(const struct uplink *u)
{
	return u->address;
}

const struct uplink_stats *uplink_stats(const struct uplink *u)
{
	return &u->stats;
}
