/* SPDX-License-Identifier: Apache-2.0 */
/* arena: many small allocations that are freed together. */
#include "core/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
	bool exhausted;
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

static void *exhaust(struct arena *a)
{
	a->exhausted = true;
	return NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *out;

	if (a->exhausted || size > SIZE_MAX / 2)
		return exhaust(a);
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!c || c->room - c->used < size) {
		c = add_chunk(a, size);
		if (!c)
			return exhaust(a);
	}
	out = c->bytes + c->used;
	c->used += size;
	return out;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		return exhaust(a);
	return arena_alloc(a, total);
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1) : exhaust(a);

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

bool arena_is_exhausted(const struct arena *a)
{
	return a->exhausted;
}

size_t arena_bytes(const struct arena *a)
{
	return a->total;
}
