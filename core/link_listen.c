/* SPDX-License-Identifier: Apache-2.0 */
/* link_listen: how a listener gets its links, and how many. */
#include "core/link_private.h"
#include "core/socket.h"

#include <errno.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* After accept() has failed for want of descriptors the connection still waits: trying again at
 * once would spin. */
#define PAUSE_MS 100

struct link_listener {
	struct loop *loop;
	struct tls *tls;
	struct link_options options;
	struct link_handler handler;
	void *ctx;
	struct evconnlistener *listener;
	struct loop_timer *pause;
	uint16_t port;
	char address[ENDPOINT_TEXT_MAX];
	struct link *links;
	unsigned count;
};

void link_listen_forget(struct link *link)
{
	*link->link = link->next;
	if (link->next)
		link->next->link = link->link;
	link->listener->count--;
	link->listener = NULL;
}

static void keep(struct link_listener *l, struct link *link)
{
	link->listener = l;
	link->next = l->links;
	link->link = &l->links;
	if (l->links)
		l->links->link = &link->next;
	l->links = link;
	l->count++;
}

static void refuse(struct link_listener *l, evutil_socket_t fd, const char *who, const char *reason)
{
	if (fd >= 0)
		close(fd);
	if (l->handler.refused)
		l->handler.refused(l->ctx, who, reason); /* may free the listener */
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int sa_len, void *arg)
{
	struct link_listener *l = arg;
	struct endpoint from = { 0 };
	char who[ENDPOINT_TEXT_MAX], reason[64];
	struct link *link;

	if (endpoint_from_sockaddr(sa, &from) != ERR_OK)
		snprintf(who, sizeof(who), "unknown");
	else
		endpoint_text(&from, who);
	if (l->count >= l->options.links_max) {
		snprintf(reason, sizeof(reason), "there are %u links already", l->count);
		refuse(l, fd, who, reason);
		return;
	}
	if (link_make(&link, l->loop, l->tls, &l->options, &l->handler, l->ctx) != ERR_OK) {
		refuse(l, fd, who, "no memory");
		return;
	}
	snprintf(link->address, sizeof(link->address), "%s", who);
	keep(l, link);
	link_enter(link);
	link->state = LINK_CONNECTING; /* where a dialler stands when it has its socket */
	loop_timer_after(link->timer, l->options.handshake_ms);
	link_secure(link, fd, tls_accept(l->tls), true);
	link_leave(link);
}

static void on_accept_failed(struct evconnlistener *listener, void *arg)
{
	struct link_listener *l = arg;
	int errnum = EVUTIL_SOCKET_ERROR();

	evconnlistener_disable(l->listener);
	loop_timer_after(l->pause, PAUSE_MS);
	refuse(l, -1, l->address, strerror(errnum));
}

static void on_pause_over(void *arg)
{
	struct link_listener *l = arg;

	evconnlistener_enable(l->listener);
}

static enum err_code open_listener(struct link_listener *l, const struct endpoint *at,
				   struct err *e)
{
	struct endpoint bound;
	enum err_code code;
	int fd;

	code = socket_listen(at, &fd, e);
	if (code != ERR_OK)
		return code;
	code = socket_local(fd, &bound, e);
	if (code == ERR_OK) {
		l->listener = evconnlistener_new(loop_base(l->loop), on_accept, l,
						 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
						 fd);
		if (!l->listener)
			code = err_set(e, ERR_MEMORY, "listen: no memory");
	}
	if (code != ERR_OK) {
		close(fd);
		return code;
	}
	l->port = bound.port;
	endpoint_text(&bound, l->address);
	evconnlistener_set_error_cb(l->listener, on_accept_failed);
	return ERR_OK;
}

enum err_code link_listen(struct link_listener **out, struct loop *loop, struct tls *tls,
			  const struct endpoint *at, const struct link_options *options,
			  const struct link_handler *handler, void *ctx, struct err *e)
{
	struct link_listener *l = calloc(1, sizeof(*l));
	enum err_code code = ERR_MEMORY;

	if (!l)
		return err_set(e, ERR_MEMORY, "listen: no memory");
	l->loop = loop;
	l->tls = tls;
	l->handler = *handler;
	l->ctx = ctx;
	link_set_defaults(&l->options, options);
	if (loop_timer_new(loop, &l->pause, on_pause_over, l) != ERR_OK)
		err_set(e, ERR_MEMORY, "listen: no memory");
	else
		code = open_listener(l, at, e);
	if (code != ERR_OK) {
		link_listener_free(l);
		return code;
	}
	*out = l;
	return ERR_OK;
}

void link_listener_free(struct link_listener *l)
{
	if (!l)
		return;
	while (l->links)
		link_free(l->links);
	if (l->listener)
		evconnlistener_free(l->listener);
	loop_timer_free(l->pause);
	free(l);
}

uint16_t link_listener_port(const struct link_listener *l)
{
	return l->port;
}
