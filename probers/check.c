/* SPDX-License-Identifier: Apache-2.0 */
/* check: one health check of one address, without waiting. */
#include "probers/check.h"

#include "probers/check_kind.h"

#include <stdlib.h>

enum err_code checker_new(struct checker **out, struct loop *loop, const struct clock *clock,
			  struct err *e)
{
	struct checker *checker = calloc(1, sizeof(*checker));

	if (!checker)
		return err_set(e, ERR_MEMORY, "checker: out of memory");
	checker->loop = loop;
	checker->clock = clock ? clock : clock_system();
	*out = checker;
	return ERR_OK;
}

void checker_free(struct checker *checker)
{
	if (!checker)
		return;
	for (int i = 0; i < MONITOR_TYPES; i++)
		if (checker->shared[i].data)
			checker->shared[i].free(checker->shared[i].data);
	free(checker);
}

static void free_check(struct check *check)
{
	loop_timer_free(check->timer);
	check_spec_free(check->spec);
	free(check);
}

/* The check is gone before the caller hears of it: it may start the next one at once. */
static void deliver(struct check *check)
{
	struct check_result result = check->result;
	check_done_fn done = check->done;
	void *arg = check->arg;

	free_check(check);
	done(arg, &result);
}

/* When the deadline is judged this late, the loop has not turned meanwhile: answers may lie unread,
 * and requests have not been sent. That is our own stall, not the target's silence. */
#define STALL_US 250000

static void judge_deadline(struct check *check)
{
	uint64_t elapsed_us = check_elapsed_us(check), limit_us = check->spec->timeout_ms * 1000;

	if (elapsed_us > limit_us + STALL_US)
		check_not_made(check, "this process stood still for %llu ms",
			       (unsigned long long)(elapsed_us - limit_us) / 1000);
	else
		check_fail(check, "timeout: no %s within %llu ms", check->kind->waiting_for(check),
			   (unsigned long long)check->spec->timeout_ms);
}

static void on_timer(void *arg)
{
	struct check *check = arg;

	if (!check->settled && check->kind->at_deadline)
		check->kind->at_deadline(check);
	if (!check->settled)
		judge_deadline(check);
	deliver(check);
}

enum err_code check_start(struct checker *checker, struct check_spec *spec,
			  const struct endpoint *to, check_done_fn done, void *arg,
			  struct check **out)
{
	const struct check_kind *kind = spec->kind;
	struct check *check = calloc(1, kind->size);
	enum err_code code;

	if (!check)
		return ERR_MEMORY;
	check->kind = kind;
	check->checker = checker;
	check->spec = check_spec_hold(spec);
	check->to = *to;
	check->done = done;
	check->arg = arg;
	check->begun_us = clock_mono_us(checker->clock);
	code = loop_timer_new(checker->loop, &check->timer, on_timer, check);
	if (code == ERR_OK) {
		loop_timer_after(check->timer, spec->timeout_ms);
		code = kind->start(check);
		if (code != ERR_OK)
			kind->stop(check);
	}
	if (code != ERR_OK) {
		free_check(check);
		return code;
	}
	*out = check;
	return ERR_OK;
}

void check_cancel(struct check *check)
{
	if (!check)
		return;
	if (!check->settled)
		check->kind->stop(check);
	free_check(check);
}
