/* SPDX-License-Identifier: Apache-2.0 */
/* sweep: a value for every address, as the sorted list of places where the value changes. */
#include "dnsd/client/sweep.h"

#include <stdlib.h>

#define ROOM_FIRST 1024

void sweep_fini(struct sweep *s)
{
	free(s->steps);
	*s = (struct sweep)SWEEP_INIT;
}

static void resize(struct sweep *s, size_t room)
{
	struct sweep_step *steps = reallocarray(s->steps, room, sizeof(*steps));

	if (!steps) {
		s->failed = true;
		return;
	}
	s->steps = steps;
	s->room = room;
}

void sweep_grow(struct sweep *s)
{
	/* By half: large blocks move by remapping, and the last one is less than half empty. */
	if (!s->failed)
		resize(s, s->room ? s->room + s->room / 2 : ROOM_FIRST);
}

uint32_t sweep_find(const struct sweep *s, struct sweep_key at)
{
	size_t low = 0, high = s->n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (sweep_key_compare(s->steps[middle].start, at) <= 0)
			low = middle;
		else
			high = middle;
	}
	return s->steps[low].value;
}

void sweep_merge(const struct sweep *a, const struct sweep *b, sweep_fn fn, void *ctx,
		 struct sweep *out)
{
	size_t i = 0, j = 0;

	if (a->failed || b->failed || !a->n || !b->n)
		out->failed = true;
	while (!out->failed) {
		const struct sweep_step *x = &a->steps[i], *y = &b->steps[j];
		int first = sweep_key_compare(x->start, y->start);

		sweep_append(out, first < 0 ? y->start : x->start, fn(ctx, x->value, y->value));
		if (i + 1 == a->n && j + 1 == b->n)
			return;
		/* Step on in the list whose next change comes first; in both when it is the same.
		 */
		if (i + 1 == a->n)
			first = 1;
		else if (j + 1 == b->n)
			first = -1;
		else
			first = sweep_key_compare(x[1].start, y[1].start);
		i += first <= 0;
		j += first >= 0;
	}
}

void sweep_map(struct sweep *s, const uint32_t *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		uint32_t value = table[s->steps[i].value];

		if (kept && s->steps[kept - 1].value == value)
			continue;
		s->steps[kept].start = s->steps[i].start;
		s->steps[kept++].value = value;
	}
	s->n = kept;
}

static int compare_prefix(const void *x, const void *y)
{
	const struct sweep_prefix *a = x, *b = y;
	int order = sweep_key_compare(a->start, b->start);

	/* The wider of two that begin together comes first: it is the outer one. */
	return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* The prefixes that are open at the point the painter has come to, outermost first. Prefixes nest
 * or are disjoint, so they close in the order of a stack; equal ones make it deeper than 129. */
struct painter {
	struct open_prefix {
		struct sweep_key last;
		uint32_t value; /* the lowest of this one and all around it */
	} * open;
	size_t n_open;
	struct sweep *out;
};

/* Sets the value at a start that may be that of the step before, which then never was. */
static void paint(struct sweep *out, struct sweep_key start, uint32_t value)
{
	if (out->n && !sweep_key_compare(out->steps[out->n - 1].start, start))
		out->n--;
	sweep_append(out, start, value);
}

static void close_before(struct painter *p, const struct sweep_key *next)
{
	while (p->n_open > 1) {
		struct sweep_key last = p->open[p->n_open - 1].last;

		if (next && sweep_key_compare(last, *next) >= 0)
			return;
		p->n_open--;
		if (sweep_key_compare(last, (struct sweep_key){ UINT64_MAX, UINT64_MAX }))
			paint(p->out, sweep_key_after(last), p->open[p->n_open - 1].value);
	}
}

void sweep_paint(struct sweep_prefix *list, size_t n, uint32_t outside, struct sweep *out)
{
	struct painter p = { .open = calloc(n + 1, sizeof(*p.open)), .n_open = 1, .out = out };

	if (!p.open) {
		out->failed = true;
		return;
	}
	qsort(list, n, sizeof(*list), compare_prefix);
	p.open[0] = (struct open_prefix){ { UINT64_MAX, UINT64_MAX }, outside };
	sweep_append(out, (struct sweep_key){ 0, 0 }, outside);
	for (size_t i = 0; i < n && !out->failed; i++) {
		uint32_t around;

		close_before(&p, &list[i].start);
		around = p.n_open > 1 ? p.open[p.n_open - 1].value : UINT32_MAX;
		p.open[p.n_open++] = (struct open_prefix){
			sweep_key_last(list[i].start, list[i].len),
			list[i].value < around ? list[i].value : around,
		};
		paint(out, list[i].start, p.open[p.n_open - 1].value);
	}
	close_before(&p, NULL);
	free(p.open);
}

struct sweep_key sweep_key_of(const struct addr *a)
{
	struct sweep_key k = { 0, 0 };

	for (int i = 0; i < 8; i++) {
		k.hi = k.hi << 8 | a->bytes[i];
		k.lo = k.lo << 8 | a->bytes[8 + i];
	}
	return k;
}

struct sweep_key sweep_key_last(struct sweep_key start, unsigned len)
{
	if (len < 64)
		start.hi |= UINT64_MAX >> len;
	if (len <= 64)
		start.lo = UINT64_MAX;
	else if (len < 128)
		start.lo |= UINT64_MAX >> (len - 64);
	return start;
}

struct sweep_key sweep_key_after(struct sweep_key k)
{
	k.lo++;
	k.hi += !k.lo;
	return k;
}
