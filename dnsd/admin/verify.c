/* SPDX-License-Identifier: Apache-2.0 */
/* verify: one walk at a time, for all who ask. */
#include "dnsd/admin/verify.h"

#include <stdatomic.h>
#include <stdlib.h>

struct waiter {
	struct waiter *next;
	struct http_reply *reply;
};

struct verify {
	const struct rooms *rooms;
	struct waiter *waiters;
	bool is_running;
	int64_t run;		     /* the number of the last one */
	_Atomic int64_t done, total; /* rows, of the one that runs */
	struct store_verified found; /* of the last one */
	enum err_code code;
	struct err e;
};

/* ---- the work, on a helper thread ---- */

static bool go_on(void *verify, int64_t done, int64_t total)
{
	struct verify *v = verify;

	atomic_store(&v->done, done);
	atomic_store(&v->total, total);
	return !job_is_stopping(v->rooms->jobs);
}

static void work(void *verify)
{
	struct verify *v = verify;
	const struct store_progress progress = { go_on, v };
	struct store *s;

	v->code = store_reader_open(store_path(v->rooms->store), v->rooms->clock, &s, &v->e);
	if (v->code != ERR_OK)
		return;
	v->code = store_verify(s, &progress, &v->found, &v->e);
	store_close(s);
}

/* ---- answers ---- */

static void answer(const struct verify *v, struct http_reply *reply)
{
	if (v->code == ERR_OK)
		http_reply_json(reply, 200,
				json_pack("{s:I, s:b, s:I, s:I}", "run", (json_int_t)v->run,
					  "whole", 1, "rows", (json_int_t)v->found.audits, "events",
					  (json_int_t)v->found.events));
	else
		http_reply_error(reply, v->code, v->e.text);
}

static void answer_running(struct verify *v, struct http_reply *reply)
{
	http_reply_json(reply, 200,
			json_pack("{s:I, s:b, s:I, s:I}", "run", (json_int_t)v->run, "running", 1,
				  "done", (json_int_t)atomic_load(&v->done), "total",
				  (json_int_t)atomic_load(&v->total)));
}

static void ended(void *verify, enum job_end end)
{
	struct verify *v = verify;

	v->is_running = false;
	if (end == JOB_DROPPED)
		v->code = err_set(&v->e, ERR_AGAIN, "the daemon stops");
	while (v->waiters) {
		struct waiter *w = v->waiters;

		v->waiters = w->next;
		answer(v, w->reply);
		free(w);
	}
}

static enum err_code start(struct verify *v, struct err *e)
{
	enum err_code code;

	if (v->is_running)
		return ERR_OK;
	code = job_submit(v->rooms->jobs, work, ended, v);
	if (code != ERR_OK)
		return err_set(e, code, "the history cannot be verified now");
	atomic_store(&v->done, 0);
	atomic_store(&v->total, 0);
	v->is_running = true;
	v->run++;
	return ERR_OK;
}

static void wait_for_end(struct verify *v, struct http_reply *reply)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w) {
		http_reply_error(reply, ERR_MEMORY, "out of memory");
		return;
	}
	*w = (struct waiter){ v->waiters, reply };
	v->waiters = w;
}

void verify_handle(struct verify *v, const struct http_request *req, struct http_reply *reply)
{
	const char *run = http_query(req, "run");
	struct err e;
	enum err_code code;

	if (run && !v->is_running && v->run > 0 && strtoll(run, NULL, 10) == v->run) {
		answer(v, reply);
		return;
	}
	code = start(v, &e);
	if (code != ERR_OK)
		http_reply_error(reply, code, e.text);
	else if (http_query(req, "poll"))
		answer_running(v, reply);
	else
		wait_for_end(v, reply);
}

/* ---- life ---- */

enum err_code verify_new(struct verify **out, const struct rooms *rooms)
{
	struct verify *v = calloc(1, sizeof(*v));

	if (!v)
		return ERR_MEMORY;
	v->rooms = rooms;
	*out = v;
	return ERR_OK;
}

void verify_free(struct verify *v)
{
	free(v);
}
