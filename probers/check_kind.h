/* SPDX-License-Identifier: Apache-2.0 */
/* check_kind: what a kind of check gives (its row of functions), and what it may call.
 *
 *   start() --> waiting --> check_pass(), check_fail() or check_not_made() --> stop() --> done()
 *                  \------> the deadline -----------------/
 *                   \-----> check_cancel(): stop(), no done()
 *
 * A kind may settle its check anywhere, in start() too: done() always comes from a turn of the
 * loop of its own, when no code of the kind is on the stack.
 *
 * Threads    the loop's
 * Ownership  the kind's struct begins with a struct check; check.c allocates it zeroed and frees
 *            it. stop() closes and frees what the kind has, and is called exactly once.
 */
#ifndef FAIRLEAD_PROBERS_CHECK_KIND_H
#define FAIRLEAD_PROBERS_CHECK_KIND_H

#include "core/buf.h"
#include "core/clock.h"
#include "core/loop.h"
#include "probers/check_result.h"
#include "probers/check_spec.h"

struct check;

struct check_kind {
	size_t size;
	enum err_code (*start)(struct check *check); /* ERR_MEMORY only, then stop() is called */
	void (*stop)(struct check *check);
	const char *(*waiting_for)(const struct check *check); /* at the deadline: "connection" */
	/* NULL, or settles at the deadline what is known enough; else it is a timeout. */
	void (*at_deadline)(struct check *check);

	/* What the kind makes of a monitor, checked and compiled once; all three NULL = nothing.
	 * compile() names the field and what was expected; describe() adds what makes two such
	 * equal. */
	enum err_code (*compile)(const struct config_monitor *m, void **own, struct err *e);
	void (*describe)(const void *own, struct buf *key);
	void (*forget)(void *own);
};

/* What all checks of a type share, made by the first one that needs it. */
struct check_shared {
	void *data;
	void (*free)(void *data);
};

struct checker {
	struct loop *loop;
	const struct clock *clock;
	struct check_shared shared[MONITOR_TYPES];
};

struct check {
	const struct check_kind *kind;
	struct checker *checker;
	struct check_spec *spec;
	struct endpoint to;
	check_done_fn done;
	void *arg;

	/* The deadline; once settled, the turn in which done() is called. */
	struct loop_timer *timer;
	uint64_t begun_us;
	bool settled;
	struct check_result result;
};

/* That of the check's type. */
struct check_shared *check_shared(const struct check *check);

/* The first word counts, later ones are ignored. */
void check_pass(struct check *check);
void check_fail(struct check *check, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Our own shortage kept it from being made: neither a pass nor a failure. */
void check_not_made(struct check *check, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A failure, or not made, by what an errno speaks of: "refused", "unreachable", or strerror(). */
void check_errno(struct check *check, const char *what, int errnum);

uint64_t check_elapsed_us(const struct check *check);
void check_connected(struct check *check); /* sets rtt_us from the time gone by */

/* A non-blocking close-on-exec socket that only hears from and sends to `to`; -1 and errno. */
int check_socket_connected(const struct endpoint *to, int type, int protocol);

#endif
