/* SPDX-License-Identifier: Apache-2.0 */
/* due: things with a time, the earliest first: a binary heap whose items know their place.
 *
 * Threads    one owner
 * Ownership  items belong to the caller and stay where they are while they are inside
 * Units      _us
 * Errors     due_reserve() may fail for want of memory; after it, adding cannot
 */
#ifndef FAIRLEAD_PROBERS_DUE_H
#define FAIRLEAD_PROBERS_DUE_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct due_item {
	uint64_t at_us;
	size_t place; /* from 1; 0 = not inside */
};

struct due {
	struct due_item **items; /* items[0] is not used */
	size_t n, room;
};

void due_fini(struct due *d);
enum err_code due_reserve(struct due *d, size_t n); /* room for n items in all */

void due_add(struct due *d, struct due_item *item, uint64_t at_us);
void due_remove(struct due *d, struct due_item *item); /* nothing happens when it is not inside */
struct due_item *due_first(const struct due *d);       /* NULL when empty; it stays inside */

#endif
