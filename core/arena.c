/* SPDX-License-Identifier: Apache-2.0 */
/* arena: many small allocations that are freed together. */
#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>

#define CHUNK (64u * 1024)
#define ALIGN 16u

struct chunk {
	struct chunk *next;
	size_t used, room;
	_Alignas(16) unsigned char bytes[];
};

struct arena {
	struct chunk *chunks; /* the newest first; only it grows */
	size_t total;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	struct chunk *next;

	if (!a)
		return;
	for (struct chunk *c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *add_chunk(struct arena *a, size_t size)
{
	size_t room = size > CHUNK ? size : CHUNK;
	struct chunk *c = calloc(1, sizeof(*c) + room);

	if (!c)
		return NULL;
	c->room = room;
	c->next = a->chunks;
	a->chunks = c;
	a->total += room;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *out;

	if (size > SIZE_MAX - CHUNK)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!c || c->room - c->used < size) {
		c = add_chunk(a, size);
		if (!c)
			return NULL;
	}
	out = c->bytes + c->used;
	c->used += size;
	return out;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, count * size);
}

size_t arena_bytes(const struct arena *a)
{
	return a->total;
}
