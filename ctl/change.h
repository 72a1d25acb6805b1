/* SPDX-License-Identifier: Apache-2.0 */
/* change: what all verbs share that change something: the body, the question, the answer.
 *
 * On a terminal a risky operation is first tried dry: what would move is shown, and a person says
 * yes or no. --yes, --dry-run and scripts are not asked.
 *
 * Threads    one
 * Ownership  change_post() takes the body
 * Errors     "refused" when the person says no; else the daemon's
 */
#ifndef FAIRLEAD_CTL_CHANGE_H
#define FAIRLEAD_CTL_CHANGE_H

#include "ctl/cli.h"

struct change {
	const char *path; /* "/v1/drain" */
	json_t *body;	  /* an object with the verb's own keys; the common ones are added */
	const char *what; /* for people: "drain eu-west" */
	const char *done; /* what it came to: "no new clients"; NULL = "done" */
	bool is_risky;
};

/* Does it and tells. *id: what was made, 0 = nothing (dry, or nothing to make). */
enum outcome change_post(struct cli *cli, const struct change *change, int64_t *id);

/* The same for a request of another shape (a DELETE). */
enum outcome change_tell(struct cli *cli, const struct change *change, const json_t *done,
			 int64_t *id);

/* moves[] of a dry run as a table. */
enum outcome change_moves(struct cli *cli, const json_t *moves);

/* Adds key: text to an object, unless the text is NULL. */
void change_add(json_t *body, const char *key, const char *text);

#endif
