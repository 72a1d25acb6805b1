/* SPDX-License-Identifier: Apache-2.0 */
/* store_file: the state file as a file: its lock, its handle, and names that appear whole or not at
 * all.
 *
 * Threads    any
 * Ownership  the caller closes descriptors and handles
 * Errors     the path is in the text
 */
#ifndef FAIRLEAD_SCHEMA_STORE_FILE_H
#define FAIRLEAD_SCHEMA_STORE_FILE_H

#include "core/err.h"

#include <sqlite3.h>

/* Takes PATH.lock; the descriptor holds it. ERR_EXISTS when another process has it. The file stays:
 * to remove it would let two hold "the" lock. */
enum err_code store_file_lock(const char *path, int *fd, struct err *e);

/* flags: O_RDONLY, O_RDWR, or O_RDWR | O_CREAT, which makes it with mode 0640. Like sqlite3_open(),
 * it may set *out on failure: sqlite3_close() it in any case. */
enum err_code store_file_open(const char *path, int flags, sqlite3 **out, struct err *e);

/* fsync of the file, then from becomes to unless to exists (ERR_EXISTS), then fsync of its
 * directory. */
enum err_code store_file_publish(const char *from, const char *to, struct err *e);
enum err_code store_file_sync(const char *path, struct err *e);
enum err_code store_file_sync_parent(const char *path, struct err *e);

#endif
