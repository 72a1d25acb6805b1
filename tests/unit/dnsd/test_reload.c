/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/reload and dnsd/state: one bad file does not stop a start, what came of a
 * reload is shown, and what is slow is a job. */
#include "tests/unit/dnsd/control_world.h"

#include <dirent.h>
#include <sys/stat.h>

/* Turns of the loop until the condition holds. */
#define TURN_UNTIL(condition)                                \
	for (int i_ = 0; i_ < 10000 && !(condition); i_++) { \
		loop_run_once(rooms->loop);                  \
		poll(NULL, 0, 1);                            \
	}                                                    \
	assert_true(condition)

static bool has_file_in(const char *directory, const char *start)
{
	char path[PATH_MAX];
	DIR *d = opendir(world_path(&w, directory, path));
	struct dirent *entry;
	bool found = false;

	while (d && (entry = readdir(d)))
		found |= strncmp(entry->d_name, start, strlen(start)) == 0 &&
			 !strstr(entry->d_name, "partial");
	if (d)
		closedir(d);
	return found;
}

static bool has_problem(const char *kind, const char *text)
{
	struct problems p = PROBLEMS_INIT;
	bool found = false;

	reload_problems(rooms->reload, &p);
	upkeep_problems(rooms->upkeep, &p);
	for (size_t i = 0; i < p.n; i++)
		found |= strcmp(p.list[i].kind, kind) == 0 &&
			 (strstr(p.list[i].what, text) || strstr(p.list[i].reason, text));
	problems_fini(&p);
	return found;
}

static bool has_metric(const char *line)
{
	struct buf out = BUF_INIT;
	bool found;

	reload_metrics(rooms->reload, &out);
	upkeep_metrics(rooms->upkeep, &out);
	found = strstr(buf_text(&out), line);
	buf_fini(&out);
	return found;
}

static bool has_event(const char *to)
{
	const json_t *list = get("/v1/events", "last=20");
	const json_t *event;
	size_t i;

	json_array_foreach (list, i, event)
		if (strcmp(json_string_value(json_object_get(event, "to")), to) == 0)
			return true;
	return false;
}

/* ---- one bad file at the start ---- */

static void a_broken_zone_is_answered_from_its_last_good_copy(void **state)
{
	TURN_UNTIL(has_file_in("last-good", "zone-"));
	control_close();
	world_write(&w, "example.com.zone", "half a line");
	control_open();
	assert_true(has_problem("zone", "zone example.com cannot be loaded: its last good copy"));
	assert_true(has_metric("fairlead_stand_ins{kind=\"zone\"} 1\n"));
	assert_true(has_event("stand-in"));
	assert_int_equal(member_for(S_CHAT, "10.1.0.1"), 0);
	/* the file is mended, and a reload ends it */
	world_write(&w, "example.com.zone", WORLD_ZONE);
	assert_int_equal(post("reload", NULL), ERR_OK);
	assert_false(has_problem("zone", ""));
	assert_true(has_metric("fairlead_stand_ins{kind=\"zone\"} 0\n"));
}

static void a_broken_zone_without_a_copy_does_not_stop_the_start(void **state)
{
	char path[PATH_MAX];

	TURN_UNTIL(has_file_in("last-good", "zone-"));
	control_close();
	snprintf(path, sizeof(path), "rm -rf %s/last-good", w.dir);
	assert_int_equal(system(path), 0);
	world_write(&w, "example.com.zone", "half a line");
	control_open();
	assert_true(has_problem("zone", "its names are answered SERVFAIL"));
}

static void a_reload_stays_strict(void **state)
{
	world_write(&w, "example.com.zone", "half a line");
	assert_int_equal(post("reload", NULL), ERR_INPUT);
	assert_true(has_problem("reload", "the last reload was refused"));
	assert_true(has_metric("fairlead_reload_ok 0\n"));
	assert_true(has_metric("fairlead_reloads_total{result=\"refused\"} 1\n"));
	world_write(&w, "example.com.zone", WORLD_ZONE);
	assert_int_equal(post("reload", NULL), ERR_OK);
	assert_false(has_problem("reload", ""));
	assert_true(has_metric("fairlead_reload_ok 1\n"));
}

/* ---- what waits for a restart ---- */

static void what_waits_for_a_restart_goes_when_the_file_is_put_back(void **state)
{
	static const char other[] = CONTROL_YAML "workers: 3\n";

	for (int i = 0; i < 2; i++) { /* told again by every reload, and not only by the first */
		control_write(other);
		assert_int_equal(post("reload", NULL), ERR_OK);
		assert_true(has_problem("restart", "workers"));
		assert_non_null(strstr(json_string_value(json_object_get(last.doc, "report")),
				       "take effect with a restart: workers"));
	}
	control_write(CONTROL_YAML);
	assert_int_equal(post("reload", NULL), ERR_OK);
	assert_false(has_problem("restart", ""));
}

/* ---- what hangs ---- */

static void a_fifo_for_a_zone_is_refused_at_once(void **state)
{
	char path[PATH_MAX];

	world_path(&w, "example.com.zone", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(post("reload", NULL), ERR_INPUT);
	assert_non_null(strstr(last.text, "no regular file"));
}

static void a_fifo_for_the_configuration_is_refused_at_once(void **state)
{
	char path[PATH_MAX];

	world_path(&w, "dnsd.yaml", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_not_equal(post("reload", NULL), ERR_OK);
	unlink(path);
	control_write(CONTROL_YAML); /* for the end of the test */
}

/* ---- backups ---- */

static void a_failover_is_backed_up_as_it_was_before(void **state)
{
	struct store *copy;
	struct store_override *list;
	char path[PATH_MAX] = "", pattern[PATH_MAX], command[PATH_MAX + 32];
	FILE *names;
	size_t n;

	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\"}"),
			 ERR_OK);
	TURN_UNTIL(has_metric("fairlead_backups_total{result=\"made\"} 1\n"));
	assert_true(has_file_in("backups", "dnsd-ns1-"));
	snprintf(command, sizeof(command), "ls %s/dnsd-*", world_path(&w, "backups", pattern));
	names = popen(command, "r");
	assert_non_null(fgets(path, sizeof(path), names));
	pclose(names);
	path[strcspn(path, "\n")] = 0;
	assert_int_equal(store_reader_open(path, &hand.clock, &copy, NULL), ERR_OK);
	assert_int_equal(store_override_list(copy, &list, &n, NULL), ERR_OK);
	assert_int_equal(n, 0); /* and one is in force */
	store_override_free(list, n);
	store_close(copy);
	assert_int_equal(json_array_size(get("/v1/overrides", NULL)), 1);
}

static void a_backup_that_cannot_be_made_is_a_problem(void **state)
{
	char path[PATH_MAX];

	world_path(&w, "backups", path);
	world_write(&w, "backups", "a file where a directory should be");
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"us\"}"),
			 ERR_OK);
	TURN_UNTIL(has_problem("backup", "not backed up"));
	assert_true(has_metric("fairlead_backups_total{result=\"failed\"} 1\n"));
	unlink(path);
	assert_int_equal(post("failover", "{\"service\":\"chat.example.com\",\"to\":\"ap\"}"),
			 ERR_OK);
	TURN_UNTIL(!has_problem("backup", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONTROL(a_broken_zone_is_answered_from_its_last_good_copy),
		WITH_CONTROL(a_broken_zone_without_a_copy_does_not_stop_the_start),
		WITH_CONTROL(a_reload_stays_strict),
		WITH_CONTROL(what_waits_for_a_restart_goes_when_the_file_is_put_back),
		WITH_CONTROL(a_fifo_for_a_zone_is_refused_at_once),
		WITH_CONTROL(a_fifo_for_the_configuration_is_refused_at_once),
		WITH_CONTROL(a_failover_is_backed_up_as_it_was_before),
		WITH_CONTROL(a_backup_that_cannot_be_made_is_a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
