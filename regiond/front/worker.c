/* SPDX-License-Identifier: Apache-2.0 */
/* worker: one thread that accepts and relays, with an epoll of its own. */
#include "regiond/front/worker.h"

#include "core/log.h"
#include "regiond/front/conn.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 256
/* Of one listener in one turn: connections that are there must not wait for a burst of new ones. */
#define ACCEPTS_MAX 64

enum end_kind { END_CONN = CONN_END_KIND, END_LISTENER, END_MAIL };

struct listener {
	uint32_t kind; /* first, as in struct conn_end */
	uint32_t key;
	int fd;
	struct service *service;
	struct listener *next;
};

enum mail_kind { MAIL_LISTEN, MAIL_RENAME, MAIL_UNLISTEN };

struct mail {
	enum mail_kind kind;
	uint32_t key;
	int fd;
	struct service *service; /* a reference */
	struct mail *next;
};

struct worker {
	/* the control thread's */
	pthread_t thread;

	/* the worker's own */
	struct conn_set set;
	const struct clock *clock;
	struct listener *listeners;
	uint64_t paused_until_us; /* 0 = accepting */

	/* both */
	int epoll_fd, event_fd;
	uint32_t mail_kind;   /* END_MAIL: what the eventfd's events point to */
	pthread_mutex_t lock; /* of mail; not taken on the way of any byte */
	struct mail *mail, **mail_tail;
	_Atomic bool stopping;
	_Atomic uint64_t pauses;
};

/* ---- accepting */

static void watch_listener(struct worker *w, struct listener *l, int op, bool on)
{
	struct epoll_event ev = { .events = on ? EPOLLIN : 0, .data.ptr = l };
	if (epoll_ctl(w->epoll_fd, op, l->fd, &ev) != 0)
		log_error("regiond/front", "epoll_ctl of a listener: %s", strerror(errno));
}

static void pause_accepting(struct worker *w)
{
	w->set.short_of_fds = false;
	if (w->paused_until_us)
		return;
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	log_limited(&limit, LOG_WARN, "regiond/front",
		    "out of file descriptors: new connections wait (LimitNOFILE raises it)");
	w->paused_until_us = w->set.now_us + WORKER_PAUSE_MS * 1000;
	atomic_fetch_add_explicit(&w->pauses, 1, memory_order_relaxed);
	for (struct listener *l = w->listeners; l; l = l->next)
		watch_listener(w, l, EPOLL_CTL_MOD, false);
}

static void resume_accepting(struct worker *w)
{
	if (!w->paused_until_us || w->set.now_us < w->paused_until_us)
		return;
	if (!conn_set_refill(&w->set)) {
		w->paused_until_us = w->set.now_us + WORKER_PAUSE_MS * 1000;
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
	for (unsigned i = 0; i < most; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			conn_accept(&w->set, fd, l->service);
			if (!w->set.short_of_fds)
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

/* ---- messages */

static void listen_now(struct worker *w, const struct mail *m)
{
	struct listener *l = calloc(1, sizeof(*l));
	if (!l) {
		log_error("regiond/front", "out of memory: a listener of %s is closed",
			  m->service->name);
		close(m->fd);
		return;
	}
	l->kind = END_LISTENER;
	l->key = m->key;
	l->fd = m->fd;
	l->service = service_ref(m->service);
	l->next = w->listeners;
	w->listeners = l;
	watch_listener(w, l, EPOLL_CTL_ADD, !w->paused_until_us);
}

static struct listener **find_listener(struct worker *w, uint32_t key)
{
	struct listener **at = &w->listeners;
	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

static void free_listener(struct listener **at)
{
	struct listener *l = *at;
	*at = l->next;
	close(l->fd);
	service_unref(l->service);
	free(l);
}

static void unlisten_now(struct worker *w, uint32_t key)
{
	struct listener **at = find_listener(w, key);
	if (!*at)
		return;
	accept_some(w, *at, UINT32_MAX);
	free_listener(at);
}

static void rename_now(struct worker *w, const struct mail *m)
{
	struct listener *l = *find_listener(w, m->key);
	if (!l)
		return;
	service_unref(l->service);
	l->service = service_ref(m->service);
}

static void read_mail(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	struct mail *m = w->mail;
	w->mail = NULL;
	w->mail_tail = &w->mail;
	pthread_mutex_unlock(&w->lock);
	while (m) {
		struct mail *next = m->next;
		switch (m->kind) {
		case MAIL_LISTEN: listen_now(w, m); break;
		case MAIL_RENAME: rename_now(w, m); break;
		case MAIL_UNLISTEN: unlisten_now(w, m->key); break;
		}
		service_unref(m->service);
		free(m);
		m = next;
	}
}

static void wake(struct worker *w)
{
	const uint64_t one = 1;
	ssize_t n = write(w->event_fd, &one, sizeof(one));
	(void)n; /* EAGAIN only when the counter is full: then it is awake anyway */
}

static enum err_code post(struct worker *w, enum mail_kind kind, uint32_t key, int fd,
			  struct service *service)
{
	struct mail *m = calloc(1, sizeof(*m));
	if (!m)
		return ERR_MEMORY;
	*m = (struct mail){ .kind = kind, .key = key, .fd = fd };
	m->service = service ? service_ref(service) : NULL;
	pthread_mutex_lock(&w->lock);
	*w->mail_tail = m;
	w->mail_tail = &m->next;
	pthread_mutex_unlock(&w->lock);
	wake(w);
	return ERR_OK;
}

enum err_code worker_listen(struct worker *w, uint32_t key, int fd, struct service *service)
{
	return post(w, MAIL_LISTEN, key, fd, service);
}

enum err_code worker_rename(struct worker *w, uint32_t key, struct service *service)
{
	return post(w, MAIL_RENAME, key, -1, service);
}

enum err_code worker_unlisten(struct worker *w, uint32_t key)
{
	return post(w, MAIL_UNLISTEN, key, -1, NULL);
}

/* ---- the loop */

static int wait_ms(const struct worker *w)
{
	int wait = conn_set_wait_ms(&w->set);
	if (w->paused_until_us && (wait < 0 || wait > WORKER_PAUSE_MS))
		wait = WORKER_PAUSE_MS;
	return wait;
}

/* True when there is mail: it is read after the batch, so that no event of it can name a listener
 * that a message has freed. */
static bool handle_events(struct worker *w, const struct epoll_event *events, int n)
{
	bool mail = false;
	for (int i = 0; i < n; i++) {
		void *end = events[i].data.ptr;
		switch (*(const uint32_t *)end) {
		case END_CONN: conn_event(&w->set, end, events[i].events); break;
		case END_LISTENER: accept_some(w, end, ACCEPTS_MAX); break;
		case END_MAIL: mail = true; break;
		}
	}
	return mail;
}

static void turn(struct worker *w)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t count;
	int wait = wait_ms(w);
	rcu_offline();
	int n = epoll_wait(w->epoll_fd, events, EVENTS_MAX, wait);
	rcu_online();
	w->set.now_us = clock_mono_us(w->clock);
	if (handle_events(w, events, n) && read(w->event_fd, &count, sizeof(count)) > 0)
		read_mail(w);
	resume_accepting(w);
	conn_set_turn(&w->set);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	rcu_reader_start();
	while (!atomic_load(&w->stopping))
		turn(w);
	read_mail(w); /* what came before the word to stop */
	while (w->listeners)
		free_listener(&w->listeners);
	conn_set_fini(&w->set);
	rcu_reader_stop();
	return NULL;
}

static enum err_code init_fds(struct worker *w, struct err *e)
{
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll_fd < 0)
		return err_errno(e, errno, "epoll_create1");
	w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->event_fd < 0)
		return err_errno(e, errno, "eventfd");
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &w->mail_kind };
	if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->event_fd, &ev) != 0)
		return err_errno(e, errno, "epoll_ctl");
	return ERR_OK;
}

static void free_worker(struct worker *w)
{
	if (w->epoll_fd >= 0)
		close(w->epoll_fd);
	if (w->event_fd >= 0)
		close(w->event_fd);
	pthread_mutex_destroy(&w->lock);
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
	w->mail_kind = END_MAIL;
	w->mail_tail = &w->mail;
	w->epoll_fd = w->event_fd = -1;
	pthread_mutex_init(&w->lock, NULL);
	enum err_code code = init_fds(w, e);
	if (code != ERR_OK)
		goto fail;
	/* The tie-breaker starts elsewhere in each worker, or all would choose the same one. */
	code = conn_set_init(&w->set, ref, w->epoll_fd, clock_mono_us(clock));
	w->set.turn = index;
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
	conn_set_fini(&w->set);
fail:
	free_worker(w);
	return code;
}

void worker_stop(struct worker *w)
{
	if (!w)
		return;
	atomic_store(&w->stopping, true);
	wake(w);
	pthread_join(w->thread, NULL);
	free_worker(w);
}

uint32_t worker_open(const struct worker *w)
{
	return atomic_load_explicit(&w->set.open, memory_order_relaxed);
}

uint64_t worker_pauses(const struct worker *w)
{
	return atomic_load_explicit(&w->pauses, memory_order_relaxed);
}
