/* SPDX-License-Identifier: Apache-2.0 */
/* link: one kept-alive, mutually authenticated stream of frames between two daemons.
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
 *   dialler    backoff -> resolving -> connecting -> handshake -> greeting -> up -> backoff ...
 *   listener                                         handshake -> greeting -> up -> freed
 *
 *   from up, by link_drain():          draining -> lingering -> over
 *   from handshake, when we refuse:    refusing -> lingering -> backoff or freed
 *
 * Lingering reads and throws away until the peer has closed: a socket that is closed with unread
 * bytes is reset, and the reset would overtake our last words.
 *
 * Threads    everything, and every callback, on the loop's thread
 * Ownership  link_dial's link lives until link_free; an accepted link until its down() has
 *            returned. link_free() and link_listener_free() may be called from any callback
 * Units      _ms milliseconds, sizes in bytes
 * Errors     a peer that is refused is closed with a reason, which goes to down() or refused()
 * Source     docs/wire.md
 */
#ifndef FAIRLEAD_CORE_LINK_H
#define FAIRLEAD_CORE_LINK_H

#include "core/addr.h"
#include "core/identity.h"
#include "core/loop.h"
#include "core/tls.h"

#include <stdbool.h>
#include <stdint.h>

struct link;
struct link_listener;

/* 0 means the default, but for idle_ms; options == NULL means all defaults. */
struct link_options {
	uint32_t frame_max;    /* default 1 MiB */
	uint32_t queue_max;    /* bytes waiting to be sent before the peer counts as stuck; 4 MiB */
	uint32_t handshake_ms; /* default 5000 */
	uint32_t idle_ms;      /* nothing received for so long = down; default 10000; 0 = never */
	uint32_t backoff_min_ms; /* dialler: default 100, doubled up to max, full jitter */
	uint32_t backoff_max_ms; /* default 2000 */
	uint32_t links_max;	 /* listener: accepted links at a time, default 1024 */
};
#define LINK_OPTIONS_DEFAULT                                     \
	{                                                        \
		1u << 20, 4u << 20, 5000, 10000, 100, 2000, 1024 \
	}

/* may() decides on a peer whose certificate is good and of our fleet: ERR_OK, or another code with
 * the reason, which the peer is told. NULL = whoever is of our fleet. The handler is copied. */
struct link_handler {
	enum err_code (*may)(void *ctx, const struct identity *peer, struct err *e);
	void (*up)(void *ctx, struct link *link, const struct identity *peer);
	void (*frame)(void *ctx, struct link *link, const uint8_t *bytes, size_t len);
	void (*down)(void *ctx, struct link *link, const char *reason); /* only after up() */
	void (*refused)(void *ctx, const char *who,
			const char *reason); /* before up(); may be NULL.
		     who = "ADDRESS:PORT" or "ADDRESS:PORT (SPIFFE URI)";
		     the dialler gets it for each failed attempt */
};

/* Dials host:port (a name is resolved anew each time) until link_free(). */
enum err_code link_dial(struct link **out, struct loop *loop, struct tls *tls, const char *host,
			uint16_t port, const struct link_options *options,
			const struct link_handler *handler, void *ctx, struct err *e);
void link_free(struct link *link); /* flushes nothing; calls no callback */

enum err_code link_listen(struct link_listener **out, struct loop *loop, struct tls *tls,
			  const struct endpoint *at, const struct link_options *options,
			  const struct link_handler *handler, void *ctx, struct err *e);
void link_listener_free(struct link_listener *l);	    /* closes its links without callbacks */
uint16_t link_listener_port(const struct link_listener *l); /* which one, when port 0 was asked */

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
void link_set_ctx(struct link *link, void *ctx); /* a context of its own for an accepted link */

#endif
