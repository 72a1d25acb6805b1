/* SPDX-License-Identifier: Apache-2.0 */
/* relay: bytes from one stream to the other and back, without waiting and in bounded memory. */
#include "regiond/stream/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BUFFERS_PER_CHUNK 16

/* How a step of one direction went: on with the next one, or what relay_run() returns. */
enum step { STEP_ON, STEP_WAIT, STEP_BROKEN };

enum err_code relay_stock_init(struct relay_stock *stock)
{
	stock->scratch = malloc(RELAY_READ);
	if (!stock->scratch)
		return ERR_MEMORY;
	slab_init(&stock->buffers, RELAY_READ, BUFFERS_PER_CHUNK);
	pipes_init(&stock->pipes);
	return ERR_OK;
}

void relay_stock_fini(struct relay_stock *stock)
{
	free(stock->scratch);
	slab_fini(&stock->buffers);
	pipes_fini(&stock->pipes);
}

void relay_init(struct relay *r, struct io *client, struct io *backend)
{
	const struct pipe_ends none = { -1, -1 };
	memset(r, 0, sizeof(*r));
	r->sides[RELAY_CLIENT] = client;
	r->sides[RELAY_BACKEND] = backend;
	for (int i = 0; i < 2; i++)
		r->flows[i].pipe = none;
}

/* Between transfers the pipe is lent to others: an idle connection holds none. */
static void give_pipe(struct relay_flow *f, struct relay_stock *stock)
{
	if (f->pipe.out >= 0 && !f->piped)
		pipes_give(&stock->pipes, &f->pipe);
}

void relay_fini(struct relay *r, struct relay_stock *stock)
{
	for (int i = 0; i < 2; i++) {
		struct relay_flow *f = &r->flows[i];
		if (f->held)
			slab_give(&stock->buffers, f->held);
		f->held = NULL;
		give_pipe(f, stock);
		if (f->piped)
			pipes_drop(&f->pipe);
	}
}

/* One send(2). *sent is 0 when the peer would block. A partial one leaves the socket full: the
 * kernel will say when there is room again. */
static enum step send_some(struct io *to, const uint8_t *bytes, size_t len, size_t *sent)
{
	*sent = 0;
	if (!to->can_write)
		return STEP_WAIT;
	ssize_t n;
	do
		n = to->ops->write(to, bytes, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return STEP_BROKEN;
	if (n > 0)
		*sent = (size_t)n;
	if (*sent < len) {
		to->can_write = false;
		return STEP_WAIT;
	}
	return STEP_ON;
}

static enum step flush_held(struct relay_flow *f, struct io *to, struct relay_stock *stock)
{
	size_t sent;
	enum step step = send_some(to, f->held + f->held_at, f->held_len, &sent);
	f->held_at += (uint32_t)sent;
	f->held_len -= (uint32_t)sent;
	if (step == STEP_ON) {
		slab_give(&stock->buffers, f->held);
		f->held = NULL;
	}
	return step;
}

static enum step flush_pipe(struct relay_flow *f, struct io *to)
{
	while (f->piped) {
		if (!to->can_write)
			return STEP_WAIT;
		ssize_t n = splice(f->pipe.out, NULL, to->fd, NULL, f->piped,
				   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			to->can_write = false;
			return STEP_WAIT;
		}
		if (n <= 0)
			return STEP_BROKEN;
		f->piped -= (uint32_t)n;
	}
	return STEP_ON;
}

static enum step flush(struct relay_flow *f, struct io *to, struct relay_stock *stock)
{
	if (f->held)
		return flush_held(f, to, stock);
	if (!f->piped)
		return STEP_ON;
	enum step step = flush_pipe(f, to);
	if (step == STEP_ON)
		give_pipe(f, stock);
	return step;
}

static enum step hold(struct relay_flow *f, const uint8_t *bytes, size_t len,
		      struct relay_stock *stock)
{
	f->held = slab_take(&stock->buffers);
	if (!f->held)
		return STEP_BROKEN;
	memcpy(f->held, bytes, len);
	f->held_at = 0;
	f->held_len = (uint32_t)len;
	return STEP_WAIT;
}

/* What a read came to, for both ways of reading. n > 0 gives STEP_ON. */
static enum step after_read(struct relay_flow *f, struct io *from, ssize_t n)
{
	if (n > 0) {
		f->moved += (uint64_t)n;
		return STEP_ON;
	}
	if (n == 0) {
		f->ended = true;
		return STEP_ON;
	}
	if (errno == EINTR)
		return STEP_ON;
	if (errno != EAGAIN)
		return STEP_BROKEN;
	from->can_read = from->urgent = false;
	return STEP_WAIT;
}

static enum step copy(struct relay_flow *f, struct io *from, struct io *to,
		      struct relay_stock *stock)
{
	ssize_t n = from->ops->read(from, stock->scratch, RELAY_READ);
	enum step step = after_read(f, from, n);
	if (n <= 0)
		return step;
	if (n < RELAY_READ) {
		f->full_reads = 0;
		/* All that was there is read, and what comes later is a new edge: this saves the
		 * recv(2) that would say EAGAIN. After a close there may be no other edge, and
		 * recv(2) stops before urgent data and after it. */
		if (from->ops->raw && !from->to_end && !from->urgent)
			from->can_read = false;
	} else {
		f->full_reads++;
	}
	size_t sent;
	step = send_some(to, stock->scratch, (size_t)n, &sent);
	if (step == STEP_WAIT)
		return hold(f, stock->scratch + sent, (size_t)n - sent, stock);
	return step;
}

static bool is_bulk(const struct relay_flow *f, const struct io *from, const struct io *to)
{
	return f->full_reads >= RELAY_BULK_READS && from->ops->raw && to->ops->raw && !from->urgent;
}

/* The pipe is empty here, so EAGAIN is always the socket's. */
static enum step splice_in(struct relay_flow *f, struct io *from, struct relay_stock *stock)
{
	if (f->pipe.out < 0 && !pipes_take(&stock->pipes, &f->pipe)) {
		f->full_reads = 0; /* no descriptors left: copying needs none */
		return STEP_ON;
	}
	ssize_t n = splice(from->fd, NULL, f->pipe.in, NULL, PIPES_SIZE,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n == 0) {
		f->full_reads = 0; /* its end, or urgent data: recv(2) knows which */
		return STEP_ON;
	}
	enum step step = after_read(f, from, n);
	if (n > 0)
		f->piped = (uint32_t)n;
	return step;
}

static enum step read_some(struct relay_flow *f, struct io *from, struct io *to,
			   struct relay_stock *stock)
{
	if (!is_bulk(f, from, to))
		return copy(f, from, to, stock);
	enum step step = splice_in(f, from, stock);
	if (step == STEP_ON && f->piped) {
		if (f->piped < RELAY_BULK_LEAST)
			f->full_reads = 0; /* copies from the next read on */
		step = flush_pipe(f, to);
	}
	give_pipe(f, stock);
	return step;
}

static enum relay_next as_next(enum step step)
{
	return step == STEP_BROKEN ? RELAY_BROKEN : RELAY_WAIT;
}

/* Moves one direction as far as it goes. */
static enum relay_next run_flow(struct relay *r, struct relay_stock *stock, int side)
{
	struct io *from = r->sides[side], *to = r->sides[!side];
	struct relay_flow *f = &r->flows[side];
	if (f->shut)
		return RELAY_WAIT;
	for (int round = 0; round < RELAY_ROUNDS; round++) {
		enum step step = flush(f, to, stock);
		if (step != STEP_ON)
			return as_next(step);
		if (f->ended) {
			f->shut = true;
			/* When both are, closing says the same. */
			if (!r->flows[!side].shut)
				to->ops->end(to);
			return RELAY_WAIT;
		}
		if (!from->can_read)
			return RELAY_WAIT;
		step = read_some(f, from, to, stock);
		if (step != STEP_ON)
			return as_next(step);
	}
	return RELAY_AGAIN;
}

static enum relay_next both(const struct relay *r, enum relay_next a, enum relay_next b)
{
	if (a == RELAY_BROKEN || b == RELAY_BROKEN)
		return RELAY_BROKEN;
	if (r->flows[0].shut && r->flows[1].shut)
		return RELAY_DONE;
	return a == RELAY_AGAIN || b == RELAY_AGAIN ? RELAY_AGAIN : RELAY_WAIT;
}

enum relay_next relay_event(struct relay *r, struct relay_stock *stock, enum relay_side_name side,
			    uint32_t events)
{
	enum relay_next a = RELAY_WAIT, b = RELAY_WAIT;
	io_note(r->sides[side], events);
	if (r->sides[side]->can_read)
		a = run_flow(r, stock, side);
	if (a != RELAY_BROKEN && events & EPOLLOUT)
		b = run_flow(r, stock, !side);
	/* What it sent before it failed is with the other side now, or never will be. */
	if (events & EPOLLERR)
		b = RELAY_BROKEN;
	return both(r, a, b);
}

enum relay_next relay_run(struct relay *r, struct relay_stock *stock)
{
	enum relay_next a = run_flow(r, stock, RELAY_CLIENT);
	enum relay_next b = a == RELAY_BROKEN ? a : run_flow(r, stock, RELAY_BACKEND);
	return both(r, a, b);
}
