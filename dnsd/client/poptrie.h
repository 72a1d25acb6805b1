/* SPDX-License-Identifier: Apache-2.0 */
/* poptrie: a step function compiled for look-ups: an array for the first bits, then nodes of 6
 * bits.
 *
 *   direct[first bits]  --> a leaf, or a node
 *   node: children      bit i: slot i goes on in a node,  nodes[first_child + ones before i]
 *         leaf_starts   bit i: slot i begins a new leaf,  leaves[first_leaf + ones up to i - 1]
 *
 * Equal leaves beside each other are kept once. A leaf is a value and the length of the widest
 * prefix around the address on which the function is constant: the ECS scope.
 *
 * Threads    built by one, then read by any
 * Ownership  poptrie_fini() frees
 * Units      keys left-aligned as in sweep.h
 * Errors     ERR_MEMORY, ERR_LIMIT (over 2^31 nodes), ERR_INPUT (steps that do not ascend from 0)
 * Source     Asai, Ohara: "Poptrie", SIGCOMM 2015
 */
#ifndef FAIRLEAD_DNSD_CLIENT_POPTRIE_H
#define FAIRLEAD_DNSD_CLIENT_POPTRIE_H

#include "core/err.h"
#include "dnsd/client/sweep.h"

/* value << 8 | prefix length: values under 2^23. */
#define POPTRIE_VALUE_MAX ((1U << 23) - 1)

struct poptrie_node {
	uint64_t children, leaf_starts;
	uint32_t first_child, first_leaf;
};

struct poptrie {
	uint32_t *direct; /* by the first direct_bits: top bit set = a node, else a leaf */
	struct poptrie_node *nodes;
	uint32_t *leaves;
	uint8_t direct_bits;
	size_t n_nodes, n_leaves;
	size_t n_prefixes; /* distinct prefixes of the partition */
};

#define POPTRIE_IS_NODE 0x80000000U

/* direct_bits is 1..24: each doubles the array, each 6 fewer cost a node more per look-up. */
enum err_code poptrie_build(const struct sweep *s, unsigned direct_bits, struct poptrie *out);
void poptrie_fini(struct poptrie *t);
size_t poptrie_bytes(const struct poptrie *t);

static inline uint32_t poptrie_value(uint32_t leaf)
{
	return leaf >> 8;
}

static inline uint8_t poptrie_len(uint32_t leaf)
{
	return (uint8_t)leaf;
}

/* Six bits of a key from bit `at` on; zeros follow its end. */
static inline unsigned poptrie_slot(struct sweep_key k, unsigned at)
{
	uint64_t word;

	if (at <= 58)
		return (unsigned)(k.hi << at >> 58);
	if (at < 64)
		word = k.hi << at | k.lo >> (64 - at);
	else
		word = k.lo << (at - 64);
	return (unsigned)(word >> 58);
}

static inline void poptrie_prefetch(const struct poptrie *t, struct sweep_key k)
{
	__builtin_prefetch(&t->direct[k.hi >> (64 - t->direct_bits)]);
}

/* The leaf of an address. */
static inline uint32_t poptrie_find(const struct poptrie *t, struct sweep_key k)
{
	uint32_t at = t->direct[k.hi >> (64 - t->direct_bits)];
	unsigned bit = t->direct_bits;

	while (at & POPTRIE_IS_NODE) {
		const struct poptrie_node *n = &t->nodes[at & ~POPTRIE_IS_NODE];
		unsigned slot = poptrie_slot(k, bit);
		uint64_t below = (UINT64_C(2) << slot) - 1; /* bits 0..slot */

		if (!(n->children >> slot & 1)) {
			unsigned leaf = (unsigned)__builtin_popcountll(n->leaf_starts & below);

			return t->leaves[n->first_leaf + leaf - 1];
		}
		at = POPTRIE_IS_NODE |
		     (n->first_child + (unsigned)__builtin_popcountll(n->children & below) - 1);
		bit += 6;
	}
	return at;
}

#endif
