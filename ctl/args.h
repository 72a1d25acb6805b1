/* SPDX-License-Identifier: Apache-2.0 */
/* args: the command line, taken apart: options for all verbs, then a verb's own.
 *
 *   fairlead [OPTION...] VERB [WORD...] [OPTION...]
 *
 * One table tells of every option its name, value and sentence; a verb says which of them it takes
 * and which it needs. The options for all verbs may stand before or after the verb.
 *
 * Threads    any; no state
 * Ownership  texts belong to argv
 * Units      _ms milliseconds, _ppm parts in a million
 * Errors     "usage", with the word that is wrong and what was expected; nothing is printed and
 *            nobody exits
 */
#ifndef FAIRLEAD_CTL_ARGS_H
#define FAIRLEAD_CTL_ARGS_H

#include "ctl/call.h"
#include "ctl/outcome.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define ARGS_WORDS_MAX	   4
#define ARGS_ADDRESSES_MAX 64

/* What a verb may take, one bit each. */
enum arg {
	ARG_SERVICE = 1 << 0,
	ARG_TO = 1 << 1,
	ARG_CLIENT = 1 << 2,
	ARG_REASON = 1 << 3,
	ARG_EXPIRES = 1 << 4,
	ARG_DRY_RUN = 1 << 5,
	ARG_FORCE = 1 << 6,
	ARG_WAIT = 1 << 7,
	ARG_FOLLOW = 1 << 8,
	ARG_VERIFY = 1 << 9,
	ARG_AFTER = 1 << 10,
	ARG_LAST = 1 << 11,
	ARG_PROGRAM = 1 << 12,
	ARG_FLEET = 1 << 13,
	ARG_REGION = 1 << 14,
	ARG_ADDRESS = 1 << 15,
	ARG_DAYS = 1 << 16,
	ARG_BACKEND = 1 << 17,
	ARG_POOL = 1 << 18,
	ARG_NODE = 1 << 19,
	ARG_CONFIG = 1 << 20,
	ARG_EXIT_CODE = 1 << 21,
	ARG_ALL = 1 << 22,
};
/* What every operation takes that changes something. */
#define ARG_CHANGE (ARG_REASON | ARG_DRY_RUN | ARG_FORCE)

struct args {
	/* for all verbs */
	struct call_target target;
	bool is_json, is_yes, wants_help, wants_version;

	/* of the verb */
	const char *words[ARGS_WORDS_MAX];
	size_t n_words;
	uint32_t given; /* which of enum arg stood there */
	const char *service, *to, *client, *reason, *program, *fleet, *region, *backend, *pool;
	const char *config;
	const char *addresses[ARGS_ADDRESSES_MAX];
	size_t n_addresses;
	uint64_t expires_ms;
	int64_t after;
	uint32_t days, last;
};

struct cli;

struct verb {
	const char *name;  /* "drain", "override list" */
	const char *group; /* the heading it stands under in --help; NULL = as the one before */
	const char *words; /* "REGION SHARE" */
	size_t words_min, words_max;
	uint32_t takes, needs; /* of enum arg */
	const char *does;      /* a line for the list */
	const char *more;      /* further sentences for its own help; may be NULL */
	enum outcome (*run)(struct cli *cli);
};

/* Reads up to the first word that is no option: *rest is its index, or argc. argv is not changed.
 */
enum outcome args_parse_common(int argc, char **argv, struct args *a, int *rest, struct failure *p);
/* Reads what follows the verb; argv[0] is taken for the verb itself. May permute argv. */
enum outcome args_parse_verb(const struct verb *verb, int argc, char **argv, struct args *a,
			     struct failure *p);

/* Whether a line that cannot be read asks for JSON, so that the error is told in it. */
bool args_want_json(int argc, char **argv);

void args_help(const struct verb *verb, FILE *out); /* of one verb */
void args_help_common(FILE *out);		    /* of the options for all verbs */

#endif
