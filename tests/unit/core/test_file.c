/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/file, in a directory of its own. */
#include "core/file.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "file-test-XXXXXX";

static int enter_directory(void **state)
{
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	return chdir("..") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static void expect(const char *path, const char *content)
{
	char *bytes;
	size_t len;

	assert_int_equal(file_read(path, 1 << 20, &bytes, &len, NULL), ERR_OK);
	assert_int_equal(len, strlen(content));
	assert_string_equal(bytes, content);
	free(bytes);
}

static unsigned files_here(void)
{
	DIR *here = opendir(".");
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(here);
	while ((entry = readdir(here)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(here);
	return count;
}

static void a_file_is_read_whole_at_any_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 100000 };
	char *written = calloc(1, 100000), *bytes;
	size_t len;

	assert_non_null(written);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(written, 'a' + (int)i, sizes[i]);
		assert_int_equal(file_replace("f", written, sizes[i], 0640, NULL), ERR_OK);
		assert_int_equal(file_read("f", sizes[i], &bytes, &len, NULL), ERR_OK);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(bytes, written, len);
		assert_int_equal(bytes[len], 0);
		free(bytes);
	}
	free(written);
	unlink("f");
}

static void one_byte_over_the_bound_is_refused(void **state)
{
	char *bytes = NULL;
	struct err e;
	size_t len = 77;

	assert_int_equal(file_replace("f", "12345", 5, 0600, NULL), ERR_OK);
	assert_int_equal(file_read("f", 4, &bytes, &len, &e), ERR_LIMIT);
	assert_string_equal(e.text, "f: is longer than 4 bytes");
	assert_null(bytes);
	assert_int_equal(len, 77);
	assert_int_equal(file_read("f", 5, &bytes, &len, &e), ERR_OK);
	free(bytes);
	unlink("f");
}

static void every_bound_under_the_length_is_refused(void **state)
{
	static const char content[9000];
	char *bytes;
	size_t len;

	assert_int_equal(file_replace("f", content, sizeof(content), 0600, NULL), ERR_OK);
	for (size_t max = 0; max < sizeof(content); max++)
		assert_int_equal(file_read("f", max, &bytes, &len, NULL), ERR_LIMIT);
	unlink("f");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	char *bytes = NULL;
	struct err e;
	size_t len;

	assert_int_equal(file_read("absent", 10, &bytes, &len, &e), ERR_NOT_FOUND);
	assert_string_equal(e.text, "absent: No such file or directory");
	assert_int_equal(file_read(".", 10, &bytes, &len, &e), ERR_IO);
	assert_string_equal(e.text, ".: Is a directory");
	assert_null(bytes);
}

static void no_memory_while_reading_is_told(void **state)
{
	static const char content[10000];
	char *bytes = NULL;
	enum err_code rc;
	unsigned n;
	size_t len;

	assert_int_equal(file_replace("f", content, sizeof(content), 0600, NULL), ERR_OK);
	for (n = 1;; n++) {
		fail_alloc_at(n);
		rc = file_read("f", sizeof(content), &bytes, &len, NULL);
		if (!fail_alloc_end())
			break;
		assert_int_equal(rc, ERR_MEMORY);
		assert_null(bytes);
	}
	assert_int_equal(rc, ERR_OK);
	assert_true(n > 2);
	free(bytes);
	unlink("f");
}

static void replacing_sets_content_and_mode_whatever_the_umask(void **state)
{
	mode_t before = umask(0077);
	struct stat st;

	assert_int_equal(file_replace("f", "old", 3, 0600, NULL), ERR_OK);
	assert_int_equal(file_replace("f", "newer", 5, 0644, NULL), ERR_OK);
	umask(before);
	expect("f", "newer");
	assert_int_equal(stat("f", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(files_here(), 1);
	unlink("f");
}

static void a_full_file_system_leaves_the_old_file_and_nothing_beside_it(void **state)
{
	struct rlimit before, tight;
	enum err_code rc;
	struct err e;

	assert_int_equal(file_replace("f", "old", 3, 0600, NULL), ERR_OK);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 2; /* the third byte cannot be written */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	rc = file_replace("f", "newer", 5, 0600, &e);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(rc, ERR_IO);
	assert_non_null(strstr(e.text, "File too large"));
	expect("f", "old");
	assert_int_equal(files_here(), 1);
	unlink("f");
}

static void a_target_that_cannot_be_replaced_is_named(void **state)
{
	struct err e;

	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(file_replace("d", "x", 1, 0600, &e), ERR_IO);
	assert_string_equal(e.text, "d: Is a directory");
	assert_int_equal(files_here(), 1);
	assert_int_equal(rmdir("d"), 0);
	assert_int_equal(file_replace("absent/f", "x", 1, 0600, &e), ERR_IO);
	assert_non_null(strstr(e.text, "absent/f"));
	assert_non_null(strstr(e.text, "No such file or directory"));
}

static void a_path_too_long_is_refused(void **state)
{
	char path[PATH_MAX + 10];
	struct err e;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = 0;
	assert_int_equal(file_replace(path, "x", 1, 0600, &e), ERR_IO);
	path[PATH_MAX + 5] = '/';
	assert_int_equal(file_make_parent(path, &e), ERR_IO);
}

static void parents_are_made_private_and_existing_ones_kept(void **state)
{
	mode_t before = umask(0);
	struct stat st;

	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(file_make_parent("a/b/c/file", NULL), ERR_OK);
	assert_int_equal(file_make_parent("a/b/c/file", NULL), ERR_OK);
	umask(before);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(stat("a/b/c", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(stat("a/b/c/file", &st), -1);
	assert_int_equal(rmdir("a/b/c") | rmdir("a/b") | rmdir("a"), 0);
}

static void the_parents_of_short_paths_exist(void **state)
{
	assert_int_equal(file_make_parent("file", NULL), ERR_OK);
	assert_int_equal(file_make_parent("/file", NULL), ERR_OK);
	assert_int_equal(file_make_parent("//file", NULL), ERR_OK);
	assert_int_equal(file_make_parent("./file", NULL), ERR_OK);
	assert_int_equal(files_here(), 0);
}

static void a_file_in_the_way_of_a_parent_is_named(void **state)
{
	struct err e;

	assert_int_equal(file_replace("f", "x", 1, 0600, NULL), ERR_OK);
	assert_int_equal(file_make_parent("f/file", &e), ERR_IO);
	assert_string_equal(e.text, "f: Not a directory");
	assert_int_equal(file_make_parent("f/b/file", &e), ERR_IO);
	assert_string_equal(e.text, "f: Not a directory");
	unlink("f");
}

/* A reader that waited for its writer would never come back. */
static void what_is_no_file_is_refused_at_once(void **state)
{
	char *bytes;
	struct err e;
	size_t len;

	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_read("fifo", 100, &bytes, &len, &e), ERR_INPUT);
	assert_string_equal(e.text, "fifo: is no regular file");
	unlink("fifo");
	assert_int_equal(file_read("/dev/zero", 100, &bytes, &len, &e), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_at_any_size),
		cmocka_unit_test(one_byte_over_the_bound_is_refused),
		cmocka_unit_test(every_bound_under_the_length_is_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(no_memory_while_reading_is_told),
		cmocka_unit_test(what_is_no_file_is_refused_at_once),
		cmocka_unit_test(replacing_sets_content_and_mode_whatever_the_umask),
		cmocka_unit_test(a_full_file_system_leaves_the_old_file_and_nothing_beside_it),
		cmocka_unit_test(a_target_that_cannot_be_replaced_is_named),
		cmocka_unit_test(a_path_too_long_is_refused),
		cmocka_unit_test(parents_are_made_private_and_existing_ones_kept),
		cmocka_unit_test(the_parents_of_short_paths_exist),
		cmocka_unit_test(a_file_in_the_way_of_a_parent_is_named),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
