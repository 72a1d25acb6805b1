/* SPDX-License-Identifier: Apache-2.0 */
/* uplink: the link to one director, of whoever reports to it (regiond, proberd).
 *
 *   dial, again and again (core/link_dial.h); only a dnsd of our fleet is spoken to
 *   up ------------> Hello, then up(): the full state is due
 *   each heartbeat -> Heartbeat
 *   uplink_changed() -> changes(), once, at the end of the turn of the loop
 *   each 60 s -----> full(): a state that was told once is told again, whatever got lost
 *   a message ----> message(); Welcome, Heartbeat and Goodbye are the uplink's own
 *   uplink_leave() -> Goodbye, and the link is drained
 *   a Goodbye before the end: its reason is the trouble, until a director says Welcome
 *
 * What is told once in Hello is told again when it changes: the heartbeat's period stands in each
 * heartbeat, and uplink_retime() says the first of a new period at once.
 *
 * Threads    the loop's
 * Ownership  the world and the functions outlive their uplinks; ctx is the caller's
 * Units      _ms milliseconds, _e4 1e-4 degrees
 * Errors     trouble with a link is logged with the director's address, the same one once, and
 *            counted; the link is dialled again
 * Source     schema/wire/fleet.proto
 */
#ifndef FAIRLEAD_SCHEMA_UPLINK_H
#define FAIRLEAD_SCHEMA_UPLINK_H

#include "core/clock.h"
#include "core/identity.h"
#include "core/job.h"
#include "core/tls.h"
#include "schema/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define UPLINK_FULL_MS	   60000
#define UPLINK_ADDRESS_MAX 280
#define UPLINK_TROUBLE_MAX 256

struct uplink;

/* What all uplinks of a daemon share. */
struct uplink_world {
	struct loop *loop;
	struct tls *tls;
	struct job_pool *jobs; /* asks the resolver */
	const struct clock *clock;
	const char *room;     /* for the log: "regiond/report" */
	const char *software; /* "fairlead-regiond 0.1.0" */
	char fleet[IDENTITY_PART_MAX];
	uint64_t incarnation; /* ms since 1970 */
	uint32_t heartbeat_ms;
	int32_t lat_e4, lon_e4;
};

struct uplink_fns {
	void (*up)(void *ctx);
	void (*full)(void *ctx);
	void (*changes)(void *ctx);			   /* NULL: never asked for */
	void (*message)(void *ctx, const wire_message *m); /* NULL: a director says nothing more */
	void (*down)(void *ctx);			   /* NULL: nothing to do */
};

enum err_code uplink_new(struct uplink **out, const struct uplink_world *world, const char *host,
			 uint16_t port, const struct uplink_fns *fns, void *ctx, struct err *e);
void uplink_free(struct uplink *u); /* says nothing more */

/* What cannot be sent is no news: the link goes down by itself, and begins anew with up(). */
void uplink_send(struct uplink *u, const wire_message *m);
void uplink_send_packed(struct uplink *u, const struct buf *bytes); /* of wire_pack() */
void uplink_changed(struct uplink *u);

/* The world's heartbeat_ms is another one. */
void uplink_retime(struct uplink *u);
/* For a new certificate or place: closes, and dials again. */
void uplink_redial(struct uplink *u, const char *reason);
/* The director said what it may not say: counted, and closed. */
void uplink_refuse(struct uplink *u, const char *reason);
/* Goodbye, then done(arg) when it is out, at most after `ms`; at once when it is not up. Then it is
 * not dialled any more. */
void uplink_leave(struct uplink *u, const char *reason, uint64_t ms, loop_fn done, void *arg);

struct uplink_stats {
	uint64_t refused;		  /* attempts that did not become a link */
	uint64_t lost;			  /* links that went down */
	uint64_t stuck;			  /* sends that a director did not read */
	uint64_t bad_frames;		  /* links closed for what they said */
	uint64_t ignored;		  /* messages that only a newer director knows */
	char node[IDENTITY_PART_MAX];	  /* who it proved to be; "" = never up */
	char trouble[UPLINK_TROUBLE_MAX]; /* the last reason; "" while all is well */
};

bool uplink_is_up(const struct uplink *u);
bool uplink_is_at(const struct uplink *u, const char *host, uint16_t port);
const char *uplink_address(const struct uplink *u); /* "HOST:PORT" as configured */
const struct uplink_stats *uplink_stats(const struct uplink *u);

#endif
