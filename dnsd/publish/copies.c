/* SPDX-License-Identifier: Apache-2.0 */
/* copies: the last good copies of zones and databases. See copies.h. */
#include "dnsd/publish/copies.h"

#include "core/file.h"
#include "dnsd/client/mmdb.h"
#include "dnsd/publish/copy_paths.h"
#include "dnsd/zone/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_MODE 0640
#define CHUNK	  (64 * 1024)

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* ---- databases ---- */

static enum err_code copy_bytes(int from, int to, const char *path, struct err *e)
{
	char *chunk = malloc(CHUNK);
	ssize_t n = -1;

	if (!chunk)
		return err_set(e, ERR_MEMORY, "%s: out of memory", path);
	do {
		ssize_t written = 0;

		n = read(from, chunk, CHUNK);
		for (ssize_t at = 0; at < n; at += written) {
			written = write(to, chunk + at, (size_t)(n - at));
			if (written < 0 && errno != EINTR)
				n = -1;
			written = written < 0 ? 0 : written;
		}
	} while (n > 0 || (n < 0 && errno == EINTR));
	free(chunk);
	return n < 0 || fsync(to) != 0 ? err_errno(e, errno, "%s", path) : ERR_OK;
}

/* Beside its place, and moved there when it can be read from end to end: the file may have been
 * replaced since it was loaded. */
static enum err_code copy_database(int from, const struct stat *st, const char *path, struct err *e)
{
	const struct timespec times[2] = { st->st_mtim, st->st_mtim };
	char beside[PATH_MAX + 8];
	enum err_code rc;
	int to;

	snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
	to = mkostemp(beside, O_CLOEXEC);
	if (to < 0)
		return err_errno(e, errno, "%s", beside);
	rc = copy_bytes(from, to, beside, e);
	if (fchmod(to, COPY_MODE) != 0 || futimens(to, times) != 0)
		rc = rc ? rc : err_errno(e, errno, "%s", beside);
	close(to);
	if (rc == ERR_OK)
		rc = mmdb_check(beside, e);
	if (rc == ERR_OK && rename(beside, path) != 0)
		rc = err_errno(e, errno, "%s", path);
	if (rc != ERR_OK)
		unlink(beside);
	return rc == ERR_INPUT ? ERR_OK : rc; /* it is broken by now: the older copy stays */
}

static enum err_code save_database(const char *database, const char *path, struct err *e)
{
	int from = open(database, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st, copy;
	enum err_code rc = ERR_OK;

	if (from < 0)
		return ERR_OK; /* nothing to copy is known where it matters */
	if (fstat(from, &st) == 0 && S_ISREG(st.st_mode) &&
	    (stat(path, &copy) != 0 || !is_same_file(&copy, &st)))
		rc = copy_database(from, &st, path, e);
	close(from);
	return rc;
}

/* ---- the directory ---- */

struct wanted {
	char **names; /* sorted */
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void wanted_fini(struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->names[i]);
	free(w->names);
}

static bool want(struct wanted *w, const char *path)
{
	w->names[w->n] = strdup(strrchr(path, '/') + 1);
	return w->names[w->n] && ++w->n;
}

static bool wanted_init(struct wanted *w, const struct dnsd_config *config, const char *directory)
{
	char path[PATH_MAX];
	bool ok;

	*w = (struct wanted){ calloc(config->n_zones + config->geo.n_databases + 1, sizeof(char *)),
			      0 };
	ok = w->names != NULL;
	for (size_t i = 0; ok && i < config->n_zones; i++)
		ok = want(w, copy_paths_zone(directory, config->zones[i].name, path));
	for (size_t i = 0; ok && i < config->geo.n_databases; i++)
		ok = want(w, copy_paths_database(directory, config->geo.databases[i], path));
	if (ok)
		qsort(w->names, w->n, sizeof(*w->names), by_text);
	else
		wanted_fini(w);
	return ok;
}

static bool is_wanted(const struct wanted *w, const char *name)
{
	return bsearch(&name, w->names, w->n, sizeof(*w->names), by_text) != NULL;
}

/* Copies of what is not configured any more, and what a killed run left behind. Without memory they
 * stay until the next time. */
static void remove_others(const struct dnsd_config *config, const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *entry;
	struct wanted wanted;

	if (!d)
		return;
	if (wanted_init(&wanted, config, directory)) {
		while ((entry = readdir(d)) != NULL) {
			const char *name = entry->d_name;

			if ((strncmp(name, "zone-", 5) == 0 || strncmp(name, "geo-", 4) == 0) &&
			    !is_wanted(&wanted, name))
				unlinkat(dirfd(d), name, 0);
		}
		wanted_fini(&wanted);
	}
	closedir(d);
}

static struct zone *zone_of(const struct publish_parts *parts, const char *name)
{
	struct name origin;

	if (name_parse(name, NULL, &origin, NULL) != ERR_OK)
		return NULL;
	name_lower(origin.wire, origin.wire, origin.len);
	return zone_set_by_origin(parts->zones, origin.wire, origin.len);
}

enum err_code copies_save(const struct dnsd_config *config, const struct publish_parts *parts,
			  const char *directory, struct err *e)
{
	enum err_code first = ERR_OK, rc;
	char path[PATH_MAX];
	struct err why;

	copy_paths_zone(directory, "", path);
	first = file_make_parent(path, e);
	if (first != ERR_OK)
		return first;
	remove_others(config, directory);
	for (size_t i = 0; i < config->n_zones; i++) {
		struct zone *z = zone_of(parts, config->zones[i].name);

		rc = z ? copy_save(z, copy_paths_zone(directory, config->zones[i].name, path), &why)
		       : ERR_OK;
		if (rc != ERR_OK && first == ERR_OK) {
			first = rc;
			err_set(e, rc, "%s", why.text);
		}
	}
	for (size_t i = 0; i < config->geo.n_databases; i++) {
		const char *database = config->geo.databases[i];

		rc = save_database(database, copy_paths_database(directory, database, path), &why);
		if (rc != ERR_OK && first == ERR_OK) {
			first = rc;
			err_set(e, rc, "%s", why.text);
		}
	}
	return first;
}
