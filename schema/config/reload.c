/* SPDX-License-Identifier: Apache-2.0 */
/* reload: which changed keys a reload cannot bring into effect.
 *
 * Values are compared as `config show` would print them: two ways of writing one value are no
 * change, and there is no second walk over all types to keep right.
 */
#include "schema/config/reload.h"

#include "schema/config/show.h"

#include <stdio.h>

static void compare(const struct key *keys, const char *path, const json_t *before,
		    const json_t *after, struct buf *names)
{
	for (const struct key *key = keys; key->name; key++) {
		const json_t *a = json_object_get(before, key->name);
		const json_t *b = json_object_get(after, key->name);
		char inner[256];

		if (!a && !b)
			continue;
		snprintf(inner, sizeof(inner), "%s%s", path, key->name);
		if (key->restart && !(a && b && json_equal(a, b)))
			buf_printf(names, "%s%s", names->len ? ", " : "", inner);
		else if (key->type == KEY_STRUCT) {
			snprintf(inner, sizeof(inner), "%s%s.", path, key->name);
			compare(key->of, inner, a, b, names);
		}
	}
}

bool reload_needs_restart(const struct key *keys, const void *before, const void *after,
			  struct buf *names)
{
	json_t *a = show_config(keys, before), *b = show_config(keys, after);
	size_t len = names->len;

	compare(keys, "", a, b, names);
	json_decref(a);
	json_decref(b);
	return names->len > len;
}
