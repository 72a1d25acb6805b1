/* SPDX-License-Identifier: Apache-2.0 */
/* api: the routes of the admin API. */
#include "dnsd/admin/api.h"

#include "dnsd/admin/access.h"
#include "dnsd/admin/backup.h"
#include "dnsd/admin/doc.h"
#include "dnsd/admin/explain.h"
#include "dnsd/admin/resume.h"
#include "dnsd/admin/status.h"
#include "dnsd/admin/views.h"
#include "schema/config/config.h"

#include <stdlib.h>
#include <string.h>

static void get_members(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	const char *name = http_query(req, "service");
	uint32_t service = name ? doc_service_index(rooms_config(a->rooms), name) : UINT32_MAX;
	struct err e;

	if (service != UINT32_MAX) {
		http_reply_json(reply, 200, views_members(a->rooms, a->traffic, service));
		return;
	}
	doc_no_service(rooms_config(a->rooms), name ? name : "", &e);
	http_reply_error(reply, ERR_NOT_FOUND, e.text);
}

static void get_status(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, status_doc(a->rooms));
}

static void get_regions(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, views_regions(a->rooms));
}

static void get_services(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, views_services(a->rooms));
}

static void get_overrides(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, views_overrides(a->rooms));
}

static void get_config(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	http_reply_json(reply, 200, config_dnsd_json(rooms_config(a->rooms)));
}

static void get_explain(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	explain_handle(a->rooms, req, reply);
}

static void get_events(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	history_events(a->history, req, reply);
}

static void get_audit(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	if (http_query(req, "verify"))
		verify_handle(a->verify, req, reply);
	else
		history_audit(a->history, req, reply);
}

static void post_op(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	ops_handle(a->ops, strrchr(req->path, '/') + 1, req, reply);
}

static void post_resume(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	resume_handle(a->rooms, a->refusals, req, reply);
}

static void post_forget(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	forget_handle(a->rooms, a->refusals, req, reply);
}

static void post_reload(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	access_audit(a->rooms, req, "config reload", "{}", "asked"); /* how it went is an event */
	reload_request_for(a->rooms->reload, true, reply, NULL);
}

static void get_backup(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	backup_handle(a->rooms, req, reply);
}

static const struct route {
	const char *method, *path;
	enum access_role least;
	void (*handle)(struct api *a, const struct http_request *req, struct http_reply *reply);
} routes[] = {
	{ "GET", "/v1/status", ACCESS_VIEWER, get_status },
	{ "GET", "/v1/regions", ACCESS_VIEWER, get_regions },
	{ "GET", "/v1/services", ACCESS_VIEWER, get_services },
	{ "GET", "/v1/members", ACCESS_VIEWER, get_members },
	{ "GET", "/v1/explain", ACCESS_VIEWER, get_explain },
	{ "GET", "/v1/overrides", ACCESS_VIEWER, get_overrides },
	{ "GET", "/v1/events", ACCESS_VIEWER, get_events },
	{ "GET", "/v1/audit", ACCESS_VIEWER, get_audit },
	{ "GET", "/v1/config", ACCESS_VIEWER, get_config },
	{ "POST", "/v1/drain", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/undrain", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/dial", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/failover", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/failback", ACCESS_OPERATOR, post_op },
	{ "POST", "/v1/resume", ACCESS_OPERATOR, post_resume },
	{ "POST", "/v1/forget", ACCESS_OPERATOR, post_forget },
	{ "POST", "/v1/reload", ACCESS_ADMIN, post_reload },
	{ "GET", "/v1/backup", ACCESS_ADMIN, get_backup },
};

#define OVERRIDES "/v1/overrides/"

static bool delete_override(struct api *a, const struct http_request *req, struct http_reply *reply)
{
	char *end;
	long long id;

	if (strcmp(req->method, "DELETE") != 0 ||
	    strncmp(req->path, OVERRIDES, strlen(OVERRIDES)) != 0)
		return false;
	id = strtoll(req->path + strlen(OVERRIDES), &end, 10);
	if (*end || end == req->path + strlen(OVERRIDES))
		http_reply_error(reply, ERR_INPUT, "an override's id is a number");
	else if (access_may(a->rooms, a->refusals, req, ACCESS_OPERATOR, reply))
		ops_clear(a->ops, id, req, reply);
	return true;
}

void api_handle(void *api, const struct http_request *req, struct http_reply *reply)
{
	struct api *a = api;
	bool path_known = false;
	char text[512];

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, req->path) != 0)
			continue;
		path_known = true;
		if (strcmp(routes[i].method, req->method) != 0)
			continue;
		if (access_may(a->rooms, a->refusals, req, routes[i].least, reply))
			routes[i].handle(a, req, reply);
		return;
	}
	if (delete_override(a, req, reply))
		return;
	snprintf(text, sizeof(text), "%s %.300s: there is no such %s", req->method, req->path,
		 path_known ? "method on this path" : "path");
	http_reply_error(reply, ERR_NO_PATH, text);
}
