/* SPDX-License-Identifier: Apache-2.0 */
/* poptrie: a step function compiled for look-ups: an array for the first bits, then nodes of 6
 * bits. */
#include "dnsd/client/poptrie.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS	   64
#define ROOM_FIRST 1024

struct builder {
	const struct sweep *s;
	struct poptrie *t;
	size_t node_room, leaf_room;
};

static enum err_code grow(void **array, size_t *room, size_t need, size_t size)
{
	size_t more = *room ? *room : ROOM_FIRST;
	void *bigger;

	if (need <= *room)
		return ERR_OK;
	if (need >= POPTRIE_IS_NODE)
		return ERR_LIMIT;
	while (more < need)
		more += more / 2;
	bigger = reallocarray(*array, more, size);
	if (!bigger)
		return ERR_MEMORY;
	*array = bigger;
	*room = more;
	return ERR_OK;
}

/* The step that covers k, at or after step `at`: by doubling strides, then by halving. */
static size_t step_of(const struct sweep *s, size_t at, struct sweep_key k)
{
	size_t stride = 1, end;

	while (at + stride < s->n && sweep_key_compare(s->steps[at + stride].start, k) <= 0) {
		at += stride;
		stride *= 2;
	}
	end = at + stride < s->n ? at + stride : s->n;
	while (end - at > 1) {
		size_t middle = at + (end - at) / 2;

		if (sweep_key_compare(s->steps[middle].start, k) <= 0)
			at = middle;
		else
			end = middle;
	}
	return at;
}

/* Whether step `at` covers the whole block of `len` bits that starts with k, which it covers. */
static bool is_covered(const struct sweep *s, size_t at, struct sweep_key k, unsigned len)
{
	return at + 1 == s->n ||
	       sweep_key_compare(s->steps[at + 1].start, sweep_key_last(k, len)) > 0;
}

/* The widest prefix around k within its step, which must leave out the address before the step, and
 * the first of the next one. k is the head of it: what comes before k belongs to another prefix. */
static uint32_t leaf_at(struct builder *b, size_t at, struct sweep_key k)
{
	const struct sweep_step *steps = b->s->steps;
	struct sweep_key before = steps[at].start;
	unsigned len = 0, common;

	if (at) {
		before.hi -= !before.lo;
		before.lo--;
		len = sweep_key_common(k, before) + 1;
	}
	if (at + 1 < b->s->n) {
		common = sweep_key_common(k, steps[at + 1].start) + 1;
		len = common > len ? common : len;
	}
	b->t->n_prefixes++;
	return steps[at].value << 8 | len;
}

/* The first address of a slot of the node whose slots begin at `bit`. Past bit 128 no key goes on:
 * the slots there repeat the address they stand for, and only the first of each is looked up. */
static struct sweep_key slot_start(struct sweep_key start, unsigned bit, unsigned slot)
{
	uint64_t top = (uint64_t)slot << 58;

	if (bit < 64) {
		start.hi |= top >> bit;
		start.lo |= bit > 58 ? top << (64 - bit) : 0;
	} else {
		start.lo |= top >> (bit - 64);
	}
	return start;
}

static enum err_code add_leaf(struct builder *b, struct poptrie_node *n, unsigned slot,
			      uint32_t leaf)
{
	struct poptrie *t = b->t;
	enum err_code code;

	if (n->leaf_starts && t->leaves[t->n_leaves - 1] == leaf)
		return ERR_OK;
	code = grow((void **)&t->leaves, &b->leaf_room, t->n_leaves + 1, sizeof(*t->leaves));
	if (code)
		return code;
	n->leaf_starts |= UINT64_C(1) << slot;
	t->leaves[t->n_leaves++] = leaf;
	return ERR_OK;
}

static enum err_code fill_node(struct builder *b, uint32_t node, size_t at, struct sweep_key start,
			       unsigned bit)
{
	struct poptrie_node n = { .first_leaf = (uint32_t)b->t->n_leaves,
				  .first_child = (uint32_t)b->t->n_nodes };
	unsigned end = bit + 6 < 128 ? bit + 6 : 128;
	size_t at_slot[SLOTS];
	enum err_code code = ERR_OK;
	uint32_t child = n.first_child;

	for (unsigned slot = 0, width; slot < SLOTS && !code; slot += width) {
		struct sweep_key k = slot_start(start, bit, slot);

		at = at_slot[slot] = step_of(b->s, at, k);
		width = 1;
		if (is_covered(b->s, at, k, end)) {
			uint32_t leaf = leaf_at(b, at, k);

			code = add_leaf(b, &n, slot, leaf);
			width <<= bit + 6 - poptrie_len(leaf);
		} else {
			n.children |= UINT64_C(1) << slot;
		}
	}
	/* The children stand side by side: all are there before the first is filled. */
	b->t->n_nodes += (unsigned)__builtin_popcountll(n.children);
	if (!code)
		code = grow((void **)&b->t->nodes, &b->node_room, b->t->n_nodes, sizeof(n));
	if (code)
		return code;
	b->t->nodes[node] = n;
	for (uint64_t left = n.children; left && !code; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(left);

		code = fill_node(b, child++, at_slot[slot], slot_start(start, bit, slot), bit + 6);
	}
	return code;
}

static enum err_code fill_direct(struct builder *b)
{
	struct poptrie *t = b->t;
	enum err_code code = ERR_OK;
	size_t at = 0, end = (size_t)1 << t->direct_bits;

	for (size_t i = 0, width; i < end && !code; i += width) {
		struct sweep_key k = { (uint64_t)i << (64 - t->direct_bits), 0 };
		uint32_t node = (uint32_t)t->n_nodes;

		at = step_of(b->s, at, k);
		width = 1;
		if (is_covered(b->s, at, k, t->direct_bits)) {
			uint32_t leaf = leaf_at(b, at, k);

			width <<= t->direct_bits - poptrie_len(leaf);
			for (size_t n = 0; n < width; n++)
				t->direct[i + n] = leaf;
			continue;
		}
		t->direct[i] = POPTRIE_IS_NODE | node;
		code = grow((void **)&t->nodes, &b->node_room, ++t->n_nodes, sizeof(*t->nodes));
		if (!code)
			code = fill_node(b, node, at, k, t->direct_bits);
	}
	return code;
}

/* Gives back what growing left over. A shrink that fails leaves what was there, which is as good.
 */
static void trim(struct poptrie *t)
{
	void *nodes = t->n_nodes ? reallocarray(t->nodes, t->n_nodes, sizeof(*t->nodes)) : NULL;
	void *leaves = t->n_leaves ? reallocarray(t->leaves, t->n_leaves, sizeof(*t->leaves))
				   : NULL;

	t->nodes = nodes ? nodes : t->nodes;
	t->leaves = leaves ? leaves : t->leaves;
}

/* What is not strictly ascending from 0 on would be written behind the array's end. */
static bool is_ascending(const struct sweep *s)
{
	if (s->steps[0].start.hi || s->steps[0].start.lo)
		return false;
	for (size_t i = 1; i < s->n; i++)
		if (sweep_key_compare(s->steps[i - 1].start, s->steps[i].start) >= 0)
			return false;
	return true;
}

enum err_code poptrie_build(const struct sweep *s, unsigned direct_bits, struct poptrie *out)
{
	struct poptrie t = { .direct_bits = (uint8_t)direct_bits };
	struct builder b = { .s = s, .t = &t };
	enum err_code code = ERR_MEMORY;

	if (s->failed || !s->n)
		return ERR_MEMORY;
	if (!is_ascending(s))
		return ERR_INPUT;
	t.direct = calloc((size_t)1 << direct_bits, sizeof(*t.direct));
	if (t.direct)
		code = fill_direct(&b);
	if (code) {
		poptrie_fini(&t);
		return code;
	}
	trim(&t);
	*out = t;
	return ERR_OK;
}

void poptrie_fini(struct poptrie *t)
{
	free(t->direct);
	free(t->nodes);
	free(t->leaves);
	*t = (struct poptrie){ 0 };
}

size_t poptrie_bytes(const struct poptrie *t)
{
	return ((size_t)1 << t->direct_bits) * sizeof(*t->direct) + t->n_nodes * sizeof(*t->nodes) +
	       t->n_leaves * sizeof(*t->leaves);
}
