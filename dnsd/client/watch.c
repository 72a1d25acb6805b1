/* SPDX-License-Identifier: Apache-2.0 */
/* watch: has a database file been replaced since it was last looked at? */
#include "dnsd/client/watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Fields of stat(), side by side without padding: compared as bytes. All zero but the error when
 * there is no file. */
struct databases_file {
	uint64_t device, inode, size, mtime_s, mtime_ns, ctime_s, ctime_ns, error;
};

static struct databases_file look(const char *path)
{
	struct databases_file f = { 0 };
	struct stat st;

	if (stat(path, &st)) {
		f.error = (uint64_t)errno;
		return f;
	}
	f.device = st.st_dev;
	f.inode = st.st_ino;
	f.size = (uint64_t)st.st_size;
	f.mtime_s = (uint64_t)st.st_mtim.tv_sec;
	f.mtime_ns = (uint64_t)st.st_mtim.tv_nsec;
	f.ctime_s = (uint64_t)st.st_ctim.tv_sec;
	f.ctime_ns = (uint64_t)st.st_ctim.tv_nsec;
	return f;
}

enum err_code databases_stamp_init(struct databases_stamp *s, char *const *paths, size_t n_paths)
{
	struct databases_file *files = calloc(n_paths + 1, sizeof(*files));

	if (!files)
		return ERR_MEMORY;
	*s = (struct databases_stamp){ paths, n_paths, files };
	databases_changed(s);
	return ERR_OK;
}

void databases_stamp_fini(struct databases_stamp *s)
{
	free(s->files);
	*s = (struct databases_stamp){ 0 };
}

bool databases_changed(struct databases_stamp *s)
{
	bool changed = false;

	for (size_t i = 0; i < s->n_paths; i++) {
		struct databases_file now = look(s->paths[i]);

		changed |= memcmp(&s->files[i], &now, sizeof(now)) != 0;
		s->files[i] = now;
	}
	return changed;
}
