/* SPDX-License-Identifier: Apache-2.0 */
/* slab: pieces of one size, taken and given back without malloc once they were needed.
 *
 * Memory grows by chunks and is kept until the end: a worker that had 10,000 connections at once
 * will have them again.
 *
 * Threads    one owner
 * Ownership  pieces belong to the slab; slab_fini() frees all, taken ones too
 */
#ifndef FAIRLEAD_REGIOND_SLAB_H
#define FAIRLEAD_REGIOND_SLAB_H

#include <stddef.h>

struct slab_chunk;

struct slab {
	size_t size, per_chunk;
	struct slab_chunk *chunks;
	void *spare; /* linked through the first word of each piece */
	size_t taken;
};

void slab_init(struct slab *s, size_t size, size_t per_chunk);
void slab_fini(struct slab *s);

void *slab_take(struct slab *s); /* aligned to 64, not cleared; NULL = out of memory */
void slab_give(struct slab *s, void *piece);

#endif
