/* SPDX-License-Identifier: Apache-2.0 */
/* pages: what a proberd serves by HTTP. */
#include "probers/proberd/pages.h"

#include "core/http.h"
#include "core/log.h"
#include "core/status_pages.h"

#include <stdlib.h>
#include <string.h>

struct pages {
	struct pages_world world;
	struct status_pages status;
	struct http_server *http, *admin;
};

struct route {
	const char *method, *path;
	void (*answer)(struct pages *p, const struct http_request *req, struct http_reply *reply);
};

static const char *why_not_ready(const void *ctx)
{
	return status_is_ready(ctx) ? NULL : "no director has said yet what to check";
}

static void reply_doc(struct http_reply *reply, json_t *doc)
{
	if (doc)
		http_reply_json(reply, 200, doc);
	else
		http_reply_error(reply, ERR_MEMORY, "out of memory");
}

static void answer_status(struct pages *p, const struct http_request *req, struct http_reply *reply)
{
	reply_doc(reply, status_json(p->world.status));
}

static void answer_config(struct pages *p, const struct http_request *req, struct http_reply *reply)
{
	reply_doc(reply, p->world.config(p->world.arg));
}

static void on_reloaded(void *reply, enum err_code code, const struct err *e)
{
	if (code == ERR_OK)
		reply_doc(reply, json_object());
	else
		http_reply_error(reply, code, e->text);
}

static void answer_reload(struct pages *p, const struct http_request *req, struct http_reply *reply)
{
	struct err e = { "" };
	enum err_code code;

	log_info("proberd", "reload asked for by %s", req->peer->who);
	code = p->world.reload(p->world.arg, on_reloaded, reply, &e);
	if (code != ERR_OK)
		http_reply_error(reply, code, e.text);
}

static const struct route admin_routes[] = {
	{ "GET", "/v1/status", answer_status },
	{ "GET", "/v1/config", answer_config },
	{ "POST", "/v1/reload", answer_reload },
	{ NULL, NULL, NULL },
};

static void on_admin(void *ctx, const struct http_request *req, struct http_reply *reply)
{
	const struct route *r;

	for (r = admin_routes; r->path; r++) {
		if (strcmp(r->path, req->path) == 0 && strcmp(r->method, req->method) == 0) {
			r->answer(ctx, req, reply);
			return;
		}
	}
	http_reply_error(reply, ERR_NOT_FOUND, "no such page here");
}

static enum err_code open_both(struct pages *p, struct loop *loop, const struct endpoint *http,
			       const char *admin, struct err *e)
{
	enum err_code code = ERR_OK;

	if (http->addr.family) {
		code = http_server_new(&p->http, loop, status_pages_handle, &p->status, e);
		if (code == ERR_OK)
			code = http_listen_tcp(p->http, http, NULL, e);
		if (code != ERR_OK)
			return err_wrap(e, code, "listen.http");
	}
	if (admin) {
		code = http_server_new(&p->admin, loop, on_admin, p, e);
		if (code == ERR_OK)
			code = http_listen_unix(p->admin, admin, e);
		if (code != ERR_OK)
			return err_wrap(e, code, "listen.admin");
	}
	return ERR_OK;
}

enum err_code pages_new(struct pages **out, struct loop *loop, const struct pages_world *world,
			const struct endpoint *http, const char *admin, struct err *e)
{
	struct pages *p = calloc(1, sizeof(*p));
	enum err_code code;

	if (!p)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->world = *world;
	p->status = (struct status_pages){ world->metrics, why_not_ready, world->status };
	code = open_both(p, loop, http, admin, e);
	if (code != ERR_OK) {
		pages_free(p);
		return code;
	}
	*out = p;
	return ERR_OK;
}

void pages_free(struct pages *p)
{
	if (!p)
		return;
	http_server_free(p->http);
	http_server_free(p->admin);
	free(p);
}
