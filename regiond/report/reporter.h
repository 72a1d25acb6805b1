/* SPDX-License-Identifier: Apache-2.0 */
/* reporter: keeps every director told, over one link each.
 *
 *   link up        hello, full report
 *   each 60 s      full report
 *   each second    what changed
 *   at once        a health that changed; a withdrawal
 *   heartbeat      by the configuration, 500 ms
 *
 * The same tallies go to all links: before a link gets its full report, the others get what changed
 * until then, so that `last` is what each of them knows.
 *
 * Threads    the control thread
 * Ownership  the reporter owns its links and timers; the table is the caller's and must live until
 *            the next reporter_follow() or reporter_free()
 * Units      _ms milliseconds
 * Errors     a link that fails is dialled again by itself; what was not sent is in the next full
 *            report
 */
#ifndef FAIRLEAD_REGIOND_REPORTER_H
#define FAIRLEAD_REGIOND_REPORTER_H

#include "core/clock.h"
#include "core/job.h"
#include "core/loop.h"
#include "core/problem.h"
#include "core/tls.h"
#include "regiond/report/report.h"
#include "regiond/report/tally.h"

struct reporter;

struct reporter_options {
	struct loop *loop;
	const struct clock *clock;
	struct tls *tls; /* NULL only when there are no directors */
	uint64_t incarnation;
	/* Where probers check from, as all directors together say; again when it changes. */
	void (*checkers)(void *ctx, const struct addr *addrs, size_t n);
	void *ctx;
	struct job_pool *jobs; /* asks the resolver */
};

enum err_code reporter_new(struct reporter **out, const struct reporter_options *options,
			   struct err *e);
void reporter_free(struct reporter *r); /* says nothing more */

/* Room for a table of n services, so that reporter_follow() has it: a table that it could not
 * follow would be freed under it. */
enum err_code reporter_reserve(struct reporter *r, size_t n);

/* Reports on this table from now on, to the directors that its configuration names. The first call
 * dials them. On an error those that could be dialled are. */
enum err_code reporter_follow(struct reporter *r, const struct table *t, struct err *e);

/* Other certificates: all links are closed, and reporter_follow() dials them anew. */
void reporter_use_tls(struct reporter *r, struct tls *tls);

/* A backend's state has changed: says so at once where it changes a service's health. */
void reporter_changed(struct reporter *r);

/* No new clients, or (NULL) new clients again. */
void reporter_withdraw(struct reporter *r, const char *reason);

/* Notes of this node, instead of those before; told with the next changes. At most
 * WIRE_NOTES_MAX. */
void reporter_notes(struct reporter *r, const struct report_note *notes, size_t n);

/* Goodbye to all, then done(arg) when all have it, or after `ms`. */
void reporter_finish(struct reporter *r, const char *reason, uint64_t ms, loop_fn done, void *arg);

struct reporter_director {
	const char *address; /* "HOST:PORT" as configured */
	bool up;
	const char *peer;	/* its node name; "" when not up */
	const char *last_error; /* "" when none since it was up */
};
uint64_t reporter_ignored(const struct reporter *r); /* frames of a kind that is newer than we */
size_t reporter_directors(const struct reporter *r);
/* Services that only one side knows, as each director has said. */
void reporter_problems(const struct reporter *r, struct problems *out);
struct reporter_director reporter_director(const struct reporter *r, size_t i);

#endif
