/* SPDX-License-Identifier: Apache-2.0 */
/* problem: what is wrong now, as the rooms of a daemon report it, grouped by cause.
 *
 *   room: problems_add(p, PROBLEM_CRITICAL, "member_down", "chat.example.com", 12.5, "withdrawn",
 *                      "%s is down", region)
 *
 * Problems of one kind that say the same (`what`) have one cause: one line and a count. A kind
 * is a stable word for programs; `what` and `reason` are for people.
 *
 * Threads    one owner at a time
 * Ownership  texts are copied; problems_fini() frees them
 * Units      _s seconds; since_s -1 = not known
 * Errors     without memory a problem is left out and `failed` is set
 */
#ifndef FAIRLEAD_CORE_PROBLEM_H
#define FAIRLEAD_CORE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

enum problem_severity { PROBLEM_WARNING, PROBLEM_CRITICAL };

struct problem {
	enum problem_severity severity;
	const char *kind; /* "member_down"; not copied: a literal */
	char *subject;	  /* which one: a service, a node, a path; "" */
	char *what;	  /* what is wrong: "eu-west is down" */
	char *reason;	  /* why: "said by the region: withdrawn"; "" */
	double since_s;	  /* so long by now */
};

struct problems {
	struct problem *list;
	size_t n, room;
	bool failed;
};

#define PROBLEMS_INIT ((struct problems){ 0 })

void problems_fini(struct problems *p);
void problems_add(struct problems *p, enum problem_severity severity, const char *kind,
		  const char *subject, double since_s, const char *reason, const char *what, ...)
	__attribute__((format(printf, 7, 8)));
/* Critical ones first, those of one cause side by side; otherwise as they were added. */
void problems_sort(struct problems *p);

/* Those of one cause in a sorted list: list[first] to list[first + n - 1]. */
struct problem_group {
	size_t first, n;
	enum problem_severity severity;
	double since_s; /* of the oldest */
};
/* The group that begins at `at`; false at the end. The next one begins at first + n. */
bool problems_group(const struct problems *p, size_t at, struct problem_group *out);

const char *problem_severity_name(enum problem_severity severity); /* "warning", "critical" */

#endif
