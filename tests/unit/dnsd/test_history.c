/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/admin/history, verify and backup: what happened is read as a job, and the
 * state is streamed. */
#include "tests/unit/dnsd/control_world.h"

static json_int_t number_in(const json_t *doc, const char *key)
{
	return json_integer_value(json_object_get(doc, key));
}

static json_t *at(json_t *list, size_t i)
{
	return json_array_get(list, i);
}

static const char *text(const json_t *doc, const char *key)
{
	return json_string_value(json_object_get(doc, key));
}

static json_t *last_of(const char *path)
{
	json_t *list = get(path, NULL);

	return at(list, json_array_size(list) - 1);
}

static void backups_and_reloads_are_in_the_audit(void **state)
{
	assert_int_equal(ask_as("uid:0", "GET", "/v1/backup", NULL, NULL), ERR_OK);
	assert_true(last.is_whole);
	assert_memory_equal(last.start, "SQLite format 3", 16);
	assert_in_range(last.streamed, 16384, 1 << 20);
	assert_int_equal(last.streamed % 4096, 0);
	assert_string_equal(text(last_of("/v1/audit"), "verb"), "backup");
	assert_int_equal(post("reload", NULL), ERR_OK);
	assert_string_equal(text(last_of("/v1/audit"), "verb"), "config reload");
	assert_string_equal(text(last_of("/v1/events"), "kind"), "reload");
	assert_string_equal(text(last_of("/v1/events"), "to"), "done");
	assert_true(json_is_true(json_object_get(get("/v1/audit", "verify=1"), "whole")));
}

static void the_newest_rows_are_asked_for(void **state)
{
	json_t *list;

	for (int i = 0; i < 5; i++)
		assert_int_equal(post("drain", "{\"region\":\"eu\"}"), ERR_OK);
	list = get("/v1/audit", "last=2");
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(number_in(at(list, 1), "seq"), 5);
	assert_int_equal(json_array_size(get("/v1/audit", "last=2&before=5")), 2);
	assert_int_equal(number_in(at(last.doc, 1), "seq"), 4);
	assert_int_equal(json_array_size(get("/v1/audit", "after=2&limit=2")), 2);
	assert_int_equal(number_in(at(last.doc, 0), "seq"), 3);
	assert_int_equal(json_array_size(get("/v1/events", "last=1")), 1);
}

/* Whoever asks while one runs joins it; its result can be asked for afterwards. */
static void a_verification_is_followed_by_its_number(void **state)
{
	json_int_t run;
	char query[64];

	assert_int_equal(post("drain", "{\"region\":\"eu\"}"), ERR_OK);
	run = number_in(get("/v1/audit", "verify=1&poll=1"), "run");
	assert_true(json_is_true(json_object_get(last.doc, "running")));
	snprintf(query, sizeof(query), "verify=1&poll=1&run=%lld", (long long)run);
	for (int i = 0; i < 10000 && !json_object_get(get("/v1/audit", query), "whole"); i++) {
		assert_int_equal(number_in(last.doc, "run"), run);
		loop_run_once(rooms->loop);
		poll(NULL, 0, 1);
	}
	assert_int_equal(number_in(last.doc, "run"), run);
	assert_int_equal(number_in(last.doc, "rows"), 1); /* as many as the audit shows */
	assert_int_equal(number_in(get("/v1/audit", "verify=1"), "run"), run + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CONTROL(backups_and_reloads_are_in_the_audit),
		WITH_CONTROL(the_newest_rows_are_asked_for),
		WITH_CONTROL(a_verification_is_followed_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
