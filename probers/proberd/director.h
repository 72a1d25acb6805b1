/* SPDX-License-Identifier: Apache-2.0 */
/* director: the link to one name server: its plan comes in, what was seen goes out.
 *
 *   up -----> Hello, then a heartbeat each 500 ms
 *   Plan ---> replaces the one before; a full set of verdicts at once, and each 60 s
 *   verdict changes ---> said at once
 *   down ---> the plan is checked on, so that its history is there when the link is back. On a
 *             new link nothing is said before its plan came: a restarted director counts anew
 *
 * Who answers at a director's address must be a dnsd of our fleet; another is refused, logged by
 * name and counted.
 *
 * Threads    the loop's
 * Ownership  the world outlives its directors; the link and the plan are the director's
 * Errors     ERR_MEMORY. Trouble with a link is logged with the director's name and counted, and
 *            the link is dialled again
 * Source     schema/wire/fleet.proto, core/link.h
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_DIRECTOR_H
#define FAIRLEAD_PROBERS_PROBERD_DIRECTOR_H

#include "core/link.h"
#include "probers/proberd/plan.h"

#include <stdbool.h>
#include <stdint.h>

struct director;

/* What all directors share. */
struct director_world {
	struct loop *loop;
	struct tls *tls;
	struct job_pool *jobs; /* asks the resolver */
	struct schedule *schedule;
	const struct clock *clock;
	char fleet[IDENTITY_PART_MAX];
	uint64_t incarnation; /* ms since 1970 */
	int32_t lat_e4, lon_e4;
};

struct director_stats {
	const char *name;	      /* "ns1.example.net:7353" */
	char node[IDENTITY_PART_MAX]; /* who it proved to be; "" = never up */
	bool is_up;
	bool has_plan;	     /* on this link */
	uint64_t refused;    /* attempts that did not become a link */
	uint64_t lost;	     /* links that went down */
	uint64_t stuck;	     /* of these, because the director did not read */
	uint64_t bad_frames; /* links closed for what they said */
	uint64_t plans;
	char trouble[256]; /* the last reason; "" while all is well */
};

enum err_code director_new(struct director **out, const struct director_world *world,
			   const char *host, uint16_t port, struct err *e);
void director_free(struct director *d);

/* Says Goodbye and calls done(arg) when it is out, within the second: at once when not up. */
void director_leave(struct director *d, const char *reason, loop_fn done, void *arg);
/* Closes and dials again: for a new certificate or place. */
void director_redial(struct director *d, const char *reason);

bool director_is_at(const struct director *d, const char *host, uint16_t port);
const struct plan *director_plan(const struct director *d);
void director_stats(const struct director *d, struct director_stats *out);

#endif
