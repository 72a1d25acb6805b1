/* SPDX-License-Identifier: Apache-2.0 */
/* environment: `${NAME}` in a value stands for a variable of the environment. */
#include "schema/config/environment.h"

#include "core/buf.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 128

static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

/* Adds the value of the variable whose `${` is at *at, which moves behind its `}`. */
static enum err_code add_variable(const char **at, struct buf *out, struct err *e)
{
	const char *start = *at + 2, *value;
	size_t len = strspn(start, name_chars);
	char name[NAME_MAX_BYTES];

	if (len == 0 || len >= sizeof(name) || start[len] != '}' ||
	    (*start >= '0' && *start <= '9'))
		return err_set(e, ERR_INPUT,
			       "`${` without a name and `}`, expected ${NAME}; $${ stands for the "
			       "characters");
	memcpy(name, start, len);
	name[len] = '\0';
	value = getenv(name);
	if (!value)
		return err_set(e, ERR_INPUT, "`%s` is not set in the environment", name);
	buf_add_str(out, value);
	*at = start + len + 1;
	return ERR_OK;
}

static enum err_code expand(const char *text, struct buf *out, struct err *e)
{
	enum err_code code = ERR_OK;

	while (!code && *text) {
		size_t len = strcspn(text, "$");

		buf_add(out, text, len);
		text += len;
		if (!strncmp(text, "$${", 3)) {
			buf_add_str(out, "${");
			text += 3;
		} else if (!strncmp(text, "${", 2)) {
			code = add_variable(&text, out, e);
		} else if (*text) {
			buf_u8(out, '$');
			text++;
		}
	}
	return code;
}

enum err_code environment_expand(struct arena *arena, const char **text, size_t *len, struct err *e)
{
	struct buf out = BUF_INIT;
	enum err_code code;

	if (!strstr(*text, "${"))
		return ERR_OK;
	code = expand(*text, &out, e);
	if (!code && out.failed)
		code = err_set(e, ERR_MEMORY, "out of memory");
	if (!code) {
		*text = arena_text(arena, (const char *)out.data, out.len);
		*len = out.len;
	}
	buf_fini(&out);
	return code;
}
