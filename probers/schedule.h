/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: which address is checked when, and what the results in a row amount to.
 *
 * Who wants to know about an address watches it. Watches of the same endpoint by an equal spec
 * share one target, which is checked once for all of them:
 *
 *      watch --\
 *      watch ---+--> target (endpoint, spec) --due--> check --result--> verdict_count --> watches
 *      watch --/        at most one check at a time
 *
 * Replacing a plan is: watch all that the new one names, then unwatch all of the old one. What
 * stays the same never loses its last watch, and so keeps its history, its phase and its running
 * check.
 *
 * When a target is checked:
 *   1. first: within its interval and within 1 s, by its hash, so that a start does not burst;
 *   2. then at a phase of its interval that its hash gives: targets are spread evenly, the phase
 *      does not drift, and a restart keeps it;
 *   3. after a failure while the verdict is still `pass`: min(interval, timeout) after the start
 *      of the check that failed. So a dead address is known after interval + fall * timeout at
 *      the latest: 500 ms, 300 ms and fall 2 make 1.1 s;
 *   4. never more than per_second checks are started in a second, over all targets (2 % more
 *      after a pause). When the plan needs more, all intervals are stretched by the same factor
 *      and that is logged once.
 *
 * Threads    all on one thread, the loop's; the callbacks too
 * Ownership  a watch lives until schedule_unwatch(); unwatch all, then schedule_free(). A watch
 *            may be made and given back inside any callback.
 * Units      _us monotonic microseconds, _ms milliseconds
 * Errors     ERR_MEMORY; nothing is left behind
 */
#ifndef FAIRLEAD_PROBERS_SCHEDULE_H
#define FAIRLEAD_PROBERS_SCHEDULE_H

#include "core/addr.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "probers/check.h"

#include <stdbool.h>
#include <stdint.h>

struct schedule;
struct schedule_watch;

/* Who runs the checks: a struct checker, or a test. Same rules as check_start() and check_cancel().
 */
struct schedule_runner {
	enum err_code (*start)(void *ctx, struct check_spec *spec, const struct endpoint *to,
			       check_done_fn done, void *arg, struct check **out);
	void (*cancel)(void *ctx, struct check *check);
	void *ctx;
};
struct schedule_runner schedule_runner(struct checker *checker);

struct schedule_options {
	struct loop *loop;	   /* NULL: the caller calls schedule_turn() when it is time */
	const struct clock *clock; /* NULL: the system's */
	struct schedule_runner runner;
	uint32_t per_second;		   /* 0 = not limited */
	struct metrics_histogram *seconds; /* gets how long each check took; NULL = nobody asks */
};

enum err_code schedule_new(struct schedule **out, const struct schedule_options *options);
void schedule_free(struct schedule *s);

/* What is known of a target. */
struct schedule_state {
	bool known, pass;	       /* after rise and fall */
	uint32_t streak;	       /* equal results in a row */
	uint32_t fall;		       /* of its monitor */
	uint32_t rtt_us;	       /* of the last check that passed; 0 = none did */
	uint64_t begun_us;	       /* when the check of the last result began */
	uint64_t at_us;		       /* of the last result; 0 = none yet */
	char reason[CHECK_REASON_MAX]; /* of the last failure; "" = none yet */
};

/* On each result, after it was counted; changed: known or pass are not what they were. A check that
 * was not made is no result. */
typedef void (*schedule_fn)(void *arg, const struct schedule_state *state,
			    const struct check_result *result, bool changed);

/* A watch that joins a target gets no call for results that are past: look at schedule_state(). */
enum err_code schedule_watch(struct schedule *s, struct check_spec *spec, const struct endpoint *to,
			     schedule_fn fn, void *arg, struct schedule_watch **out);
void schedule_unwatch(struct schedule_watch *w); /* NULL is fine; the last one cancels the check */
const struct schedule_state *schedule_state(const struct schedule_watch *w);

/* `to` is asked in place of `from`: the same address by a monitor that was edited. Where nothing is
 * known of it yet, it begins with what is known of `from`: who passed needs `fall` failures, who
 * failed `rise` successes. A target that has results of its own keeps them. */
void schedule_inherit(struct schedule_watch *to, const struct schedule_watch *from);
/* When its next check is due; 0 while one runs. */
uint64_t schedule_next_us(const struct schedule_watch *w);
/* Brings the next check forward to that time; two that are brought to the same time begin one after
 * the other, past the limit of checks per second (those that follow wait the longer). Nothing while
 * a check runs. */
void schedule_hurry(struct schedule_watch *w, uint64_t at_us);

void schedule_limit(struct schedule *s, uint32_t per_second);

struct schedule_stats {
	size_t targets, running;
	uint64_t passed, failed; /* checks, since schedule_new() */
	/* Not made for a shortage of our own: counted as no result. How many targets' newest check
	 * was such, and why the last one was; the text lives until the next turn. */
	uint64_t not_made;
	size_t targets_not_made;
	const char *not_made_reason;
	uint32_t need_per_second, per_second;
	uint32_t stretch_ppm; /* 1000000 = intervals as asked for */
};
void schedule_stats(const struct schedule *s, struct schedule_stats *out);

/* Starts what is due. Returns when to come again (may be in the past), UINT64_MAX = no targets are
 * waiting. Only for callers without a loop. */
uint64_t schedule_turn(struct schedule *s);

#endif
