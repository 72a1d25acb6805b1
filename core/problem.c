/* SPDX-License-Identifier: Apache-2.0 */
/* problem: what is wrong now, grouped by cause. */
#include "core/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fini(struct problem *one)
{
	free(one->subject);
	free(one->what);
	free(one->reason);
}

void problems_fini(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		fini(&p->list[i]);
	free(p->list);
	*p = PROBLEMS_INIT;
}

static bool make_room(struct problems *p)
{
	size_t room = p->room ? p->room * 2 : 16;
	struct problem *list;

	if (p->n < p->room)
		return true;
	list = realloc(p->list, room * sizeof(*list));
	if (!list)
		return false;
	p->list = list;
	p->room = room;
	return true;
}

void problems_add(struct problems *p, enum problem_severity severity, const char *kind,
		  const char *subject, double since_s, const char *reason, const char *what, ...)
{
	struct problem one = { .severity = severity, .kind = kind, .since_s = since_s };
	va_list args;

	one.subject = strdup(subject);
	one.reason = strdup(reason);
	va_start(args, what);
	if (vasprintf(&one.what, what, args) < 0)
		one.what = NULL;
	va_end(args);
	if (!one.subject || !one.reason || !one.what || !make_room(p)) {
		fini(&one);
		p->failed = true;
		return;
	}
	p->list[p->n++] = one;
}

static bool is_one_cause(const struct problem *a, const struct problem *b)
{
	return a->severity == b->severity && strcmp(a->kind, b->kind) == 0 &&
	       strcmp(a->what, b->what) == 0;
}

/* What the list is sorted by: the place where the first of its cause was added. */
struct key {
	enum problem_severity severity;
	size_t cause, at;
};

static int compare(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->cause != y->cause)
		return x->cause < y->cause ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_cause(const void *a, const void *b, void *list)
{
	const struct problem *x = (const struct problem *)list + *(const size_t *)a;
	const struct problem *y = (const struct problem *)list + *(const size_t *)b;
	int order = (int)x->severity - (int)y->severity;

	if (!order)
		order = strcmp(x->kind, y->kind);
	if (!order)
		order = strcmp(x->what, y->what);
	return order ? order : (*(const size_t *)a < *(const size_t *)b ? -1 : 1);
}

/* keys[i].cause = the first problem with the cause of problem i. */
static void find_causes(const struct problems *p, size_t *order, struct key *keys)
{
	for (size_t i = 0; i < p->n; i++)
		order[i] = i;
	qsort_r(order, p->n, sizeof(*order), by_cause, p->list);
	for (size_t i = 0; i < p->n; i++) {
		size_t at = order[i];
		bool again = i && is_one_cause(&p->list[order[i - 1]], &p->list[at]);

		keys[at] = (struct key){ p->list[at].severity,
					 again ? keys[order[i - 1]].cause : at, at };
	}
}

void problems_sort(struct problems *p)
{
	struct problem *sorted = malloc((p->n + 1) * sizeof(*sorted));
	struct key *keys = malloc((p->n + 1) * sizeof(*keys));
	size_t *order = malloc((p->n + 1) * sizeof(*order));

	if (sorted && keys && order) {
		find_causes(p, order, keys);
		qsort(keys, p->n, sizeof(*keys), compare);
		for (size_t i = 0; i < p->n; i++)
			sorted[i] = p->list[keys[i].at];
		if (p->n)
			memcpy(p->list, sorted, p->n * sizeof(*sorted));
	} else {
		p->failed = true;
	}
	free(sorted);
	free(keys);
	free(order);
}

bool problems_group(const struct problems *p, size_t at, struct problem_group *out)
{
	if (at >= p->n)
		return false;
	*out = (struct problem_group){ .first = at,
				       .severity = p->list[at].severity,
				       .since_s = p->list[at].since_s };
	while (at < p->n && is_one_cause(&p->list[out->first], &p->list[at])) {
		if (p->list[at].since_s > out->since_s)
			out->since_s = p->list[at].since_s;
		at++;
	}
	out->n = at - out->first;
	return true;
}

const char *problem_severity_name(enum problem_severity severity)
{
	return severity == PROBLEM_CRITICAL ? "critical" : "warning";
}
