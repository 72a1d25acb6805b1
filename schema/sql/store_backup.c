/* SPDX-License-Identifier: Apache-2.0 */
/* store_backup: copies of the state file, checked before they get their name. */
#include "schema/sql/store_backup.h"

#include "core/file.h"
#include "schema/sql/store_copy.h"
#include "schema/sql/store_reader.h"
#include "schema/sql/store_sql.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct store_backup {
	struct store *reader; /* inside a transaction: it sees the state as it was at the start */
};

/* ---- one copy ---- */

enum err_code store_backup_begin(struct store *s, struct store_backup **out, struct err *e)
{
	struct store_backup *b = calloc(1, sizeof(*b));
	int64_t version;
	enum err_code rc;

	if (!b)
		return err_errno(e, ENOMEM, "%s", s->path);
	rc = store_hold_look(&s->hold, s->path, e);
	if (!rc)
		rc = store_reader_open(s->path, s->clock, &b->reader, e);
	if (!rc)
		rc = store_sql_exec(b->reader->db, "BEGIN", e);
	if (!rc) /* the first read pins it */
		rc = store_sql_number(b->reader->db, "PRAGMA user_version", &version, e);
	if (rc) {
		store_backup_end(b);
		return err_wrap(e, rc, "backup");
	}
	*out = b;
	return ERR_OK;
}

void store_backup_end(struct store_backup *b)
{
	if (!b)
		return;
	store_sql_close(b->reader); /* and what it pinned is let go */
	free(b);
}

enum err_code store_backup_write(struct store_backup *b, const char *path,
				 const struct store_progress *progress, struct err *e)
{
	char partial[PATH_MAX];
	enum err_code rc = store_copy_partial(path, partial, e);

	if (rc)
		return rc;
	if (access(path, F_OK) == 0)
		return err_set(e, ERR_EXISTS, "%s: exists", path);
	rc = file_make_parent(path, e);
	if (!rc)
		rc = store_copy(b->reader->db, partial, progress, e);
	if (rc)
		return err_wrap(e, rc, "backup");
	rc = store_file_publish(partial, path, e);
	if (rc) {
		store_copy_remove(partial);
		return err_wrap(e, rc, "backup");
	}
	return ERR_OK;
}

enum err_code store_backup(struct store *s, const char *path, struct err *e)
{
	struct store_backup *b;
	enum err_code rc = store_backup_begin(s, &b, e);

	if (rc)
		return rc;
	rc = store_backup_write(b, path, NULL, e);
	store_backup_end(b);
	return rc;
}

/* ---- many ---- */

#define STAMP	  "%Y%m%dT%H%M%SZ"
#define STAMP_LEN 16 /* "20260102T030405Z" */

/* A backup of this node that is there: its name is sorted by stamp, then number. */
struct kept {
	char name[NAME_MAX + 1];
	char stamp[STAMP_LEN + 1];
	int number;
	bool is_ahead; /* later than now: its clock was wrong, and it is older than all others */
};

struct kept_list {
	struct kept *kept; /* oldest first */
	size_t n;
};

static void stamp_now(const struct clock *clock, char out[STAMP_LEN + 1])
{
	time_t now_s = (time_t)(clock_wall_ms(clock) / 1000);
	struct tm tm;

	gmtime_r(&now_s, &tm);
	strftime(out, STAMP_LEN + 1, STAMP, &tm);
}

static bool is_stamp(const char *text)
{
	for (int i = 0; i < STAMP_LEN; i++) {
		char expected = i == 8 ? 'T' : i == STAMP_LEN - 1 ? 'Z' : '0';

		if (expected == '0' ? text[i] < '0' || text[i] > '9' : text[i] != expected)
			return false;
	}
	return true;
}

/* "dnsd-NODE-STAMP.db" or "dnsd-NODE-STAMP_N.db" */
static bool parse_name(const char *name, const char *node, struct kept *out)
{
	size_t len = strlen(node);
	const char *at = name + 5;
	char end[4] = "";

	if (strncmp(name, "dnsd-", 5) != 0 || strncmp(at, node, len) != 0 || at[len] != '-' ||
	    strlen(name) > NAME_MAX || !is_stamp(at + len + 1))
		return false;
	memcpy(out->stamp, at + len + 1, STAMP_LEN);
	out->stamp[STAMP_LEN] = 0;
	snprintf(out->name, sizeof(out->name), "%s", name);
	at += len + 1 + STAMP_LEN;
	out->number = 1;
	return strcmp(at, ".db") == 0 ||
	       (sscanf(at, "_%d.%3s", &out->number, end) == 2 && strcmp(end, "db") == 0);
}

static int by_age(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	int by_stamp = strcmp(x->stamp, y->stamp);

	if (x->is_ahead != y->is_ahead)
		return x->is_ahead ? -1 : 1;
	return by_stamp ? by_stamp : (x->number > y->number) - (x->number < y->number);
}

static enum err_code add_kept(struct kept_list *list, const struct kept *one, struct err *e)
{
	struct kept *grown = realloc(list->kept, (list->n + 1) * sizeof(*grown));

	if (!grown)
		return err_errno(e, ENOMEM, "backups");
	list->kept = grown;
	grown[list->n++] = *one;
	return ERR_OK;
}

static enum err_code list_kept(const struct store_backup_place *place, const struct clock *clock,
			       struct kept_list *out, struct err *e)
{
	DIR *directory = opendir(place->directory);
	char now[STAMP_LEN + 1];
	struct dirent *entry;
	enum err_code rc = ERR_OK;
	struct kept one;

	memset(out, 0, sizeof(*out));
	if (!directory)
		return err_errno(e, errno, "%s", place->directory);
	stamp_now(clock, now);
	while (!rc && (entry = readdir(directory)))
		if (parse_name(entry->d_name, place->node, &one)) {
			one.is_ahead = strcmp(one.stamp, now) > 0;
			rc = add_kept(out, &one, e);
		}
	closedir(directory);
	if (out->n)
		qsort(out->kept, out->n, sizeof(*out->kept), by_age);
	return rc;
}

/* Within one second they are numbered: "..Z.db", "..Z_2.db". */
static enum err_code next_name(const struct store_backup_place *place, const struct clock *clock,
			       const struct kept_list *there, char out[PATH_MAX], struct err *e)
{
	char stamp[STAMP_LEN + 1], again[16] = "";
	int number = 0, len;

	stamp_now(clock, stamp);
	for (size_t i = 0; i < there->n; i++)
		if (strcmp(there->kept[i].stamp, stamp) == 0 && there->kept[i].number > number)
			number = there->kept[i].number;
	if (number)
		snprintf(again, sizeof(again), "_%d", number + 1);
	len = snprintf(out, PATH_MAX, "%s/dnsd-%s-%s%s.db", place->directory, place->node, stamp,
		       again);
	return len < PATH_MAX ? ERR_OK : err_errno(e, ENAMETOOLONG, "%s", place->directory);
}

static enum err_code remove_in(const char *directory, const char *name, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return err_errno(e, ENAMETOOLONG, "%s", directory);
	return unlink(path) == 0 || errno == ENOENT ? ERR_OK : err_errno(e, errno, "%s", path);
}

/* All that were there but the newest keep - 1: the new one is the last of them. */
static enum err_code prune(const struct store_backup_place *place, const struct kept_list *there,
			   struct err *e)
{
	size_t stay = place->keep > 0 ? place->keep - 1 : 0;
	enum err_code rc = ERR_OK, one;

	for (size_t i = 0; i + stay < there->n; i++) {
		one = remove_in(place->directory, there->kept[i].name, e);
		rc = rc ? rc : one;
	}
	return rc;
}

enum err_code store_backup_keep(struct store_backup *b, const struct store_backup_place *place,
				const struct store_progress *progress, char path[PATH_MAX],
				struct err *e)
{
	const struct clock *clock = b->reader->clock;
	struct kept_list there;
	enum err_code rc;

	if (snprintf(path, PATH_MAX, "%s/x", place->directory) >= PATH_MAX)
		return err_errno(e, ENAMETOOLONG, "%s", place->directory);
	rc = file_make_parent(path, e);
	if (rc)
		return rc;
	rc = list_kept(place, clock, &there, e);
	if (!rc)
		rc = next_name(place, clock, &there, path, e);
	if (!rc)
		rc = store_backup_write(b, path, progress, e);
	if (!rc)
		rc = prune(place, &there, e);
	free(there.kept);
	return rc;
}

enum err_code store_backup_rotate(struct store *s, const struct store_backup_place *place,
				  struct err *e)
{
	struct store_backup *b;
	char path[PATH_MAX];
	enum err_code rc = store_backup_begin(s, &b, e);

	if (rc)
		return rc;
	rc = store_backup_keep(b, place, NULL, path, e);
	store_backup_end(b);
	return rc;
}

enum err_code store_backup_newest(const struct store_backup_place *place, const struct clock *clock,
				  char path[PATH_MAX], struct err *e)
{
	struct kept_list there;
	enum err_code rc = list_kept(place, clock, &there, e);

	if (!rc && !there.n)
		rc = err_set(e, ERR_NOT_FOUND, "%s: no backup of %s", place->directory,
			     place->node);
	if (!rc && snprintf(path, PATH_MAX, "%s/%s", place->directory,
			    there.kept[there.n - 1].name) >= PATH_MAX)
		rc = err_errno(e, ENAMETOOLONG, "%s", place->directory);
	free(there.kept);
	return rc;
}

void store_backup_sweep(const struct store_backup_place *place)
{
	DIR *directory = opendir(place->directory);
	struct dirent *entry;
	char name[NAME_MAX + 1], *end;
	struct kept one;

	while (directory && (entry = readdir(directory))) {
		snprintf(name, sizeof(name), "%s", entry->d_name);
		end = strstr(name, ".partial"); /* and what SQLite put beside it */
		if (!end)
			continue;
		*end = 0;
		if (parse_name(name, place->node, &one))
			remove_in(place->directory, entry->d_name, NULL);
	}
	if (directory)
		closedir(directory);
}
