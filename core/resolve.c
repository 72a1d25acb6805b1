/* SPDX-License-Identifier: Apache-2.0 */
/* resolve: a host name to addresses without holding up the loop. */
#include "core/resolve.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* getaddrinfo() cannot be interrupted: a question that is cancelled runs on, with nobody to tell.
 * */
struct resolve {
	bool is_cancelled;
	bool is_dropped; /* the pool has stopped: resolve_cancel() frees it */
	char *host;
	uint16_t port;
	struct resolve_answer answer; /* the helper's until it is done */
	resolve_fn fn;
	void *ctx;
};

static void copy_answer(struct resolve *r, const struct addrinfo *list)
{
	struct resolve_answer *a = &r->answer;

	for (; list && a->len < RESOLVE_MAX; list = list->ai_next)
		if (endpoint_from_sockaddr(list->ai_addr, &a->at[a->len]) == ERR_OK)
			a->at[a->len++].port = r->port;
	a->code = ERR_OK;
	if (a->len == 0)
		a->code = err_set(&a->err, ERR_NOT_FOUND, "resolve %s: it has no address", r->host);
}

static void ask(void *arg)
{
	struct resolve *r = arg;
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int result = getaddrinfo(r->host, NULL, &hints, &list);

	if (result == 0)
		copy_answer(r, list);
	else
		r->answer.code = err_set(&r->answer.err,
					 result == EAI_NONAME ? ERR_NOT_FOUND : ERR_AGAIN,
					 "resolve %s: %s", r->host, gai_strerror(result));
	if (list)
		freeaddrinfo(list);
}

static void free_resolve(struct resolve *r)
{
	free(r->host);
	free(r);
}

static void on_done(void *arg, enum job_end end)
{
	struct resolve *r = arg;

	if (end == JOB_DROPPED && !r->is_cancelled) {
		r->is_dropped = true;
		return;
	}
	if (!r->is_cancelled)
		r->fn(r->ctx, &r->answer);
	free_resolve(r);
}

static enum err_code submit(struct resolve *r, struct job_pool *jobs, struct err *e)
{
	enum err_code code;

	if (!r->host)
		return err_set(e, ERR_MEMORY, "resolve: out of memory");
	if (!jobs)
		return err_set(e, ERR_INPUT, "resolve %s: expected an address", r->host);
	code = job_submit(jobs, ask, on_done, r);
	if (code == ERR_LIMIT)
		return err_set(e, code, "resolve %s: the resolver does not answer", r->host);
	if (code != ERR_OK)
		return err_set(e, code, "resolve %s: %s", r->host,
			       code == ERR_MEMORY ? "out of memory" : "the daemon stops");
	return ERR_OK;
}

enum err_code resolve_start(struct resolve **out, struct job_pool *jobs, const char *host,
			    uint16_t port, resolve_fn fn, void *ctx, struct err *e)
{
	struct resolve *r = calloc(1, sizeof(*r));
	enum err_code code;

	if (!r)
		return err_set(e, ERR_MEMORY, "resolve %s: out of memory", host);
	*r = (struct resolve){ .host = strdup(host), .port = port, .fn = fn, .ctx = ctx };
	code = submit(r, jobs, e);
	if (code != ERR_OK) {
		free_resolve(r);
		return code;
	}
	*out = r;
	return ERR_OK;
}

void resolve_cancel(struct resolve *r)
{
	if (r && r->is_dropped)
		free_resolve(r);
	else if (r)
		r->is_cancelled = true;
}
