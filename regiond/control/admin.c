/* SPDX-License-Identifier: Apache-2.0 */
/* admin: what regiond's admin socket answers. */
#include "regiond/control/admin.h"

#include "core/log.h"
#include "regiond/control/document.h"
#include "schema/sql/store_override.h"

#include <stdlib.h>
#include <string.h>

#define REASON_MAX     255
#define POOL_NAME_ROOM 64 /* the configuration's names have at most 63 */

/* ---- the body of drain and undrain */

struct wish {
	char pool[POOL_NAME_ROOM];
	char backend[ENDPOINT_TEXT_MAX]; /* "" = not said */
	const char *reason;
	int64_t expires_s; /* from now; 0 = never */
	bool dry_run;
	char *args; /* the whole body, for the audit */
};

/* The text of a key, NULL when absent. */
static enum err_code get_text(const json_t *body, const char *key, const char **out, struct err *e)
{
	const json_t *v = json_object_get(body, key);
	*out = json_string_value(v);
	if (v && !json_is_null(v) && !*out)
		return err_set(e, ERR_INPUT, "`%s`: expected a text", key);
	return ERR_OK;
}

static enum err_code check_keys(json_t *body, bool drain, struct err *e)
{
	/* `wait`: what is answered is in effect already. */
	static const char *const known[] = { "backend", "pool", "region",   "reason",
					     "dry_run", "wait", "expires_s" };
	const char *key;
	json_t *value;
	json_object_foreach (body, key, value) {
		size_t i = 0, n = sizeof(known) / sizeof(known[0]) - (drain ? 0 : 1);
		while (i < n && strcmp(known[i], key) != 0)
			i++;
		if (i == n)
			return err_set(e, ERR_INPUT, "`%.40s`: no such key here", key);
	}
	return ERR_OK;
}

static enum err_code read_scope(const json_t *body, const char *own, struct wish *w, struct err *e)
{
	const char *region, *pool, *backend;
	struct endpoint at;
	enum err_code code = get_text(body, "region", &region, e);
	if (code == ERR_OK)
		code = get_text(body, "pool", &pool, e);
	if (code == ERR_OK)
		code = get_text(body, "backend", &backend, e);
	if (code != ERR_OK)
		return code;
	if (region && strcmp(region, own) != 0)
		return err_set(e, ERR_NOT_FOUND, "this node is in region %s, not in `%.63s`", own,
			       region);
	if (pool && strlen(pool) >= sizeof(w->pool))
		return err_set(e, ERR_NOT_FOUND, "there is no pool of such a long name");
	if (pool)
		strcpy(w->pool, pool);
	if (!backend)
		return ERR_OK;
	code = endpoint_parse(backend, &at, e);
	if (code != ERR_OK)
		return err_wrap(e, code, "`backend`");
	endpoint_text(&at, w->backend); /* as the table spells it */
	return ERR_OK;
}

static enum err_code get_bool(const json_t *body, const char *key, bool *out, struct err *e)
{
	const json_t *v = json_object_get(body, key);
	if (v && !json_is_boolean(v))
		return err_set(e, ERR_INPUT, "`%s`: expected true or false", key);
	*out = json_is_true(v);
	return ERR_OK;
}

static enum err_code get_expires(const json_t *body, int64_t *out_s, struct err *e)
{
	const json_t *v = json_object_get(body, "expires_s");
	json_int_t s = json_integer_value(v);
	if (v && (!json_is_integer(v) || s < 0 || s > STORE_EXPIRES_MAX_S))
		return err_set(e, ERR_INPUT, "`expires_s`: expected 0 to %d seconds",
			       STORE_EXPIRES_MAX_S);
	*out_s = s;
	return ERR_OK;
}

static enum err_code read_wish(json_t *body, bool drain, const char *region, struct wish *w,
			       struct err *e)
{
	bool wait;
	enum err_code code = check_keys(body, drain, e);
	if (code == ERR_OK)
		code = read_scope(body, region, w, e);
	if (code == ERR_OK)
		code = get_text(body, "reason", &w->reason, e);
	if (code == ERR_OK)
		code = get_bool(body, "dry_run", &w->dry_run, e);
	if (code == ERR_OK)
		code = get_bool(body, "wait", &wait, e);
	if (code == ERR_OK)
		code = get_expires(body, &w->expires_s, e);
	if (code != ERR_OK)
		return code;
	if (!w->reason)
		w->reason = "";
	if (strlen(w->reason) > REASON_MAX)
		return err_set(e, ERR_INPUT, "`reason`: at most %d bytes", REASON_MAX);
	return ERR_OK;
}

/* No body at all means the node, like {}. */
static enum err_code parse_body(const struct http_request *req, json_t **out, struct err *e)
{
	json_error_t why;
	*out = req->len
		       ? json_loadb((const char *)req->body, req->len, JSON_REJECT_DUPLICATES, &why)
		       : json_object();
	if (!*out)
		return err_set(e, ERR_INPUT, "body: %s", req->len ? why.text : "out of memory");
	if (json_is_object(*out))
		return ERR_OK;
	json_decref(*out);
	return err_set(e, ERR_INPUT, "body: expected an object");
}

/* ---- drain, undrain */

static enum err_code check_exists(const struct table *t, const struct wish *w, struct err *e)
{
	const struct pool *only = *w->pool ? table_pool(t, w->pool) : NULL;
	if (*w->pool && !only)
		return err_set(e, ERR_NOT_FOUND, "there is no pool `%s`", w->pool);
	if (!*w->backend)
		return ERR_OK;
	for (size_t i = 0; i < t->n_pools; i++) {
		const struct pool *p = &t->pools[i];
		for (size_t k = 0; k < p->n_slots && (!only || only == p); k++)
			if (strcmp(p->slots[k].backend->text, w->backend) == 0)
				return ERR_OK;
	}
	return err_set(e, ERR_NOT_FOUND, "there is no backend %s%s%s", w->backend,
		       only ? " in pool " : "", w->pool);
}

static const char *scope_text(const struct wish *w)
{
	if (*w->backend)
		return w->backend;
	return *w->pool ? w->pool : "this node";
}

static json_t *done_json(const struct node *n, int64_t id)
{
	return json_pack("{s:I, s:I, s:[s]}", "id", (json_int_t)id, "epoch", (json_int_t)0, "live",
			 n->table->config->node);
}

static json_t *dry_json(void)
{
	return json_pack("{s:n, s:I, s:[], s:[]}", "id", "epoch", (json_int_t)0, "live", "moves");
}

static enum err_code drain(struct node *n, const struct wish *w, const struct store_actor *actor,
			   int64_t *id, struct err *e)
{
	const struct forced_drain d = {
		.pool = (char *)w->pool,
		.backend = (char *)w->backend,
		.by = (char *)actor->by,
		.reason = (char *)w->reason,
		.expires_ms = w->expires_s ? clock_wall_ms(n->clock) + w->expires_s * 1000 : 0,
	};
	return forced_put(n->forced, &d, actor, id, e);
}

static enum err_code change(struct node *n, const struct http_request *req, bool is_drain,
			    struct wish *w, json_t **out, struct err *e)
{
	char by[HTTP_BY_MAX];
	const struct store_actor actor = {
		.by = by,
		.from = req->peer->from,
		.reason = w->reason,
		.verb = is_drain ? "drain" : "undrain",
		.args = w->args,
	};
	int64_t id = 0;
	/* What is gone from the configuration may be undrained, not drained. */
	enum err_code code = is_drain ? check_exists(n->table, w, e) : ERR_OK;
	if (code != ERR_OK)
		return code;
	http_by(req, by);
	if (w->dry_run) {
		*out = dry_json();
		return ERR_OK;
	}
	code = is_drain ? drain(n, w, &actor, &id, e)
			: forced_clear(n->forced, w->pool, w->backend, &actor, &id, e);
	if (code != ERR_OK)
		return code;
	log_info("regiond/control", "%s of %s by %s: %s", actor.verb, scope_text(w), actor.by,
		 w->reason);
	node_apply(n);
	*out = done_json(n, id);
	return ERR_OK;
}

static enum err_code post_change(struct node *n, const struct http_request *req, bool is_drain,
				 json_t **out, struct err *e)
{
	struct wish w = { .reason = "" };
	json_t *body;
	enum err_code code = parse_body(req, &body, e);
	if (code != ERR_OK)
		return code;
	w.args = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	code = w.args ? read_wish(body, is_drain, n->table->config->region, &w, e)
		      : err_set(e, ERR_MEMORY, "out of memory");
	if (code == ERR_OK)
		code = change(n, req, is_drain, &w, out, e);
	free(w.args);
	json_decref(body);
	return code;
}

/* ---- who answers what */

static enum err_code get(const struct admin *a, const char *path, json_t **out, struct err *e)
{
	static const struct {
		const char *path;
		json_t *(*make)(const struct node *n);
	} pages[] = {
		{ "/v1/services", document_services },
		{ "/v1/backends", document_backends },
		{ "/v1/overrides", document_overrides },
		{ "/v1/config", document_config },
	};
	if (strcmp(path, "/v1/status") == 0) {
		*out = document_status(a->node, a->reload, trouble_list(a->trouble));
		return *out ? ERR_OK : err_set(e, ERR_MEMORY, "out of memory");
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(path, pages[i].path) != 0)
			continue;
		*out = pages[i].make(a->node);
		return *out ? ERR_OK : err_set(e, ERR_MEMORY, "out of memory");
	}
	return err_set(e, ERR_NO_PATH, "there is no %.100s", path);
}

static enum err_code post(struct admin *a, const struct http_request *req, json_t **out,
			  struct err *e)
{
	if (strcmp(req->path, "/v1/drain") == 0)
		return post_change(a->node, req, true, out, e);
	if (strcmp(req->path, "/v1/undrain") == 0)
		return post_change(a->node, req, false, out, e);
	return err_set(e, ERR_NO_PATH, "there is nothing to do at %.100s", req->path);
}

enum err_code admin_answer(struct admin *a, const struct http_request *req, json_t **out,
			   struct err *e)
{
	if (strcmp(req->method, "GET") == 0)
		return get(a, req->path, out, e);
	if (strcmp(req->method, "POST") == 0)
		return post(a, req, out, e);
	return err_set(e, ERR_INPUT, "method %.20s: expected GET or POST", req->method);
}

struct asked {
	struct admin *admin;
	struct http_reply *reply;
};

static void on_reloaded(void *ctx, enum err_code code, const struct err *e)
{
	struct asked *asked = ctx;
	if (code == ERR_OK)
		http_reply_json(
			asked->reply, 200,
			json_pack("{s:[s]}", "live", asked->admin->node->table->config->node));
	else
		http_reply_error(asked->reply, code, e->text);
	free(asked);
}

static void ask_reload(struct admin *a, struct http_reply *reply)
{
	struct asked *asked = malloc(sizeof(*asked));
	if (!asked) {
		http_reply_error(reply, ERR_MEMORY, "out of memory");
		return;
	}
	*asked = (struct asked){ .admin = a, .reply = reply };
	changeover_ask(a->reload, on_reloaded, asked);
}

void admin_handle(void *ctx, const struct http_request *req, struct http_reply *reply)
{
	json_t *doc = NULL;
	struct err e = { "" };
	if (strcmp(req->method, "POST") == 0 && strcmp(req->path, "/v1/reload") == 0) {
		ask_reload(ctx, reply);
		return;
	}
	enum err_code code = admin_answer(ctx, req, &doc, &e);
	if (code == ERR_OK)
		http_reply_json(reply, 200, doc);
	else
		http_reply_error(reply, code, e.text);
}
