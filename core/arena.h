/* SPDX-License-Identifier: Apache-2.0 */
/* arena: many small allocations that are freed together: the memory of one generation.
 *
 * Threads    one owner while it grows
 * Ownership  arena_free() frees everything that came from it
 * Units      sizes in bytes; results are zeroed and aligned to 16
 * Errors     NULL when it is out of memory, and from then on always: a caller may go on and ask
 *            once, at its end (arena_is_exhausted). What came before stays valid
 */
#ifndef FAIRLEAD_CORE_ARENA_H
#define FAIRLEAD_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t count, size_t size);	 /* NULL when it overflows too */
char *arena_text(struct arena *a, const char *text, size_t len); /* a terminated copy */
bool arena_is_exhausted(const struct arena *a);
size_t arena_bytes(const struct arena *a); /* for tests */

#endif
