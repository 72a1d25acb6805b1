/* SPDX-License-Identifier: Apache-2.0 */
/* intern: equal keys of one size get the same small number, counted from 0 in order of appearance.
 */
#include "dnsd/client/intern.h"

#include "core/err.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define SLOTS_FIRST 64

void intern_init(struct intern *t, size_t key_len)
{
	*t = (struct intern){ .key_len = key_len };
}

void intern_fini(struct intern *t)
{
	free(t->keys);
	free(t->slots);
	intern_init(t, t->key_len);
}

static uint32_t *slot_of(const struct intern *t, const void *key)
{
	size_t i = XXH3_64bits(key, t->key_len) & (t->n_slots - 1);

	while (t->slots[i] && memcmp(intern_key(t, t->slots[i] - 1), key, t->key_len))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

static enum err_code grow_slots(struct intern *t)
{
	size_t n_slots = t->n_slots ? 2 * t->n_slots : SLOTS_FIRST;
	uint32_t *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return ERR_MEMORY;
	free(t->slots);
	t->slots = slots;
	t->n_slots = n_slots;
	for (uint32_t id = 0; id < t->n; id++)
		*slot_of(t, intern_key(t, id)) = id + 1;
	return ERR_OK;
}

static enum err_code grow_keys(struct intern *t)
{
	size_t room = t->room ? 2 * t->room : SLOTS_FIRST / 2;
	/* One byte at least: keys of no length are all equal, and still get their number 0. */
	uint8_t *keys = reallocarray(t->keys, room, t->key_len ? t->key_len : 1);

	if (!keys)
		return ERR_MEMORY;
	t->keys = keys;
	t->room = room;
	return ERR_OK;
}

uint32_t intern_add(struct intern *t, const void *key)
{
	uint32_t *slot;

	if (t->n >= t->n_slots / 2 && grow_slots(t))
		return INTERN_FAILED;
	slot = slot_of(t, key);
	if (*slot)
		return *slot - 1;
	if (t->n == t->room && grow_keys(t))
		return INTERN_FAILED;
	memcpy(t->keys + t->n * t->key_len, key, t->key_len);
	*slot = (uint32_t)++t->n;
	return *slot - 1;
}
