/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: how a verb ended: an exit status for scripts, a code for programs, a text for people.
 *
 * Threads    plain values
 * Errors     the codes are those of core/err.h as the admin API prints them, and two of our own:
 *            "usage" (the command line is wrong) and "unreached" (no daemon answered)
 * Source     contract "Exit"
 */
#ifndef FAIRLEAD_CTL_OUTCOME_H
#define FAIRLEAD_CTL_OUTCOME_H

#include "core/err.h"

#include <stdarg.h>

/* The values are the exit statuses. */
enum outcome {
	OUTCOME_DONE = 0,
	OUTCOME_FAILED = 1,    /* refused, or failed */
	OUTCOME_USAGE = 2,     /* the command line is wrong */
	OUTCOME_UNREACHED = 3, /* no daemon answered */
	OUTCOME_UNSAFE = 4,    /* refused by a safety rule */
	OUTCOME_DENIED = 5,    /* who asks is not allowed to */
};

#define OUTCOME_CODE_MAX 24

struct failure {
	char code[OUTCOME_CODE_MAX];
	struct err e;
};

enum outcome outcome_of(const char *code);

/* These fill *p and return what the code means. */
enum outcome outcome_set(struct failure *p, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
enum outcome outcome_vset(struct failure *p, const char *code, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
enum outcome outcome_err(struct failure *p, enum err_code code, const struct err *e);
#define outcome_usage(p, ...) outcome_set(p, "usage", __VA_ARGS__)

#endif
