/* SPDX-License-Identifier: Apache-2.0 */
/* api: the admin API: who may ask for what, and which room answers. schema/api/openapi.yaml
 * describes it. */
#include "core/log.h"
#include "dnsd/control/inside.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HISTORY_MAX 1000

/* ---- who may ---- */

static enum access_role default_role(const char *who)
{
	struct identity id;

	if (strncmp(who, "uid:", 4) == 0) {
		unsigned long uid = strtoul(who + 4, NULL, 10);

		return uid == 0 || uid == geteuid() ? ACCESS_ADMIN : ACCESS_NONE;
	}
	if (identity_parse(who, &id, NULL) != ERR_OK)
		return ACCESS_NONE;
	switch (id.role) {
	case IDENTITY_VIEWER: return ACCESS_VIEWER;
	case IDENTITY_OPERATOR: return ACCESS_OPERATOR;
	case IDENTITY_ADMIN: return ACCESS_ADMIN;
	default: return ACCESS_NONE;
	}
}

/* The first line of `access` that fits; without any `access`, what the certificate says. */
static enum access_role role_of(const struct control *c, const char *who)
{
	for (size_t i = 0; i < c->config->n_access; i++)
		if (fnmatch(c->config->access[i].who, who, 0) == 0)
			return c->config->access[i].role;
	return c->config->n_access ? ACCESS_NONE : default_role(who);
}

static void audit(struct control *c, const struct http_request *req, const char *verb,
		  const char *args, const char *result)
{
	const struct store_actor actor = { .by = req->peer->who,
					   .from = req->peer->from,
					   .reason = "",
					   .verb = verb,
					   .args = args };
	struct err e;

	if (store_audit_add(c->store, &actor, result, &e) != ERR_OK)
		log_error("dnsd/control", "the audit row of %s by %s is not on disk: %s", verb,
			  req->peer->who, e.text);
}

static bool may(struct control *c, const struct http_request *req, enum access_role least,
		struct http_reply *reply)
{
	static const char *const names[] = { "nobody", "viewer", "operator", "admin" };
	enum access_role role = role_of(c, req->peer->who);
	char text[512];

	if (role >= least)
		return true;
	snprintf(text, sizeof(text), "%s is %s here, and %s %s needs %s (see `access`)",
		 req->peer->who, names[role], req->method, req->path, names[least]);
	if (least > ACCESS_VIEWER)
		audit(c, req, req->path, "{}", "not allowed");
	log_warn("dnsd/control", "refused %s: %s", req->peer->from, text);
	http_reply_error(reply, ERR_DENIED, text);
	return false;
}

/* ---- history ---- */

static int64_t number(const struct http_request *req, const char *key, int64_t otherwise)
{
	const char *text = http_query(req, key);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

static json_t *event_doc(const struct store_event *v)
{
	return json_pack("{s:I, s:o, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "seq",
			 (json_int_t)v->seq, "time", views_time(v->time_ms), "kind", v->kind,
			 "service", v->service, "region", v->region, "from", v->from, "to", v->to,
			 "epoch", (json_int_t)v->epoch, "cause", v->cause, "by", v->by, "reason",
			 v->reason);
}

static void get_events(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	json_t *list = json_array();
	struct store_event *events;
	struct err e;
	size_t n;
	enum err_code rc =
		store_event_list(c->store, number(req, "after", 0), HISTORY_MAX, &events, &n, &e);

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
			 "time", views_time(a->time_ms), "by", a->by, "from", a->from, "verb",
			 a->verb, "args", a->args, "result", a->result, "reason", a->reason, "hash",
			 a->hash);
}

static void verify(struct control *c, struct http_reply *reply)
{
	int64_t rows;
	struct err e;
	enum err_code rc = store_verify(c->store, &rows, &e);

	if (rc == ERR_OK)
		http_reply_json(reply, 200,
				json_pack("{s:b, s:I}", "whole", 1, "rows", (json_int_t)rows));
	else
		http_reply_error(reply, rc, e.text);
}

static void get_audit(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	json_t *list;
	struct store_audit *rows;
	struct err e;
	size_t n;
	enum err_code rc;

	if (number(req, "verify", 0)) {
		verify(c, reply);
		return;
	}
	rc = store_audit_list(c->store, number(req, "after", 0), HISTORY_MAX, &rows, &n, &e);
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

/* ---- the rest ---- */

static void get_members(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	const char *name = http_query(req, "service");
	uint32_t service = name ? views_service_index(c, name) : UINT32_MAX;
	char text[320];

	if (service != UINT32_MAX) {
		http_reply_json(reply, 200, views_members(c, service));
		return;
	}
	snprintf(text, sizeof(text), "there is no service %s", name ? name : "(none was named)");
	http_reply_error(reply, ERR_NOT_FOUND, text);
}

static void get_status(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, views_status(c));
}

static void get_regions(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, views_regions(c));
}

static void get_services(struct control *c, const struct http_request *req,
			 struct http_reply *reply)
{
	http_reply_json(reply, 200, views_services(c));
}

static void get_overrides(struct control *c, const struct http_request *req,
			  struct http_reply *reply)
{
	http_reply_json(reply, 200, views_overrides(c));
}

static void get_config(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, config_dnsd_json(c->config));
}

static void post_op(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	ops_handle(c, strrchr(req->path, '/') + 1, req, reply);
}

static void post_reload(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	audit(c, req, "config reload", "{}", "asked"); /* how it went is an event */
	builder_request_for(c, true, reply, NULL);
}

static void post_backup(struct control *c, const struct http_request *req, struct http_reply *reply)
{
	json_t *body = json_loadb((const char *)req->body, req->len, 0, NULL);
	json_t *path = json_object_get(body, "path");
	const char *text = json_string_value(path);
	char *args = NULL;
	struct err e = { "done" };
	enum err_code rc;

	if (text && text[0] == '/') {
		args = json_dumps(path, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
		rc = store_backup(c->store, text, &e);
	} else {
		rc = err_set(&e, ERR_INPUT, "path must be an absolute path");
	}
	audit(c, req, "backup", args ? args : "{}", e.text);
	if (rc == ERR_OK)
		http_reply_json(reply, 200, json_pack("{s:s}", "path", text));
	else
		http_reply_error(reply, rc, e.text);
	free(args);
	json_decref(body);
}

static const struct route {
	const char *method, *path;
	enum access_role least;
	void (*handle)(struct control *c, const struct http_request *req, struct http_reply *reply);
} routes[] = {
	{ "GET", "/v1/status", ACCESS_VIEWER, get_status },
	{ "GET", "/v1/regions", ACCESS_VIEWER, get_regions },
	{ "GET", "/v1/services", ACCESS_VIEWER, get_services },
	{ "GET", "/v1/members", ACCESS_VIEWER, get_members },
	{ "GET", "/v1/explain", ACCESS_VIEWER, explain_handle },
	{ "GET", "/v1/overrides", ACCESS_VIEWER, get_overrides },
	{ "GET", "/v1/events", ACCESS_VIEWER, get_events },
	{ "GET", "/v1/audit", ACCESS_VIEWER, get_audit },
	{ "GET", "/v1/config", ACCESS_VIEWER, get_config },
	{ "POST", "/v1/drain", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/undrain", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/dial", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/failover", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/failback", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/reload", ACCESS_ADMIN, post_reload },
	{ "POST", "/v1/backup", ACCESS_ADMIN, post_backup },
};

#define OVERRIDES "/v1/overrides/"

static bool delete_override(struct control *c, const struct http_request *req,
			    struct http_reply *reply)
{
	char *end;
	long long id;

	if (strcmp(req->method, "DELETE") != 0 ||
	    strncmp(req->path, OVERRIDES, strlen(OVERRIDES)) != 0)
		return false;
	id = strtoll(req->path + strlen(OVERRIDES), &end, 10);
	if (*end || end == req->path + strlen(OVERRIDES))
		http_reply_error(reply, ERR_INPUT, "an override's id is a number");
	else if (may(c, req, ACCESS_OPERATOR, reply))
		ops_clear(c, id, req, reply);
	return true;
}

void api_handle(void *control, const struct http_request *req, struct http_reply *reply)
{
	struct control *c = control;
	bool path_known = false;
	char text[512];

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, req->path) != 0)
			continue;
		path_known = true;
		if (strcmp(routes[i].method, req->method) != 0)
			continue;
		if (may(c, req, routes[i].least, reply))
			routes[i].handle(c, req, reply);
		return;
	}
	if (delete_override(c, req, reply))
		return;
	snprintf(text, sizeof(text), "%s %.300s: there is no such %s", req->method, req->path,
		 path_known ? "method on this path" : "path");
	http_reply_error(reply, ERR_NOT_FOUND, text);
}
