/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory that is asked for piece by piece and freed as one. */
#include "schema/config/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 8192

struct chunk {
	struct chunk *next;
	size_t used, room;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *chunks; /* the newest first */
	bool exhausted;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
	free(a);
}

static bool grow(struct arena *a, size_t len)
{
	size_t room = len > CHUNK_BYTES ? len : CHUNK_BYTES;
	struct chunk *c = calloc(1, sizeof(*c) + room);

	if (!c)
		return false;
	c->room = room;
	c->next = a->chunks;
	a->chunks = c;
	return true;
}

void *arena_zero(struct arena *a, size_t count, size_t size)
{
	size_t align = alignof(max_align_t), len;
	void *piece;

	if (a->exhausted || __builtin_mul_overflow(count, size, &len) || len > SIZE_MAX / 2) {
		a->exhausted = true;
		return NULL;
	}
	len = (len + align - 1) / align * align;
	if ((!a->chunks || a->chunks->room - a->chunks->used < len) && !grow(a, len)) {
		a->exhausted = true;
		return NULL;
	}
	piece = a->chunks->bytes + a->chunks->used;
	a->chunks->used += len;
	return piece;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	char *copy = arena_zero(a, len + 1, 1);

	if (copy && len)
		memcpy(copy, text, len);
	return copy;
}

bool arena_is_exhausted(const struct arena *a)
{
	return a->exhausted;
}
