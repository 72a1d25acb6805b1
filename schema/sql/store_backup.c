/* SPDX-License-Identifier: Apache-2.0 */
/* store_backup: copies of the state file, checked before they get their name, and the way back. */
#include "core/file.h"
#include "schema/sql/store.h"
#include "schema/sql/store_file.h"
#include "schema/sql/store_migrate.h"
#include "schema/sql/store_sql.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGES_A_STEP 256
#define BACKUPS	     "dnsd-????????T??????Z*.db"

/* ---- one copy ---- */

static enum err_code copy_pages(sqlite3 *from, sqlite3 *to, struct err *e)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int rc;

	if (!backup)
		return store_sql_error(to, e);
	do
		rc = sqlite3_backup_step(backup, PAGES_A_STEP);
	while (rc == SQLITE_OK);
	sqlite3_backup_finish(backup);
	return rc == SQLITE_DONE ? ERR_OK : store_sql_error(to, e);
}

static void remove_partial(const char *path)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (snprintf(name, sizeof(name), "%s%s", path, ends[i]) < (int)sizeof(name))
			unlink(name);
}

/* A whole copy in one file, or none. */
static enum err_code copy_checked(sqlite3 *from, const char *path, struct err *e)
{
	sqlite3 *to = NULL;
	enum err_code rc;

	remove_partial(path); /* of a crash before */
	rc = store_file_open(path, O_RDWR | O_CREAT, &to, e);
	if (!rc)
		rc = copy_pages(from, to, e);
	if (!rc) /* the copied header says WAL */
		rc = store_sql_exec(to, "PRAGMA journal_mode = DELETE", e);
	if (!rc)
		rc = store_sql_check(to, "integrity_check", e);
	sqlite3_close(to);
	if (rc)
		remove_partial(path);
	return rc;
}

static enum err_code partial_name(const char *path, char out[PATH_MAX], struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s.partial", path) >= PATH_MAX)
		return err_errno(e, ENAMETOOLONG, "%s", path);
	return ERR_OK;
}

enum err_code store_backup(struct store *s, const char *path, struct err *e)
{
	char partial[PATH_MAX];
	enum err_code rc = partial_name(path, partial, e);

	if (rc)
		return rc;
	if (access(path, F_OK) == 0)
		return err_set(e, ERR_EXISTS, "%s: exists", path);
	rc = file_make_parent(path, e);
	if (!rc)
		rc = copy_checked(s->db, partial, e);
	if (rc)
		return err_wrap(e, rc, "backup");
	rc = store_file_publish(partial, path, e);
	if (rc) {
		remove_partial(partial);
		return err_wrap(e, rc, "backup");
	}
	return ERR_OK;
}

/* ---- many ---- */

static int is_backup(const struct dirent *entry)
{
	return fnmatch(BACKUPS, entry->d_name, 0) == 0;
}

/* A name after all that are there. Within one second they are numbered: "..Z.db", "..Z_2.db". */
static enum err_code next_name(const struct store *s, const char *directory,
			       struct dirent *const *there, int n, char out[PATH_MAX],
			       struct err *e)
{
	time_t now_s = (time_t)(clock_wall_ms(s->clock) / 1000);
	char stem[64], again[16] = "";
	int number = 0, len;
	struct tm tm;

	gmtime_r(&now_s, &tm);
	strftime(stem, sizeof(stem), "dnsd-%Y%m%dT%H%M%SZ", &tm);
	if (n > 0 && strncmp(there[n - 1]->d_name, stem, strlen(stem)) == 0) {
		if (sscanf(there[n - 1]->d_name + strlen(stem), "_%d.db", &number) != 1)
			number = 1;
		snprintf(again, sizeof(again), "_%d", number + 1);
	}
	len = snprintf(out, PATH_MAX, "%s/%s%s.db", directory, stem, again);
	return len < PATH_MAX ? ERR_OK : err_errno(e, ENAMETOOLONG, "%s", directory);
}

/* Removes the first n. */
static enum err_code prune(const char *directory, struct dirent *const *there, int n, struct err *e)
{
	enum err_code rc = ERR_OK;
	char path[PATH_MAX];

	for (int i = 0; i < n; i++)
		if (snprintf(path, sizeof(path), "%s/%s", directory, there[i]->d_name) >=
			    (int)sizeof(path) ||
		    unlink(path) != 0)
			rc = err_errno(e, errno, "%s/%s", directory, there[i]->d_name);
	return rc;
}

enum err_code store_backup_rotate(struct store *s, const char *directory, unsigned keep,
				  struct err *e)
{
	int keep_before = keep > 0 ? (int)(keep < INT_MAX ? keep - 1 : INT_MAX) : 0;
	struct dirent **there = NULL;
	char path[PATH_MAX];
	enum err_code rc;
	int n;

	if (snprintf(path, sizeof(path), "%s/x", directory) >= (int)sizeof(path))
		return err_errno(e, ENAMETOOLONG, "%s", directory);
	rc = file_make_parent(path, e);
	if (rc)
		return rc;
	n = scandir(directory, &there, is_backup, versionsort);
	if (n < 0)
		return err_errno(e, errno, "%s", directory);
	rc = next_name(s, directory, there, n, path, e);
	if (!rc)
		rc = store_backup(s, path, e);
	if (!rc)
		rc = prune(directory, there, n - keep_before, e);
	for (int i = 0; i < n; i++)
		free(there[i]);
	free(there);
	return rc;
}

/* ---- the way back ---- */

/* Only a whole state file of a schema we know, with both chains unbroken, is worth restoring. */
static enum err_code check_backup(struct store *backup, struct err *e)
{
	int64_t version, rows;
	enum err_code rc = store_sql_check(backup->db, "integrity_check", e);

	if (!rc)
		rc = store_sql_number(backup->db, "PRAGMA user_version", &version, e);
	if (rc)
		return rc;
	if (version < 1 || (size_t)version > store_migrations_len)
		return err_set(e, ERR_INPUT, "%s: has schema %lld and this program knows 1 to %zu",
			       backup->path, (long long)version, store_migrations_len);
	return store_verify(backup, &rows, e);
}

/* The old file keeps a name, and its WAL goes with it: left beside the new file, SQLite would
 * play it into that. */
static enum err_code set_aside(const char *path, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(to, sizeof(to), "%s.replaced-wal", path) >= (int)sizeof(to))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	snprintf(from, sizeof(from), "%s-shm", path);
	unlink(from);
	unlink(to);
	snprintf(to, sizeof(to), "%s.replaced", path);
	unlink(to);
	if (link(path, to) != 0 && errno != ENOENT)
		return err_errno(e, errno, "%s", to);
	snprintf(from, sizeof(from), "%s-wal", path);
	snprintf(to, sizeof(to), "%s.replaced-wal", path);
	if (rename(from, to) != 0 && errno != ENOENT)
		return err_errno(e, errno, "%s", to);
	return store_file_sync_parent(path, e);
}

static enum err_code swap_in(const char *partial, const char *to, struct err *e)
{
	enum err_code rc = store_file_sync(partial, e);

	if (!rc)
		rc = set_aside(to, e);
	if (!rc && rename(partial, to) != 0)
		rc = err_errno(e, errno, "%s", to);
	return rc ? rc : store_file_sync_parent(to, e);
}

enum err_code store_restore(const char *from, const char *to, struct err *e)
{
	struct store backup = { .path = (char *)from, .lock_fd = -1 };
	char partial[PATH_MAX];
	int lock_fd = -1;
	enum err_code rc = partial_name(to, partial, e);

	if (rc)
		return rc;
	rc = file_make_parent(to, e);
	if (!rc)
		rc = store_file_lock(to, &lock_fd, e);
	if (!rc)
		rc = store_file_open(from, O_RDONLY, &backup.db, e);
	if (!rc)
		rc = check_backup(&backup, e);
	if (!rc)
		rc = copy_checked(backup.db, partial, e);
	if (!rc) {
		rc = swap_in(partial, to, e);
		if (rc)
			remove_partial(partial);
	}
	sqlite3_close(backup.db);
	if (lock_fd >= 0)
		close(lock_fd);
	return rc ? err_wrap(e, rc, "restore") : ERR_OK;
}
