/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory that is asked for piece by piece and freed as one.
 *
 * Threads    one owner at a time
 * Ownership  everything handed out lives until arena_free()
 * Errors     NULL when there is no memory, and from then on always (arena_is_exhausted): a caller
 *            may go on and look once, at its end
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_ARENA_H
#define FAIRLEAD_SCHEMA_CONFIG_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);

void *arena_zero(struct arena *a, size_t count, size_t size); /* zeroed; count 0 gives a pointer */
char *arena_text(struct arena *a, const char *text, size_t len); /* a terminated copy */
bool arena_is_exhausted(const struct arena *a);

#endif
