/* SPDX-License-Identifier: Apache-2.0 */
/* intern: equal keys of one size get the same small number, counted from 0 in order of appearance.
 *
 * Threads    one owner at a time
 * Ownership  intern_fini() frees; keys are copied
 * Errors     INTERN_FAILED when memory is out; what was there stays
 */
#ifndef FAIRLEAD_DNSD_CLIENT_INTERN_H
#define FAIRLEAD_DNSD_CLIENT_INTERN_H

#include <stddef.h>
#include <stdint.h>

#define INTERN_FAILED UINT32_MAX

struct intern {
	size_t key_len, n;
	size_t room, n_slots;
	uint8_t *keys;	 /* n keys side by side */
	uint32_t *slots; /* number + 1, 0 = free; open addressing, at most half full */
};

void intern_init(struct intern *t, size_t key_len);
void intern_fini(struct intern *t);

/* Keys are compared as bytes: padding must be zero. */
uint32_t intern_add(struct intern *t, const void *key);

static inline const void *intern_key(const struct intern *t, uint32_t id)
{
	return t->keys + id * t->key_len;
}

#endif
