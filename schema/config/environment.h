/* SPDX-License-Identifier: Apache-2.0 */
/* environment: `${NAME}` in a value stands for a variable of the environment.
 *
 *   ${NAME}   the value of NAME: a letter or `_`, then letters, digits and `_`
 *   $${       the characters `${`; any other `$` is itself
 *
 * What a variable holds is not looked at again.
 *
 * Threads    any, while nobody changes the environment
 * Ownership  the text is in the arena
 * Errors     ERR_INPUT names the variable that is not set, or what is not closed; ERR_MEMORY
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_ENVIRONMENT_H
#define FAIRLEAD_SCHEMA_CONFIG_ENVIRONMENT_H

#include "core/arena.h"
#include "core/err.h"

#include <stddef.h>

/* *text and *len are replaced where there is something to replace. */
enum err_code environment_expand(struct arena *arena, const char **text, size_t *len,
				 struct err *e);

#endif
