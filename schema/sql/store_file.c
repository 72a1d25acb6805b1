/* SPDX-License-Identifier: Apache-2.0 */
/* store_file: the state file as a file: its lock, its handle, and names that appear whole. */
#include "schema/sql/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_MODE 0640

/* How long a foreign program (a person with sqlite3) may hold a lock before we give up. */
#define BUSY_MS 5000

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
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		rc = errno == EWOULDBLOCK
			     ? err_set(e, ERR_EXISTS,
				       "%s: is in use by another process, which holds %s", path,
				       name)
			     : err_errno(e, errno, "%s", name);
		close(lock);
		return rc;
	}
	*fd = lock;
	return ERR_OK;
}

enum err_code store_file_open(const char *path, int flags, sqlite3 **out, struct err *e)
{
	int fd = open(path, flags | O_CLOEXEC, FILE_MODE), rc;
	int access = flags == O_RDONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

	if (fd < 0)
		return err_errno(e, errno, "%s", path);
	close(fd);
	rc = sqlite3_open_v2(path, out, access | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		return err_set(e, rc == SQLITE_NOMEM ? ERR_MEMORY : ERR_IO, "%s: %s", path,
			       sqlite3_errstr(rc));
	sqlite3_extended_result_codes(*out, 1);
	sqlite3_busy_timeout(*out, BUSY_MS);
	sqlite3_db_config(*out, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return ERR_OK;
}

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
