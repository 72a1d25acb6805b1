/* SPDX-License-Identifier: Apache-2.0 */
/* watch: has a database file been replaced since it was last looked at?
 *
 * Asked once a second by a timer: stat() of a few files costs microseconds, survives renames,
 * remounts and directories that appear later, and needs no kernel watch that may overflow.
 *
 * Threads    one owner
 * Ownership  databases_stamp_fini() frees
 * Errors     a file that is missing or unreadable has a stamp of its own: coming and going are
 *            changes
 */
#ifndef FAIRLEAD_DNSD_CLIENT_WATCH_H
#define FAIRLEAD_DNSD_CLIENT_WATCH_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

struct databases_stamp {
	char *const *paths; /* borrowed */
	size_t n_paths;
	struct databases_file *files;
};

enum err_code databases_stamp_init(struct databases_stamp *s, char *const *paths, size_t n_paths);
void databases_stamp_fini(struct databases_stamp *s);

/* True when any file is another one (inode, size, times of modification and change) than at the
 * last call or at init. The new state is remembered: take the stamp before reading the files. */
bool databases_changed(struct databases_stamp *s);

#endif
