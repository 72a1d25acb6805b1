/* SPDX-License-Identifier: Apache-2.0 */
/* director: one name server: its plan comes in, what was seen goes out.
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
 * Source     schema/wire/uplink.h
 */
#ifndef FAIRLEAD_PROBERS_PROBERD_DIRECTOR_H
#define FAIRLEAD_PROBERS_PROBERD_DIRECTOR_H

#include "probers/proberd/plan.h"
#include "schema/wire/uplink.h"

#include <stdbool.h>
#include <stdint.h>

struct director;

/* What all directors share. */
struct director_world {
	struct uplink_world link;
	struct schedule *schedule;
};

struct director_stats {
	struct uplink_stats link;
	const char *name; /* "ns1.example.net:7353" */
	bool is_up;
	bool has_plan; /* on this link */
	uint64_t plans;
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
