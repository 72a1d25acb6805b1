/* SPDX-License-Identifier: Apache-2.0 */
/* conn: one client connection, from accept to the last byte. */
#include "regiond/front/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS_PER_CHUNK 64
#define CONN_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

enum err_code conn_set_init(struct conn_set *set, struct table_ref *ref, int epoll_fd,
			    uint64_t now_us)
{
	memset(set, 0, sizeof(*set));
	set->epoll_fd = epoll_fd;
	set->ref = ref;
	set->now_us = now_us;
	set->again_tail = &set->again;
	set->reserve_fd = -1;
	conn_set_refill(set);
	slab_init(&set->conns, sizeof(struct conn), CONNS_PER_CHUNK);
	wheel_init(&set->wheel, now_us / 1000);
	return relay_io_init(&set->io);
}

/* Linux removes a descriptor from epoll when it is closed. */
static void close_fd(struct relay_side *side, bool reset)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	if (side->fd < 0)
		return;
	if (reset)
		setsockopt(side->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(side->fd);
	side->fd = -1;
}

static void close_conn(struct conn_set *set, struct conn *c, enum service_end end)
{
	bool reset = end != SERVICE_DONE;
	relay_fini(&c->relay, &set->io);
	close_fd(&c->relay.sides[RELAY_CLIENT], reset);
	close_fd(&c->relay.sides[RELAY_BACKEND], reset);
	wheel_remove(&c->timer);
	if (c->backend)
		backend_release(c->backend);
	if (c->state == CONN_RELAYING)
		metrics_observe_us(&c->service->seconds, set->now_us - c->started_us);
	atomic_fetch_add_explicit(&c->service->ends[end], 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&c->service->in_flight, 1, memory_order_relaxed);
	service_unref(c->service);
	c->state = CONN_CLOSED;
	atomic_store_explicit(&set->open,
			      atomic_load_explicit(&set->open, memory_order_relaxed) - 1,
			      memory_order_relaxed);
	if (!c->queued) { /* else it is forgotten when its turn comes */
		c->next = set->closed;
		set->closed = c;
	}
}

bool conn_set_refill(struct conn_set *set)
{
	if (set->reserve_fd < 0)
		set->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return set->reserve_fd >= 0;
}

/* -1 and errno when none can be made, not even of the reserve. */
static int open_socket(struct conn_set *set, int family)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(family, type, 0);
	if (fd >= 0 || (errno != EMFILE && errno != ENFILE))
		return fd;
	set->short_of_fds = true;
	if (set->reserve_fd < 0)
		return -1;
	close(set->reserve_fd);
	set->reserve_fd = -1;
	return socket(family, type, 0);
}

enum dialled {
	DIAL_UNDER_WAY,
	DIAL_FAILED, /* by the backend */
	DIAL_SHORT,  /* by us: no descriptor, port or memory left */
};

static enum dialled dial_backend(struct conn_set *set, struct conn *c)
{
	const int one = 1;
	struct relay_side *side = &c->relay.sides[RELAY_BACKEND];
	const struct backend *b = c->backend;
	struct epoll_event ev = { .events = CONN_EVENTS, .data.ptr = &c->ends[RELAY_BACKEND] };
	side->fd = open_socket(set, b->sockaddr.ss_family);
	if (side->fd < 0)
		return DIAL_SHORT;
	setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(side->fd, (const struct sockaddr *)&b->sockaddr, b->sockaddr_len) != 0 &&
	    errno != EINPROGRESS)
		return errno == EADDRNOTAVAIL || errno == EAGAIN ? DIAL_SHORT : DIAL_FAILED;
	if (epoll_ctl(set->epoll_fd, EPOLL_CTL_ADD, side->fd, &ev) != 0)
		return DIAL_SHORT;
	return DIAL_UNDER_WAY;
}

/* The place of a backend that did not answer goes back; it is not tried again for this client. */
static void give_up_backend(struct conn_set *set, struct conn *c)
{
	struct relay_side *side = &c->relay.sides[RELAY_BACKEND];
	close_fd(side, true);
	*side = (struct relay_side){ .fd = -1, .can_write = true };
	backend_failed(c->backend, set->now_us);
	c->tried[c->n_tried++] = c->backend;
	backend_release(c->backend);
	c->backend = NULL;
}

static enum service_end end_of_miss(const struct conn *c, enum pool_miss miss)
{
	if (c->n_tried)
		return SERVICE_UNREACHABLE;
	return miss == POOL_FULL ? SERVICE_FULL : SERVICE_DOWN;
}

static void wait_for_backend(struct conn_set *set, struct conn *c)
{
	c->active_ms = set->now_us / 1000;
	wheel_add(&set->wheel, &c->timer,
		  c->connect_ms ? c->active_ms + c->connect_ms : WHEEL_NEVER);
}

/* Starts with the next backend, or closes. */
static void dial(struct conn_set *set, struct conn *c)
{
	const struct table *t = rcu_read(&set->ref->table);
	const struct table_service *ts = table_service(t, c->service->id);
	enum pool_miss miss = POOL_DOWN;
	while (ts && c->n_tried < POOL_TRIES) {
		struct pool_want want = { .now_us = set->now_us,
					  .turn = set->turn++,
					  .n_tried = c->n_tried };
		memcpy(want.tried, c->tried, sizeof(want.tried));
		c->backend = pool_pick(routes_rest(&ts->routes)->pool, &want, &miss);
		if (!c->backend)
			break;
		switch (dial_backend(set, c)) {
		case DIAL_UNDER_WAY: wait_for_backend(set, c); return;
		case DIAL_SHORT: close_conn(set, c, SERVICE_EXHAUSTED); return;
		case DIAL_FAILED: give_up_backend(set, c); break;
		}
	}
	close_conn(set, c, end_of_miss(c, miss));
}

static void init_conn(struct conn_set *set, struct conn *c, int fd, struct service *service)
{
	const struct table *t = rcu_read(&set->ref->table);
	const struct table_service *ts = table_service(t, service->id);
	memset(c, 0, sizeof(*c));
	relay_init(&c->relay, fd, -1);
	for (int i = 0; i < 2; i++)
		c->ends[i] = (struct conn_end){ .kind = CONN_END_KIND, .side = i, .conn = c };
	c->started_us = set->now_us;
	if (ts) { /* the service that has the listener now: the reload was a moment ago */
		service = ts->service;
		c->idle_ms = ts->config->idle_ms;
		c->connect_ms = ts->config->connect_ms;
	}
	c->service = service_ref(service);
	atomic_fetch_add_explicit(&service->arrivals, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&service->in_flight, 1, memory_order_relaxed);
	atomic_store_explicit(&set->open,
			      atomic_load_explicit(&set->open, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

void conn_accept(struct conn_set *set, int fd, struct service *service)
{
	struct conn *c = slab_take(&set->conns);
	if (!c) {
		close(fd);
		return;
	}
	init_conn(set, c, fd, service);
	struct epoll_event ev = { .events = CONN_EVENTS, .data.ptr = &c->ends[RELAY_CLIENT] };
	if (epoll_ctl(set->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0) {
		close_conn(set, c, SERVICE_RESET);
		return;
	}
	dial(set, c);
}

static void follow(struct conn_set *set, struct conn *c, enum relay_next next)
{
	switch (next) {
	case RELAY_WAIT: break;
	case RELAY_AGAIN:
		if (c->queued)
			break;
		c->queued = true;
		c->next = NULL;
		*set->again_tail = c;
		set->again_tail = &c->next;
		break;
	case RELAY_DONE: close_conn(set, c, SERVICE_DONE); break;
	case RELAY_BROKEN: close_conn(set, c, SERVICE_RESET); break;
	}
}

static void connecting_event(struct conn_set *set, struct conn *c, enum relay_side_name side,
			     uint32_t events)
{
	if (side == RELAY_CLIENT) {
		/* A half-close is fine, it may have sent all that it wants to ask. */
		relay_note(&c->relay, side, events);
		if (events & (EPOLLERR | EPOLLHUP))
			close_conn(set, c, SERVICE_RESET);
		return;
	}
	if (events & (EPOLLERR | EPOLLHUP)) {
		give_up_backend(set, c);
		dial(set, c);
		return;
	}
	if (!(events & EPOLLOUT))
		return;
	backend_connected(c->backend);
	c->state = CONN_RELAYING;
	relay_note(&c->relay, side, events);
	wheel_add(&set->wheel, &c->timer, c->active_ms + c->idle_ms);
	follow(set, c, relay_run(&c->relay, &set->io));
}

void conn_event(struct conn_set *set, struct conn_end *end, uint32_t events)
{
	struct conn *c = end->conn;
	switch (c->state) {
	case CONN_RELAYING:
		c->active_ms = set->now_us / 1000;
		follow(set, c, relay_event(&c->relay, &set->io, end->side, events));
		break;
	case CONN_CONNECTING: connecting_event(set, c, end->side, events); break;
	case CONN_CLOSED: break; /* by an earlier event of this batch */
	}
}

static struct conn *conn_of(struct wheel_entry *timer)
{
	return (struct conn *)((char *)timer - offsetof(struct conn, timer));
}

static uint64_t on_due(void *ctx, struct wheel_entry *entry, uint64_t now_ms)
{
	struct conn_set *set = ctx;
	struct conn *c = conn_of(entry);
	uint64_t limit = c->state == CONN_CONNECTING ? c->connect_ms : c->idle_ms;
	if (!limit)
		return WHEEL_NEVER;
	if (c->active_ms + limit > now_ms)
		return c->active_ms + limit;
	if (c->state == CONN_CONNECTING) {
		give_up_backend(set, c);
		dial(set, c);
	} else {
		close_conn(set, c, SERVICE_RESET);
	}
	return now_ms;
}

static void go_on(struct conn_set *set)
{
	struct conn *c = set->again;
	set->again = NULL;
	set->again_tail = &set->again;
	while (c) {
		struct conn *next = c->next;
		c->queued = false;
		if (c->state == CONN_CLOSED) {
			c->next = set->closed;
			set->closed = c;
		} else {
			follow(set, c, relay_run(&c->relay, &set->io));
		}
		c = next;
	}
}

void conn_set_turn(struct conn_set *set)
{
	go_on(set);
	wheel_run(&set->wheel, set->now_us / 1000, on_due, set);
	while (set->closed) {
		struct conn *c = set->closed;
		set->closed = c->next;
		slab_give(&set->conns, c);
	}
}

int conn_set_wait_ms(const struct conn_set *set)
{
	return set->again ? 0 : wheel_wait_ms(&set->wheel, set->now_us / 1000);
}

static void reset_conn(void *ctx, struct wheel_entry *entry)
{
	close_conn(ctx, conn_of(entry), SERVICE_RESET);
}

void conn_set_fini(struct conn_set *set)
{
	wheel_each(&set->wheel, reset_conn, set);
	if (set->reserve_fd >= 0)
		close(set->reserve_fd);
	slab_fini(&set->conns);
	relay_io_fini(&set->io);
}
