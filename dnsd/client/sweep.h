/* SPDX-License-Identifier: Apache-2.0 */
/* sweep: a value for every address, as the sorted list of places where the value changes.
 *
 * A database, a list of operator prefixes and the finished class map are all such step functions,
 * so merging sources is one linear pass over two lists, and neighbours that are equal join by
 * themselves:
 *
 *   a       |-- 0 --|---- 7 ----|-- 0 ----|
 *   b       |---- 0 ----|-- 2 --|--- 0 ---|
 *   fn(a,b) |- 00 --|70-|- 72 --|-- 00 ---|
 *
 * Both families use the same keys: 128 bits, a v4 address in the first 32.
 *
 * Threads    one owner at a time
 * Ownership  sweep_fini() frees
 * Errors     as buf: a failed allocation sets `failed` and makes later calls no-ops; check at the
 *            end
 */
#ifndef FAIRLEAD_DNSD_CLIENT_SWEEP_H
#define FAIRLEAD_DNSD_CLIENT_SWEEP_H

#include "core/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address as a number, left-aligned: hi holds bits 0-63, lo bits 64-127. */
struct sweep_key {
	uint64_t hi, lo;
};

struct sweep_step {
	struct sweep_key start;
	uint32_t value; /* from start to before the next step's start, or to the end */
};

struct sweep {
	struct sweep_step *steps; /* strictly ascending; the first starts at 0 */
	size_t n, room;
	bool failed;
};

#define SWEEP_INIT \
	{          \
		0  \
	}

void sweep_fini(struct sweep *s);
void sweep_grow(struct sweep *s); /* makes room for one more; sets failed when there is none */

/* From `start` on the value is `value`. Starts must not go down; the first must be 0. */
static inline void sweep_append(struct sweep *s, struct sweep_key start, uint32_t value)
{
	if (s->n && s->steps[s->n - 1].value == value)
		return;
	if (s->n == s->room)
		sweep_grow(s);
	if (!s->failed)
		s->steps[s->n++] = (struct sweep_step){ start, value };
}

/* The value of one address, for tests: the whole must cover something (n > 0). */
uint32_t sweep_find(const struct sweep *s, struct sweep_key at);

/* out = fn(a, b) at every address. Any of them failed: out failed. */
typedef uint32_t (*sweep_fn)(void *ctx, uint32_t a, uint32_t b);
void sweep_merge(const struct sweep *a, const struct sweep *b, sweep_fn fn, void *ctx,
		 struct sweep *out);

/* Every value v becomes table[v]; neighbours that are now equal are joined. */
void sweep_map(struct sweep *s, const uint32_t *table);

/* A prefix that holds `value`; where prefixes overlap, the lower value wins. */
struct sweep_prefix {
	struct sweep_key start;
	uint8_t len; /* 0..128 in key bits: a v4 /24 has 24 */
	uint32_t value;
};
/* The step function of a list of prefixes; `outside` where there is none. Sorts the list. */
void sweep_paint(struct sweep_prefix *list, size_t n, uint32_t outside, struct sweep *out);

static inline int sweep_key_compare(struct sweep_key a, struct sweep_key b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo < b.lo ? -1 : a.lo > b.lo;
}

/* How many leading bits two keys share, 0..128. */
static inline unsigned sweep_key_common(struct sweep_key a, struct sweep_key b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo) : 128;
}

struct sweep_key sweep_key_of(const struct addr *a);

/* The last address of a prefix, and the address after one. The one after the last wraps to 0. */
struct sweep_key sweep_key_last(struct sweep_key start, unsigned len);
struct sweep_key sweep_key_after(struct sweep_key k);

#endif
