/* SPDX-License-Identifier: Apache-2.0 */
/* store_backup: copies of the state file, made while it is in use.
 *
 *   owner:  store_backup_begin() pins the state as it is now, in less than a millisecond
 *   job:    store_backup_write() or store_backup_keep() copies that state, whatever is written
 *           meanwhile, checks it (integrity_check), syncs it, and gives it its name
 *   any:    store_backup_end()
 *
 * Kept backups are named dnsd-NODE-20260102T030405Z.db, with "_2" and so on before ".db" within a
 * second: several name servers may share a directory.
 *
 * Threads    as above; a backup belongs to one thread at a time
 * Ownership  store_backup_end() frees; before the store is closed
 * Errors     those of store.h; ERR_EXISTS when the file is there; ERR_AGAIN when `go_on` said no.
 *            A failed one leaves nothing behind; a killed one a .partial, for store_backup_sweep()
 */
#ifndef FAIRLEAD_SCHEMA_STORE_BACKUP_H
#define FAIRLEAD_SCHEMA_STORE_BACKUP_H

#include "core/clock.h"
#include "core/err.h"
#include "schema/sql/store_verify.h"

#include <limits.h>

struct store;
struct store_backup;

enum err_code store_backup_begin(struct store *s, struct store_backup **out, struct err *e);
void store_backup_end(struct store_backup *b);

/* The copy is one file without a WAL. progress may be NULL. */
enum err_code store_backup_write(struct store_backup *b, const char *path,
				 const struct store_progress *progress, struct err *e);

struct store_backup_place {
	const char *directory, *node;
	unsigned keep; /* the newest so many of this node stay, at least the one that was made */
};

/* Into the directory; then the oldest of this node go. Those that a clock ahead of now has dated
 * were made before now all the same: they go first. path = what was made. */
enum err_code store_backup_keep(struct store_backup *b, const struct store_backup_place *place,
				const struct store_progress *progress, char path[PATH_MAX],
				struct err *e);

/* Removes what killed backups of this node have left. At the start of the daemon. */
void store_backup_sweep(const struct store_backup_place *place);
/* The newest backup of this node: ERR_NOT_FOUND when there is none. */
enum err_code store_backup_newest(const struct store_backup_place *place, const struct clock *clock,
				  char path[PATH_MAX], struct err *e);

/* All in one, on the owner's thread: for tests. */
enum err_code store_backup(struct store *s, const char *path, struct err *e);
/* store_backup_keep() in one: for tests. */
enum err_code store_backup_rotate(struct store *s, const struct store_backup_place *place,
				  struct err *e);

#endif
