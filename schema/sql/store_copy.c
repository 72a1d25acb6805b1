/* SPDX-License-Identifier: Apache-2.0 */
/* store_copy: page by page, synced as it grows, checked at its end. */
#include "schema/sql/store_copy.h"

#include "schema/sql/store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PAGES_A_STEP 256  /* 1 MiB */
#define STEPS_A_SYNC 8	  /* 8 MiB: a fsync of 10 to 100 ms, in which others still get their turn */
#define CHECK_OPS    1000 /* of SQLite's machine between two looks at go_on during the check */
#define FILE_MODE    0640

static bool goes_on(const struct store_progress *progress, int64_t done, int64_t total)
{
	return !progress || progress->go_on(progress->ctx, done, total);
}

static enum err_code sync_piece(const char *path, struct err *e)
{
	/* Closing it drops SQLite's locks on the copy, which nobody else knows of. */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 || fdatasync(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return failed ? err_errno(e, failed, "%s", path) : ERR_OK;
}

static enum err_code copy_pages(sqlite3 *from, sqlite3 *to, const char *path,
				const struct store_progress *progress, struct err *e)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	enum err_code rc = ERR_OK;
	int step = SQLITE_OK;

	if (!backup)
		return store_sql_error(to, e);
	for (unsigned i = 1; !rc && step == SQLITE_OK; i++) {
		int64_t total;

		step = sqlite3_backup_step(backup, PAGES_A_STEP);
		total = sqlite3_backup_pagecount(backup);
		if (step == SQLITE_OK && i % STEPS_A_SYNC == 0)
			rc = sync_piece(path, e);
		if (!rc && !goes_on(progress, total - sqlite3_backup_remaining(backup), total))
			rc = err_set(e, ERR_AGAIN, "%s: the copy was ended", path);
	}
	sqlite3_backup_finish(backup);
	if (rc)
		return rc;
	return step == SQLITE_DONE ? ERR_OK : store_sql_error(to, e);
}

static int look(void *progress)
{
	return !goes_on(progress, 1, 1);
}

static enum err_code check(sqlite3 *to, const char *path, const struct store_progress *progress,
			   struct err *e)
{
	enum err_code rc;

	if (progress)
		sqlite3_progress_handler(to, CHECK_OPS, look, (void *)progress);
	rc = store_sql_check(to, "integrity_check", NULL, e);
	if (rc && (sqlite3_errcode(to) & 0xff) == SQLITE_INTERRUPT)
		rc = err_set(e, ERR_AGAIN, "%s: the copy was ended", path);
	sqlite3_progress_handler(to, 0, NULL, NULL);
	return rc;
}

void store_copy_remove(const char *path)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (snprintf(name, sizeof(name), "%s%s", path, ends[i]) < (int)sizeof(name))
			unlink(name);
}

enum err_code store_copy_partial(const char *path, char out[PATH_MAX], struct err *e)
{
	if (snprintf(out, PATH_MAX, "%s.partial", path) >= PATH_MAX)
		return err_errno(e, ENAMETOOLONG, "%s", path);
	return ERR_OK;
}

static enum err_code make_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	close(fd);
	return ERR_OK;
}

enum err_code store_copy(sqlite3 *from, const char *path, const struct store_progress *progress,
			 struct err *e)
{
	sqlite3 *to = NULL;
	enum err_code rc;

	store_copy_remove(path); /* of a crash before */
	rc = make_file(path, e);
	if (!rc)
		rc = store_file_open(path, O_RDWR, &to, e);
	if (!rc) /* it is synced here, and has no name yet that a crash could betray */
		rc = store_sql_exec(to, "PRAGMA synchronous = OFF", e);
	if (!rc)
		rc = copy_pages(from, to, path, progress, e);
	if (!rc) /* the copied header says WAL */
		rc = store_sql_exec(to, "PRAGMA journal_mode = DELETE", e);
	if (!rc)
		rc = check(to, path, progress, e);
	sqlite3_close(to);
	if (rc)
		store_copy_remove(path);
	return rc;
}
