/* SPDX-License-Identifier: Apache-2.0 */
/* link_dial: how a dialler gets a socket: name, addresses one after another, backoff. */
#include "core/clock.h"
#include "core/link_private.h"
#include "core/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Full jitter: after a director's restart its hundreds of peers must not come back in step. */
static uint64_t backoff_ms(const struct link *link)
{
	const struct link_options *o = &link->options;
	unsigned doublings = link->dialler->failures < 16 ? link->dialler->failures : 16;
	uint64_t most = (uint64_t)o->backoff_min_ms << doublings;
	uint64_t dice = 0;

	if (most > o->backoff_max_ms)
		most = o->backoff_max_ms;
	/* Without entropy, early at boot, the jitter is lost and nothing else. */
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		dice = clock_mono_us(clock_system());
	return dice % (most + 1);
}

static bool has_more_targets(const struct link_dialler *d)
{
	return d->next < d->targets.len;
}

/* An end soon after up() counts as a failure: a peer that accepts and drops us is not dialled ten
 * times a second. */
void link_dial_again(struct link *link, bool was_up)
{
	struct link_dialler *d = link->dialler;
	uint64_t lasted_us = clock_mono_us(clock_system()) - link->up_since_us;

	if (!was_up && has_more_targets(d)) {
		loop_timer_after(link->timer, 0);
		return;
	}
	d->next = d->targets.len = 0;
	if (was_up && lasted_us >= (uint64_t)link->options.backoff_max_ms * 1000)
		d->failures = 0;
	loop_timer_after(link->timer, backoff_ms(link));
	d->failures++;
}

static void secure(struct link *link, int fd)
{
	link->fd = -1;
	link_secure(link, fd, tls_connect(link->tls), false);
}

static void on_connected(void *arg, int fd, short what)
{
	struct link *link = arg;
	int errnum = socket_error(fd);

	link_enter(link);
	loop_watch_free(link->watch);
	link->watch = NULL;
	if (errnum)
		link_fail(link, strerror(errnum));
	else
		secure(link, fd);
	link_leave(link);
}

static void connect_next(struct link *link)
{
	struct link_dialler *d = link->dialler;
	const struct endpoint *to = &d->targets.at[d->next++];
	struct err e;
	enum err_code code;

	endpoint_text(to, link->address);
	memset(&link->peer, 0, sizeof(link->peer));
	link_move(link, LINK_CONNECTING);
	loop_timer_after(link->timer, link->options.handshake_ms);
	code = socket_connect(to, &link->fd, &e);
	if (code == ERR_AGAIN && loop_watch_new(link->loop, &link->watch, link->fd, EV_WRITE,
						on_connected, link) != ERR_OK)
		link_fail(link, "no memory");
	else if (code == ERR_OK)
		secure(link, link->fd);
	else if (code != ERR_AGAIN)
		link_fail(link, e.text);
}

static void on_resolved(void *ctx, const struct resolve_answer *answer)
{
	struct link *link = ctx;

	link_enter(link);
	link->dialler->resolve = NULL;
	link->dialler->targets = *answer;
	link->dialler->next = 0;
	if (answer->code == ERR_OK)
		connect_next(link);
	else
		link_fail(link, answer->err.text);
	link_leave(link);
}

static void resolve(struct link *link)
{
	struct link_dialler *d = link->dialler;
	struct err e;

	snprintf(link->address, sizeof(link->address), "%s:%u", d->host, d->port);
	link_move(link, LINK_RESOLVING);
	if (resolve_start(&d->resolve, link->loop, d->host, d->port, on_resolved, link, &e) !=
	    ERR_OK)
		link_fail(link, e.text);
}

void link_dial_step(struct link *link)
{
	struct link_dialler *d = link->dialler;
	struct addr addr;

	if (!has_more_targets(d)) {
		if (addr_parse(d->host, &addr, NULL) != ERR_OK) {
			resolve(link);
			return;
		}
		d->targets.at[0] = (struct endpoint){ .addr = addr, .port = d->port };
		d->targets.len = 1;
		d->next = 0;
	}
	connect_next(link);
}

void link_dial_drop(struct link *link)
{
	resolve_cancel(link->dialler->resolve);
	link->dialler->resolve = NULL;
}

void link_dialler_free(struct link_dialler *d)
{
	if (!d)
		return;
	free(d->host);
	free(d);
}

enum err_code link_dial(struct link **out, struct loop *loop, struct tls *tls, const char *host,
			uint16_t port, const struct link_options *options,
			const struct link_handler *handler, void *ctx, struct err *e)
{
	struct link *link = NULL;

	if (!host[0] || strlen(host) > 255 || port == 0)
		return err_set(e, ERR_INPUT, "dial '%.64s' port %u: expected a host and a port",
			       host, port);
	if (link_make(&link, loop, tls, options, handler, ctx) != ERR_OK)
		goto fail;
	link->dialler = calloc(1, sizeof(*link->dialler));
	if (!link->dialler)
		goto fail;
	link->dialler->host = strdup(host);
	link->dialler->port = port;
	if (!link->dialler->host)
		goto fail;
	snprintf(link->address, sizeof(link->address), "%s:%u", host, port);
	loop_timer_after(link->timer, 0); /* no callback before we have returned */
	*out = link;
	return ERR_OK;
fail:
	link_free(link);
	return err_set(e, ERR_MEMORY, "dial %s: no memory", host);
}
