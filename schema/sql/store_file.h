/* SPDX-License-Identifier: Apache-2.0 */
/* store_file: the state file as a file: who holds it, its handle, and names that appear whole or
 * not at all.
 *
 * A hold is two locks: PATH.lock, and the file itself. Either may be deleted while a daemon runs:
 * the other still keeps a second one off, and the lock is made again when it is missed.
 *
 * Threads    any; a hold belongs to its store's owner
 *
 * Ownership  the caller closes descriptors and handles. No other descriptor of a state file may be
 *            closed while SQLite has it open: that would drop SQLite's own (POSIX) locks
 *
 * Errors     the path is in the text
 */
#ifndef FAIRLEAD_SCHEMA_STORE_FILE_H
#define FAIRLEAD_SCHEMA_STORE_FILE_H

#include "core/err.h"

#include <sqlite3.h>
#include <sys/types.h>

/* Takes PATH.lock; the descriptor holds it. ERR_EXISTS when another process has it. The file stays:
 * to remove it would let two hold "the" lock. */
enum err_code store_file_lock(const char *path, int *fd, struct err *e);

struct store_hold {
	int lock_fd, file_fd; /* -1 = not held */
};
#define STORE_HOLD_NONE \
	{               \
		-1, -1  \
	}

/* lock: before the file is opened; file: before SQLite opens it, with O_CREAT it is made (0640).
 * ERR_EXISTS when another process has it. */
enum err_code store_hold_lock(struct store_hold *hold, const char *path, struct err *e);
enum err_code store_hold_file(struct store_hold *hold, const char *path, int flags, struct err *e);
/* Is it still the file that was opened? A lock that was deleted is made again. ERR_REFUSED when the
 * file is gone or another one, or another process has the lock now. */
enum err_code store_hold_look(struct store_hold *hold, const char *path, struct err *e);
void store_hold_end(struct store_hold *hold); /* after SQLite has closed the file */

/* Of a file that is there. flags: O_RDONLY or O_RDWR. Like sqlite3_open(), it may set *out on
 * failure: sqlite3_close() it in any case. */
enum err_code store_file_open(const char *path, int flags, sqlite3 **out, struct err *e);

/* fsync of the file, then from becomes to unless to exists (ERR_EXISTS), then fsync of its
 * directory. */
enum err_code store_file_publish(const char *from, const char *to, struct err *e);
enum err_code store_file_sync(const char *path, struct err *e);
enum err_code store_file_sync_parent(const char *path, struct err *e);

#endif
