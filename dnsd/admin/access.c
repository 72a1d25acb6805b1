/* SPDX-License-Identifier: Apache-2.0 */
/* access: who may do what on the admin API. */
#include "dnsd/admin/access.h"

#include "core/log.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DENIALS_A_MINUTE 1 /* rows a subject; the others are counted */

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

static bool is_in_group(const struct http_peer *peer, uint32_t group)
{
	for (size_t i = 0; i < peer->n_groups; i++)
		if (peer->groups[i] == group)
			return true;
	return false;
}

static bool fits(const struct config_access *a, const struct http_peer *peer)
{
	switch (a->kind) {
	case ACCESS_PATTERN: return fnmatch(a->who, peer->who, 0) == 0;
	case ACCESS_USER: return peer->n_groups && a->id != CONFIG_NO_ID && peer->uid == a->id;
	case ACCESS_GROUP: return a->id != CONFIG_NO_ID && is_in_group(peer, a->id);
	}
	return false;
}

/* The first line of `access` that fits; without any `access`, what the certificate says. */
static enum access_role role_of(const struct rooms *r, const struct http_peer *peer)
{
	for (size_t i = 0; i < rooms_config(r)->n_access; i++)
		if (fits(&rooms_config(r)->access[i], peer))
			return rooms_config(r)->access[i].role;
	return rooms_config(r)->n_access ? ACCESS_NONE : default_role(peer->who);
}

void access_audit(const struct rooms *r, const struct http_request *req, const char *verb,
		  const char *args, const char *result)
{
	char by[HTTP_BY_MAX];
	const struct store_actor actor = {
		.by = by, .from = req->peer->from, .reason = "", .verb = verb, .args = args
	};
	struct err e;

	http_by(req, by);
	if (store_audit_add(r->store, &actor, result, &e) != ERR_OK)
		log_error("dnsd/admin", "the audit row of %s by %s is not on disk: %s", verb, by,
			  e.text);
}

static void note(struct refusals *refusals, const struct http_request *req)
{
	char by[HTTP_BY_MAX];
	const struct store_actor actor = {
		.by = by, .from = req->peer->from, .reason = "", .verb = req->path, .args = "{}"
	};

	http_by(req, by);
	refusals_note(refusals, &actor, "not allowed", DENIALS_A_MINUTE);
}

bool access_may(const struct rooms *r, struct refusals *refusals, const struct http_request *req,
		enum access_role least, struct http_reply *reply)
{
	static const char *const names[] = { "nobody", "viewer", "operator", "admin" };
	enum access_role role = role_of(r, req->peer);
	char text[512];

	if (role >= least)
		return true;
	snprintf(text, sizeof(text), "%s is %s here, and %s %s needs %s (see `access`)",
		 req->peer->who, names[role], req->method, req->path, names[least]);
	note(refusals, req);
	http_reply_error(reply, ERR_DENIED, text);
	return false;
}
