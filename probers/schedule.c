/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: which address is checked when, and what the results in a row amount to. */
#include "probers/schedule.h"

#include "core/log.h"
#include "probers/due.h"
#include "steer/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US	1000000u
#define PPM		1000000u
#define FIRST_WITHIN_US SECOND_US
/* How far the limit may fall behind and catch up: a turn that comes late must not lose checks. */
#define CATCH_UP_US (SECOND_US / 50)
#define SLOTS_FIRST 64

struct target {
	struct due_item due; /* first: a due_item is its target */
	struct schedule *schedule;
	struct target *next; /* in its slot */
	uint64_t hash;
	struct endpoint to;
	struct check_spec *spec;

	struct check *running;
	uint64_t begun_us; /* of the newest check */
	bool is_hurried;   /* the next one does not wait for the limit */
	bool not_made;	   /* that one, for a shortage of our own */
	struct verdict_count count;
	struct schedule_state state;

	struct schedule_watch *watches;
	struct schedule_watch *calling_next; /* whom a running round of calls comes to next */
	bool is_calling;
};

struct schedule_watch {
	struct target *target;
	struct schedule_watch *next, **link;
	schedule_fn fn;
	void *arg;
};

struct schedule {
	struct loop_timer *timer; /* NULL: schedule_turn() is the caller's */
	const struct clock *clock;
	struct schedule_runner runner;
	struct metrics_histogram *seconds;

	struct target **slots; /* hash table, a power of two */
	size_t n_slots, n_targets;
	struct due due;

	uint32_t per_second;
	uint64_t gate_us;	/* no check may start before */
	uint64_t need_per_hour; /* checks that the intervals ask for */
	bool has_warned;

	size_t running, targets_not_made;
	uint64_t passed, failed, not_made;
	char not_made_reason[CHECK_REASON_MAX]; /* of the newest one that was not made */
};

/* ---- who runs the checks */

static enum err_code start_real(void *ctx, struct check_spec *spec, const struct endpoint *to,
				check_done_fn done, void *arg, struct check **out)
{
	return check_start(ctx, spec, to, done, arg, out);
}

static void cancel_real(void *ctx, struct check *check)
{
	check_cancel(check);
}

struct schedule_runner schedule_runner(struct checker *checker)
{
	return (struct schedule_runner){ start_real, cancel_real, checker };
}

/* ---- when */

static uint64_t now_us(const struct schedule *s)
{
	return clock_mono_us(s->clock);
}

static uint64_t per_hour(const struct check_spec *spec)
{
	return 3600u * 1000u / spec->interval_ms;
}

/* By how much all intervals are longer than asked for. */
static uint64_t stretch_ppm(const struct schedule *s)
{
	uint64_t limit = (uint64_t)s->per_second * 3600;

	if (limit == 0 || s->need_per_hour <= limit)
		return PPM;
	return s->need_per_hour * PPM / limit;
}

static uint64_t interval_us(const struct target *t)
{
	return t->spec->interval_ms * stretch_ppm(t->schedule) / 1000; /* ms * ppm / 1000 = us */
}

static uint64_t next_in_phase(const struct target *t, uint64_t after_us)
{
	uint64_t interval = interval_us(t);
	uint64_t at_us = after_us - after_us % interval + t->hash % interval;

	return at_us > after_us ? at_us : at_us + interval;
}

/* Soon again when the verdict hangs in the balance. */
static uint64_t next_after_result(const struct target *t, uint64_t now)
{
	uint64_t soon_ms = t->spec->interval_ms, at_us;

	if (!t->count.known || !t->count.pass || t->count.last)
		return next_in_phase(t, now);
	if (t->spec->timeout_ms < soon_ms)
		soon_ms = t->spec->timeout_ms;
	at_us = t->begun_us + soon_ms * 1000;
	return at_us > now ? at_us : now;
}

static void arm(struct schedule *s)
{
	const struct due_item *first = due_first(&s->due);
	uint64_t at_us, now;

	if (!s->timer)
		return;
	if (!first) {
		loop_timer_stop(s->timer);
		return;
	}
	at_us = first->at_us;
	if (s->per_second && at_us < s->gate_us && !((const struct target *)first)->is_hurried)
		at_us = s->gate_us;
	now = now_us(s);
	loop_timer_after(s->timer, at_us > now ? (at_us - now + 999) / 1000 : 0);
}

/* ---- targets */

static uint64_t hash_of(const struct check_spec *spec, const struct endpoint *to)
{
	uint64_t h = spec->hash ^ to->port;
	size_t i;

	for (i = 0; i < sizeof(to->addr.bytes); i++)
		h = (h ^ to->addr.bytes[i]) * 0x100000001b3; /* FNV-1a's step */
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

static struct target **slot_of(struct schedule *s, uint64_t hash)
{
	return &s->slots[hash & (s->n_slots - 1)];
}

static enum err_code grow_slots(struct schedule *s)
{
	size_t old_n = s->n_slots, i;
	struct target **old = s->slots, *t, *next;

	if (s->n_targets < s->n_slots)
		return ERR_OK;
	s->slots = calloc(old_n ? old_n * 2 : SLOTS_FIRST, sizeof(*s->slots));
	if (!s->slots) {
		s->slots = old;
		return ERR_MEMORY;
	}
	s->n_slots = old_n ? old_n * 2 : SLOTS_FIRST;
	for (i = 0; i < old_n; i++) {
		for (t = old[i]; t; t = next) {
			next = t->next;
			t->next = *slot_of(s, t->hash);
			*slot_of(s, t->hash) = t;
		}
	}
	free(old);
	return ERR_OK;
}

static struct target *find_target(struct schedule *s, const struct check_spec *spec,
				  const struct endpoint *to, uint64_t hash)
{
	struct target *t = s->n_slots ? *slot_of(s, hash) : NULL;

	while (t && !(t->hash == hash && t->to.port == to->port &&
		      addr_is_equal(&t->to.addr, &to->addr) && check_spec_is_equal(t->spec, spec)))
		t = t->next;
	return t;
}

static struct target *make_target(struct schedule *s, struct check_spec *spec,
				  const struct endpoint *to, uint64_t hash)
{
	uint64_t spread_us = spec->interval_ms * 1000;
	struct target *t;

	if (grow_slots(s) != ERR_OK || due_reserve(&s->due, s->n_targets + 1) != ERR_OK)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->schedule = s;
	t->hash = hash;
	t->to = *to;
	t->spec = check_spec_hold(spec);
	verdict_count_init(&t->count, spec->rise, spec->fall);
	t->state.fall = t->count.fall;
	t->next = *slot_of(s, hash);
	*slot_of(s, hash) = t;
	s->n_targets++;
	s->need_per_hour += per_hour(spec);
	if (spread_us > FIRST_WITHIN_US)
		spread_us = FIRST_WITHIN_US;
	due_add(&s->due, &t->due, now_us(s) + hash % spread_us);
	return t;
}

static void free_target(struct target *t)
{
	struct schedule *s = t->schedule;
	struct target **link = slot_of(s, t->hash);

	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	s->n_targets--;
	s->targets_not_made -= t->not_made;
	s->need_per_hour -= per_hour(t->spec);
	due_remove(&s->due, &t->due);
	if (t->running) {
		s->runner.cancel(s->runner.ctx, t->running);
		s->running--;
	}
	check_spec_free(t->spec);
	free(t);
}

/* ---- results */

/* A watch may be given back, or made, by whom we call. */
static void call_watches(struct target *t, const struct check_result *result, bool changed)
{
	struct schedule_watch *w;

	t->is_calling = true;
	for (w = t->watches; w; w = t->calling_next) {
		t->calling_next = w->next;
		w->fn(w->arg, &t->state, result, changed);
	}
	t->is_calling = false;
	if (!t->watches)
		free_target(t);
}

static void set_not_made(struct target *t, bool not_made)
{
	if (t->not_made == not_made)
		return;
	t->not_made = not_made;
	t->schedule->targets_not_made += not_made ? 1 : -(size_t)1;
}

/* No result: what is known of the target stays as it is, and grows older. */
static void note_not_made(struct target *t, const char *reason)
{
	struct schedule *s = t->schedule;

	s->not_made++;
	snprintf(s->not_made_reason, sizeof(s->not_made_reason), "%s", reason);
	set_not_made(t, true);
	due_add(&s->due, &t->due, next_after_result(t, now_us(s)));
}

static void on_result(void *arg, const struct check_result *result)
{
	struct target *t = arg;
	struct schedule *s = t->schedule;
	bool changed;

	t->running = NULL;
	s->running--;
	if (result->not_made) {
		note_not_made(t, result->reason);
		arm(s);
		return;
	}
	set_not_made(t, false);
	changed = verdict_count_add(&t->count, result->pass);
	if (s->seconds)
		metrics_observe_us(s->seconds, result->total_us);
	if (result->pass) {
		s->passed++;
		t->state.rtt_us = result->rtt_us;
	} else {
		s->failed++;
		memcpy(t->state.reason, result->reason, sizeof(t->state.reason));
	}
	t->state.known = t->count.known;
	t->state.pass = t->count.pass;
	t->state.streak = t->count.streak;
	t->state.begun_us = t->begun_us;
	t->state.at_us = now_us(s);
	due_add(&s->due, &t->due, next_after_result(t, t->state.at_us));
	arm(s);
	call_watches(t, result, changed);
}

/* ---- turns */

static void begin_check(struct target *t, uint64_t now)
{
	struct schedule *s = t->schedule;
	uint64_t earliest = now > CATCH_UP_US ? now - CATCH_UP_US : 0;

	if (s->per_second)
		s->gate_us = (s->gate_us > earliest ? s->gate_us : earliest) +
			     SECOND_US / s->per_second;
	t->begun_us = now;
	t->is_hurried = false;
	if (s->runner.start(s->runner.ctx, t->spec, &t->to, on_result, t, &t->running) == ERR_OK) {
		s->running++;
		return;
	}
	t->running = NULL;
	note_not_made(t, "out of memory");
}

static void warn_of_stretch(struct schedule *s)
{
	uint64_t stretch = stretch_ppm(s);

	if (stretch > PPM && !s->has_warned)
		log_warn(
			"probers/schedule",
			"%zu targets need %llu checks per second and the limit is %u: all intervals"
			" are stretched by %llu.%02llu",
			s->n_targets, (unsigned long long)(s->need_per_hour / 3600), s->per_second,
			(unsigned long long)(stretch / PPM),
			(unsigned long long)(stretch % PPM / 10000));
	s->has_warned = stretch > PPM;
}

uint64_t schedule_turn(struct schedule *s)
{
	struct due_item *item;
	uint64_t now;

	warn_of_stretch(s);
	while ((item = due_first(&s->due))) {
		now = now_us(s);
		if (item->at_us > now)
			return item->at_us;
		if (s->per_second && s->gate_us > now && !((struct target *)item)->is_hurried)
			return s->gate_us;
		due_remove(&s->due, item);
		begin_check((struct target *)item, now);
	}
	return UINT64_MAX;
}

static void on_timer(void *arg)
{
	schedule_turn(arg);
	arm(arg);
}

/* ---- for callers */

enum err_code schedule_new(struct schedule **out, const struct schedule_options *options)
{
	struct schedule *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_MEMORY;
	s->clock = options->clock ? options->clock : clock_system();
	s->runner = options->runner;
	s->seconds = options->seconds;
	s->per_second = options->per_second;
	if (options->loop && loop_timer_new(options->loop, &s->timer, on_timer, s) != ERR_OK) {
		free(s);
		return ERR_MEMORY;
	}
	*out = s;
	return ERR_OK;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	loop_timer_free(s->timer);
	due_fini(&s->due);
	free(s->slots);
	free(s);
}

enum err_code schedule_watch(struct schedule *s, struct check_spec *spec, const struct endpoint *to,
			     schedule_fn fn, void *arg, struct schedule_watch **out)
{
	uint64_t hash = hash_of(spec, to);
	struct schedule_watch *w = calloc(1, sizeof(*w));
	struct target *t = find_target(s, spec, to, hash);

	if (w && !t)
		t = make_target(s, spec, to, hash);
	if (!w || !t) {
		free(w);
		return ERR_MEMORY;
	}
	*w = (struct schedule_watch){
		.target = t, .next = t->watches, .link = &t->watches, .fn = fn, .arg = arg
	};
	if (w->next)
		w->next->link = &w->next;
	t->watches = w;
	arm(s);
	*out = w;
	return ERR_OK;
}

void schedule_unwatch(struct schedule_watch *w)
{
	struct target *t;

	if (!w)
		return;
	t = w->target;
	if (t->calling_next == w)
		t->calling_next = w->next;
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	free(w);
	if (!t->watches && !t->is_calling)
		free_target(t);
}

const struct schedule_state *schedule_state(const struct schedule_watch *w)
{
	return &w->target->state;
}

void schedule_inherit(struct schedule_watch *to, const struct schedule_watch *from)
{
	struct target *t = to->target;
	const struct target *before = from->target;

	if (t->count.known || !before->count.known)
		return;
	verdict_count_carry(&t->count, true, before->count.pass);
	t->state = before->state;
	t->state.streak = 0;
	t->state.fall = t->count.fall;
}

uint64_t schedule_next_us(const struct schedule_watch *w)
{
	return w->target->running ? 0 : w->target->due.at_us;
}

void schedule_hurry(struct schedule_watch *w, uint64_t at_us)
{
	struct target *t = w->target;

	if (t->running || !t->due.place)
		return;
	t->is_hurried = true;
	if (t->due.at_us <= at_us)
		return;
	due_remove(&t->schedule->due, &t->due);
	due_add(&t->schedule->due, &t->due, at_us);
	arm(t->schedule);
}

void schedule_limit(struct schedule *s, uint32_t per_second)
{
	s->per_second = per_second;
	arm(s);
}

void schedule_stats(const struct schedule *s, struct schedule_stats *out)
{
	*out = (struct schedule_stats){
		.targets = s->n_targets,
		.running = s->running,
		.passed = s->passed,
		.failed = s->failed,
		.not_made = s->not_made,
		.targets_not_made = s->targets_not_made,
		.not_made_reason = s->not_made_reason,
		.need_per_second = (uint32_t)((s->need_per_hour + 3599) / 3600),
		.per_second = s->per_second,
		.stretch_ppm = (uint32_t)stretch_ppm(s),
	};
}
