/* SPDX-License-Identifier: Apache-2.0 */
/* store_restore: checked, copied beside, swapped in; what was there keeps a name. */
#include "schema/sql/store_restore.h"

#include "core/file.h"
#include "schema/sql/store_copy.h"
#include "schema/sql/store_migrate.h"
#include "schema/sql/store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MAX 1000 /* replaced within one second: a loop, and not an operator */

/* Only a whole state file of a schema we know, with both chains unbroken, is worth restoring. */
static enum err_code check_backup(sqlite3 *backup, const char *path, struct err *e)
{
	int64_t version;
	enum err_code rc = store_sql_check(backup, "integrity_check", NULL, e);

	if (rc == ERR_REFUSED) /* another program's */
		return ERR_INPUT;
	if (!rc)
		rc = store_sql_number(backup, "PRAGMA user_version", &version, e);
	if (rc)
		return rc;
	if (version < 1 || (size_t)version > store_migrations_len)
		return err_set(e, ERR_INPUT, "%s: has schema %lld and this program knows 1 to %zu",
			       path, (long long)version, store_migrations_len);
	return ERR_OK;
}

/* A schema from before the cut has chains from the first row on: they are walked in the copy,
 * which is brought to today's schema. */
static enum err_code check_copy(const char *path, const struct clock *clock, struct err *e)
{
	struct store *copy = calloc(1, sizeof(*copy));
	enum err_code rc;

	if (!copy)
		return err_errno(e, ENOMEM, "%s", path);
	copy->clock = clock;
	copy->hold = (struct store_hold)STORE_HOLD_NONE;
	copy->path = strdup(path);
	rc = copy->path ? store_file_open(path, O_RDWR, &copy->db, e)
			: err_errno(e, ENOMEM, "%s", path);
	if (!rc)
		rc = store_migrate(copy, store_migrations, store_migrations_len, e);
	if (!rc)
		rc = store_verify(copy, NULL, NULL, e);
	store_sql_close(copy);
	return rc;
}

/* A name beside `path` that is free. */
static enum err_code replaced_name(const char *path, const struct clock *clock, char out[PATH_MAX],
				   struct err *e)
{
	time_t now_s = (time_t)(clock_wall_ms(clock) / 1000);
	char stamp[32], again[16] = "";
	struct tm tm;

	gmtime_r(&now_s, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (unsigned i = 2; i < AGAIN_MAX; i++) {
		if (snprintf(out, PATH_MAX, "%s.replaced-%s%s", path, stamp, again) >= PATH_MAX - 4)
			return err_errno(e, ENAMETOOLONG, "%s", path);
		if (access(out, F_OK) != 0)
			return ERR_OK;
		snprintf(again, sizeof(again), "_%u", i);
	}
	return err_set(e, ERR_EXISTS, "%s: exists", out);
}

/* The old file keeps a name, and its WAL goes with it: left beside the new file, SQLite would
 * play it into that. */
static enum err_code set_aside(const char *path, const char *aside, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s-shm", path) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s-wal", aside) >= (int)sizeof(to))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	unlink(from);
	if (link(path, aside) != 0)
		return err_errno(e, errno, "%s", aside);
	snprintf(from, sizeof(from), "%s-wal", path);
	if (rename(from, to) != 0 && errno != ENOENT)
		return err_errno(e, errno, "%s", to);
	return store_file_sync_parent(path, e);
}

static enum err_code swap_in(const char *partial, const char *to, const struct clock *clock,
			     char replaced[PATH_MAX], struct err *e)
{
	enum err_code rc = store_file_sync(partial, e);

	replaced[0] = 0;
	if (!rc && access(to, F_OK) == 0) {
		rc = replaced_name(to, clock, replaced, e);
		if (!rc)
			rc = set_aside(to, replaced, e);
	}
	if (!rc && rename(partial, to) != 0)
		rc = err_errno(e, errno, "%s", to);
	return rc ? rc : store_file_sync_parent(to, e);
}

/* Root restores for the daemon's user, whose the directory is; nobody else can give a file away. */
static enum err_code give(const char *file, const char *to, struct err *e)
{
	char lock[PATH_MAX], *parent = strdup(to);
	struct stat owner;
	bool is_known = parent && stat(dirname(parent), &owner) == 0;

	free(parent);
	snprintf(lock, sizeof(lock), "%.*s.lock", PATH_MAX - 8, to);
	if (geteuid() != 0 || !is_known)
		return ERR_OK;
	if (chown(file, owner.st_uid, owner.st_gid) != 0)
		return err_errno(e, errno, "%s", file);
	if (chown(lock, owner.st_uid, owner.st_gid) != 0)
		return err_errno(e, errno, "%s", lock);
	return ERR_OK;
}

static enum err_code copy_in(sqlite3 *from, const char *name, const char *to,
			     const struct clock *clock, char replaced[PATH_MAX], struct err *e)
{
	char partial[PATH_MAX];
	enum err_code rc = store_copy_partial(to, partial, e);

	if (!rc)
		rc = store_copy(from, partial, NULL, e);
	if (!rc)
		rc = check_copy(partial, clock, e);
	if (rc)
		err_wrap(e, rc, "%s", name);
	if (!rc)
		rc = give(partial, to, e);
	if (!rc)
		rc = swap_in(partial, to, clock, replaced, e);
	if (rc)
		store_copy_remove(partial);
	return rc;
}

enum err_code store_restore(const char *from, const char *to, const struct clock *clock,
			    char replaced[PATH_MAX], struct err *e)
{
	sqlite3 *backup = NULL;
	int lock_fd = -1;
	char aside[PATH_MAX];
	enum err_code rc = file_make_parent(to, e);

	if (!rc)
		rc = store_file_lock(to, &lock_fd, e);
	if (!rc)
		rc = store_file_open(from, O_RDONLY, &backup, e);
	if (!rc)
		rc = check_backup(backup, from, e);
	if (!rc)
		rc = copy_in(backup, from, to, clock, replaced ? replaced : aside, e);
	sqlite3_close(backup);
	if (lock_fd >= 0)
		close(lock_fd);
	return rc ? err_wrap(e, rc, "restore") : ERR_OK;
}
