/* SPDX-License-Identifier: Apache-2.0 */
/* slab: pieces of one size, taken and given back without malloc once they were needed. */
#include "regiond/stream/slab.h"

#include <stdint.h>
#include <stdlib.h>

#define ALIGNMENT 64

struct slab_chunk {
	struct slab_chunk *next;
	_Alignas(ALIGNMENT) uint8_t pieces[];
};

void slab_init(struct slab *s, size_t size, size_t per_chunk)
{
	*s = (struct slab){
		.size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
		.per_chunk = per_chunk,
	};
}

void slab_fini(struct slab *s)
{
	while (s->chunks) {
		struct slab_chunk *c = s->chunks;
		s->chunks = c->next;
		free(c);
	}
	s->spare = NULL;
}

static void put_spare(struct slab *s, void *piece)
{
	*(void **)piece = s->spare;
	s->spare = piece;
}

static void grow(struct slab *s)
{
	struct slab_chunk *c = aligned_alloc(ALIGNMENT, sizeof(*c) + s->size * s->per_chunk);
	if (!c)
		return;
	c->next = s->chunks;
	s->chunks = c;
	for (size_t i = s->per_chunk; i-- > 0;)
		put_spare(s, c->pieces + i * s->size);
}

void *slab_take(struct slab *s)
{
	if (!s->spare)
		grow(s);
	void *piece = s->spare;
	if (piece) {
		s->spare = *(void **)piece;
		s->taken++;
	}
	return piece;
}

void slab_give(struct slab *s, void *piece)
{
	put_spare(s, piece);
	s->taken--;
}
