/* SPDX-License-Identifier: Apache-2.0 */
/* err: what went wrong and where, gathered on the way up. */
#include "core/err.h"

#include "core/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void mark_cut(char *text)
{
	text[ERR_TEXT_MAX - 4] = 0;
	utf8_trim(text); /* JSON has only whole characters */
	strcat(text, "...");
}

static void set_args(struct err *e, enum err_sub sub, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
static void set_args(struct err *e, enum err_sub sub, const char *fmt, va_list args)
{
	e->sub = sub;
	if (vsnprintf(e->text, sizeof(e->text), fmt, args) >= (int)sizeof(e->text))
		mark_cut(e->text);
}

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list args;

	if (!e)
		return code;
	va_start(args, fmt);
	set_args(e, ERR_SUB_NONE, fmt, args);
	va_end(args);
	return code;
}

enum err_code err_set_sub(struct err *e, enum err_code code, enum err_sub sub, const char *fmt, ...)
{
	va_list args;

	if (!e)
		return code;
	va_start(args, fmt);
	set_args(e, sub, fmt, args);
	va_end(args);
	return code;
}

enum err_code err_wrap(struct err *e, enum err_code code, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX];
	va_list args;
	int len;

	if (!e)
		return code;
	memcpy(inner, e->text, sizeof(inner));
	va_start(args, fmt);
	len = vsnprintf(e->text, sizeof(e->text), fmt, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if (len < ERR_TEXT_MAX)
		len += snprintf(e->text + len, sizeof(e->text) - (size_t)len, ": %s", inner);
	if (len >= ERR_TEXT_MAX)
		mark_cut(e->text);
	return code;
}

enum err_code err_errno(struct err *e, int errnum, const char *fmt, ...)
{
	enum err_code code = ERR_IO;
	va_list args;
	char what[ERR_TEXT_MAX];

	if (errnum == ENOSPC || errnum == EDQUOT)
		code = ERR_FULL;
	else if (errnum == ENOMEM)
		code = ERR_MEMORY;
	if (!e)
		return code;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	return err_set(e, code, "%s: %s", what, strerror(errnum));
}

const char *err_name(enum err_code code)
{
	switch (code) {
	case ERR_OK: return "ok";
	case ERR_MEMORY: return "memory";
	case ERR_INPUT: return "input";
	case ERR_NOT_FOUND: return "not_found";
	case ERR_EXISTS: return "exists";
	case ERR_IO: return "io";
	case ERR_FULL: return "full";
	case ERR_LIMIT: return "limit";
	case ERR_REFUSED: return "refused";
	case ERR_UNSAFE: return "unsafe";
	case ERR_DENIED: return "denied";
	case ERR_AGAIN: return "again";
	case ERR_NO_PATH: return "no_path";
	}
	return "unknown";
}
