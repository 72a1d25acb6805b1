/* SPDX-License-Identifier: Apache-2.0 */
/* history: events and audit, as documents. */
#include "dnsd/admin/history.h"

#include "dnsd/admin/doc.h"

#include <stdlib.h>

#define HISTORY_MAX 1000

static int64_t number(const struct http_request *req, const char *key, int64_t otherwise)
{
	const char *text = http_query(req, key);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

static json_t *event_doc(const struct store_event *v)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "seq",
			 (json_int_t)v->seq, "time", doc_time(v->time_ms), "kind", v->kind,
			 "service", v->service, "region", v->region, "from", v->from, "to", v->to,
			 "epoch", (json_int_t)v->epoch, "cause", v->cause, "by", v->by, "reason",
			 v->reason);
}

void history_events(const struct rooms *r, const struct http_request *req, struct http_reply *reply)
{
	json_t *list = json_array();
	struct store_event *events;
	struct err e;
	size_t n;
	enum err_code rc =
		store_event_list(r->store, number(req, "after", 0), HISTORY_MAX, &events, &n, &e);

	if (rc != ERR_OK) {
		json_decref(list);
		http_reply_error(reply, rc, e.text);
		return;
	}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, event_doc(&events[i]));
	store_event_free(events, n);
	http_reply_json(reply, 200, list);
}

static json_t *audit_doc(const struct store_audit *a)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "seq", (json_int_t)a->seq,
			 "time", doc_time(a->time_ms), "by", a->by, "from", a->from, "verb",
			 a->verb, "args", a->args, "result", a->result, "reason", a->reason, "hash",
			 a->hash);
}

static void verify(const struct rooms *r, struct http_reply *reply)
{
	struct store_verified found;
	struct err e;
	enum err_code rc = store_verify(r->store, NULL, &found, &e);

	if (rc == ERR_OK)
		http_reply_json(reply, 200,
				json_pack("{s:b, s:I, s:I}", "whole", 1, "rows",
					  (json_int_t)found.audits, "events",
					  (json_int_t)found.events));
	else
		http_reply_error(reply, rc, e.text);
}

void history_audit(const struct rooms *r, const struct http_request *req, struct http_reply *reply)
{
	json_t *list;
	struct store_audit *rows;
	struct err e;
	size_t n;
	enum err_code rc;

	if (number(req, "verify", 0)) {
		verify(r, reply);
		return;
	}
	rc = store_audit_list(r->store, number(req, "after", 0), HISTORY_MAX, &rows, &n, &e);
	if (rc != ERR_OK) {
		http_reply_error(reply, rc, e.text);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, audit_doc(&rows[i]));
	store_audit_free(rows, n);
	http_reply_json(reply, 200, list);
}
