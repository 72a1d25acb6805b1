/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: a host name to addresses without holding up the loop. */
#include "core/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the thread and the loop share. Whoever lets go last frees it: getaddrinfo() cannot be
 * interrupted, so a cancelled question runs on, alone. The thread says that it is done by closing
 * its end of a pipe; it never touches the loop, which may be gone by then. */
struct job {
	atomic_int holders;
	atomic_bool is_done;
	int done_fd;
	char *host;
	uint16_t port;
	struct resolve_answer answer; /* the thread's until is_done */
};

struct resolve {
	struct job *job;
	struct loop_watch *watch;
	int fd;
	resolve_fn fn;
	void *ctx;
};

static void let_go(struct job *job)
{
	if (atomic_fetch_sub(&job->holders, 1) > 1)
		return;
	free(job->host);
	free(job);
}

static void copy_answer(struct job *job, const struct addrinfo *list)
{
	struct resolve_answer *a = &job->answer;

	for (; list && a->len < RESOLVE_MAX; list = list->ai_next)
		if (endpoint_from_sockaddr(list->ai_addr, &a->at[a->len]) == ERR_OK)
			a->at[a->len++].port = job->port;
	a->code = ERR_OK;
	if (a->len == 0)
		a->code =
			err_set(&a->err, ERR_NOT_FOUND, "resolve %s: it has no address", job->host);
}

static void *ask(void *arg)
{
	struct job *job = arg;
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int result = getaddrinfo(job->host, NULL, &hints, &list);
	int fd = job->done_fd;

	if (result == 0)
		copy_answer(job, list);
	else
		job->answer.code = err_set(&job->answer.err,
					   result == EAI_NONAME ? ERR_NOT_FOUND : ERR_AGAIN,
					   "resolve %s: %s", job->host, gai_strerror(result));
	if (list)
		freeaddrinfo(list);
	atomic_store(&job->is_done, true);
	close(fd);
	let_go(job);
	return NULL;
}

/* Detached, and deaf to signals, which are the loop's. */
static int start_thread(struct job *job)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int result;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&thread, &attr, ask, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return result;
}

static void on_done(void *arg, int fd, short what)
{
	struct resolve *r = arg;
	struct resolve_answer answer;
	resolve_fn fn = r->fn;
	void *ctx = r->ctx;

	if (!atomic_load(&r->job->is_done))
		return;
	answer = r->job->answer;
	resolve_cancel(r);
	fn(ctx, &answer);
}

static struct job *make_job(const char *host, uint16_t port, int done_fd)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->host = strdup(host);
	if (!job->host) {
		free(job);
		return NULL;
	}
	job->port = port;
	job->done_fd = done_fd;
	atomic_init(&job->holders, 1);
	return job;
}

enum err_code resolve_start(struct resolve **out, struct loop *loop, const char *host,
			    uint16_t port, resolve_fn fn, void *ctx, struct err *e)
{
	struct resolve *r = calloc(1, sizeof(*r));
	enum err_code code = ERR_MEMORY;
	int fds[2], result;

	if (!r)
		return err_set(e, ERR_MEMORY, "resolve %s: no memory", host);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
		code = err_errno(e, errno, "resolve %s", host);
		free(r);
		return code;
	}
	*r = (struct resolve){ .fd = fds[0], .fn = fn, .ctx = ctx };
	r->job = make_job(host, port, fds[1]);
	if (!r->job || loop_watch_new(loop, &r->watch, r->fd, EV_READ, on_done, r) != ERR_OK) {
		code = err_set(e, ERR_MEMORY, "resolve %s: no memory", host);
		goto fail;
	}
	atomic_fetch_add(&r->job->holders, 1);
	result = start_thread(r->job);
	if (result != 0) {
		let_go(r->job);
		code = err_errno(e, result, "resolve %s: thread", host);
		goto fail;
	}
	*out = r;
	return ERR_OK;
fail:
	close(fds[1]);
	resolve_cancel(r);
	return code;
}

void resolve_cancel(struct resolve *r)
{
	if (!r)
		return;
	loop_watch_free(r->watch);
	close(r->fd);
	if (r->job)
		let_go(r->job);
	free(r);
}
