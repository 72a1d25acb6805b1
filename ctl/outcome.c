/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: how a verb ended: an exit status for scripts, a code for programs, a text for people. */
#include "ctl/outcome.h"

#include <stdio.h>
#include <string.h>

enum outcome outcome_of(const char *code)
{
	static const struct {
		const char *code;
		enum outcome outcome;
	} known[] = {
		{ "ok", OUTCOME_DONE },
		{ "usage", OUTCOME_USAGE },
		{ "unreached", OUTCOME_UNREACHED },
		{ "unsafe", OUTCOME_UNSAFE },
		{ "denied", OUTCOME_DENIED },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].code, code) == 0)
			return known[i].outcome;
	return OUTCOME_FAILED;
}

enum outcome outcome_vset(struct failure *p, const char *code, const char *fmt, va_list args)
{
	char text[ERR_TEXT_MAX + 1]; /* one more than fits, so that err_set() sees the cut */

	snprintf(p->code, sizeof(p->code), "%s", code);
	vsnprintf(text, sizeof(text), fmt, args);
	err_set(&p->e, ERR_REFUSED, "%s", text);
	return outcome_of(p->code);
}

enum outcome outcome_set(struct failure *p, const char *code, const char *fmt, ...)
{
	enum outcome outcome;
	va_list args;

	va_start(args, fmt);
	outcome = outcome_vset(p, code, fmt, args);
	va_end(args);
	return outcome;
}

enum outcome outcome_err(struct failure *p, enum err_code code, const struct err *e)
{
	return outcome_set(p, err_name(code), "%s", e->text);
}
