/* SPDX-License-Identifier: Apache-2.0 */
/* store_look: can the state be written? If not, since when and why: as a problem and a metric.
 *
 * Threads    the store's owner
 * Errors     none
 */
#ifndef FAIRLEAD_SCHEMA_STORE_LOOK_H
#define FAIRLEAD_SCHEMA_STORE_LOOK_H

#include "core/buf.h"
#include "core/problem.h"

#include <stdbool.h>

struct store;

/* Once a second: is the file still there under its name? After a change that failed, it also tries
 * every few seconds whether one would come to disk again, so that the problem ends by itself. */
void store_look(struct store *s);

bool store_is_writable(const struct store *s);
/* Kind "state", subject the path. */
void store_problems(const struct store *s, struct problems *out);
/* fairlead_state_writable; and how much is in the file. For metrics_add(). */
void store_metrics(void *store, struct buf *out);

#endif
