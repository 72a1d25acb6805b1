/* SPDX-License-Identifier: Apache-2.0 */
/* identity: who a certificate says its owner is, a SPIFFE URI. */
#include "core/identity.h"

#include <stdio.h>
#include <string.h>

#define SCHEME "spiffe://"

static const char *const role_names[] = {
	[IDENTITY_NONE] = "none",	[IDENTITY_DNSD] = "dnsd",
	[IDENTITY_REGIOND] = "regiond", [IDENTITY_PROBER] = "prober",
	[IDENTITY_VIEWER] = "viewer",	[IDENTITY_OPERATOR] = "operator",
	[IDENTITY_ADMIN] = "admin",
};
#define ROLES (sizeof(role_names) / sizeof(role_names[0]))

const char *identity_role_name(enum identity_role role)
{
	return (size_t)role < ROLES ? role_names[role] : role_names[IDENTITY_NONE];
}

enum identity_role identity_role_parse(const char *name)
{
	for (size_t role = IDENTITY_NONE + 1; role < ROLES; role++)
		if (strcmp(name, role_names[role]) == 0)
			return (enum identity_role)role;
	return IDENTITY_NONE;
}

bool identity_part_is_valid(const char *part)
{
	size_t len =
		strspn(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	/* SPIFFE-ID 1.0, 2.2: relative path segments are not allowed. */
	return part[len] == 0 && len > 0 && len < IDENTITY_PART_MAX && strcmp(part, ".") != 0 &&
	       strcmp(part, "..") != 0;
}

/* Takes the part up to the next slash or the end, and moves *at to the part after it, NULL if none.
 */
static enum err_code take_part(const char **at, const char *what, char out[IDENTITY_PART_MAX],
			       struct err *e)
{
	size_t len;

	if (!*at)
		return err_set(e, ERR_INPUT, "the %s is missing", what);
	len = strcspn(*at, "/");
	snprintf(out, IDENTITY_PART_MAX, "%.*s", len < IDENTITY_PART_MAX ? (int)len : 0, *at);
	if (!identity_part_is_valid(out))
		return err_set(
			e, ERR_INPUT,
			"the %s must be 1 to 63 letters, digits, dots, dashes or underscores",
			what);
	*at = (*at)[len] ? *at + len + 1 : NULL;
	return ERR_OK;
}

static enum err_code parse_parts(const char *at, struct identity *id, struct err *e)
{
	char role[IDENTITY_PART_MAX];

	if (take_part(&at, "fleet", id->fleet, e) != ERR_OK ||
	    take_part(&at, "role", role, e) != ERR_OK)
		return ERR_INPUT;
	id->role = identity_role_parse(role);
	if (id->role == IDENTITY_NONE)
		return err_set(e, ERR_INPUT,
			       "the role is `%s`, expected dnsd, regiond, prober, viewer, operator "
			       "or admin",
			       role);
	if (id->role == IDENTITY_REGIOND && take_part(&at, "region", id->region, e) != ERR_OK)
		return ERR_INPUT;
	if (take_part(&at, "name", id->name, e) != ERR_OK)
		return ERR_INPUT;
	if (at)
		return err_set(e, ERR_INPUT, "there is something after the name");
	return ERR_OK;
}

enum err_code identity_parse(const char *uri, struct identity *out, struct err *e)
{
	struct identity id = { 0 };

	if (strncmp(uri, SCHEME, strlen(SCHEME)) != 0)
		return err_set(e, ERR_INPUT, "`%.128s` does not begin with " SCHEME, uri);
	if (parse_parts(uri + strlen(SCHEME), &id, e) != ERR_OK)
		return err_wrap(e, ERR_INPUT, "`%.128s`", uri);
	*out = id;
	return ERR_OK;
}

void identity_text(const struct identity *id, char out[IDENTITY_TEXT_MAX])
{
	snprintf(out, IDENTITY_TEXT_MAX, SCHEME "%s/%s/%s%s%s", id->fleet,
		 identity_role_name(id->role), id->region, id->region[0] ? "/" : "", id->name);
}
