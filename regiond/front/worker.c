/* SPDX-License-Identifier: Apache-2.0 */
/* worker: one thread that accepts and relays, with an epoll of its own. */
#include "regiond/front/worker.h"

#include "core/log.h"
#include "core/mailbox.h"
#include "core/reserve.h"
#include "regiond/l4/l4.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
/* Of one listener in one turn: connections that are there must not wait for a burst of new ones. */
#define ACCEPTS_MAX 64

/* By the protocol of a service. HTTP is carried as TCP until it has a session of its own. */
static const struct session_ops *const protocols[] = {
	[PROTOCOL_TCP] = &l4_session,
	[PROTOCOL_HTTP] = &l4_session,
};
#define N_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

struct listener {
	struct watch watch;
	struct worker *worker;
	uint32_t key;
	int fd;
	struct service *service;
	struct listener *next;
};

struct worker {
	/* the control thread's */
	pthread_t thread;

	/* the worker's own */
	struct reactor reactor;
	struct session_set set;
	const struct clock *clock;
	struct listener *listeners;
	uint64_t paused_until_us; /* 0 = accepting */
	struct watch mail_watch;
	bool has_mail; /* as this batch said */

	/* all */
	struct mailbox box; /* its lock is not taken on the way of any byte */
	_Atomic bool stopping;
	_Atomic uint64_t pauses;
};

/* ---- accepting */

static void watch_listener(struct worker *w, struct listener *l, int op, bool on)
{
	if (reactor_watch(&w->reactor, op, l->fd, on ? EPOLLIN : 0, &l->watch) != ERR_OK)
		log_error("regiond/front", "epoll_ctl of a listener: %s", strerror(errno));
}

static void pause_accepting(struct worker *w)
{
	w->set.dialler.short_of_fds = false;
	if (w->paused_until_us)
		return;
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	log_limited(&limit, LOG_WARN, "regiond/front",
		    "out of file descriptors: new connections wait (LimitNOFILE raises it)");
	w->paused_until_us = w->reactor.now_us + WORKER_PAUSE_MS * 1000;
	atomic_fetch_add_explicit(&w->pauses, 1, memory_order_relaxed);
	for (struct listener *l = w->listeners; l; l = l->next)
		watch_listener(w, l, EPOLL_CTL_MOD, false);
}

static void resume_accepting(struct worker *w)
{
	if (!w->paused_until_us || w->reactor.now_us < w->paused_until_us)
		return;
	if (!dialler_refill(&w->set.dialler)) {
		w->paused_until_us = w->reactor.now_us + WORKER_PAUSE_MS * 1000;
		return;
	}
	w->paused_until_us = 0;
	for (struct listener *l = w->listeners; l; l = l->next)
		watch_listener(w, l, EPOLL_CTL_MOD, true);
}

static bool is_shortage(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

/* Takes at most `most` of those that wait. What else accept(2) may say is the trouble of one
 * client, which has gone: accept(2) passes on the network errors of the new connection. */
static void accept_some(struct worker *w, struct listener *l, unsigned most)
{
	for (unsigned i = 0; i < most && !w->paused_until_us; i++) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		int fd = accept4(l->fd, (struct sockaddr *)&from, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			session_accept(&w->set, fd, (struct sockaddr *)&from, l->service);
			if (!w->set.dialler.short_of_fds && !reserve_is_reached(fd))
				continue;
			pause_accepting(w);
			return;
		}
		if (errno == EAGAIN)
			return;
		if (is_shortage(errno)) {
			pause_accepting(w);
			return;
		}
	}
}

static void on_client(struct watch *watch, uint32_t events)
{
	struct listener *l = REACTOR_OBJECT(watch, struct listener, watch);
	accept_some(l->worker, l, ACCEPTS_MAX);
}

/* ---- messages */

static void on_mail(struct watch *watch, uint32_t events)
{
	REACTOR_OBJECT(watch, struct worker, mail_watch)->has_mail = true;
}

enum err_code worker_post(struct worker *w, worker_fn fn, void *arg)
{
	return mailbox_post(&w->box, fn, arg);
}

/* ---- listeners */

static struct listener **find_listener(struct worker *w, uint32_t key)
{
	struct listener **at = &w->listeners;
	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

static void free_listener(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	service_unref(l->service);
	free(l);
}

static void listen_now(void *arg)
{
	struct listener *l = arg;
	struct worker *w = l->worker;
	l->next = w->listeners;
	w->listeners = l;
	watch_listener(w, l, EPOLL_CTL_ADD, !w->paused_until_us);
}

/* Carries the key and the service; it has no descriptor. */
static void rename_now(void *arg)
{
	struct listener *to = arg, *l = *find_listener(to->worker, to->key);
	if (l) {
		struct service *before = l->service;
		l->service = to->service;
		to->service = before;
	}
	free_listener(to);
}

static void unlisten_now(void *arg)
{
	struct listener *which = arg;
	struct worker *w = which->worker;
	struct listener **at = find_listener(w, which->key), *l = *at;
	free_listener(which);
	if (!l)
		return;
	accept_some(w, l, UINT32_MAX);
	*at = l->next;
	free_listener(l);
}

static enum err_code post_listener(struct worker *w, worker_fn fn, uint32_t key, int fd,
				   struct service *service)
{
	struct listener *l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_MEMORY;
	*l = (struct listener){ .watch.ready = on_client, .worker = w, .key = key, .fd = -1 };
	l->service = service ? service_ref(service) : NULL;
	l->fd = fd;
	enum err_code code = worker_post(w, fn, l);
	if (code != ERR_OK) {
		l->fd = -1; /* stays the caller's */
		free_listener(l);
	}
	return code;
}

enum err_code worker_listen(struct worker *w, uint32_t key, int fd, struct service *service)
{
	return post_listener(w, listen_now, key, fd, service);
}

enum err_code worker_rename(struct worker *w, uint32_t key, struct service *service)
{
	return post_listener(w, rename_now, key, -1, service);
}

enum err_code worker_unlisten(struct worker *w, uint32_t key)
{
	return post_listener(w, unlisten_now, key, -1, NULL);
}

/* ---- the loop */

static int wait_ms(const struct worker *w)
{
	int wait = reactor_wait_ms(&w->reactor);
	if (w->paused_until_us && (wait < 0 || wait > WORKER_PAUSE_MS))
		wait = WORKER_PAUSE_MS;
	return wait;
}

static void turn(struct worker *w)
{
	struct epoll_event events[EVENTS_MAX];
	int wait = wait_ms(w);
	rcu_offline();
	int n = epoll_wait(w->reactor.epoll_fd, events, EVENTS_MAX, wait);
	rcu_online();
	w->reactor.now_us = clock_mono_us(w->clock);
	w->has_mail = false;
	for (int i = 0; i < n; i++) {
		struct watch *watch = events[i].data.ptr;
		watch->ready(watch, events[i].events);
	}
	/* After the batch, so that no event of it can name a listener that a message has freed. */
	if (w->has_mail)
		mailbox_read(&w->box);
	resume_accepting(w);
	reactor_turn(&w->reactor);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	rcu_reader_start();
	while (!atomic_load(&w->stopping))
		turn(w);
	mailbox_read(&w->box); /* what came before the word to stop */
	while (w->listeners) {
		struct listener *l = w->listeners;
		w->listeners = l->next;
		free_listener(l);
	}
	session_set_fini(&w->set);
	rcu_reader_stop();
	return NULL;
}

static enum err_code init_mail(struct worker *w, struct err *e)
{
	enum err_code code = mailbox_init(&w->box, e);
	if (code != ERR_OK)
		return code;
	w->mail_watch.ready = on_mail;
	if (reactor_watch(&w->reactor, EPOLL_CTL_ADD, w->box.fd, EPOLLIN, &w->mail_watch) != ERR_OK)
		return err_errno(e, errno, "epoll_ctl");
	return ERR_OK;
}

static void free_worker(struct worker *w)
{
	reactor_fini(&w->reactor);
	mailbox_fini(&w->box);
	free(w);
}

/* Signals are the control loop's. */
static int start_thread(struct worker *w, unsigned index)
{
	sigset_t all, before;
	char name[16];
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0) {
		snprintf(name, sizeof(name), "worker-%u", index % 1000);
		pthread_setname_np(w->thread, name);
	}
	return rc;
}

enum err_code worker_start(struct worker **out, unsigned index, struct table_ref *ref,
			   const struct clock *clock, struct err *e)
{
	struct worker *w = aligned_alloc(64, (sizeof(*w) + 63) / 64 * 64);
	if (!w)
		return err_set(e, ERR_MEMORY, "out of memory");
	memset(w, 0, sizeof(*w));
	w->clock = clock;
	enum err_code code = reactor_init(&w->reactor, clock_mono_us(clock), e);
	if (code != ERR_OK) {
		free(w);
		return code;
	}
	code = init_mail(w, e);
	if (code != ERR_OK)
		goto fail;
	code = session_set_init(&w->set, &w->reactor, ref, protocols, N_PROTOCOLS);
	if (code != ERR_OK) {
		err_set(e, code, "out of memory");
		goto fail;
	}
	int rc = start_thread(w, index);
	if (rc == 0) {
		*out = w;
		return ERR_OK;
	}
	code = err_errno(e, rc, "a worker thread");
	session_set_fini(&w->set);
fail:
	free_worker(w);
	return code;
}

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	atomic_store(&w->stopping, true);
	mailbox_wake(&w->box);
	pthread_join(w->thread, NULL);
	free_worker(w);
}

uint32_t worker_open(const struct worker *w)
{
	return atomic_load_explicit(&w->set.open, memory_order_relaxed);
}

uint64_t worker_shortages(const struct worker *w, enum shortage s)
{
	return atomic_load_explicit(&w->set.dialler.shortages[s], memory_order_relaxed);
}

uint64_t worker_pauses(const struct worker *w)
{
	return atomic_load_explicit(&w->pauses, memory_order_relaxed);
}
