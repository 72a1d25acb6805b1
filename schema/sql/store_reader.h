/* SPDX-License-Identifier: Apache-2.0 */
/* store_reader: a second connection to a state file, for another thread: lists, verification and
 * backups never keep the owner of the store waiting.
 *
 * It is a struct store that takes no changes. The owner has the file open and holds its lock as
 * long as readers live.
 *
 * Threads    store_reader_open() on any; what it gives belongs to one thread at a time
 * Ownership  store_close()
 * Errors     those of store.h; ERR_REFUSED for a change
 */
#ifndef FAIRLEAD_SCHEMA_STORE_READER_H
#define FAIRLEAD_SCHEMA_STORE_READER_H

#include "core/clock.h"
#include "core/err.h"

struct store;

enum err_code store_reader_open(const char *path, const struct clock *clock, struct store **out,
				struct err *e);

#endif
