/* SPDX-License-Identifier: Apache-2.0 */
/* link: one kept-alive, mutually authenticated stream of frames between two daemons.
 *
 * Who wants one dials (core/link_dial.h), who gives them listens (core/link_listen.h); what is here
 * is the stream, once there is a socket.
 *
 * On the wire, inside TLS 1.3:
 *
 *   +--------+--------+--------+--------+----------- ... -----------+
 *   |       length, big endian          |   `length` bytes (a frame) |
 *   +--------+--------+--------+--------+----------- ... -----------+
 *
 * A frame of length 0 or over frame_max closes the link. What a frame says is schema/wire's matter,
 * but for the first one of each side, its verdict on the other:
 *
 *   +-------------+---------------+------------ ... ------------+
 *   | version = 1 | 0 or 1        | reason (ASCII, 0-200 bytes) |   0 = welcome, 1 = refused
 *   +-------------+---------------+------------ ... ------------+
 *
 * So up() means that both sides have accepted, and a refused peer is told why. (A handshake alone
 * does not say so: in TLS 1.3 the client has finished before the server looks at its certificate.)
 *
 *   dialler    idle -> handshake -> greeting -> up -> idle ...
 *   listener           handshake -> greeting -> up -> freed
 *
 *   from up, by link_drain():          draining -> lingering -> over
 *   from handshake, when we refuse:    refusing -> lingering -> idle or freed
 *
 * Lingering reads and throws away until the peer has closed: a socket that is closed with unread
 * bytes is reset, and the reset would overtake our last words.
 *
 * Threads    everything, and every callback, on the loop's thread
 * Ownership  a dialled link lives until link_free(), an accepted one until its down() has returned.
 *            link_free() may be called from any callback
 * Units      _ms milliseconds, sizes in bytes
 * Errors     a peer that is refused is closed with a reason, which goes to down() or refused()
 * Source     docs/wire.md
 */
#ifndef FAIRLEAD_CORE_LINK_H
#define FAIRLEAD_CORE_LINK_H

#include "core/identity.h"
#include "core/loop.h"
#include "core/tls.h"

#include <stdbool.h>
#include <stdint.h>

struct link;
struct job_pool;

/* 0 means the default, but for idle_ms; options == NULL means all defaults. */
struct link_options {
	uint32_t frame_max;    /* default 1 MiB */
	uint32_t queue_max;    /* bytes waiting to be sent before the peer counts as stuck; 4 MiB */
	uint32_t handshake_ms; /* default 5000 */
	uint32_t idle_ms;      /* nothing received for so long = down; default 10000; 0 = never */
	uint32_t backoff_min_ms; /* dialler: default 100, doubled up to max, full jitter */
	uint32_t backoff_max_ms; /* dialler: default 2000 */
	struct job_pool *jobs;	 /* dialler: asks the resolver; NULL = addresses only */
	uint32_t links_max;	 /* listener: verified links at a time, default 1024 */
	uint32_t unverified_max; /* listener: connections in the handshake, default 512 */
	uint32_t per_source_max; /* listener: of these from one address, default 256 */
};
#define LINK_OPTIONS_DEFAULT                                                        \
	{                                                                           \
		.frame_max = 1u << 20, .queue_max = 4u << 20, .handshake_ms = 5000, \
		.idle_ms = 10000, .backoff_min_ms = 100, .backoff_max_ms = 2000,    \
		.links_max = 1024, .unverified_max = 512, .per_source_max = 256,    \
	}

/* who = "ADDRESS:PORT" or "ADDRESS:PORT (SPIFFE URI)". */
typedef void (*link_refused_fn)(void *ctx, const char *who, const struct err *why);

/* may() decides on a peer whose certificate is good and of our fleet: ERR_OK, or another code with
 * the reason, which the peer is told. NULL = whoever is of our fleet. refused() is of what never
 * came up(); the dialler gets it for each failed attempt; NULL is fine. The handler is copied. */
struct link_handler {
	enum err_code (*may)(void *ctx, const struct identity *peer, struct err *e);
	void (*up)(void *ctx, struct link *link, const struct identity *peer);
	void (*frame)(void *ctx, struct link *link, const uint8_t *bytes, size_t len);
	void (*down)(void *ctx, struct link *link, const char *reason); /* only after up() */
	link_refused_fn refused;
};

void link_free(struct link *link); /* flushes nothing; calls no callback */

/* Queues one frame. ERR_REFUSED when not up; ERR_LIMIT when the peer is stuck (the link then
 * goes down by itself, after the current callback); ERR_LIMIT too for a frame over frame_max. */
enum err_code link_send(struct link *link, const void *bytes, size_t len);

/* Closes from our side; the peer sees a plain end. down() is called later with our reason, then a
 * dialler dials again. Nothing when not up. */
void link_close(struct link *link, const char *reason);
/* Sends what is queued, closes, and waits until the peer has closed too, so that all has arrived;
 * at most `ms`. Then calls done(arg), then down() if it was up; a dialler does not dial again.
 * Frames that still arrive are thrown away. */
void link_drain(struct link *link, uint64_t ms, loop_fn done, void *arg);

bool link_is_up(const struct link *link);
const struct identity *link_peer(const struct link *link); /* from may() to down() */
const char *link_address(const struct link *link);	   /* "192.0.2.1:7353", for messages */
/* The ctx of all callbacks from now on: how an accepted link carries its owner. In up() it is still
 * the listener's. */
void link_set_ctx(struct link *link, void *ctx);

/* ---- for core/link_dial and core/link_listen ---- */

/* What stands behind the link, and gets it its sockets. */
struct link_owner {
	void (*over)(void *owner, bool was_up); /* a stream or an attempt ended; may be NULL */
	void (*stop)(void *owner);		/* no more attempts: freed or drained */
	void (*free)(void *owner);		/* the last call */
	enum err_code (*verified)(void *owner, struct err *e); /* a place for it? may be NULL */
};

enum err_code link_new(struct link **out, struct loop *loop, struct tls *tls,
		       const struct link_options *options, const struct link_handler *handler,
		       void *ctx, const struct link_owner *owner, void *owner_arg);
void link_options_fill(struct link_options *to, const struct link_options *from);
const struct link_options *link_options(const struct link *link);

/* Every entry from the loop into the owner's code stands between these two; the link may be gone
 * after link_leave(). */
void link_enter(struct link *link);
void link_leave(struct link *link);

void link_set_address(struct link *link, const char *address);
/* An attempt that has no stream yet has failed: refused(), then over(). */
void link_attempt_failed(struct link *link, const struct err *why);
/* From a connected socket on; takes fd and ssl (NULL: out of memory). */
void link_secure(struct link *link, int fd, SSL *ssl, bool accepting);
/* Ends a stream that is not up, with refused(). */
void link_refuse(struct link *link, const struct err *why);

uint64_t link_bytes_received(const struct link *link); /* before it is verified; 0 = silent */

#endif
