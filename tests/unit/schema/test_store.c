/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store, store_file and store_migrate: a state file opens only whole, ours,
 * once. */
#include "schema/sql/store.h"
#include "schema/sql/store_migrate.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/schema/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static enum err_code reopen(struct fixture *f)
{
	fixture_close(f);
	return store_open(f->path, &f->clock.clock, &f->s, &f->e);
}

static void write_file(const char *path, const void *bytes, size_t len, off_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), len);
	close(fd);
}

static void remove_database(struct fixture *f)
{
	fixture_close(f);
	unlink(f->path);
	unlink(fixture_path(f, "-wal"));
	unlink(fixture_path(f, "-shm"));
}

static void a_new_file_is_made_with_its_directory(void **state)
{
	struct fixture *f = *state;
	struct store *s;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/new/dnsd.db", f->directory);
	assert_int_equal(store_open(path, &f->clock.clock, &s, &f->e), ERR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0); /* at most 0640 */
	store_close(s);
}

static void it_is_durable_by_its_settings(void **state)
{
	struct fixture *f = *state;
	int64_t n;

	assert_int_equal(store_sql_number(f->s->db, "PRAGMA synchronous", &n, NULL), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(store_sql_number(f->s->db, "PRAGMA foreign_keys", &n, NULL), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_sql_number(f->s->db,
					  "SELECT count(*) FROM pragma_journal_mode"
					  " WHERE journal_mode = 'wal'",
					  &n, NULL),
			 ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_sql_number(f->s->db,
					  "SELECT count(*) FROM pragma_table_list"
					  " WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"
					  " AND NOT strict",
					  &n, NULL),
			 ERR_OK);
	assert_int_equal(n, 0);
}

static void an_empty_file_is_a_new_one(void **state)
{
	struct fixture *f = *state;

	remove_database(f);
	write_file(f->path, "", 0, 0);
	fixture_open(f);
	assert_int_equal(fixture_count(f, "event"), 0);
}

static void what_was_written_is_there_again(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	fixture_event(f, "start");
	assert_int_equal(reopen(f), ERR_OK);
	assert_int_equal(fixture_count(f, "override"), 1);
	assert_int_equal(fixture_count(f, "event"), 2);
	assert_int_equal(fixture_count(f, "audit"), 1);
}

/* ---- kill -9 ---- */

/* Reports each id when its call has returned, until it is killed. */
static void put_for_ever(struct fixture *f, int out)
{
	struct store_override o = { .kind = STORE_DIAL, .region = "eu-west" };
	int64_t id;

	for (;;) {
		o.value = (o.value + 1) % 1000000;
		if (store_override_put(f->s, &o, &fixture_actor, &id, NULL) ||
		    write(out, &id, sizeof(id)) != sizeof(id))
			_exit(1);
	}
}

static int64_t last_acknowledged(int in, size_t at_least, pid_t child)
{
	int64_t id = 0, next;

	for (size_t i = 0; read(in, &next, sizeof(next)) == sizeof(next); i++) {
		id = next;
		if (i == at_least)
			kill(child, SIGKILL);
	}
	return id;
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
	struct fixture *f = *state;
	struct store_override *list;
	int64_t id;
	int pipe_fd[2];
	size_t n;
	pid_t child;

	for (size_t round = 0; round < 5; round++) {
		fixture_close(f);
		assert_int_equal(pipe(pipe_fd), 0);
		child = fork();
		if (child == 0) {
			if (store_open(f->path, &f->clock.clock, &f->s, NULL))
				_exit(1);
			put_for_ever(f, pipe_fd[1]);
		}
		close(pipe_fd[1]);
		id = last_acknowledged(pipe_fd[0], 20 + 7 * round, child);
		close(pipe_fd[0]);
		waitpid(child, NULL, 0);
		fixture_open(f);
		assert_int_equal(store_override_list(f->s, &list, &n, &f->e), ERR_OK);
		assert_int_equal(n, 1);
		assert_in_range(list[0].id, id, id + 1); /* one more may be done and not told */
		assert_int_equal(list[0].id, fixture_count(f, "audit"));
		store_override_free(list, n);
		assert_int_equal(fixture_verified(f), 2 * fixture_count(f, "audit"));
	}
}

/* ---- one owner ---- */

static void a_second_owner_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;

	assert_int_equal(store_open(f->path, &f->clock.clock, &s, &f->e), ERR_EXISTS);
	assert_null(s);
	assert_non_null(strstr(f->e.text, f->path));
	assert_non_null(strstr(f->e.text, "in use by another process"));
	assert_int_equal(reopen(f), ERR_OK); /* the first can have it again */
}

static void a_lock_of_a_foreign_program_is_waited_for_and_told(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other;

	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_busy_timeout(f->s->db, 1);
	assert_int_equal(store_audit_add(f->s, &fixture_actor, "refused", &f->e), ERR_AGAIN);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(store_audit_add(f->s, &fixture_actor, "refused", &f->e), ERR_OK);
}

/* ---- what is not opened ---- */

static void assert_refused(struct fixture *f, enum err_code code, const char *why)
{
	assert_int_equal(store_open(f->path, &f->clock.clock, &f->s, &f->e), code);
	assert_null(f->s);
	assert_non_null(strstr(f->e.text, f->path));
	assert_non_null(strstr(f->e.text, why));
}

static void a_newer_file_is_refused_by_name(void **state)
{
	struct fixture *f = *state;

	fixture_sql(f, "PRAGMA user_version = 99");
	fixture_close(f);
	assert_refused(f, ERR_REFUSED, "has schema 99 and this program knows up to 2");
}

static void a_file_that_is_no_database_is_refused_and_kept(void **state)
{
	struct fixture *f = *state;
	char garbage[4096], after[sizeof(garbage)];
	int fd;

	remove_database(f);
	memset(garbage, 'x', sizeof(garbage));
	write_file(f->path, garbage, sizeof(garbage), 0);
	assert_refused(f, ERR_INPUT, "file is not a database");
	fd = open(f->path, O_RDONLY);
	assert_int_equal(read(fd, after, sizeof(after)), sizeof(after));
	close(fd);
	assert_memory_equal(after, garbage, sizeof(garbage));
}

static void a_database_of_another_program_is_refused_and_kept(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other;
	int64_t n;

	remove_database(f);
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE bookmarks (url)", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_refused(f, ERR_REFUSED, "of another program");
	assert_int_equal(store_sql_number(other, "SELECT count(*) FROM sqlite_master", &n, NULL),
			 ERR_OK);
	assert_int_equal(n, 1);
	sqlite3_close(other);
}

static void a_damaged_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char garbage[4096];

	for (int i = 0; i < 500; i++)
		fixture_event(f, "filler");
	fixture_close(f);
	memset(garbage, 0xa5, sizeof(garbage));
	write_file(f->path, garbage, sizeof(garbage), 12 * 4096);
	assert_refused(f, ERR_INPUT, "");
	assert_true(strstr(f->e.text, "damaged") || strstr(f->e.text, "malformed"));
}

static void a_truncated_file_is_refused(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 500; i++)
		fixture_event(f, "filler");
	fixture_close(f);
	assert_int_equal(truncate(f->path, 10 * 4096), 0);
	assert_refused(f, ERR_INPUT, "");
}

static void a_directory_is_no_file(void **state)
{
	struct fixture *f = *state;

	remove_database(f);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_refused(f, ERR_IO, "Is a directory");
}

/* ---- migrations ---- */

static void migrations_go_on_where_the_file_stands(void **state)
{
	static const char *const steps[] = { "this is not run again", "nor is this",
					     "CREATE TABLE a (x INTEGER)",
					     "INSERT INTO a VALUES (3)" };
	struct fixture *f = *state;
	int64_t n;

	assert_int_equal(store_migrate(f->s, steps, 3, &f->e), ERR_OK);
	assert_int_equal(store_sql_number(f->s->db, "PRAGMA user_version", &n, NULL), ERR_OK);
	assert_int_equal(n, 3);
	assert_int_equal(store_migrate(f->s, steps, 4, &f->e), ERR_OK);
	assert_int_equal(store_migrate(f->s, steps, 4, &f->e), ERR_OK); /* nothing left to do */
	assert_int_equal(store_sql_number(f->s->db, "SELECT sum(x) FROM a", &n, NULL), ERR_OK);
	assert_int_equal(n, 3);
	assert_int_equal(reopen(f), ERR_REFUSED); /* for the real steps the file is now too new */
}

static void a_failed_migration_leaves_the_version_before(void **state)
{
	static const char *const steps[] = {
		"", "", "CREATE TABLE a (x INTEGER)",
		"CREATE TABLE b (x INTEGER); INSERT INTO c VALUES (1)"
	};
	struct fixture *f = *state;
	int64_t n;

	assert_int_not_equal(store_migrate(f->s, steps, 4, &f->e), ERR_OK);
	assert_non_null(strstr(f->e.text, "migration to schema 4"));
	assert_int_equal(store_sql_number(f->s->db, "PRAGMA user_version", &n, NULL), ERR_OK);
	assert_int_equal(n, 3);
	assert_int_equal(fixture_sql(f, "SELECT * FROM a"), ERR_OK);
	assert_int_not_equal(fixture_sql(f, "SELECT * FROM b"), ERR_OK);
}

/* ---- a full disk ---- */

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* In a child, because the limit is the process's. The step that failed, or 0. */
static int fill_the_disk(struct fixture *f)
{
	struct store_event event = { .kind = "filler" }, *events;
	enum err_code rc = ERR_OK;
	struct err e = { "" };
	struct store_verified found;
	int64_t added = 0;
	size_t n;

	if (store_open(f->path, &f->clock.clock, &f->s, NULL))
		return 1;
	limit_file_size(256 * 1024);
	while (!rc && added < 10000) {
		rc = store_event_add(f->s, &event, NULL, &e);
		added += !rc;
	}
	if (rc != ERR_FULL || !strstr(e.text, "no space left") || !strstr(e.text, f->path))
		return 2;
	if (store_audit_add(f->s, &fixture_actor, "done", &e) != ERR_FULL)
		return 3;
	if (store_event_list(f->s, 0, SIZE_MAX >> 1, &events, &n, NULL) || n != (size_t)added)
		return 4;
	store_event_free(events, n);
	if (store_verify(f->s, NULL, &found, NULL) || found.events != added)
		return 5;
	limit_file_size(RLIM_INFINITY);
	if (store_event_add(f->s, &event, NULL, NULL) || store_verify(f->s, NULL, &found, NULL))
		return 6;
	return found.events == added + 1 ? 0 : 7;
}

static void a_full_disk_refuses_changes_and_goes_on_reading(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	fixture_close(f);
	child = fork();
	if (child == 0)
		_exit(fill_the_disk(f));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(reopen(f), ERR_OK);
}

/* ---- no memory ---- */

static void no_memory_is_said_and_leaks_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_event *events;
	enum err_code rc;
	size_t n;

	fixture_event(f, "start");
	fixture_event(f, "stop");
	fixture_close(f);
	for (unsigned i = 1;; i++) {
		fail_alloc_at(i);
		rc = store_open(f->path, &f->clock.clock, &f->s, &f->e);
		if (!fail_alloc_end())
			break;
		assert_int_equal(rc, ERR_MEMORY);
	}
	assert_int_equal(rc, ERR_OK);
	for (unsigned i = 1;; i++) {
		fail_alloc_at(i);
		rc = store_event_list(f->s, 0, 10, &events, &n, &f->e);
		if (!fail_alloc_end())
			break;
		assert_int_equal(rc, ERR_MEMORY);
	}
	assert_int_equal(n, 2);
	store_event_free(events, n);
	store_close(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_made_with_its_directory),
		TEST(it_is_durable_by_its_settings),
		TEST(an_empty_file_is_a_new_one),
		TEST(what_was_written_is_there_again),
		TEST(what_was_acknowledged_survives_kill_9),
		TEST(a_second_owner_is_refused),
		TEST(a_lock_of_a_foreign_program_is_waited_for_and_told),
		TEST(a_newer_file_is_refused_by_name),
		TEST(a_file_that_is_no_database_is_refused_and_kept),
		TEST(a_database_of_another_program_is_refused_and_kept),
		TEST(a_damaged_file_is_refused),
		TEST(a_truncated_file_is_refused),
		TEST(a_directory_is_no_file),
		TEST(migrations_go_on_where_the_file_stands),
		TEST(a_failed_migration_leaves_the_version_before),
		TEST(a_full_disk_refuses_changes_and_goes_on_reading),
		TEST(no_memory_is_said_and_leaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
