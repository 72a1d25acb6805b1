/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of where the CLI looks for its daemon: the command line, the environment, the file. */
#include "ctl/profile.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIRS_MAX 8

static const char *pairs[PAIRS_MAX][2];
static char folder[] = "/tmp/fairlead-profile-XXXXXX";

static char *fake_env(const char *name)
{
	for (size_t i = 0; i < PAIRS_MAX && pairs[i][0]; i++)
		if (strcmp(pairs[i][0], name) == 0)
			return (char *)pairs[i][1];
	return NULL;
}

static void set_env(const char *name, const char *value)
{
	size_t i = 0;

	while (pairs[i][0])
		i++;
	assert_true(i < PAIRS_MAX);
	pairs[i][0] = name;
	pairs[i][1] = value;
}

static void write_profile(const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/fairlead.yaml", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	memset(pairs, 0, sizeof(pairs));
	set_env("XDG_CONFIG_HOME", folder);
	write_profile("");
	return 0;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/fairlead.yaml", folder);
	unlink(path);
	return rmdir(folder);
}

static void the_command_line_goes_first(void **state)
{
	struct call_target target = { .socket = "/s" };
	struct profile *profile;
	struct failure f;

	(void)state;
	set_env("FAIRLEAD_HOST", "elsewhere:7443");
	write_profile("host: third:7443\n");
	assert_int_equal(profile_fill(&profile, fake_env, &target, &f), OUTCOME_DONE);
	assert_string_equal(target.socket, "/s");
	assert_null(target.host);
	profile_free(profile);
}

static void the_environment_goes_before_the_file(void **state)
{
	struct call_target target = { 0 };
	struct profile *profile;
	struct failure f;
	char key[128];

	(void)state;
	set_env("FAIRLEAD_HOST", "ns1.example.net:7443");
	set_env("FAIRLEAD_CERT", "/c.crt");
	set_env("FAIRLEAD_CA", "");
	write_profile("socket: /run/other.sock\ncert: mine.crt\nkey: mine.key\nca: /ca.crt\n");
	assert_int_equal(profile_fill(&profile, fake_env, &target, &f), OUTCOME_DONE);
	assert_string_equal(target.host, "ns1.example.net:7443");
	assert_null(target.socket);
	assert_string_equal(target.certificate, "/c.crt");
	snprintf(key, sizeof(key), "%s/mine.key", folder);
	assert_string_equal(target.key, key); /* beside the file */
	assert_string_equal(target.ca, "/ca.crt");
	profile_free(profile);
}

static void no_file_is_no_error(void **state)
{
	struct call_target target = { 0 };
	struct profile *profile;
	struct failure f;

	(void)state;
	pairs[0][1] = "/nonexistent";
	assert_int_equal(profile_fill(&profile, fake_env, &target, &f), OUTCOME_DONE);
	assert_null(target.host);
	assert_null(target.socket);
	profile_free(profile);
}

static void mistakes_in_the_file_have_their_place(void **state)
{
	static const char *const rows[][2] = {
		{ "hots: a:1\n", "fairlead.yaml:1:1: error: `hots` is not known here, expected "
				 "socket, host, cert, key or ca" },
		{ "key: k\nhost:\n", "fairlead.yaml:2:1: error: `host` has no value" },
		{ "host: a:1\nhost: b:1\n", "fairlead.yaml:2:1: error: `host` stands here twice" },
		{ "- host\n", "fairlead.yaml:1:1: error: expected `host: HOST:PORT` and such" },
		{ "host: [a\n", "fairlead.yaml:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_target target = { 0 };
		struct profile *profile;
		struct failure f;

		write_profile(rows[i][0]);
		assert_int_equal(profile_fill(&profile, fake_env, &target, &f), OUTCOME_FAILED);
		assert_string_equal(f.code, "input");
		assert_non_null(strstr(f.e.text, rows[i][1]));
		profile_free(profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_command_line_goes_first, set_up),
		cmocka_unit_test_setup(the_environment_goes_before_the_file, set_up),
		cmocka_unit_test_setup(no_file_is_no_error, set_up),
		cmocka_unit_test_setup(mistakes_in_the_file_have_their_place, set_up),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
