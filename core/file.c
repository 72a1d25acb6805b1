/* SPDX-License-Identifier: Apache-2.0 */
/* file: whole files in, whole files out, and a private directory. */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ROOM  4096
#define PARENT_MODE 0750

/* Keeps two bytes free: one to read into, one for the terminator. */
static bool has_grown(char **bytes, size_t *room, size_t used)
{
	char *grown;

	if (*room - used >= 2)
		return true;
	*room = *room ? *room * 2 : FIRST_ROOM;
	grown = realloc(*bytes, *room);
	if (grown)
		*bytes = grown;
	return grown != NULL;
}

/* Reads until the end, or one byte over max, which tells "too long" from "just fits". */
static enum err_code read_all(int fd, const char *path, size_t max, char **out, size_t *len,
			      struct err *e)
{
	size_t room = 0, used = 0;
	enum err_code rc = ERR_OK;
	char *bytes = NULL;
	ssize_t n;

	do {
		if (!has_grown(&bytes, &room, used)) {
			rc = err_errno(e, ENOMEM, "%s", path);
			goto fail;
		}
		n = read(fd, bytes + used, room - used - 1);
		if (n < 0 && errno != EINTR) {
			rc = err_errno(e, errno, "%s", path);
			goto fail;
		}
		used += n > 0 ? (size_t)n : 0;
	} while (n != 0 && used <= max);
	if (used > max) {
		rc = err_set(e, ERR_LIMIT, "%s: is longer than %zu bytes", path, max);
		goto fail;
	}
	bytes[used] = 0;
	*out = bytes;
	*len = used;
	return ERR_OK;
fail:
	free(bytes);
	return rc;
}

enum err_code file_read(const char *path, size_t max, char **out, size_t *len, struct err *e)
{
	/* O_NONBLOCK: a FIFO without a writer would keep the caller for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	enum err_code rc;

	if (fd < 0) {
		bool absent = errno == ENOENT;

		rc = err_errno(e, errno, "%s", path);
		return absent ? ERR_NOT_FOUND : rc;
	}
	if (fstat(fd, &st) != 0)
		rc = err_errno(e, errno, "%s", path);
	else if (S_ISDIR(st.st_mode))
		rc = err_errno(e, EISDIR, "%s", path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(e, ERR_INPUT, "%s: is no regular file", path);
	else
		rc = read_all(fd, path, max, out, len, e);
	close(fd);
	return rc;
}

static bool has_written(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* "/a/b" -> "/a", "/b" -> "/", "b" -> "."; false when it does not fit. */
static bool has_parent(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;

	if (slash && len == 0)
		len = 1;
	if (len >= PATH_MAX)
		return false;
	memcpy(out, slash ? path : ".", len);
	out[len] = 0;
	return true;
}

/* The file under its new name survives a power cut only when its directory is on disk too. */
static enum err_code rename_durably(const char *from, const char *to, struct err *e)
{
	char parent[PATH_MAX];
	enum err_code rc = ERR_OK;
	int dir;

	if (!has_parent(to, parent))
		return err_errno(e, ENAMETOOLONG, "%s", to);
	dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, errno, "%s", parent);
	if (rename(from, to) != 0)
		rc = err_errno(e, errno, "%s", to);
	else if (fsync(dir) != 0)
		rc = err_errno(e, errno, "fsync %s", parent);
	close(dir);
	return rc;
}

enum err_code file_replace(const char *path, const void *bytes, size_t len, mode_t mode,
			   struct err *e)
{
	char beside[PATH_MAX];
	enum err_code rc;
	int fd;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno, "%s", beside);
	if (fchmod(fd, mode) != 0 || !has_written(fd, bytes, len) || fsync(fd) != 0) {
		rc = err_errno(e, errno, "%s", beside);
		close(fd);
		goto fail;
	}
	if (close(fd) != 0) { /* some file systems tell of a full disk only here */
		rc = err_errno(e, errno, "%s", beside);
		goto fail;
	}
	rc = rename_durably(beside, path, e);
	if (rc == ERR_OK)
		return ERR_OK;
fail:
	unlink(beside); /* gone already when only the last fsync failed */
	return rc;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum err_code file_make_parent(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	char *slash = dir;
	int errnum;

	if (!has_parent(path, dir))
		return err_errno(e, ENAMETOOLONG, "%s", path);
	while (slash) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = 0;
		errnum = mkdir(dir, PARENT_MODE) == 0 ? 0 : errno;
		if (errnum && !is_directory(dir))
			return err_errno(e, errnum == EEXIST ? ENOTDIR : errnum, "%s", dir);
		if (slash)
			*slash = '/';
	}
	return ERR_OK;
}
