/* SPDX-License-Identifier: Apache-2.0 */
/* store_file: the state file as a file: its lock, its handle, and names that appear whole. */
#include "schema/sql/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640

/* How long a foreign program (a person with sqlite3) may hold a lock before we give up. */
#define BUSY_MS 5000

/* ---- holding ---- */

static enum err_code lock_fd(int fd, const char *path, const char *name, struct err *e)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	return errno == EWOULDBLOCK
		       ? err_set(e, ERR_EXISTS, "%s: is in use by another process, which holds %s",
				 path, name)
		       : err_errno(e, errno, "%s", name);
}

enum err_code store_file_lock(const char *path, int *fd, struct err *e)
{
	char name[PATH_MAX];
	enum err_code rc;
	int lock;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (lock < 0)
		return err_errno(e, errno, "%s", name);
	rc = lock_fd(lock, path, name, e);
	if (rc) {
		close(lock);
		return rc;
	}
	*fd = lock;
	return ERR_OK;
}

enum err_code store_hold_lock(struct store_hold *hold, const char *path, struct err *e)
{
	return store_file_lock(path, &hold->lock_fd, e);
}

/* flock() and SQLite's fcntl() locks do not see each other. */
enum err_code store_hold_file(struct store_hold *hold, const char *path, int flags, struct err *e)
{
	enum err_code rc;
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, FILE_MODE);

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	rc = lock_fd(fd, path, path, e);
	if (rc)
		close(fd);
	else
		hold->file_fd = fd;
	return rc;
}

static bool is_same(int fd, const char *path)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

/* The old lock is of no use any more: nobody finds it under its name. */
static enum err_code lock_again(struct store_hold *hold, const char *path, struct err *e)
{
	int fd;
	enum err_code rc = store_file_lock(path, &fd, e);

	if (rc)
		return err_wrap(e, ERR_REFUSED,
				"the lock was deleted, and cannot be taken again: stop one of the "
				"two daemons");
	close(hold->lock_fd);
	hold->lock_fd = fd;
	return ERR_OK;
}

/* The lock first: it is what keeps a second daemon from making a new file. */
static enum err_code look_at_lock(struct store_hold *hold, const char *path, struct err *e)
{
	char name[PATH_MAX];

	if (hold->lock_fd < 0 ||
	    snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name) ||
	    is_same(hold->lock_fd, name))
		return ERR_OK;
	return lock_again(hold, path, e);
}

enum err_code store_hold_look(struct store_hold *hold, const char *path, struct err *e)
{
	enum err_code rc = look_at_lock(hold, path, e);

	if (rc || hold->file_fd < 0 || is_same(hold->file_fd, path))
		return rc;
	return err_set(e, ERR_REFUSED,
		       "%s: was deleted or replaced while it is in use; what is in force stays "
		       "until the end of this process: stop it, put the file back or `fairlead "
		       "restore` a backup, and start it again",
		       path);
}

void store_hold_end(struct store_hold *hold)
{
	if (hold->file_fd >= 0)
		close(hold->file_fd);
	if (hold->lock_fd >= 0)
		close(hold->lock_fd);
	*hold = (struct store_hold)STORE_HOLD_NONE;
}

/* ---- opening ---- */

enum err_code store_file_open(const char *path, int flags, sqlite3 **out, struct err *e)
{
	int access = flags == O_RDONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int rc = sqlite3_open_v2(path, out, access | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc == SQLITE_CANTOPEN && sqlite3_system_errno(*out))
		return err_errno(e, sqlite3_system_errno(*out), "%s", path);
	if (rc != SQLITE_OK)
		return err_set(e, rc == SQLITE_NOMEM ? ERR_MEMORY : ERR_IO, "%s: %s", path,
			       sqlite3_errstr(rc));
	sqlite3_extended_result_codes(*out, 1);
	sqlite3_busy_timeout(*out, BUSY_MS);
	sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return ERR_OK;
}

/* ---- names ---- */

static enum err_code sync_fd(int fd, const char *path, struct err *e)
{
	enum err_code rc = ERR_OK;

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	if (fsync(fd) != 0)
		rc = err_errno(e, errno, "%s", path);
	close(fd);
	return rc;
}

enum err_code store_file_sync(const char *path, struct err *e)
{
	return sync_fd(open(path, O_RDONLY | O_CLOEXEC), path, e);
}

enum err_code store_file_sync_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];

	if (!slash)
		return sync_fd(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ".", e);
	if (snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path + 1), path) >=
	    (int)sizeof(parent))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	return sync_fd(open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC), parent, e);
}

enum err_code store_file_publish(const char *from, const char *to, struct err *e)
{
	enum err_code rc = store_file_sync(from, e);

	if (rc)
		return rc;
	/* link and not rename: it does not replace. */
	if (link(from, to) != 0)
		return errno == EEXIST ? err_set(e, ERR_EXISTS, "%s: exists", to)
				       : err_errno(e, errno, "%s", to);
	unlink(from);
	return store_file_sync_parent(to, e);
}
