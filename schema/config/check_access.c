/* SPDX-License-Identifier: Apache-2.0 */
/* check_access: entries of `access` that can match nobody. */
#include "core/identity.h"
#include "schema/config/check.h"

#include <string.h>

/* Whether the glob up to its first wild character, or else all of it, fits the begin of `text`. */
static bool can_begin(const char *glob, const char *text)
{
	size_t fixed = strcspn(glob, "*?["), len = strlen(text);

	return !strncmp(glob, text, fixed < len ? fixed : len);
}

/* The part of the glob's path at *at, when it has no wild character: its length, else 0. */
static size_t fixed_part(const char *at)
{
	size_t len = strcspn(at, "*?[/");

	return at[len] == '/' || at[len] == '\0' ? len : 0;
}

/* What is wrong with the glob of a certificate's URI; NULL = nothing. */
static const char *uri_fault(const char *glob, const char *fleet)
{
	const char *at = glob + strlen("spiffe://");
	size_t len = fixed_part(at);
	char role[16];

	if (len == 0)
		return NULL;
	if (strlen(fleet) != len || strncmp(at, fleet, len) != 0)
		return "it is of another fleet";
	at += len + (at[len] == '/');
	len = fixed_part(at);
	if (len == 0 || len >= sizeof(role))
		return *at ? NULL : "a certificate has a role and a name, too";
	memcpy(role, at, len);
	role[len] = '\0';
	return identity_role_parse(role) == IDENTITY_NONE ? "no certificate has this role" : NULL;
}

static const char *who_fault(const char *who, const char *fleet)
{
	static const char expected[] = "expected spiffe://FLEET/ROLE/NAME, uid:N, user:NAME or "
				       "group:NAME, with `*` for any "
				       "characters";

	if (!strncmp(who, "spiffe://", 9))
		return uri_fault(who, fleet);
	if (!strncmp(who, "uid:", 4))
		return who[4] && !who[4 + strspn(who + 4, "0123456789*?[]-")] ? NULL : expected;
	if (!strncmp(who, "user:", 5))
		return who[5] ? NULL : expected;
	if (!strncmp(who, "group:", 6))
		return who[6] ? NULL : expected;
	return strpbrk(who, "*?[") && (can_begin(who, "spiffe://") || can_begin(who, "uid:") ||
				       can_begin(who, "user:") || can_begin(who, "group:"))
		       ? NULL
		       : expected;
}

void check_access_list(struct walker *w, const char *fleet)
{
	const struct yaml_node *list = yaml_get(w->root, "access");

	if (!list || list->kind != YAML_SEQUENCE || !fleet)
		return;
	for (const struct yaml_node *entry = list->first; entry; entry = entry->next) {
		const struct yaml_node *who = yaml_get(entry, "who");
		const char *fault = NULL;

		if (who && who->kind == YAML_SCALAR && !who->is_broken && who->len > 0)
			fault = who_fault(who->text, fleet);
		if (fault)
			walker_error(w, who, "`%s` can match nobody: %s", who->text, fault);
	}
}
