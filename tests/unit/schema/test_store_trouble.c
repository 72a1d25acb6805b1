/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about schema/sql/store_look, store_file and store_stand_in: a file that goes away, a disk
 * that is full, and a start without a usable file. */
#include "schema/sql/store.h"
#include "schema/sql/store_check.h"
#include "schema/sql/store_look.h"
#include "schema/sql/store_stand_in.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/schema/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct problem *the_problem(struct fixture *f, struct problems *p)
{
	*p = PROBLEMS_INIT;
	store_problems(f->s, p);
	return p->n ? &p->list[0] : NULL;
}

static void assert_problem(struct fixture *f, const char *why)
{
	struct problems p;
	struct problem *one = the_problem(f, &p);

	assert_false(store_is_writable(f->s));
	assert_non_null(one);
	assert_string_equal(one->kind, "state");
	assert_string_equal(one->subject, f->path);
	if (!strstr(one->reason, why))
		fail_msg("%s", one->reason);
	problems_fini(&p);
}

static void assert_no_problem(struct fixture *f)
{
	struct problems p;

	assert_null(the_problem(f, &p));
	assert_true(store_is_writable(f->s));
	problems_fini(&p);
}

static enum err_code put(struct fixture *f)
{
	const struct store_override o = { .kind = STORE_DRAIN, .region = "us-east" };

	return store_override_put(f->s, &o, &fixture_actor, NULL, &f->e);
}

/* ---- the file goes away ---- */

static void changes_to_a_deleted_file_are_refused(void **state)
{
	struct fixture *f = *state;

	store_look(f->s);
	assert_no_problem(f);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(put(f), ERR_REFUSED);
	assert_non_null(strstr(f->e.text, "was deleted or replaced"));
	assert_problem(f, "fairlead restore");
}

static void a_deleted_file_is_a_problem_within_a_second(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlink(f->path), 0);
	assert_no_problem(f);
	store_look(f->s);
	assert_problem(f, "was deleted or replaced");
}

static void a_file_that_is_put_back_takes_changes_again(void **state)
{
	struct fixture *f = *state;
	char aside[192];

	snprintf(aside, sizeof(aside), "%s.aside", f->path);
	assert_int_equal(rename(f->path, aside), 0);
	store_look(f->s);
	assert_int_equal(put(f), ERR_REFUSED);
	assert_int_equal(rename(aside, f->path), 0);
	assert_int_equal(put(f), ERR_OK);
	assert_no_problem(f);
}

/* In another process: locks are of processes, or of what they have open. */
static enum err_code open_elsewhere(struct fixture *f)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct store *s;

		_exit((int)store_open(f->path, &f->clock.clock, &s, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return (enum err_code)WEXITSTATUS(status);
}

static void a_second_owner_is_refused_though_a_lock_was_deleted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlink(fixture_path(f, ".lock")), 0);
	assert_int_equal(open_elsewhere(f), ERR_EXISTS); /* by the file's own lock */
	store_look(f->s);
	assert_int_equal(access(fixture_path(f, ".lock"), F_OK), 0);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(open_elsewhere(f), ERR_EXISTS); /* by the lock that was made again */
	assert_int_equal(put(f), ERR_REFUSED);
}

static void a_second_owner_is_refused_though_file_and_lock_were_deleted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlink(fixture_path(f, ".lock")), 0);
	assert_int_equal(unlink(f->path), 0);
	store_look(f->s);
	assert_problem(f, "was deleted or replaced");
	assert_int_equal(open_elsewhere(f), ERR_EXISTS);
}

static void a_lock_that_another_took_is_a_problem(void **state)
{
	struct fixture *f = *state;
	int other;

	assert_int_equal(unlink(fixture_path(f, ".lock")), 0);
	assert_int_equal(store_file_lock(f->path, &other, &f->e), ERR_OK);
	assert_int_equal(put(f), ERR_REFUSED);
	assert_problem(f, "stop one of the two");
	close(other);
	assert_int_equal(put(f), ERR_OK);
}

/* ---- a full disk ---- */

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* In a child, because the limit is the process's. The step that failed, or 0. */
static int fill_and_free(struct fixture *f)
{
	struct store_event event = { .kind = "filler" };
	enum err_code rc = ERR_OK;
	struct buf metrics = BUF_INIT;
	struct problems p = PROBLEMS_INIT;

	if (store_open(f->path, &f->clock.clock, &f->s, NULL))
		return 1;
	limit_file_size(64 * 1024);
	for (int i = 0; !rc && i < 10000; i++)
		rc = store_event_add(f->s, &event, NULL, NULL);
	store_problems(f->s, &p);
	if (rc != ERR_FULL || store_is_writable(f->s) || p.n != 1 ||
	    !strstr(p.list[0].what, "disk of the state is full"))
		return 2;
	store_metrics(f->s, &metrics);
	if (!strstr(buf_text(&metrics), "\nfairlead_state_writable 0\n"))
		return 3;
	clock_hand_advance_ms(&f->clock, 6000);
	store_look(f->s);
	if (store_is_writable(f->s))
		return 4; /* it was tried, and is still full */
	limit_file_size(RLIM_INFINITY);
	clock_hand_advance_ms(&f->clock, 6000);
	store_look(f->s);
	return store_is_writable(f->s) ? 0 : 5;
}

static void a_full_disk_is_a_problem_until_there_is_room(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	fixture_close(f);
	child = fork();
	if (child == 0)
		_exit(fill_and_free(f));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_change_that_is_wrong_in_itself_is_no_problem(void **state)
{
	struct fixture *f = *state;
	struct store_override o = { .kind = STORE_DIAL, .region = "eu-west", .value = 1000001 };

	assert_int_equal(store_override_put(f->s, &o, &fixture_actor, NULL, &f->e), ERR_INPUT);
	assert_no_problem(f);
	assert_int_equal(store_override_clear(f->s, 77, &fixture_actor, &f->e), ERR_NOT_FOUND);
	assert_no_problem(f);
}

/* ---- a start without a usable file ---- */

static void damage(struct fixture *f, size_t len)
{
	char garbage[8192];
	int fd = open(f->path, O_WRONLY);

	memset(garbage, 0xa5, sizeof(garbage));
	assert_int_equal(pwrite(fd, garbage, len, 0), len);
	close(fd);
}

static void assert_overrides(struct fixture *f, size_t n)
{
	struct store_override *list;
	size_t found;

	assert_int_equal(store_override_list(f->s, &list, &found, &f->e), ERR_OK);
	assert_int_equal(found, n);
	store_override_free(list, found);
}

static void open_always(struct fixture *f, const struct store_backup_place *backups)
{
	if (store_open_always(f->path, backups, &f->clock.clock, &f->s, &f->e))
		fail_msg("%s", f->e.text);
}

static void a_whole_file_is_opened_as_always(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f), ERR_OK);
	fixture_close(f);
	open_always(f, NULL);
	assert_null(store_stand_in_reason(f->s));
	assert_int_equal(put(f), ERR_OK);
}

static void a_damaged_file_is_stood_in_for_by_the_newest_backup(void **state)
{
	struct fixture *f = *state;
	char directory[128];
	const struct store_backup_place backups = { directory, "ns1", 3 };
	const struct store_health health = { .service = "a", .region = "eu", .health = 3 };
	struct store_health *known;
	size_t n;

	snprintf(directory, sizeof(directory), "%s/backups?#%%", f->directory);
	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	fixture_put(f, STORE_HELD, "a", "eu", 0);
	assert_int_equal(store_health_put(f->s, &health, 1, &f->e), ERR_OK);
	assert_int_equal(store_backup_rotate(f->s, &backups, &f->e), ERR_OK);
	fixture_put(f, STORE_DRAIN, "", "us-east", 0); /* lost with the file */
	fixture_close(f);
	damage(f, 8192);
	open_always(f, &backups);
	assert_non_null(store_stand_in_reason(f->s));
	assert_overrides(f, 2);
	assert_int_equal(store_health_list(f->s, &known, &n, &f->e), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(known[0].health, 3);
	store_health_free(known, n);
	assert_int_equal(put(f), ERR_REFUSED);
	assert_non_null(strstr(f->e.text, "fairlead restore"));
	assert_non_null(strstr(f->e.text, "dnsd-ns1-20260102T030405Z.db"));
	assert_problem(f, "move the file away");
	store_look(f->s);
	assert_problem(f, "move the file away");
	assert_int_equal(open_elsewhere(f), ERR_EXISTS); /* it holds the lock all the same */
}

static void a_damaged_file_without_a_backup_is_no_reason_not_to_start(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	damage(f, 100);
	open_always(f, NULL);
	assert_overrides(f, 0);
	assert_problem(f, "there is no usable backup");
	assert_int_equal(put(f), ERR_REFUSED);
}

/* ---- a large file: the history is not read at the start ---- */

static void run_sql(struct fixture *f, const char *sql, int64_t *out)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	if (store_sql_number(db, sql, out, &f->e) != ERR_OK)
		fail_msg("%s", f->e.text);
	sqlite3_close(db);
}

static void fill_history(struct fixture *f)
{
	int64_t n;

	run_sql(f,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
		" INSERT INTO event SELECT i + 1000, 1, 'health', 's', 'r', 'up', 'down', '',"
		" 'fairlead', hex(zeroblob(50)), 0, zeroblob(32) FROM n",
		&n);
}

/* A page in the middle is of the events, which are nearly all of them. */
static int64_t page_of_history(struct fixture *f)
{
	int64_t pages;

	run_sql(f, "PRAGMA page_count", &pages);
	assert_true(pages * 4096 > 8 << 20);
	return pages / 2;
}

static void write_page(struct fixture *f, int64_t page, const char bytes[4096])
{
	int fd = open(f->path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, 4096, (page - 1) * 4096), 4096);
	close(fd);
}

static void damage_page(struct fixture *f, int64_t page)
{
	char garbage[4096];

	memset(garbage, 0xa5, sizeof(garbage));
	write_page(f, page, garbage);
}

static bool says_yes(void *ctx, int64_t done, int64_t total)
{
	return true;
}

static bool says_no(void *ctx, int64_t done, int64_t total)
{
	return false;
}

static enum err_code check_all(struct fixture *f, bool (*go_on)(void *, int64_t, int64_t))
{
	const struct store_progress progress = { go_on, NULL };
	struct store *reader;
	enum err_code code;

	assert_int_equal(store_reader_open(f->path, &f->clock.clock, &reader, &f->e), ERR_OK);
	code = store_check_all(reader, &progress, &f->e);
	store_close(reader);
	return code;
}

static void a_large_file_that_is_whole_passes_both_checks(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fill_history(f);
	open_always(f, NULL);
	assert_null(store_stand_in_reason(f->s));
	assert_true(store_is_part_checked(f->s));
	assert_int_equal(check_all(f, says_yes), ERR_OK);
	assert_int_equal(check_all(f, says_no), ERR_AGAIN);
	assert_no_problem(f);
}

static void damage_in_the_history_is_found_later_and_ends_changes(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	fixture_close(f);
	fill_history(f);
	damage_page(f, page_of_history(f));
	open_always(f, NULL);
	assert_null(store_stand_in_reason(f->s));
	assert_overrides(f, 1);
	assert_int_equal(put(f), ERR_OK);
	assert_int_equal(check_all(f, says_yes), ERR_INPUT);
	store_condemn(f->s, &f->e);
	assert_problem(f, "is damaged");
	assert_problem(f, "fairlead restore");
	assert_int_equal(put(f), ERR_REFUSED);
	assert_overrides(f, 2); /* what is in force stays */
	store_look(f->s);
	assert_problem(f, "is damaged");
}

/* Returns the page, and what it held. */
static int64_t damage_root_of(struct fixture *f, const char *table, char before[4096])
{
	char sql[128];
	int64_t root;
	int fd;

	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
	run_sql(f, sql, &root);
	fd = open(f->path, O_RDONLY);
	assert_int_equal(pread(fd, before, 4096, (root - 1) * 4096), 4096);
	close(fd);
	damage_page(f, root);
	return root;
}

static void damage_in_small_tables_is_found_at_the_start(void **state)
{
	static const char *const tables[] = { "override", "override_scope", "health", "node",
					      "chain" };
	struct fixture *f = *state;

	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	fixture_close(f);
	fill_history(f);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		char before[4096];
		int64_t root = damage_root_of(f, tables[i], before);
		open_always(f, NULL);
		assert_problem(f, "there is no usable backup");
		assert_int_equal(put(f), ERR_REFUSED);
		fixture_close(f);
		write_page(f, root, before);
	}
}

/* Read-only as a file system would make it: run as root, modes alone stop nobody. */
static void a_file_that_cannot_be_written_is_read(void **state)
{
	struct fixture *f = *state;
	char blocker[192];

	fixture_put(f, STORE_DRAIN, "", "eu-west", 0);
	fixture_close(f);
	snprintf(blocker, sizeof(blocker), "%s.lock", f->path);
	unlink(blocker);
	assert_int_equal(mkdir(blocker, 0700), 0); /* no lock can be had */
	open_always(f, NULL);
	assert_overrides(f, 1);
	assert_problem(f, "of the file; make it writable");
	assert_int_equal(put(f), ERR_REFUSED);
}

static void what_is_no_accident_is_not_stood_in_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(open_elsewhere(f), ERR_EXISTS);
	fixture_sql(f, "PRAGMA user_version = 99");
	fixture_close(f);
	assert_int_equal(store_open_always(f->path, NULL, &f->clock.clock, &f->s, &f->e),
			 ERR_REFUSED);
	assert_null(f->s);
}

static void no_memory_for_a_stand_in_is_said(void **state)
{
	struct fixture *f = *state;
	enum err_code rc;

	fixture_close(f);
	damage(f, 100);
	for (unsigned i = 1;; i++) {
		fail_alloc_at(i);
		rc = store_open_always(f->path, NULL, &f->clock.clock, &f->s, &f->e);
		if (!fail_alloc_end())
			break;
		assert_int_equal(rc, ERR_MEMORY);
	}
	assert_int_equal(rc, ERR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_to_a_deleted_file_are_refused),
		TEST(a_deleted_file_is_a_problem_within_a_second),
		TEST(a_file_that_is_put_back_takes_changes_again),
		TEST(a_second_owner_is_refused_though_a_lock_was_deleted),
		TEST(a_second_owner_is_refused_though_file_and_lock_were_deleted),
		TEST(a_lock_that_another_took_is_a_problem),
		TEST(a_full_disk_is_a_problem_until_there_is_room),
		TEST(a_change_that_is_wrong_in_itself_is_no_problem),
		TEST(a_whole_file_is_opened_as_always),
		TEST(a_damaged_file_is_stood_in_for_by_the_newest_backup),
		TEST(a_damaged_file_without_a_backup_is_no_reason_not_to_start),
		TEST(a_large_file_that_is_whole_passes_both_checks),
		TEST(damage_in_the_history_is_found_later_and_ends_changes),
		TEST(damage_in_small_tables_is_found_at_the_start),
		TEST(a_file_that_cannot_be_written_is_read),
		TEST(what_is_no_accident_is_not_stood_in_for),
		TEST(no_memory_for_a_stand_in_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
