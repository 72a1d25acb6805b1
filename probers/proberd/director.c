/* SPDX-License-Identifier: Apache-2.0 */
/* director: the link to one name server: its plan comes in, what was seen goes out. */
#include "probers/proberd/director.h"

#include "core/link_dial.h"
#include "core/log.h"
#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEARTBEAT_MS 500
#define FULL_MS	     60000
#define LEAVE_MS     1000
#define SOFTWARE     "fairlead-proberd " PACKAGE_VERSION
#define ROOM	     "proberd"

struct director {
	const struct director_world *world;
	char *name, *host;
	uint16_t port;
	struct link *link;
	struct plan *plan;

	struct loop_timer *heartbeat, *full;
	struct loop_timer *changes; /* the end of this turn: changes of one turn go together */
	uint64_t seq;
	bool is_leaving;

	struct director_stats stats;
};

/* ---- sending */

/* A full queue takes the link down by itself, and down() tells; here it is only counted. */
static void send_bytes(struct director *d, const struct buf *bytes)
{
	if (bytes->len && link_send(d->link, bytes->data, bytes->len) == ERR_LIMIT)
		d->stats.stuck++;
}

static void send_message(struct director *d, const wire_message *message)
{
	struct buf bytes = BUF_INIT;
	struct err e = { "" };

	if (wire_pack(message, &bytes, &e) == ERR_OK)
		send_bytes(d, &bytes);
	else
		log_error(ROOM, "director %s: %s", d->name, e.text);
	buf_fini(&bytes);
}

static void send_hello(struct director *d)
{
	Fairlead__Wire__Message message = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Hello hello = FAIRLEAD__WIRE__HELLO__INIT;

	hello.protocol = WIRE_PROTOCOL;
	hello.software = (char *)SOFTWARE;
	hello.incarnation = d->world->incarnation;
	hello.heartbeat_ms = HEARTBEAT_MS;
	hello.lat_e4 = d->world->lat_e4;
	hello.lon_e4 = d->world->lon_e4;
	message.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HELLO;
	message.hello = &hello;
	send_message(d, &message);
}

static void send_goodbye(struct director *d, const char *reason)
{
	Fairlead__Wire__Message message = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Goodbye goodbye = FAIRLEAD__WIRE__GOODBYE__INIT;

	goodbye.reason = (char *)reason;
	message.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE;
	message.goodbye = &goodbye;
	send_message(d, &message);
}

static void on_heartbeat(void *arg)
{
	struct director *d = arg;
	Fairlead__Wire__Message message = FAIRLEAD__WIRE__MESSAGE__INIT;
	Fairlead__Wire__Heartbeat beat = FAIRLEAD__WIRE__HEARTBEAT__INIT;

	beat.seq = ++d->seq;
	beat.sent_us = clock_mono_us(d->world->clock);
	message.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT;
	message.heartbeat = &beat;
	send_message(d, &message);
}

static void send_verdicts(struct director *d, bool full)
{
	struct err e = { "" };
	enum err_code code = ERR_AGAIN;
	size_t from = 0;

	if (!d->stats.has_plan || !link_is_up(d->link))
		return;
	while (code == ERR_AGAIN) {
		struct buf bytes = BUF_INIT;

		code = plan_write_verdicts(d->plan, full, &from, &bytes, &e);
		if (code == ERR_OK || code == ERR_AGAIN)
			send_bytes(d, &bytes);
		else
			log_error(ROOM, "director %s: %s", d->name, e.text);
		buf_fini(&bytes);
	}
}

static void on_full(void *arg)
{
	send_verdicts(arg, true);
}

static void on_changes(void *arg)
{
	send_verdicts(arg, false);
}

static void on_plan_changed(void *arg)
{
	struct director *d = arg;

	loop_timer_after(d->changes, 0);
}

/* ---- receiving */

static void note_trouble(struct director *d, const char *reason)
{
	utf8_copy(d->stats.trouble, sizeof(d->stats.trouble), reason);
}

/* down() follows and logs it. */
static void refuse_frame(struct director *d, const char *reason)
{
	d->stats.bad_frames++;
	link_close(d->link, reason);
}

static void take_welcome(struct director *d, const Fairlead__Wire__Welcome *welcome)
{
	char reason[128];

	if (welcome->protocol >= WIRE_PROTOCOL_MIN)
		return;
	snprintf(reason, sizeof(reason), "it speaks protocol %u, at least %u is needed",
		 welcome->protocol, WIRE_PROTOCOL_MIN);
	refuse_frame(d, reason);
}

static void take_plan(struct director *d, const Fairlead__Wire__Plan *message)
{
	struct err e = { "" };
	enum err_code code = plan_replace(d->plan, message, &e);

	if (code == ERR_AGAIN)
		return;
	if (code != ERR_OK) {
		refuse_frame(d, e.text); /* it will be sent again on the next link */
		return;
	}
	log_info(ROOM, "director %s: plan %llu with %zu targets", d->name,
		 (unsigned long long)message->revision, plan_size(d->plan));
	d->stats.plans++;
	d->stats.has_plan = true;
	send_verdicts(d, true);
	loop_timer_every(d->full, FULL_MS);
}

static void on_frame(void *ctx, struct link *link, const uint8_t *bytes, size_t len)
{
	struct director *d = ctx;
	wire_message *message;
	struct err e = { "" };

	if (wire_unpack(bytes, len, &message, &e) != ERR_OK) {
		refuse_frame(d, e.text);
		return;
	}
	switch (message->body_case) {
	case FAIRLEAD__WIRE__MESSAGE__BODY_WELCOME: take_welcome(d, message->welcome); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_PLAN: take_plan(d, message->plan); break;
	case FAIRLEAD__WIRE__MESSAGE__BODY_HEARTBEAT: break; /* the link itself counts silence */
	case FAIRLEAD__WIRE__MESSAGE__BODY_GOODBYE:
		log_info(ROOM, "director %s: says goodbye: %s", d->name, message->goodbye->reason);
		break;
	default:
		err_set(&e, ERR_INPUT, "a director does not send a %s", wire_kind(message));
		refuse_frame(d, e.text);
	}
	wire_free(message);
}

/* ---- the link */

static enum err_code may(void *ctx, const struct identity *peer, struct err *e)
{
	const struct director *d = ctx;

	if (peer->role == IDENTITY_DNSD && strcmp(peer->fleet, d->world->fleet) == 0)
		return ERR_OK;
	return err_set(e, ERR_DENIED, "expected a dnsd of fleet %s", d->world->fleet);
}

static void on_up(void *ctx, struct link *link, const struct identity *peer)
{
	struct director *d = ctx;

	log_info(ROOM, "director %s: up, it is %s", d->name, peer->name);
	snprintf(d->stats.node, sizeof(d->stats.node), "%s", peer->name);
	note_trouble(d, "");
	d->stats.has_plan = false;
	send_hello(d);
	loop_timer_every(d->heartbeat, HEARTBEAT_MS);
}

static void on_down(void *ctx, struct link *link, const char *reason)
{
	struct director *d = ctx;

	loop_timer_stop(d->heartbeat);
	loop_timer_stop(d->full);
	loop_timer_stop(d->changes);
	d->stats.has_plan = false;
	if (d->is_leaving)
		return;
	d->stats.lost++;
	note_trouble(d, reason);
	log_warn(ROOM, "director %s: lost: %s", d->name, reason);
}

/* It is dialled again every other second: the same trouble is logged once. */
static void on_refused(void *ctx, const char *who, const struct err *why)
{
	struct director *d = ctx;
	bool is_new = strcmp(d->stats.trouble, why->text) != 0;

	d->stats.refused++;
	note_trouble(d, why->text);
	if (is_new && !d->is_leaving)
		log_warn(ROOM, "director %s: no link to %s: %s", d->name, who, why->text);
}

static const struct link_handler handler = {
	.may = may,
	.up = on_up,
	.frame = on_frame,
	.down = on_down,
	.refused = on_refused,
};

/* ---- life */

static enum err_code make_parts(struct director *d, const char *host, struct err *e)
{
	const struct director_world *w = d->world;
	char name[300];

	snprintf(name, sizeof(name), strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, d->port);
	d->name = strdup(name);
	d->host = strdup(host);
	if (!d->name || !d->host ||
	    plan_new(&d->plan, name, w->schedule, w->clock, on_plan_changed, d) != ERR_OK ||
	    loop_timer_new(w->loop, &d->heartbeat, on_heartbeat, d) != ERR_OK ||
	    loop_timer_new(w->loop, &d->full, on_full, d) != ERR_OK ||
	    loop_timer_new(w->loop, &d->changes, on_changes, d) != ERR_OK)
		return err_set(e, ERR_MEMORY, "director %s: no memory", name);
	return ERR_OK;
}

enum err_code director_new(struct director **out, const struct director_world *world,
			   const char *host, uint16_t port, struct err *e)
{
	struct link_options options = LINK_OPTIONS_DEFAULT;
	struct director *d = calloc(1, sizeof(*d));
	enum err_code code;

	if (!d)
		return err_set(e, ERR_MEMORY, "director %s: no memory", host);
	options.jobs = world->jobs;
	d->world = world;
	d->port = port;
	code = make_parts(d, host, e);
	if (code == ERR_OK) {
		code = link_dial(&d->link, world->loop, world->tls, host, port, &options, &handler,
				 d, e);
		if (code != ERR_OK)
			err_wrap(e, code, "director %s", d->name);
	}
	if (code != ERR_OK) {
		director_free(d);
		return code;
	}
	*out = d;
	return ERR_OK;
}

void director_free(struct director *d)
{
	if (!d)
		return;
	if (d->link)
		link_free(d->link);
	plan_free(d->plan);
	loop_timer_free(d->heartbeat);
	loop_timer_free(d->full);
	loop_timer_free(d->changes);
	free(d->name);
	free(d->host);
	free(d);
}

void director_leave(struct director *d, const char *reason, loop_fn done, void *arg)
{
	d->is_leaving = true;
	if (!link_is_up(d->link)) {
		done(arg);
		return;
	}
	send_goodbye(d, reason);
	link_drain(d->link, LEAVE_MS, done, arg);
}

void director_redial(struct director *d, const char *reason)
{
	if (link_is_up(d->link))
		link_close(d->link, reason);
}

bool director_is_at(const struct director *d, const char *host, uint16_t port)
{
	return d->port == port && strcmp(d->host, host) == 0;
}

const struct plan *director_plan(const struct director *d)
{
	return d->plan;
}

void director_stats(const struct director *d, struct director_stats *out)
{
	*out = d->stats;
	out->name = d->name;
	out->is_up = link_is_up(d->link);
}
