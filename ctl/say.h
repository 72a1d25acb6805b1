/* SPDX-License-Identifier: Apache-2.0 */
/* say: values of the admin API's documents as words, and lines of words that a terminal can take.
 *
 * A document may be of a newer daemon: what is missing or of another type reads as "-".
 *
 * Threads    any; no state
 * Ownership  texts point into the document, or into `out`
 */
#ifndef FAIRLEAD_CTL_SAY_H
#define FAIRLEAD_CTL_SAY_H

#include "core/buf.h"
#include "ctl/cli.h"

#include <jansson.h>

#define SAY_MAX 320

/* A text or "-"; a number as it is printed; a flag as yes or no. */
const char *say_text(const json_t *doc, const char *key, char out[SAY_MAX]);
/* ["a", "b"] as "a, b". */
const char *say_list(const json_t *doc, const char *key, char out[SAY_MAX]);
/* 0.25 as "25%". */
const char *say_share(const json_t *doc, const char *key, char out[SAY_MAX]);
/* "2026-01-02T03:04:05.678Z" as "2026-01-02 03:04:05". */
const char *say_time(const json_t *doc, const char *key, char out[SAY_MAX]);
/* 93.2 seconds as "1m 33s", below 10 s as "3.2s". */
const char *say_seconds(const json_t *doc, const char *key, char out[SAY_MAX]);
/* {id, kind, by, reason, until} as "drain (maintenance) by uid:0 until ...". */
const char *say_forced(const json_t *doc, char out[SAY_MAX]);
/* The same for a table of this terminal: "drain, id 3" where it is narrow. */
const char *say_forced_in(const struct cli *cli, const json_t *doc, char out[SAY_MAX]);
/* A terminal on which a table of many columns would have to become a list. */
bool say_is_narrow(const struct cli *cli);
/* used of capacity: "[####......]  42%", "-" without a capacity. */
const char *say_load(const json_t *doc, char out[SAY_MAX]);

/* The colours of grid_cell(); NULL = none. */
const char *say_health_colour(const json_t *doc);
const char *say_health_change_colour(const char *to); /* of an event */
const char *say_severity_colour(const json_t *doc);
const char *say_load_colour(const json_t *doc);

/* Lines of somebody else's words: new lines and tabs stay, other control bytes become `?`. */
void say_lines(FILE *out, const char *text);
/* A line, without control bytes; colour as above, or "bold". */
void say_line(const struct cli *cli, const char *colour, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void say_heading(const struct cli *cli, const char *text); /* after an empty line */

#endif
