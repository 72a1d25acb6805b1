/* SPDX-License-Identifier: Apache-2.0 */
/* session: one client connection, of a protocol, and all those of one worker. */
#include "regiond/stream/session.h"

#include "regiond/stream/exchange.h"

#include <string.h>
#include <unistd.h>

#define SESSIONS_PER_CHUNK 64

enum err_code session_set_init(struct session_set *set, struct reactor *reactor,
			       struct table_ref *ref, const struct session_ops *const *kinds,
			       size_t n_kinds)
{
	memset(set, 0, sizeof(*set));
	set->reactor = reactor;
	set->ref = ref;
	dialler_init(&set->dialler, reactor);
	for (size_t i = 0; i < n_kinds && i < SESSION_KINDS_MAX; i++) {
		set->kinds[i].ops = kinds[i];
		slab_init(&set->kinds[i].pieces, kinds[i]->size, SESSIONS_PER_CHUNK);
		set->n_kinds++;
	}
	enum err_code code = relay_stock_init(&set->stock);
	if (code != ERR_OK)
		dialler_fini(&set->dialler);
	return code;
}

void session_set_fini(struct session_set *set)
{
	while (set->list)
		set->list->kind->ops->abort(set->list);
	reactor_turn(set->reactor); /* frees them */
	for (uint32_t i = 0; i < set->n_kinds; i++)
		slab_fini(&set->kinds[i].pieces);
	relay_stock_fini(&set->stock);
	dialler_fini(&set->dialler);
}

static void count_open(struct session_set *set, uint32_t change)
{
	uint32_t open = atomic_load_explicit(&set->open, memory_order_relaxed);
	atomic_store_explicit(&set->open, open + change, memory_order_relaxed);
}

/* Nobody is there for it: neither the service nor another one with its listener. */
static void turn_away(struct session_set *set, int fd, struct service *service,
		      enum service_end end)
{
	struct exchange x;
	struct io io;
	io_init(&io, &io_plain, fd);
	io_close(&io, true);
	exchange_start(&x, service, false, set->reactor->now_us);
	exchange_end(&x, end, set->reactor->now_us);
}

void session_accept(struct session_set *set, int fd, const struct sockaddr *from,
		    struct service *service)
{
	const struct table_service *ts = table_service(rcu_read(&set->ref->table), service->id);
	struct session_kind *k = ts ? &set->kinds[ts->config->protocol] : NULL;
	struct session *s = k ? slab_take(&k->pieces) : NULL;
	if (!s) {
		turn_away(set, fd, ts ? ts->service : service,
			  ts ? SERVICE_EXHAUSTED : SERVICE_DOWN);
		return;
	}
	memset(s, 0, k->ops->size);
	s->set = set;
	s->kind = k;
	s->is_check = checkers_have(&set->ref->checkers, from);
	s->next = set->list;
	s->at = &set->list;
	if (s->next)
		s->next->at = &s->next;
	set->list = s;
	count_open(set, 1);
	k->ops->start(s, fd, ts);
}

static void free_session(struct later *l)
{
	struct session *s = REACTOR_OBJECT(l, struct session, later);
	slab_give(&s->kind->pieces, s);
}

void session_close(struct session *s)
{
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	count_open(s->set, -1u);
	reactor_later(s->set->reactor, &s->later, free_session);
}
