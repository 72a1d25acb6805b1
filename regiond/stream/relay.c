/* SPDX-License-Identifier: Apache-2.0 */
/* relay: bytes from one socket to the other and back, without waiting and in bounded memory. */
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

enum err_code relay_io_init(struct relay_io *io)
{
	io->scratch = malloc(RELAY_READ);
	if (!io->scratch)
		return ERR_MEMORY;
	slab_init(&io->buffers, RELAY_READ, BUFFERS_PER_CHUNK);
	pipes_init(&io->pipes);
	return ERR_OK;
}

void relay_io_fini(struct relay_io *io)
{
	free(io->scratch);
	slab_fini(&io->buffers);
	pipes_fini(&io->pipes);
}

void relay_init(struct relay *r, int client_fd, int backend_fd)
{
	const struct pipe_ends none = { -1, -1 };
	memset(r, 0, sizeof(*r));
	r->sides[RELAY_CLIENT].fd = client_fd;
	r->sides[RELAY_BACKEND].fd = backend_fd;
	for (int i = 0; i < 2; i++) {
		r->sides[i].can_write = true;
		r->flows[i].pipe = none;
	}
}

/* Between transfers the pipe is lent to others: an idle connection holds none. */
static void give_pipe(struct relay_flow *f, struct relay_io *io)
{
	if (f->pipe.out >= 0 && !f->piped)
		pipes_give(&io->pipes, &f->pipe);
}

void relay_fini(struct relay *r, struct relay_io *io)
{
	for (int i = 0; i < 2; i++) {
		struct relay_flow *f = &r->flows[i];
		if (f->held)
			slab_give(&io->buffers, f->held);
		f->held = NULL;
		give_pipe(f, io);
		if (f->piped)
			pipes_drop(&f->pipe);
	}
}

void relay_note(struct relay *r, enum relay_side_name side, uint32_t events)
{
	struct relay_side *s = &r->sides[side];
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->can_read = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->to_end = true;
	if (events & EPOLLOUT)
		s->can_write = true;
}

/* One send(2). *sent is 0 when the peer would block. A partial one leaves the socket full: the
 * kernel will say when there is room again. */
static enum step send_some(struct relay_side *to, const uint8_t *bytes, size_t len, size_t *sent)
{
	*sent = 0;
	if (!to->can_write)
		return STEP_WAIT;
	ssize_t n;
	do
		n = send(to->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
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

static enum step flush_held(struct relay_flow *f, struct relay_side *to, struct relay_io *io)
{
	size_t sent;
	enum step step = send_some(to, f->held + f->held_at, f->held_len, &sent);
	f->held_at += (uint32_t)sent;
	f->held_len -= (uint32_t)sent;
	if (step == STEP_ON) {
		slab_give(&io->buffers, f->held);
		f->held = NULL;
	}
	return step;
}

static enum step flush_pipe(struct relay_flow *f, struct relay_side *to)
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

static enum step flush(struct relay_flow *f, struct relay_side *to, struct relay_io *io)
{
	if (f->held)
		return flush_held(f, to, io);
	if (!f->piped)
		return STEP_ON;
	enum step step = flush_pipe(f, to);
	if (step == STEP_ON)
		give_pipe(f, io);
	return step;
}

static enum step hold(struct relay_flow *f, const uint8_t *bytes, size_t len, struct relay_io *io)
{
	f->held = slab_take(&io->buffers);
	if (!f->held)
		return STEP_BROKEN;
	memcpy(f->held, bytes, len);
	f->held_at = 0;
	f->held_len = (uint32_t)len;
	return STEP_WAIT;
}

/* What a read came to, for both ways of reading. n > 0 gives STEP_ON. */
static enum step after_read(struct relay_flow *f, struct relay_side *from, ssize_t n)
{
	if (n > 0)
		return STEP_ON;
	if (n == 0) {
		f->ended = true;
		return STEP_ON;
	}
	if (errno == EINTR)
		return STEP_ON;
	if (errno != EAGAIN)
		return STEP_BROKEN;
	from->can_read = false;
	return STEP_WAIT;
}

static enum step copy(struct relay_flow *f, struct relay_side *from, struct relay_side *to,
		      struct relay_io *io)
{
	ssize_t n = recv(from->fd, io->scratch, RELAY_READ, MSG_DONTWAIT);
	enum step step = after_read(f, from, n);
	if (n <= 0)
		return step;
	if (n < RELAY_READ) {
		f->full_reads = 0;
		/* All that was there is read, and what comes later is a new edge: this saves the
		 * recv(2) that would say EAGAIN. After a close there may be no other edge. */
		if (!from->to_end)
			from->can_read = false;
	} else {
		f->full_reads++;
	}
	size_t sent;
	step = send_some(to, io->scratch, (size_t)n, &sent);
	if (step == STEP_WAIT)
		return hold(f, io->scratch + sent, (size_t)n - sent, io);
	return step;
}

static bool is_bulk(const struct relay_flow *f)
{
	return f->full_reads >= RELAY_BULK_READS;
}

/* The pipe is empty here, so EAGAIN is always the socket's. */
static enum step splice_in(struct relay_flow *f, struct relay_side *from, struct relay_io *io)
{
	if (f->pipe.out < 0 && !pipes_take(&io->pipes, &f->pipe)) {
		f->full_reads = 0; /* no descriptors left: copying needs none */
		return STEP_ON;
	}
	ssize_t n = splice(from->fd, NULL, f->pipe.in, NULL, PIPES_SIZE,
			   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	enum step step = after_read(f, from, n);
	if (n > 0)
		f->piped = (uint32_t)n;
	return step;
}

static enum step read_some(struct relay_flow *f, struct relay_side *from, struct relay_side *to,
			   struct relay_io *io)
{
	if (!is_bulk(f))
		return copy(f, from, to, io);
	enum step step = splice_in(f, from, io);
	if (step == STEP_ON && f->piped) {
		if (f->piped < RELAY_BULK_LEAST)
			f->full_reads = 0; /* copies from the next read on */
		step = flush_pipe(f, to);
	}
	give_pipe(f, io);
	return step;
}

static enum relay_next as_next(enum step step)
{
	return step == STEP_BROKEN ? RELAY_BROKEN : RELAY_WAIT;
}

/* Moves one direction as far as it goes. */
static enum relay_next run_flow(struct relay *r, struct relay_io *io, int side)
{
	struct relay_side *from = &r->sides[side], *to = &r->sides[!side];
	struct relay_flow *f = &r->flows[side];
	if (f->shut)
		return RELAY_WAIT;
	for (int round = 0; round < RELAY_ROUNDS; round++) {
		enum step step = flush(f, to, io);
		if (step != STEP_ON)
			return as_next(step);
		if (f->ended) {
			f->shut = true;
			/* When both are, closing says the same. */
			if (!r->flows[!side].shut)
				shutdown(to->fd, SHUT_WR);
			return RELAY_WAIT;
		}
		if (!from->can_read)
			return RELAY_WAIT;
		step = read_some(f, from, to, io);
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

enum relay_next relay_event(struct relay *r, struct relay_io *io, enum relay_side_name side,
			    uint32_t events)
{
	enum relay_next a = RELAY_WAIT, b = RELAY_WAIT;
	relay_note(r, side, events);
	if (r->sides[side].can_read)
		a = run_flow(r, io, side);
	if (a != RELAY_BROKEN && events & EPOLLOUT)
		b = run_flow(r, io, !side);
	/* What it sent before it failed is with the other side now, or never will be. */
	if (events & EPOLLERR)
		b = RELAY_BROKEN;
	return both(r, a, b);
}

enum relay_next relay_run(struct relay *r, struct relay_io *io)
{
	enum relay_next a = run_flow(r, io, RELAY_CLIENT);
	enum relay_next b = a == RELAY_BROKEN ? a : run_flow(r, io, RELAY_BACKEND);
	return both(r, a, b);
}
