/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the verbs that need no daemon: configuration files, certificates, backups. */
#include "core/clock.h"
#include "core/file.h"
#include "schema/sql/store.h"
#include "tests/unit/certs.h"
#include "tests/unit/ctl/fake.h"

#include <sys/stat.h>

static char dir[32];

static const char *path_of(const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", dir, name);
	return out;
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	struct err e;

	assert_int_equal(file_replace(path_of(name, path), text, strlen(text), 0600, &e), ERR_OK);
}

/* Runs a line in which every @ is the directory. */
static int run(struct fake *f, const char *text)
{
	struct buf line = BUF_INIT;
	int status;

	for (; *text; text++)
		buf_add(&line, *text == '@' ? dir : text, *text == '@' ? strlen(dir) : 1);
	status = fake_run(f, buf_text(&line));
	buf_fini(&line);
	return status;
}

#define DNSD                                                                                \
	"fleet: ex\nnode: ns1\nlisten: {dns: [127.0.0.1:53]}\nstate: {path: %s/state.db}\n" \
	"zones: [{name: example.com, file: z}]\n"
#define PROBERD                                                       \
	"fleet: ex\nnode: p\nat: [1.0, 2.0]\ndirectors: [ns1:7353]\n" \
	"tls: {certificate: c, key: k, ca: a}\n"

static void write_dnsd(void)
{
	char text[512];

	snprintf(text, sizeof(text), DNSD, dir);
	write_file("dnsd.yaml", text);
}

/* ---- config ---- */

static void the_program_is_seen_from_the_keys(void **state)
{
	struct fake f = { 0 };
	json_t *doc;

	write_dnsd();
	write_file("proberd.yaml", PROBERD);
	assert_int_equal(run(&f, "config check @/dnsd.yaml -o json"), OUTCOME_DONE);
	doc = json_loads(f.out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(doc, "program")), "dnsd");
	json_decref(doc);
	assert_int_equal(run(&f, "config check @/proberd.yaml"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "good, as the keys of fairlead-proberd go"));
	/* a flag says more than the keys */
	assert_int_equal(run(&f, "config check @/proberd.yaml --program regiond"), OUTCOME_FAILED);
	assert_non_null(strstr(f.err, "as a fairlead-regiond file"));
	fake_fini(&f);
}

static void every_mistake_of_a_file_is_printed(void **state)
{
	struct fake f = { 0 };
	char code[32], where[160], path[128];

	write_file("bad.yaml", "fleet: ex\nnode: ns1\nregions: 5\nzonse: []\nworkers: many\n");
	assert_int_equal(run(&f, "-o json config check @/bad.yaml"), OUTCOME_FAILED);
	assert_string_equal(fake_error_code(&f, code), "input");
	snprintf(where, sizeof(where), "%s:3:", path_of("bad.yaml", path));
	assert_non_null(strstr(f.err, where));
	snprintf(where, sizeof(where), "%s:4:1: error:", path);
	assert_non_null(strstr(f.err, where));
	assert_non_null(strstr(f.err, "mistakes as a fairlead-dnsd file\n"));
	fake_fini(&f);
}

static void a_file_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = { "", "[1, 2", "just words", "\xff\xfe", "a: &x [*x]" };
	struct fake f = { 0 };

	assert_int_equal(run(&f, "config check @/none.yaml"), OUTCOME_FAILED);
	assert_non_null(strstr(f.err, "none.yaml"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file("odd.yaml", texts[i]);
		assert_int_equal(run(&f, "config check @/odd.yaml"), OUTCOME_FAILED);
	}
	fake_fini(&f);
}

static void schemas_are_json_and_references_are_pages(void **state)
{
	static const char *const programs[] = { "", "dnsd", "regiond", "fairlead-proberd" };
	struct fake f = { 0 };
	char line[64];
	json_t *doc;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(line, sizeof(line), "config schema %s", programs[i]);
		assert_int_equal(fake_run(&f, line), OUTCOME_DONE);
		doc = json_loads(f.out, 0, NULL);
		assert_non_null(json_object_get(doc, "$schema"));
		json_decref(doc);
		snprintf(line, sizeof(line), "config reference %s", programs[i]);
		assert_int_equal(fake_run(&f, line), OUTCOME_DONE);
		assert_int_equal(f.out[0], '#');
	}
	fake_fini(&f);
}

static void reload_tells_what_was_built_and_what_was_noted(void **state)
{
	struct fake f = { 0 };

	fake_answer(
		&f, "POST /v1/reload",
		"{\"generation\": 9, \"took_s\": 0.25, \"report\": \"d.yaml:1:1: note: x\\n\"}");
	assert_int_equal(fake_run(&f, "config reload"), OUTCOME_DONE);
	assert_string_equal(f.out, "reloaded: generation 9 serves, built in 0.2s\n");
	assert_string_equal(f.err, "d.yaml:1:1: note: x\n");
	fake_refuse(&f, "POST /v1/reload", "input", "d.yaml:1:1: error: x\n");
	assert_int_equal(fake_run(&f, "config reload"), OUTCOME_FAILED);
	assert_string_equal(f.err, "fairlead: d.yaml:1:1: error: x\n"); /* no empty line after */
	fake_answer(&f, "POST /v1/reload", "{\"live\": [\"eu-1\"]}");	/* a regiond's */
	assert_int_equal(fake_run(&f, "config reload"), OUTCOME_DONE);
	assert_string_equal(f.out, "reloaded: live on eu-1\n");
	fake_fini(&f);
}

/* ---- cert ---- */

static void certificates_are_made_with_private_keys(void **state)
{
	struct fake f = { 0 };
	struct stat st;
	char path[128];

	assert_int_equal(run(&f, "cert init @/tls --fleet ex"), OUTCOME_DONE);
	assert_int_equal(run(&f, "cert issue @/tls regiond n1 --region eu --address 127.0.0.1"),
			 OUTCOME_DONE);
	assert_int_equal(stat(path_of("tls/n1.key", path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(path_of("tls/ca.key", path), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* nothing is overwritten */
	assert_int_equal(run(&f, "cert init @/tls --fleet ex"), OUTCOME_FAILED);
	assert_int_equal(run(&f, "cert issue @/tls regiond n1 --region eu"), OUTCOME_FAILED);
	assert_int_equal(run(&f, "cert issue @/tls regiond n1 --region us"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "/tls/us-n1.crt and "));
	assert_int_equal(run(&f, "cert issue @/tls regiond n1 --region us"), OUTCOME_FAILED);
	assert_int_equal(run(&f, "cert renew @/tls us-n1 --days 20"), OUTCOME_DONE);
	assert_int_equal(run(&f, "cert list @/tls"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "us-n1  spiffe://ex/regiond/us/n1         20  2"));
	assert_int_equal(run(&f, "cert list @/none"), OUTCOME_FAILED);
	assert_int_equal(run(&f, "cert issue @/tls dnsd n2 -o json"), OUTCOME_DONE);
	assert_non_null(strstr(f.out, "tls/n2.crt\""));
	assert_int_equal(run(&f, "cert issue @/tls dnsd n/3"), OUTCOME_FAILED);
	assert_int_equal(run(&f, "cert issue @/tls dnsd n4 --days 0"), OUTCOME_FAILED);
	assert_int_equal(run(&f, "cert issue @/empty dnsd n5"), OUTCOME_FAILED);
	fake_fini(&f);
}

/* ---- backup, restore ---- */

static void assert_no_partial(const char *name)
{
	char path[PATH_MAX], partial[PATH_MAX + 16];

	snprintf(partial, sizeof(partial), "%s.partial", path_of(name, path));
	assert_int_equal(access(partial, F_OK), -1);
}

/* Wherever the daemon runs: the file is this machine's, and this user's. */
static void a_backup_is_streamed_into_a_file_here(void **state)
{
	struct fake f = { 0 };
	char path[PATH_MAX], line[PATH_MAX + 64], expected[PATH_MAX + 64], *bytes;
	size_t len;

	snprintf(line, sizeof(line), "backup %s -H h:1 --cert c --key k --ca a",
		 path_of("streamed.db", path));
	fake_answer(&f, "GET /v1/backup", "SQLite format 3");
	assert_int_equal(fake_run(&f, line), OUTCOME_DONE);
	snprintf(expected, sizeof(expected), "the state is in %s, checked\n", path);
	assert_string_equal(f.out, expected);
	assert_int_equal(file_read(path, 100, &bytes, &len, NULL), ERR_OK);
	assert_string_equal(bytes, "SQLite format 3");
	free(bytes);
	assert_no_partial("streamed.db");
	assert_int_equal(fake_run(&f, line), OUTCOME_FAILED); /* it replaces nothing */
	assert_string_equal(f.asked, "");
	fake_fini(&f);
}

static void a_refused_backup_leaves_nothing(void **state)
{
	struct fake f = { 0 };
	char path[PATH_MAX], line[PATH_MAX + 16];

	snprintf(line, sizeof(line), "backup %s", path_of("refused.db", path));
	fake_refuse(&f, "GET /v1/backup", "full", "no space left");
	assert_int_equal(fake_run(&f, line), OUTCOME_FAILED);
	assert_int_equal(access(path, F_OK), -1);
	assert_no_partial("refused.db");
	fake_fini(&f);
}

static void put_override(const char *name)
{
	const struct store_override drain = { .kind = STORE_DRAIN,
					      .service = (char *)"",
					      .region = (char *)name,
					      .by = (char *)"uid:0",
					      .reason = (char *)"" };
	const struct store_actor actor = {
		.by = "uid:0", .from = "unix", .reason = "", .verb = "drain", .args = "{}"
	};
	struct store *s;
	struct err e;
	char path[128];
	int64_t id;

	assert_int_equal(store_open(path_of("state.db", path), clock_system(), &s, &e), ERR_OK);
	assert_int_equal(store_override_put(s, &drain, &actor, &id, &e), ERR_OK);
	if (strcmp(name, "eu") == 0)
		assert_int_equal(store_backup(s, path_of("b.db", path), &e), ERR_OK);
	store_close(s);
}

static size_t count_overrides(void)
{
	struct store_override *list;
	struct store *s;
	struct err e;
	char path[128];
	size_t n;

	assert_int_equal(store_open(path_of("state.db", path), clock_system(), &s, &e), ERR_OK);
	assert_int_equal(store_override_list(s, &list, &n, &e), ERR_OK);
	store_override_free(list, n);
	store_close(s);
	return n;
}

static void a_backup_is_restored_to_where_the_configuration_says(void **state)
{
	struct fake f = { 0 };
	static const char line[] = "restore @/b.db --config @/dnsd.yaml";
	char path[128];
	struct store *open;
	struct err e;

	write_dnsd();
	put_override("eu");
	put_override("us");
	assert_int_equal(count_overrides(), 2);
	assert_int_equal(run(&f, line), OUTCOME_DONE);
	assert_int_equal(count_overrides(), 1);

	/* not under a daemon's feet */
	assert_int_equal(store_open(path_of("state.db", path), clock_system(), &open, &e), ERR_OK);
	assert_int_equal(run(&f, line), OUTCOME_FAILED);
	store_close(open);
	/* and not from something else */
	assert_int_equal(run(&f, "restore @/dnsd.yaml --config @/dnsd.yaml"), OUTCOME_FAILED);
	assert_int_equal(count_overrides(), 1);
	assert_int_equal(fake_run(&f, "restore b.db --config /nowhere.yaml"), OUTCOME_FAILED);
	fake_fini(&f);
}

/* ---- the end ---- */

static int make_dir(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/fairlead-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	struct certs files;

	snprintf(files.dir, sizeof(files.dir), "%s/tls", dir);
	certs_fini(&files);
	snprintf(files.dir, sizeof(files.dir), "%s", dir);
	certs_fini(&files);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_is_seen_from_the_keys),
		cmocka_unit_test(every_mistake_of_a_file_is_printed),
		cmocka_unit_test(a_file_that_is_none_is_refused),
		cmocka_unit_test(schemas_are_json_and_references_are_pages),
		cmocka_unit_test(reload_tells_what_was_built_and_what_was_noted),
		cmocka_unit_test(certificates_are_made_with_private_keys),
		cmocka_unit_test(a_backup_is_streamed_into_a_file_here),
		cmocka_unit_test(a_refused_backup_leaves_nothing),
		cmocka_unit_test(a_backup_is_restored_to_where_the_configuration_says),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
