/* SPDX-License-Identifier: Apache-2.0 */
/* l4: the session of protocol tcp: one client, one backend, and the bytes between them. */
#include "regiond/l4/l4.h"

#include "regiond/stream/exchange.h"

enum l4_state { L4_CONNECTING, L4_RELAYING, L4_CLOSED };

struct l4 {
	struct session session;
	enum l4_state state;
	struct io client, backend;
	struct watch client_watch, backend_watch;
	struct relay relay;
	struct exchange exchange;
	struct wheel_entry timer;
	uint64_t active_ms;
	uint64_t idle_ms, connect_ms; /* of its service when it came; 0 = no limit */
	uint64_t moved;		      /* as both ends had it when they were asked last */
};

static struct reactor *reactor_of(const struct l4 *c)
{
	return c->session.set->reactor;
}

static void end(struct l4 *c, enum service_end how)
{
	bool reset = how != SERVICE_DONE;
	relay_fini(&c->relay, &c->session.set->stock);
	io_close(&c->client, reset);
	io_close(&c->backend, reset);
	wheel_remove(&c->timer);
	exchange_end(&c->exchange, how, reactor_of(c)->now_us);
	c->state = L4_CLOSED;
	session_close(&c->session);
}

/* ---- relaying */

static void go_on(struct later *l);

static void count_moved(struct l4 *c)
{
	exchange_moved(&c->exchange, c->relay.flows[RELAY_CLIENT].moved,
		       c->relay.flows[RELAY_BACKEND].moved);
}

static void follow(struct l4 *c, enum relay_next next)
{
	count_moved(c);
	switch (next) {
	case RELAY_WAIT: break;
	case RELAY_AGAIN: reactor_later(reactor_of(c), &c->session.later, go_on); break;
	case RELAY_DONE: end(c, SERVICE_DONE); break;
	case RELAY_BROKEN: end(c, SERVICE_RESET); break;
	}
}

static void go_on(struct later *l)
{
	struct l4 *c = REACTOR_OBJECT(l, struct l4, session.later);
	follow(c, relay_run(&c->relay, &c->session.set->stock));
}

static void relay(struct l4 *c, enum relay_side_name side, uint32_t events)
{
	c->active_ms = reactor_of(c)->now_us / 1000;
	follow(c, relay_event(&c->relay, &c->session.set->stock, side, events));
}

/* ---- connecting */

static void wait_for_backend(struct l4 *c)
{
	struct reactor *r = reactor_of(c);
	c->active_ms = r->now_us / 1000;
	wheel_add(&r->wheel, &c->timer, c->connect_ms ? c->active_ms + c->connect_ms : WHEEL_NEVER);
}

/* Starts with the next backend, or ends. Another backend may have a port for us where one has none:
 * they are counted for each address. */
static void dial_next(struct l4 *c)
{
	struct session_set *set = c->session.set;
	const struct table *t = rcu_read(&set->ref->table);
	const struct table_service *ts = table_service(t, c->exchange.service->id);
	enum service_end miss = SERVICE_DOWN;
	bool was_short = false;
	const struct pool *pool = ts ? routes_rest(&ts->routes)->pool : NULL;
	uint64_t key = pool && pool->balance->by_key ? io_peer_key(&c->client) : 0;
	while (pool && exchange_pick(&c->exchange, pool, key, set->reactor->now_us, &miss)) {
		switch (dialler_dial(&set->dialler, c->exchange.backend, &c->backend,
				     &c->backend_watch)) {
		case DIAL_UNDER_WAY: wait_for_backend(c); return;
		case DIAL_FAILED: exchange_failed(&c->exchange, set->reactor->now_us); break;
		case DIAL_SHORT:
			exchange_put_back(&c->exchange);
			was_short = true;
			break;
		}
	}
	end(c, was_short ? SERVICE_EXHAUSTED : miss);
}

static void give_up_backend(struct l4 *c)
{
	io_close(&c->backend, true);
	exchange_failed(&c->exchange, reactor_of(c)->now_us);
	dial_next(c);
}

static void start_relay(struct l4 *c, uint32_t events)
{
	exchange_reached(&c->exchange);
	c->state = L4_RELAYING;
	io_note(&c->backend, events);
	wheel_add(&reactor_of(c)->wheel, &c->timer,
		  c->idle_ms ? c->active_ms + c->idle_ms : WHEEL_NEVER);
	follow(c, relay_run(&c->relay, &c->session.set->stock));
}

/* ---- what happens to it */

static void on_client(struct watch *w, uint32_t events)
{
	struct l4 *c = REACTOR_OBJECT(w, struct l4, client_watch);
	if (c->state == L4_RELAYING) {
		relay(c, RELAY_CLIENT, events);
	} else if (c->state == L4_CONNECTING) {
		/* A half-close is fine, it may have sent all that it wants to ask. */
		io_note(&c->client, events);
		if (events & (EPOLLERR | EPOLLHUP))
			end(c, SERVICE_RESET);
	}
}

static void on_backend(struct watch *w, uint32_t events)
{
	struct l4 *c = REACTOR_OBJECT(w, struct l4, backend_watch);
	if (c->state == L4_RELAYING)
		relay(c, RELAY_BACKEND, events);
	else if (c->state == L4_CONNECTING && events & (EPOLLERR | EPOLLHUP))
		give_up_backend(c);
	else if (c->state == L4_CONNECTING && events & EPOLLOUT)
		start_relay(c, events);
}

/* When nothing was heard of either end for the limit: has anything moved that was no event? */
static void ask_both_ends(struct l4 *c, uint64_t now_ms)
{
	struct io_progress client = { .quiet_ms = UINT64_MAX }, backend = client;
	io_progress(&c->client, &client);
	io_progress(&c->backend, &backend);
	uint64_t quiet = client.quiet_ms < backend.quiet_ms ? client.quiet_ms : backend.quiet_ms;
	if (client.owed || backend.owed)
		quiet = 0;
	else if (client.moved + backend.moved == c->moved)
		return;
	c->moved = client.moved + backend.moved;
	if (quiet < now_ms && now_ms - quiet > c->active_ms)
		c->active_ms = now_ms - quiet;
}

static uint64_t on_due(struct wheel_entry *entry, uint64_t now_ms)
{
	struct l4 *c = REACTOR_OBJECT(entry, struct l4, timer);
	uint64_t limit = c->state == L4_CONNECTING ? c->connect_ms : c->idle_ms;
	if (!limit)
		return WHEEL_NEVER;
	if (c->active_ms + limit <= now_ms && c->state == L4_RELAYING)
		ask_both_ends(c, now_ms);
	if (c->active_ms + limit > now_ms)
		return c->active_ms + limit;
	if (c->state == L4_CONNECTING)
		give_up_backend(c);
	else
		end(c, SERVICE_RESET);
	return now_ms;
}

static void l4_start(struct session *s, int fd, const struct table_service *ts)
{
	struct l4 *c = REACTOR_OBJECT(s, struct l4, session);
	struct reactor *r = s->set->reactor;
	c->client_watch.ready = on_client;
	c->backend_watch.ready = on_backend;
	c->timer.due = on_due;
	c->idle_ms = ts->config->idle_ms;
	c->connect_ms = ts->config->connect_ms;
	io_init(&c->client, &io_plain, fd);
	io_init(&c->backend, &io_plain, -1);
	relay_init(&c->relay, &c->client, &c->backend);
	exchange_start(&c->exchange, ts->service, s->is_check, r->now_us);
	if (reactor_watch(r, EPOLL_CTL_ADD, fd, IO_EVENTS, &c->client_watch) != ERR_OK)
		end(c, SERVICE_EXHAUSTED);
	else
		dial_next(c);
}

static void l4_abort(struct session *s)
{
	end(REACTOR_OBJECT(s, struct l4, session), SERVICE_RESET);
}

const struct session_ops l4_session = {
	.name = "tcp",
	.size = sizeof(struct l4),
	.start = l4_start,
	.abort = l4_abort,
};
