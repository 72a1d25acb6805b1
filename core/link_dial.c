/* SPDX-License-Identifier: Apache-2.0 */
/* link_dial: a link that is dialled again whenever it has ended, until it is freed. */
#include "core/link_dial.h"

#include "core/resolve.h"
#include "core/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define HOST_MAX 255

struct dialler {
	struct link *link;
	struct loop *loop;
	struct tls *tls;
	struct loop_timer *timer; /* the backoff, or the bound of a connect */
	char *host;
	uint16_t port;
	struct resolve *resolve;
	struct resolve_answer targets;
	unsigned next;	   /* target to try */
	unsigned failures; /* in a row */
	struct loop_watch *watch;
	int fd; /* connecting; -1 = not */
	uint64_t secured_us;
};

/* Without entropy, early at boot, the jitter is lost and nothing else. */
static uint64_t backoff_ms(const struct dialler *d)
{
	const struct link_options *o = link_options(d->link);
	unsigned doublings = d->failures < 16 ? d->failures : 16;
	uint64_t most = (uint64_t)o->backoff_min_ms << doublings;
	uint64_t dice = 0;

	if (most > o->backoff_max_ms)
		most = o->backoff_max_ms;
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != sizeof(dice))
		dice = clock_mono_us(clock_system());
	return dice % (most + 1);
}

static bool has_more_targets(const struct dialler *d)
{
	return d->next < d->targets.len;
}

static void drop_socket(struct dialler *d)
{
	loop_watch_free(d->watch);
	d->watch = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* An end soon after it was up counts as a failure: a peer that accepts and drops us is not dialled
 * ten times a second. */
static void dial_again(void *owner, bool was_up)
{
	struct dialler *d = owner;
	uint64_t lasted_us = clock_mono_us(loop_clock(d->loop)) - d->secured_us;

	if (!was_up && has_more_targets(d)) {
		loop_timer_after(d->timer, 0);
		return;
	}
	d->next = d->targets.len = 0;
	if (was_up && lasted_us >= (uint64_t)link_options(d->link)->backoff_max_ms * 1000)
		d->failures = 0;
	loop_timer_after(d->timer, backoff_ms(d));
	d->failures++;
}

static void stop(void *owner)
{
	struct dialler *d = owner;

	resolve_cancel(d->resolve);
	d->resolve = NULL;
	drop_socket(d);
	if (d->timer)
		loop_timer_stop(d->timer);
}

static void free_dialler(void *owner)
{
	struct dialler *d = owner;

	loop_timer_free(d->timer);
	free(d->host);
	free(d);
}

static const struct link_owner owner_fns = { dial_again, stop, free_dialler, NULL };

static void fail(struct dialler *d, const struct err *why)
{
	drop_socket(d);
	loop_timer_stop(d->timer);
	link_attempt_failed(d->link, why);
}

static void secure(struct dialler *d)
{
	int fd = d->fd;

	d->fd = -1;
	loop_timer_stop(d->timer);
	d->secured_us = clock_mono_us(loop_clock(d->loop));
	link_secure(d->link, fd, tls_connect(d->tls), false);
}

static void on_connected(void *arg, int fd, short what)
{
	struct dialler *d = arg;
	struct link *link = d->link;
	int errnum = socket_error(fd);
	struct err e;

	link_enter(link);
	loop_watch_free(d->watch);
	d->watch = NULL;
	if (errnum) {
		err_set(&e, ERR_IO, "%s", strerror(errnum));
		fail(d, &e);
	} else {
		secure(d);
	}
	link_leave(link);
}

static void connect_next(struct dialler *d)
{
	const struct endpoint *to = &d->targets.at[d->next++];
	char address[ENDPOINT_TEXT_MAX];
	struct err e = { "" };
	enum err_code code;

	endpoint_text(to, address);
	link_set_address(d->link, address);
	loop_timer_after(d->timer, link_options(d->link)->handshake_ms);
	code = socket_connect(to, &d->fd, &e);
	if (code == ERR_AGAIN &&
	    loop_watch_new(d->loop, &d->watch, d->fd, EV_WRITE, on_connected, d) != ERR_OK)
		code = err_set(&e, ERR_MEMORY, "out of memory");
	if (code == ERR_OK)
		secure(d);
	else if (code != ERR_AGAIN)
		fail(d, &e);
}

static void on_resolved(void *ctx, const struct resolve_answer *answer)
{
	struct dialler *d = ctx;
	struct link *link = d->link;

	link_enter(link);
	d->resolve = NULL;
	d->targets = *answer;
	d->next = 0;
	if (answer->code == ERR_OK)
		connect_next(d);
	else
		fail(d, &answer->err);
	link_leave(link);
}

static void resolve(struct dialler *d)
{
	char address[HOST_MAX + 8];
	struct err e = { "" };

	snprintf(address, sizeof(address), "%s:%u", d->host, d->port);
	link_set_address(d->link, address);
	if (resolve_start(&d->resolve, link_options(d->link)->jobs, d->host, d->port, on_resolved,
			  d, &e) != ERR_OK)
		fail(d, &e);
}

static void dial_now(struct dialler *d)
{
	struct addr addr;

	if (!has_more_targets(d)) {
		if (addr_parse(d->host, &addr, NULL) != ERR_OK) {
			resolve(d);
			return;
		}
		d->targets.at[0] = (struct endpoint){ .addr = addr, .port = d->port };
		d->targets.len = 1;
		d->next = 0;
	}
	connect_next(d);
}

/* The backoff is over, or the peer does not answer the connect. */
static void on_timer(void *arg)
{
	struct dialler *d = arg;
	struct link *link = d->link;
	struct err e;

	link_enter(link);
	if (d->fd >= 0) {
		err_set(&e, ERR_AGAIN, "no answer within %u ms", link_options(link)->handshake_ms);
		fail(d, &e);
	} else {
		dial_now(d);
	}
	link_leave(link);
}

static enum err_code make(struct dialler *d, const struct link_options *options,
			  const struct link_handler *handler, void *ctx)
{
	char address[HOST_MAX + 8];

	if (!d->host || loop_timer_new(d->loop, &d->timer, on_timer, d) != ERR_OK ||
	    link_new(&d->link, d->loop, d->tls, options, handler, ctx, &owner_fns, d) != ERR_OK)
		return ERR_MEMORY;
	snprintf(address, sizeof(address), "%s:%u", d->host, d->port);
	link_set_address(d->link, address);
	loop_timer_after(d->timer, 0); /* no callback before we have returned */
	return ERR_OK;
}

enum err_code link_dial(struct link **out, struct loop *loop, struct tls *tls, const char *host,
			uint16_t port, const struct link_options *options,
			const struct link_handler *handler, void *ctx, struct err *e)
{
	struct dialler *d;

	if (!host[0] || strlen(host) > HOST_MAX || port == 0)
		return err_set(e, ERR_INPUT, "dial '%.64s' port %u: expected a host and a port",
			       host, port);
	d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(e, ERR_MEMORY, "dial %s: out of memory", host);
	*d = (struct dialler){ .loop = loop, .tls = tls, .port = port, .fd = -1 };
	d->host = strdup(host);
	if (make(d, options, handler, ctx) != ERR_OK) {
		free_dialler(d);
		return err_set(e, ERR_MEMORY, "dial %s: out of memory", host);
	}
	*out = d->link;
	return ERR_OK;
}
