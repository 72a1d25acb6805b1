/* SPDX-License-Identifier: Apache-2.0 */
/* reload: which changed keys a reload cannot bring into effect.
 *
 * Threads    any
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_RELOAD_H
#define FAIRLEAD_SCHEMA_CONFIG_RELOAD_H

#include "schema/config/key.h"

/* Appends "listen.dns, workers" to `names`. Both configs were read with `keys`. */
bool reload_needs_restart(const struct key *keys, const void *before, const void *after,
			  struct buf *names);

#endif
