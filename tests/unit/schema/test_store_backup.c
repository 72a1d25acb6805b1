/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store_backup: a copy is whole before it has its name, and comes back
 * whole. */
#include "schema/sql/store.h"
#include "tests/unit/schema/store_fixture.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define REPLACED ".replaced-20260102T030405Z"

static bool has_file(const char *path)
{
	return access(path, F_OK) == 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* Of the database header: 1 = rollback journal, so that it opens on a read-only medium; 2 = WAL. */
static int journal_version(const char *path)
{
	unsigned char header[20];
	int fd = open(path, O_RDONLY);

	assert_int_equal(pread(fd, header, sizeof(header), 0), sizeof(header));
	close(fd);
	return header[18];
}

static void a_backup_is_one_file_with_all_that_was_committed(void **state)
{
	struct fixture *f = *state;
	struct fixture copy = *f;
	char backup[128];

	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	for (int i = 0; i < 300; i++)
		fixture_event(f, "filler");
	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	assert_int_equal(store_backup(f->s, backup, &f->e), ERR_OK);
	fixture_event(f, "later"); /* the store goes on */
	assert_int_equal(journal_version(backup), 1);
	assert_int_equal(journal_version(f->path), 2);
	fixture_name(&copy, backup, "-wal");
	assert_false(has_file(copy.path));
	fixture_name(&copy, backup, ".partial");
	assert_false(has_file(copy.path));
	fixture_name(&copy, backup, "");
	fixture_open(&copy);
	assert_int_equal(fixture_count(&copy, "event"), 301);
	assert_int_equal(fixture_count(&copy, "override"), 1);
	assert_int_equal(fixture_verified(&copy), 302);
	fixture_close(&copy);
}

static void a_backup_replaces_nothing(void **state)
{
	struct fixture *f = *state;
	char backup[128];
	struct stat st;

	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	write_file(backup, "precious");
	assert_int_equal(store_backup(f->s, backup, &f->e), ERR_EXISTS);
	assert_int_equal(stat(backup, &st), 0);
	assert_int_equal(st.st_size, strlen("precious"));
}

static void what_a_crash_left_behind_is_no_hindrance(void **state)
{
	struct fixture *f = *state;
	char backup[128], partial[160];

	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	snprintf(partial, sizeof(partial), "%s.partial", backup);
	write_file(partial, "half a database");
	assert_int_equal(store_backup(f->s, backup, &f->e), ERR_OK);
	assert_false(has_file(partial));
}

static void a_damaged_store_gives_no_backup(void **state)
{
	struct fixture *f = *state;
	char backup[128], garbage[4096];
	int fd;

	for (int i = 0; i < 500; i++)
		fixture_event(f, "filler");
	fixture_close(f);
	fixture_open(f);
	sqlite3_db_release_memory(f->s->db); /* opening read all of it */
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(f->path, O_WRONLY);
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 12 * 4096), sizeof(garbage));
	close(fd);
	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	assert_int_equal(store_backup(f->s, backup, &f->e), ERR_INPUT);
	assert_false(has_file(backup));
	strcat(backup, ".partial");
	assert_false(has_file(backup));
}

/* In a child, because the limit is the process's. */
static int backup_without_space(struct fixture *f, const char *backup)
{
	struct rlimit limit = { .rlim_cur = 64 * 1024, .rlim_max = RLIM_INFINITY };
	struct err e = { "" };

	if (store_open(f->path, &f->clock.clock, &f->s, NULL))
		return 1;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	return store_backup(f->s, backup, &e) == ERR_FULL ? 0 : 2;
}

static void no_space_for_a_backup_leaves_none(void **state)
{
	struct fixture *f = *state;
	char backup[128];
	int status;
	pid_t child;

	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	for (int i = 0; i < 1000; i++)
		fixture_event(f, "filler");
	fixture_close(f);
	child = fork();
	if (child == 0)
		_exit(backup_without_space(f, backup));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_false(has_file(backup));
	strcat(backup, ".partial");
	assert_false(has_file(backup));
}

static int count_backups(const char *directory)
{
	char pattern[192];
	glob_t found;
	int n;

	snprintf(pattern, sizeof(pattern), "%s/dnsd-ns1-2*.db", directory);
	n = glob(pattern, 0, NULL, &found) == 0 ? (int)found.gl_pathc : 0;
	globfree(&found);
	return n;
}

static enum err_code keep(struct fixture *f, const char *directory, const char *node, unsigned n)
{
	const struct store_backup_place place = { directory, node, n };

	return store_backup_rotate(f->s, &place, &f->e);
}

static void rotation_keeps_the_newest(void **state)
{
	struct fixture *f = *state;
	char directory[128], path[192];

	snprintf(directory, sizeof(directory), "%s/backups", f->directory);
	assert_int_equal(keep(f, directory, "ns1", 3), ERR_OK);
	snprintf(path, sizeof(path), "%s/dnsd-ns1-20260102T030405Z.db", directory);
	assert_true(has_file(path));
	snprintf(path, sizeof(path), "%s/dnsd-notes.db", directory);
	write_file(path, "not a backup");
	for (int i = 0; i < 12; i++) /* all within one second */
		assert_int_equal(keep(f, directory, "ns1", 3), ERR_OK);
	assert_true(has_file(path));
	assert_int_equal(count_backups(directory), 3);
	snprintf(path, sizeof(path), "%s/dnsd-ns1-20260102T030405Z_13.db", directory);
	assert_true(has_file(path));
	clock_hand_advance_ms(&f->clock, 1000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(keep(f, directory, "ns1", 2), ERR_OK);
	assert_false(has_file(path));
	snprintf(path, sizeof(path), "%s/dnsd-ns1-20260102T030406Z.db", directory);
	assert_true(has_file(path));
	snprintf(path, sizeof(path), "%s/dnsd-ns1-20260102T030406Z_2.db", directory);
	assert_true(has_file(path));
	clock_hand_advance_ms(&f->clock, 1000);
	assert_int_equal(keep(f, directory, "ns1", 0), ERR_OK);
	assert_false(has_file(path));
	snprintf(path, sizeof(path), "%s/dnsd-ns1-20260102T030407Z.db", directory);
	assert_true(has_file(path)); /* at least this one */
	assert_int_equal(count_backups(directory), 1);
}

static void two_nodes_may_share_a_directory(void **state)
{
	struct fixture *f = *state;
	char directory[128], path[192];

	snprintf(directory, sizeof(directory), "%s/backups", f->directory);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(keep(f, directory, "ns1", 3), ERR_OK);
		assert_int_equal(keep(f, directory, "ns1-b", 1), ERR_OK);
		clock_hand_advance_ms(&f->clock, 1000);
	}
	assert_int_equal(count_backups(directory), 3);
	snprintf(path, sizeof(path), "%s/dnsd-ns1-b-20260102T030407Z.db", directory);
	assert_true(has_file(path));
}

/* A clock that was a year ahead made them: they are older than what is made now. */
static void what_a_clock_ahead_has_dated_goes_first(void **state)
{
	const struct store_backup_place place = { NULL, "ns1", 2 };
	struct store_backup_place there = place;
	struct fixture *f = *state;
	char directory[128], path[PATH_MAX];

	snprintf(directory, sizeof(directory), "%s/backups", f->directory);
	there.directory = directory;
	f->clock.now_ms += INT64_C(365) * 86400000;
	for (int i = 0; i < 2; i++)
		assert_int_equal(keep(f, directory, "ns1", 2), ERR_OK);
	f->clock.now_ms = FIXTURE_NOW_MS;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(keep(f, directory, "ns1", 2), ERR_OK);
		assert_int_equal(count_backups(directory), 2);
		assert_int_equal(store_backup_newest(&there, &f->clock.clock, path, &f->e), ERR_OK);
		assert_non_null(strstr(path, i ? "20260102T030406Z.db" : "20260102T030405Z.db"));
		clock_hand_advance_ms(&f->clock, 1000);
	}
	snprintf(path, sizeof(path), "%s/dnsd-ns1-20260102T030405Z.db", directory);
	assert_true(has_file(path));
}

static void what_a_killed_backup_left_is_swept_at_the_start(void **state)
{
	static const char *const left[] = { "dnsd-ns1-20260102T030405Z.db.partial",
					    "dnsd-ns1-20260102T030405Z_2.db.partial-journal" };
	static const char *const others[] = { "dnsd-ns2-20260102T030405Z.db.partial",
					      "mine.partial", "dnsd-ns1-20260102T030405Z.db" };
	struct fixture *f = *state;
	const struct store_backup_place place = { f->directory, "ns1", 2 };
	char path[400];

	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->directory,
			 i < 2 ? left[i] : others[i - 2]);
		write_file(path, "half");
	}
	store_backup_sweep(&place);
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", f->directory,
			 i < 2 ? left[i] : others[i - 2]);
		assert_int_equal(has_file(path), i >= 2);
	}
}

/* What is committed while a copy is made is not in it, however long that takes. */
static void a_backup_is_of_the_moment_it_was_begun(void **state)
{
	struct fixture *f = *state;
	struct fixture copy = *f;
	struct store_backup *b;
	char backup[128];

	fixture_event(f, "before");
	assert_int_equal(store_backup_begin(f->s, &b, &f->e), ERR_OK);
	for (int i = 0; i < 2000; i++)
		fixture_event(f, "after");
	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	assert_int_equal(store_backup_write(b, backup, NULL, &f->e), ERR_OK);
	store_backup_end(b);
	fixture_name(&copy, backup, "");
	fixture_open(&copy);
	assert_int_equal(fixture_count(&copy, "event"), 1);
	fixture_close(&copy);
	assert_int_equal(fixture_count(f, "event"), 2001);
}

static bool never(void *ctx, int64_t done, int64_t total)
{
	++*(int *)ctx;
	return false;
}

static void a_backup_that_is_not_wanted_any_more_ends_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int asked = 0;
	const struct store_progress progress = { never, &asked };
	struct store_backup *b;
	char backup[128];

	snprintf(backup, sizeof(backup), "%s/backup.db", f->directory);
	assert_int_equal(store_backup_begin(f->s, &b, &f->e), ERR_OK);
	assert_int_equal(store_backup_write(b, backup, &progress, &f->e), ERR_AGAIN);
	store_backup_end(b);
	assert_int_equal(asked, 1);
	assert_false(has_file(backup));
	strcat(backup, ".partial");
	assert_false(has_file(backup));
}

/* ---- restore ---- */

/* A backup, one drain later, and the store closed. */
static void make_backup(struct fixture *f, char backup[128])
{
	snprintf(backup, 128, "%s/backup.db", f->directory);
	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	assert_int_equal(store_backup(f->s, backup, &f->e), ERR_OK);
	fixture_put(f, STORE_DRAIN, "", "us-east", 0);
}

static void a_restored_file_is_as_the_backup_was(void **state)
{
	struct fixture *f = *state;
	struct fixture old = *f;
	char backup[128];

	make_backup(f, backup);
	fixture_close(f);
	assert_int_equal(store_restore(backup, f->path, &f->clock.clock, NULL, &f->e), ERR_OK);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "override"), 1);
	fixture_verified(f);
	assert_true(has_file(backup));
	fixture_name(&old, f->path, REPLACED);
	fixture_open(&old);
	assert_int_equal(fixture_count(&old, "override"), 2);
	fixture_close(&old);
}

/* The killed daemon's last commits are in its WAL, which must not get into the restored file. */
static void a_wal_that_was_left_goes_with_the_old_file(void **state)
{
	struct fixture *f = *state;
	struct fixture old = *f;
	char backup[128];
	pid_t child;

	make_backup(f, backup);
	fixture_close(f);
	child = fork();
	if (child == 0) {
		struct store_override o = { .kind = STORE_DRAIN, .region = "ap-south" };

		if (!store_open(f->path, &f->clock.clock, &f->s, NULL))
			store_override_put(f->s, &o, &fixture_actor, NULL, NULL);
		_exit(0); /* without a close */
	}
	waitpid(child, NULL, 0);
	assert_true(has_file(fixture_path(f, "-wal")));
	assert_int_equal(store_restore(backup, f->path, &f->clock.clock, NULL, &f->e), ERR_OK);
	assert_false(has_file(fixture_path(f, "-wal")));
	fixture_open(f);
	assert_int_equal(fixture_count(f, "override"), 1);
	fixture_name(&old, f->path, REPLACED);
	fixture_open(&old);
	assert_int_equal(fixture_count(&old, "override"), 3);
	fixture_close(&old);
}

static void every_state_that_was_replaced_stays(void **state)
{
	struct fixture *f = *state;
	char backup[128], replaced[PATH_MAX];

	make_backup(f, backup);
	fixture_close(f);
	for (int i = 1; i <= 3; i++) {
		char name[PATH_MAX], again[8] = "";

		if (i > 1)
			snprintf(again, sizeof(again), "_%d", i);
		snprintf(name, sizeof(name), "%s" REPLACED "%s", f->path, again);
		assert_int_equal(store_restore(backup, f->path, &f->clock.clock, replaced, &f->e),
				 ERR_OK);
		assert_string_equal(replaced, name);
		assert_true(has_file(name));
	}
	fixture_open(f);
}

static void a_restore_to_a_new_machine_needs_no_old_file(void **state)
{
	struct fixture *f = *state;
	char backup[128];

	make_backup(f, backup);
	fixture_close(f);
	snprintf(f->path, sizeof(f->path), "%s/new/dnsd.db", f->directory);
	assert_int_equal(store_restore(backup, f->path, &f->clock.clock, NULL, &f->e), ERR_OK);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "override"), 1);
}

static void a_running_daemon_is_not_restored_under(void **state)
{
	struct fixture *f = *state;
	char backup[128];

	make_backup(f, backup);
	assert_int_equal(store_restore(backup, f->path, &f->clock.clock, NULL, &f->e), ERR_EXISTS);
	assert_non_null(strstr(f->e.text, "in use by another process"));
	assert_int_equal(fixture_count(f, "override"), 2);
}

static void assert_not_restored(struct fixture *f, const char *backup, enum err_code code)
{
	assert_int_equal(store_restore(backup, f->path, &f->clock.clock, NULL, &f->e), code);
	assert_non_null(strstr(f->e.text, backup));
	fixture_open(f);
	assert_int_equal(fixture_count(f, "override"), 2);
	fixture_close(f);
	assert_false(has_file(fixture_path(f, REPLACED)));
	assert_false(has_file(fixture_path(f, ".partial")));
}

static void what_is_no_whole_backup_is_not_restored(void **state)
{
	static const char *const harm[] = {
		"PRAGMA user_version = 99",
		"PRAGMA application_id = 1",
		"DROP TRIGGER audit_keeps; UPDATE audit SET by = 'nobody'",
		"DELETE FROM chain",
	};
	struct fixture *f = *state;
	struct fixture copy = *f;
	char backup[128];

	make_backup(f, backup);
	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		snprintf(copy.path, sizeof(copy.path), "%s/harmed-%zu.db", f->directory, i);
		assert_int_equal(store_backup(f->s, copy.path, &f->e), ERR_OK);
		fixture_open(&copy);
		assert_int_equal(fixture_sql(&copy, harm[i]), ERR_OK);
		fixture_close(&copy);
		fixture_close(f);
		assert_not_restored(f, copy.path, ERR_INPUT);
		fixture_open(f);
	}
	fixture_close(f);
	snprintf(backup, sizeof(backup), "%s/garbage.db", f->directory);
	write_file(backup, "this is no database, however long it may be");
	assert_not_restored(f, backup, ERR_INPUT);
	snprintf(backup, sizeof(backup), "%s/empty.db", f->directory);
	write_file(backup, "");
	assert_not_restored(f, backup, ERR_INPUT);
	snprintf(backup, sizeof(backup), "%s/missing.db", f->directory);
	assert_not_restored(f, backup, ERR_IO);
	assert_false(has_file(backup));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_backup_is_one_file_with_all_that_was_committed),
		TEST(a_backup_replaces_nothing),
		TEST(what_a_crash_left_behind_is_no_hindrance),
		TEST(a_damaged_store_gives_no_backup),
		TEST(no_space_for_a_backup_leaves_none),
		TEST(rotation_keeps_the_newest),
		TEST(two_nodes_may_share_a_directory),
		TEST(what_a_clock_ahead_has_dated_goes_first),
		TEST(what_a_killed_backup_left_is_swept_at_the_start),
		TEST(a_backup_is_of_the_moment_it_was_begun),
		TEST(a_backup_that_is_not_wanted_any_more_ends_and_leaves_nothing),
		TEST(a_restored_file_is_as_the_backup_was),
		TEST(a_wal_that_was_left_goes_with_the_old_file),
		TEST(every_state_that_was_replaced_stays),
		TEST(a_restore_to_a_new_machine_needs_no_old_file),
		TEST(a_running_daemon_is_not_restored_under),
		TEST(what_is_no_whole_backup_is_not_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
