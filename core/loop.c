/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one event loop a thread (libevent), and a way for other threads to post work to it. */
#include "core/loop.h"

#include "core/log.h"
#include "core/metrics.h"

#include <event2/event.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct loop_signal {
	struct loop_signal *next;
	struct loop *loop;
	struct event *event;
	loop_fn fn;
	void *arg;
};

/* libevent's own locking stays off: the mailbox is all that other threads touch. */
struct loop {
	struct event_base *base;
	struct event *wake;
	struct loop_signal *signals;
	bool is_over; /* loop_run() is to return */

	const struct clock *clock;
	bool is_wound;
	struct loop_timer *wound; /* those set on a wound clock, the first due first */
	uint64_t set_count;

	uint64_t work_began_us; /* the first callback of this turn; 0 = none yet */
	uint64_t longest_us;
	struct metrics_histogram turns;

	struct mailbox box;
	atomic_bool stopping;
};

struct loop_timer {
	struct loop *loop;
	struct event *event; /* NULL on a wound clock */
	loop_fn fn;
	void *arg;
	bool repeats;

	struct loop_timer *next, **link; /* in loop->wound; link NULL = not set */
	uint64_t due_us, period_us, set_at;
};

struct loop_watch {
	struct loop *loop;
	struct event *event;
	loop_watch_fn fn;
	void *arg;
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	loop_note_work(loop);
	mailbox_read(&loop->box);
	if (atomic_exchange(&loop->stopping, false)) {
		loop->is_over = true;
		event_base_loopbreak(loop->base);
	}
}

/* The time is not cached within a turn: a timer set after a long computation is to count from
 * then, not from when the turn began. */
static struct event_base *make_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

/* libevent would write to standard error by itself, between lines of JSON. */
static void on_library_log(int severity, const char *message)
{
	if (severity >= EVENT_LOG_WARN)
		log_warn("core/loop", "libevent: %s", message);
}

static enum err_code make(struct loop **out, const struct clock *clock, struct err *e)
{
	enum err_code code = ERR_MEMORY;
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return err_set(e, ERR_MEMORY, "event loop: out of memory");
	loop->clock = clock;
	loop->is_wound = clock != clock_system();
	code = mailbox_init(&loop->box, e);
	if (code != ERR_OK) {
		err_wrap(e, code, "event loop");
		goto fail;
	}
	code = ERR_MEMORY;
	loop->base = make_base();
	if (loop->base)
		loop->wake =
			event_new(loop->base, loop->box.fd, EV_READ | EV_PERSIST, on_wake, loop);
	if (!loop->wake || event_add(loop->wake, NULL) != 0) {
		code = err_set(e, ERR_IO, "event loop: libevent cannot make one");
		goto fail;
	}
	/* A peer that closes while we write is an error of that write, not of the process. */
	signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(on_library_log);
	*out = loop;
	return ERR_OK;
fail:
	loop_free(loop);
	return code;
}

enum err_code loop_new(struct loop **out, struct err *e)
{
	return make(out, clock_system(), e);
}

enum err_code loop_new_wound(struct loop **out, const struct clock *hand, struct err *e)
{
	return make(out, hand, e);
}

static void free_signals(struct loop *loop)
{
	struct loop_signal *s, *next;

	for (s = loop->signals; s; s = next) {
		next = s->next;
		event_free(s->event);
		free(s);
	}
}

/* A bufferevent that was freed just now may still have a callback in libevent's queue, and is gone
 * only when that has had its turn. Nothing else is left to run by now. */
static void run_out(struct event_base *base)
{
	int turn;

	for (turn = 0; turn < 4; turn++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	free_signals(loop);
	if (loop->wake)
		event_free(loop->wake);
	if (loop->base) {
		run_out(loop->base);
		event_base_free(loop->base);
	}
	mailbox_fini(&loop->box);
	free(loop);
}

/* ---- turns */

static uint64_t own_time_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void loop_note_work(struct loop *loop)
{
	if (loop->work_began_us == 0)
		loop->work_began_us = clock_mono_us(clock_system());
}

static void count_turn(struct loop *loop, uint64_t own_us)
{
	uint64_t took_us = own_us;

	if (loop->work_began_us) {
		uint64_t wall_us = clock_mono_us(clock_system()) - loop->work_began_us;

		took_us = wall_us > own_us ? wall_us : own_us;
	}
	metrics_observe_us(&loop->turns, took_us);
	if (took_us > loop->longest_us)
		loop->longest_us = took_us;
}

static bool has_wound_due(const struct loop *loop)
{
	return loop->wound && loop->wound->due_us <= clock_mono_us(loop->clock);
}

static void fire_wound(struct loop *loop);

static void turn(struct loop *loop, int flags)
{
	uint64_t before_us = own_time_us();

	loop->work_began_us = 0;
	if (has_wound_due(loop))
		flags |= EVLOOP_NONBLOCK;
	event_base_loop(loop->base, flags | EVLOOP_ONCE);
	fire_wound(loop);
	count_turn(loop, own_time_us() - before_us);
}

void loop_run(struct loop *loop)
{
	while (!loop->is_over)
		turn(loop, EVLOOP_NO_EXIT_ON_EMPTY);
	loop->is_over = false;
}

/* A stop that comes in this one turn is none: there is no loop_run() to end. */
void loop_run_once(struct loop *loop)
{
	turn(loop, EVLOOP_NONBLOCK);
}

uint64_t loop_longest_turn_us(struct loop *loop)
{
	uint64_t longest_us = loop->longest_us;

	loop->longest_us = 0;
	return longest_us;
}

void loop_metrics(void *arg, struct buf *out)
{
	struct loop *loop = arg;

	metrics_family(out, "fairlead_control_turn_seconds", "histogram",
		       "How long the control thread was busy between two waits.");
	metrics_histogram_write(out, "fairlead_control_turn_seconds", &loop->turns, NULL);
}

const struct clock *loop_clock(const struct loop *loop)
{
	return loop->clock;
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	mailbox_wake(&loop->box);
}

enum err_code loop_post(struct loop *loop, loop_fn fn, void *arg)
{
	return mailbox_post(&loop->box, fn, arg);
}

void loop_post_mail(struct loop *loop, struct mail *mail)
{
	mailbox_post_mail(&loop->box, mail);
}

void loop_unpost_mail(struct loop *loop, struct mail *mail)
{
	mailbox_unpost(&loop->box, mail);
}

/* ---- timers */

static void unset_wound(struct loop_timer *t)
{
	if (!t->link)
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->link = NULL;
}

static void set_wound(struct loop_timer *t, uint64_t due_us)
{
	struct loop_timer **at = &t->loop->wound;

	unset_wound(t);
	t->due_us = due_us;
	t->set_at = ++t->loop->set_count;
	while (*at && (*at)->due_us <= due_us)
		at = &(*at)->next;
	t->next = *at;
	t->link = at;
	if (t->next)
		t->next->link = &t->next;
	*at = t;
}

/* What is set by what fires here waits for the next turn, as on a real clock. */
static void fire_wound(struct loop *loop)
{
	uint64_t now_us = clock_mono_us(loop->clock), last = loop->set_count;
	struct loop_timer *t = loop->wound;

	while (t && t->due_us <= now_us) {
		if (t->set_at > last) {
			t = t->next;
			continue;
		}
		if (t->repeats)
			set_wound(t, t->due_us + t->period_us);
		else
			unset_wound(t);
		loop_note_work(loop);
		t->fn(t->arg);
		t = loop->wound; /* anything may have been freed */
	}
}

/* One persistent event serves both kinds: libevent keeps a repeating one free of drift. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	loop_note_work(t->loop);
	if (!t->repeats)
		event_del(t->event);
	t->fn(t->arg);
}

enum err_code loop_timer_new(struct loop *loop, struct loop_timer **out, loop_fn fn, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return ERR_MEMORY;
	t->loop = loop;
	t->fn = fn;
	t->arg = arg;
	if (!loop->is_wound) {
		t->event = event_new(loop->base, -1, EV_PERSIST, on_timer, t);
		if (!t->event) {
			free(t);
			return ERR_MEMORY;
		}
	}
	*out = t;
	return ERR_OK;
}

static void timer_set(struct loop_timer *t, uint64_t ms, bool repeats)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
			      .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	t->repeats = repeats;
	if (!t->event) {
		t->period_us = ms * 1000;
		set_wound(t, clock_mono_us(t->loop->clock) + t->period_us);
		return;
	}
	event_del(t->event); /* else a running period would keep its old phase */
	event_add(t->event, &tv);
}

void loop_timer_after(struct loop_timer *t, uint64_t ms)
{
	timer_set(t, ms, false);
}

void loop_timer_every(struct loop_timer *t, uint64_t ms)
{
	timer_set(t, ms ? ms : 1, true);
}

void loop_timer_stop(struct loop_timer *t)
{
	unset_wound(t);
	if (t->event)
		event_del(t->event);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	unset_wound(t);
	if (t->event)
		event_free(t->event);
	free(t);
}

/* ---- file descriptors and signals */

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	loop_note_work(w->loop);
	w->fn(w->arg, fd, what);
}

enum err_code loop_watch_new(struct loop *loop, struct loop_watch **out, int fd, short what,
			     loop_watch_fn fn, void *arg)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_MEMORY;
	w->loop = loop;
	w->fn = fn;
	w->arg = arg;
	w->event = event_new(loop->base, fd, (short)(what | EV_PERSIST), on_watch, w);
	if (!w->event) {
		free(w);
		return ERR_MEMORY;
	}
	if (event_add(w->event, NULL) != 0) {
		loop_watch_free(w);
		return ERR_IO;
	}
	*out = w;
	return ERR_OK;
}

void loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	event_free(w->event);
	free(w);
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	loop_note_work(s->loop);
	s->fn(s->arg);
}

enum err_code loop_signal(struct loop *loop, int signo, loop_fn fn, void *arg)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_MEMORY;
	s->loop = loop;
	s->fn = fn;
	s->arg = arg;
	s->event = evsignal_new(loop->base, signo, on_signal, s);
	if (!s->event) {
		free(s);
		return ERR_MEMORY;
	}
	if (event_add(s->event, NULL) != 0) {
		event_free(s->event);
		free(s);
		return ERR_IO;
	}
	s->next = loop->signals;
	loop->signals = s;
	return ERR_OK;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}
