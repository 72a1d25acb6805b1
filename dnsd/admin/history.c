/* SPDX-License-Identifier: Apache-2.0 */
/* history: pages of events and audit. */
#include "dnsd/admin/history.h"

#include "dnsd/admin/doc.h"

#include <stdlib.h>
#include <string.h>

/* Beyond it clients are told to come back: each waits for one short read of the disk. */
#define WAITING_MAX 256

/* Who asked for a page. */
struct read {
	struct read *next;
	struct history *owner;
	struct http_reply *reply;
	bool is_audit;
	struct store_page page;
	json_t *doc; /* the result */
	enum err_code code;
	struct err e;
};

struct history {
	const struct rooms *rooms;
	struct read *first, **end; /* the first one runs when is_running */
	unsigned n;
	bool is_running;
};

/* ---- the work, on a helper thread ---- */

static json_t *event_doc(const struct store_event *v)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "seq",
			 (json_int_t)v->seq, "time", doc_time(v->time_ms), "kind", v->kind,
			 "service", v->service, "region", v->region, "from", v->from, "to", v->to,
			 "epoch", (json_int_t)v->epoch, "cause", v->cause, "by", v->by, "reason",
			 v->reason);
}

static json_t *audit_doc(const struct store_audit *a)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "seq", (json_int_t)a->seq,
			 "time", doc_time(a->time_ms), "by", a->by, "from", a->from, "verb",
			 a->verb, "args", a->args, "result", a->result, "reason", a->reason, "hash",
			 a->hash);
}

static enum err_code read_events(struct store *s, struct read *r)
{
	struct store_event *rows;
	size_t n;
	enum err_code code = store_event_page(s, &r->page, &rows, &n, &r->e);

	if (code != ERR_OK)
		return code;
	r->doc = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(r->doc, event_doc(&rows[i]));
	store_event_free(rows, n);
	return ERR_OK;
}

static enum err_code read_audits(struct store *s, struct read *r)
{
	struct store_audit *rows;
	size_t n;
	enum err_code code = store_audit_page(s, &r->page, &rows, &n, &r->e);

	if (code != ERR_OK)
		return code;
	r->doc = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(r->doc, audit_doc(&rows[i]));
	store_audit_free(rows, n);
	return ERR_OK;
}

static void work(void *read)
{
	struct read *r = read;
	const struct rooms *rooms = r->owner->rooms;
	struct store *s;

	r->code = store_reader_open(store_path(rooms->store), rooms->clock, &s, &r->e);
	if (r->code != ERR_OK)
		return;
	r->code = r->is_audit ? read_audits(s, r) : read_events(s, r);
	store_close(s);
}

/* ---- one after another ---- */

static void start_first(struct history *h);

static void ended(void *read, enum job_end end)
{
	struct read *r = read;
	struct history *h = r->owner;

	h->first = r->next;
	h->n--;
	if (!h->first)
		h->end = &h->first;
	h->is_running = false;
	if (end == JOB_DROPPED)
		http_reply_error(r->reply, ERR_AGAIN, "the daemon stops");
	else if (r->code != ERR_OK)
		http_reply_error(r->reply, r->code, r->e.text);
	else
		http_reply_json(r->reply, 200, json_incref(r->doc));
	json_decref(r->doc);
	free(r);
	start_first(h);
}

static void start_first(struct history *h)
{
	struct read *r = h->first;
	enum err_code code;

	if (!r || h->is_running)
		return;
	h->is_running = true;
	code = job_submit(h->rooms->jobs, work, ended, r);
	if (code == ERR_OK)
		return;
	r->code = err_set(&r->e, code, "the history cannot be read now");
	ended(r, code == ERR_REFUSED ? JOB_DROPPED : JOB_DONE);
}

static int64_t number(const struct http_request *req, const char *key, int64_t otherwise)
{
	const char *text = http_query(req, key);
	char *end;
	int64_t n = text ? strtoll(text, &end, 10) : otherwise;

	return text && (*end || end == text || n < 0) ? -1 : n;
}

static enum err_code read_page(const struct http_request *req, struct store_page *page,
			       struct err *e)
{
	int64_t last = number(req, "last", 0), limit = number(req, "limit", HISTORY_MAX);

	page->after = number(req, "after", 0);
	page->before = number(req, "before", 0);
	if (last < 0 || limit < 0 || page->after < 0 || page->before < 0)
		return err_set(e, ERR_INPUT, "last, limit, after and before are numbers");
	page->is_newest = last > 0;
	page->limit = (size_t)(last ? last : limit);
	if (page->limit > HISTORY_MAX)
		page->limit = HISTORY_MAX;
	return ERR_OK;
}

static void ask(struct history *h, const struct http_request *req, struct http_reply *reply,
		bool is_audit)
{
	struct read *r = h->n < WAITING_MAX ? calloc(1, sizeof(*r)) : NULL;
	struct err e;

	if (!r) {
		http_reply_error(reply, h->n < WAITING_MAX ? ERR_MEMORY : ERR_LIMIT,
				 "too many wait for the history");
		return;
	}
	if (read_page(req, &r->page, &e) != ERR_OK) {
		free(r);
		http_reply_error(reply, ERR_INPUT, e.text);
		return;
	}
	r->owner = h;
	r->reply = reply;
	r->is_audit = is_audit;
	*h->end = r;
	h->end = &r->next;
	h->n++;
	start_first(h);
}

void history_events(struct history *h, const struct http_request *req, struct http_reply *reply)
{
	ask(h, req, reply, false);
}

void history_audit(struct history *h, const struct http_request *req, struct http_reply *reply)
{
	ask(h, req, reply, true);
}

/* ---- life ---- */

enum err_code history_new(struct history **out, const struct rooms *rooms)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return ERR_MEMORY;
	h->rooms = rooms;
	h->end = &h->first;
	*out = h;
	return ERR_OK;
}

void history_free(struct history *h)
{
	free(h); /* job_pool_stop() has ended the first, and each one the next */
}
