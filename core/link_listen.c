/* SPDX-License-Identifier: Apache-2.0 */
/* link_listen: a listening socket that gives links, with places that only a verified peer can take.
 */
#include "core/link_listen.h"

#include "core/acceptor.h"
#include "core/reserve.h"
#include "core/socket.h"

#include <stdlib.h>
#include <unistd.h>

/* While others make room: 2000 connections a second, a tenth of a core. Who is in the handshake
 * then has an eighth of a second for his first bytes, and a full backlog of 4096 is through in 2 s.
 * */
#define CROWDED_BATCH 20
#define CROWDED_MS    10

struct place;

struct list {
	struct place *first, **last;
	unsigned count;
};

/* What the listener knows of one of its links. */
struct place {
	struct link_listener *listener;
	struct link *link;
	struct addr from;
	struct list *list;
	struct place *next, **at;
};

struct link_listener {
	struct loop *loop;
	struct tls *tls;
	struct link_options options;
	struct link_handler handler;
	void *ctx;
	struct acceptor *acceptor;
	uint16_t port;
	struct list unverified, verified; /* the oldest first */
	struct reserve_cap cap;		  /* of the unverified */
	unsigned made_room;		  /* since the last rest */
	uint64_t rested_us;
	unsigned inside;
	bool freed; /* inside a callback: the memory goes when that has returned */
};

/* ---- places ---- */

static void add_to(struct list *list, struct place *p)
{
	p->list = list;
	p->next = NULL;
	p->at = list->last;
	*list->last = p;
	list->last = &p->next;
	list->count++;
}

static void take_out(struct place *p)
{
	struct list *list = p->list;

	if (!list)
		return;
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	else
		list->last = p->at;
	list->count--;
	p->list = NULL;
}

static void give_up_place(void *owner)
{
	take_out(owner);
}

static void free_place(void *owner)
{
	free(owner);
}

/* From here on it is one of the fleet, and no unverified peer can take its place. */
static enum err_code move_to_verified(void *owner, struct err *e)
{
	struct place *p = owner;
	struct link_listener *l = p->listener;

	if (l->verified.count >= l->options.links_max)
		return err_set_sub(e, ERR_LIMIT, ERR_SUB_CROWDED, "there are %u links already",
				   l->verified.count);
	take_out(p);
	add_to(&l->verified, p);
	return ERR_OK;
}

static const struct link_owner owner_fns = { NULL, give_up_place, free_place, move_to_verified };

/* ---- room ---- */

static unsigned count_from(const struct link_listener *l, const struct addr *from)
{
	unsigned count = 0;

	for (const struct place *p = l->unverified.first; p; p = p->next)
		count += addr_is_equal(&p->from, from);
	return count;
}

/* from NULL: of all. */
static struct place *silent_longest(const struct link_listener *l, const struct addr *from)
{
	struct place *oldest = NULL;

	for (struct place *p = l->unverified.first; p; p = p->next) {
		if (from && !addr_is_equal(&p->from, from))
			continue;
		if (link_bytes_received(p->link) == 0)
			return p;
		if (!oldest)
			oldest = p;
	}
	return oldest;
}

static void rest_when_crowded(struct link_listener *l)
{
	uint64_t now_us = clock_mono_us(loop_clock(l->loop));

	if (now_us - l->rested_us >= CROWDED_MS * 1000) {
		l->rested_us = now_us;
		l->made_room = 0;
	}
	if (++l->made_room >= CROWDED_BATCH)
		acceptor_rest(l->acceptor, CROWDED_MS);
}

static void make_room(struct link_listener *l, const struct addr *from, int fd)
{
	struct place *p = NULL;
	struct err why;

	if (count_from(l, from) >= l->options.per_source_max)
		p = silent_longest(l, from);
	else if (reserve_take_cap(&l->cap, fd, l->unverified.count, l->options.unverified_max,
				  clock_mono_us(loop_clock(l->loop))))
		p = silent_longest(l, NULL);
	if (!p)
		return;
	rest_when_crowded(l);
	err_set_sub(&why, ERR_LIMIT, ERR_SUB_UNVERIFIED,
		    "it had not proved who it is, and made room for another connection");
	link_refuse(p->link, &why);
}

/* ---- accepting ---- */

static void refuse(struct link_listener *l, int fd, const char *who)
{
	struct err why;

	close(fd);
	err_set(&why, ERR_MEMORY, "out of memory");
	if (l->handler.refused)
		l->handler.refused(l->ctx, who, &why);
}

static enum err_code make_place(struct link_listener *l, const struct addr *from,
				struct place **out)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return ERR_MEMORY;
	p->listener = l;
	p->from = *from;
	if (link_new(&p->link, l->loop, l->tls, &l->options, &l->handler, l->ctx, &owner_fns, p) !=
	    ERR_OK) {
		free(p);
		return ERR_MEMORY;
	}
	*out = p;
	return ERR_OK;
}

static void take_in(struct link_listener *l, int fd, const struct endpoint *from)
{
	char who[ENDPOINT_TEXT_MAX];
	struct place *p;
	struct link *link;

	endpoint_text(from, who);
	if (make_place(l, &from->addr, &p) != ERR_OK) {
		refuse(l, fd, who);
		return;
	}
	link = p->link;
	link_set_address(link, who);
	add_to(&l->unverified, p);
	link_enter(link);
	link_secure(link, fd, tls_accept(l->tls), true);
	link_leave(link);
}

static void on_accept(void *ctx, int fd, const struct endpoint *from)
{
	struct link_listener *l = ctx;

	l->inside++;
	make_room(l, &from->addr, fd);
	if (l->freed)
		close(fd);
	else
		take_in(l, fd, from);
	if (--l->inside == 0 && l->freed)
		free(l);
}

/* ---- life ---- */

static enum err_code open_listener(struct link_listener *l, const struct endpoint *at,
				   struct err *e)
{
	char address[ENDPOINT_TEXT_MAX];
	struct endpoint bound;
	enum err_code code;
	int fd;

	code = socket_listen(at, &fd, e);
	if (code != ERR_OK)
		return code;
	code = socket_local(fd, &bound, e);
	if (code != ERR_OK) {
		close(fd);
		return code;
	}
	l->port = bound.port;
	endpoint_text(&bound, address);
	if (acceptor_new(&l->acceptor, l->loop, fd, address, "core/link", on_accept, l) != ERR_OK)
		return err_set(e, ERR_MEMORY, "listen: out of memory");
	return ERR_OK;
}

enum err_code link_listen(struct link_listener **out, struct loop *loop, struct tls *tls,
			  const struct endpoint *at, const struct link_options *options,
			  const struct link_handler *handler, void *ctx, struct err *e)
{
	struct link_listener *l = calloc(1, sizeof(*l));
	enum err_code code;

	if (!l)
		return err_set(e, ERR_MEMORY, "listen: out of memory");
	l->loop = loop;
	l->tls = tls;
	l->handler = *handler;
	l->ctx = ctx;
	l->unverified.last = &l->unverified.first;
	l->verified.last = &l->verified.first;
	link_options_fill(&l->options, options);
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
	while (l->unverified.first)
		link_free(l->unverified.first->link);
	while (l->verified.first)
		link_free(l->verified.first->link);
	acceptor_free(l->acceptor);
	l->freed = true;
	if (!l->inside)
		free(l);
}

uint16_t link_listener_port(const struct link_listener *l)
{
	return l->port;
}

unsigned link_listener_unverified(const struct link_listener *l)
{
	return l->unverified.count;
}

unsigned link_listener_verified(const struct link_listener *l)
{
	return l->verified.count;
}
