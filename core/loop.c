/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one event loop a thread (libevent), and a way for other threads to post work to it. */
#include "core/loop.h"

#include "core/log.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop_signal {
	struct loop_signal *next;
	struct event *event;
	loop_fn fn;
	void *arg;
};

/* libevent's own locking stays off: the queue under `lock` and the eventfd are all that other
 * threads touch. */
struct loop {
	struct event_base *base;
	struct event *wake;
	struct loop_signal *signals;

	int wake_fd;
	atomic_bool stopping;
	pthread_mutex_t lock;
	struct loop_task *first, **last;   /* posted: under lock */
	struct loop_task *due, **last_due; /* taken to be run: the loop's thread's */
};

struct loop_timer {
	struct event *event;
	loop_fn fn;
	void *arg;
	bool repeats;
};

struct loop_watch {
	struct event *event;
	loop_watch_fn fn;
	void *arg;
};

static void wake_up(struct loop *loop)
{
	uint64_t one = 1;

	/* EAGAIN means that the counter is full: the loop is awake already. */
	while (write(loop->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* What was posted joins what is due, and is posted no more. */
static void take_tasks(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	*loop->last_due = loop->first;
	if (loop->first)
		loop->last_due = loop->last;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);
}

static struct loop_task *next_due(struct loop *loop)
{
	struct loop_task *task = loop->due;

	if (!task)
		return NULL;
	loop->due = task->next;
	if (!loop->due)
		loop->last_due = &loop->due;
	return task;
}

/* When fn is called the memory of a task is its poster's again. */
static void run_task(struct loop_task *task)
{
	loop_fn fn = task->fn;
	void *arg = task->arg;

	if (task->is_allocated)
		free(task);
	fn(arg);
}

/* Work that is posted by the work that runs here waits for the next turn, so that sockets and
 * timers get theirs. */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;
	struct loop_task *task;
	uint64_t count;

	while (read(loop->wake_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	take_tasks(loop);
	while ((task = next_due(loop)))
		run_task(task);
	if (atomic_exchange(&loop->stopping, false))
		event_base_loopbreak(loop->base);
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

enum err_code loop_new(struct loop **out, struct err *e)
{
	enum err_code code = ERR_MEMORY;
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return err_set(e, ERR_MEMORY, "event loop: out of memory");
	pthread_mutex_init(&loop->lock, NULL);
	loop->last = &loop->first;
	loop->last_due = &loop->due;
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->wake_fd < 0) {
		code = err_errno(e, errno, "event loop: eventfd");
		goto fail;
	}
	loop->base = make_base();
	if (loop->base)
		loop->wake =
			event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
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
	struct loop_task *task;

	if (!loop)
		return;
	take_tasks(loop);
	while ((task = next_due(loop)))
		if (task->is_allocated)
			free(task);
	free_signals(loop);
	if (loop->wake)
		event_free(loop->wake);
	if (loop->base) {
		run_out(loop->base);
		event_base_free(loop->base);
	}
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void loop_run(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_run_once(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	wake_up(loop);
}

static void add_task(struct loop *loop, struct loop_task *task)
{
	bool was_empty;

	task->next = NULL;
	pthread_mutex_lock(&loop->lock);
	was_empty = !loop->first;
	*loop->last = task;
	loop->last = &task->next;
	pthread_mutex_unlock(&loop->lock);
	if (was_empty)
		wake_up(loop);
}

enum err_code loop_post(struct loop *loop, loop_fn fn, void *arg)
{
	struct loop_task *task = malloc(sizeof(*task));

	if (!task)
		return ERR_MEMORY;
	*task = (struct loop_task){ .fn = fn, .arg = arg, .is_allocated = true };
	add_task(loop, task);
	return ERR_OK;
}

void loop_post_task(struct loop *loop, struct loop_task *task)
{
	task->is_allocated = false;
	add_task(loop, task);
}

static bool unlink_task(struct loop_task **list, struct loop_task ***last, struct loop_task *task)
{
	for (struct loop_task **at = list; *at; at = &(*at)->next) {
		if (*at != task)
			continue;
		*at = task->next;
		if (!*at)
			*last = at;
		return true;
	}
	return false;
}

void loop_unpost_task(struct loop *loop, struct loop_task *task)
{
	if (unlink_task(&loop->due, &loop->last_due, task))
		return;
	pthread_mutex_lock(&loop->lock);
	unlink_task(&loop->first, &loop->last, task);
	pthread_mutex_unlock(&loop->lock);
}

/* ---- timers */

/* One persistent event serves both kinds: libevent keeps a repeating one free of drift. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	if (!t->repeats)
		event_del(t->event);
	t->fn(t->arg);
}

enum err_code loop_timer_new(struct loop *loop, struct loop_timer **out, loop_fn fn, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return ERR_MEMORY;
	t->fn = fn;
	t->arg = arg;
	t->event = event_new(loop->base, -1, EV_PERSIST, on_timer, t);
	if (!t->event) {
		free(t);
		return ERR_MEMORY;
	}
	*out = t;
	return ERR_OK;
}

static void timer_set(struct loop_timer *t, uint64_t ms, bool repeats)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
			      .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	event_del(t->event); /* else a running period would keep its old phase */
	t->repeats = repeats;
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
	event_del(t->event);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->event);
	free(t);
}

/* ---- file descriptors and signals */

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	w->fn(w->arg, fd, what);
}

enum err_code loop_watch_new(struct loop *loop, struct loop_watch **out, int fd, short what,
			     loop_watch_fn fn, void *arg)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_MEMORY;
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

	s->fn(s->arg);
}

enum err_code loop_signal(struct loop *loop, int signo, loop_fn fn, void *arg)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_MEMORY;
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
