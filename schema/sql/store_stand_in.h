/* SPDX-License-Identifier: Apache-2.0 */
/* store_stand_in: a daemon starts whatever its state file is like.
 *
 * When the file is damaged, or cannot be written (a full disk, a read-only file system, no right to
 * it), what it stands for is read into memory: overrides, last known health and nodes, from the
 * file itself where it is whole, else from the newest backup, else there are none. This stand-in
 * takes no changes, and its problem says what to do. It ends with the process: once the file is
 * mended or replaced, the daemon is restarted.
 *
 * Threads    the store's owner
 * Ownership  store_close()
 *
 * Errors     ERR_EXISTS  another process has the file: two must not serve one state
 *            ERR_REFUSED it is of a newer program, or of another one: that is no accident of a disk
 *            ERR_MEMORY
 */
#ifndef FAIRLEAD_SCHEMA_STORE_STAND_IN_H
#define FAIRLEAD_SCHEMA_STORE_STAND_IN_H

#include "core/clock.h"
#include "core/err.h"
#include "schema/sql/store_backup.h"

#include <stdbool.h>

struct store;

/* store_open(), or a stand-in for it. backups NULL: there are none. */
enum err_code store_open_always(const char *path, const struct store_backup_place *backups,
				const struct clock *clock, struct store **out, struct err *e);
/* Why nothing is written until a restart; NULL = it is the file itself. */
const char *store_stand_in_reason(const struct store *s);

#endif
