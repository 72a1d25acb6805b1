/* SPDX-License-Identifier: Apache-2.0 */
/* test_admin: what the admin socket answers, without the socket. */
#include "tests/unit/regiond/node_world.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
	struct node_world *w = malloc(sizeof(*w));
	node_world_init(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	node_world_fini(*state);
	free(*state);
	return 0;
}

static json_t *get(struct node_world *w, const char *path)
{
	struct err e = { "" };
	json_t *doc;
	if (node_world_ask(w, "GET", path, NULL, 0, &doc, &e) != ERR_OK)
		fail_msg("%s: %s", path, e.text);
	return doc;
}

/* The document, or NULL and *code. */
static json_t *post(struct node_world *w, const char *path, const char *body, enum err_code *code)
{
	static struct err e;
	json_t *doc;
	e.text[0] = '\0';
	*code = node_world_ask(w, "POST", path, body, body ? strlen(body) : 0, &doc, &e);
	if (*code != ERR_OK)
		assert_string_not_equal(e.text, "");
	return doc;
}

static void done(struct node_world *w, const char *path, const char *body)
{
	enum err_code code;
	json_t *doc = post(w, path, body, &code);
	assert_int_equal(code, ERR_OK);
	assert_string_equal(json_string_value(json_array_get(json_object_get(doc, "live"), 0)),
			    "one");
	json_decref(doc);
}

static void refused(struct node_world *w, const char *path, const char *body, enum err_code why)
{
	enum err_code code;
	assert_null(post(w, path, body, &code));
	assert_int_equal(code, why);
}

static bool has_keys(const json_t *o, const char *const *keys)
{
	for (; *keys; keys++)
		if (!json_object_get(o, *keys))
			fail_msg("no key %s", *keys);
	return true;
}

static void backends_have_the_keys_of_the_contract(void **state)
{
	static const char *const keys[] = { "pool",	     "az",     "address",   "health",
					    "forced",	     "weight", "in_flight", "max",
					    "ejected_until", NULL };
	json_t *list = get(*state, "/v1/backends");
	assert_int_equal(json_array_size(list), 3);
	const json_t *second = json_array_get(list, 1);
	assert_true(has_keys(second, keys));
	assert_string_equal(json_string_value(json_object_get(second, "address")),
			    "127.0.0.1:24102");
	assert_string_equal(json_string_value(json_object_get(second, "health")), "unknown");
	assert_int_equal(json_integer_value(json_object_get(second, "weight")), 50);
	/* A pool without monitors is up. */
	const json_t *third = json_array_get(list, 2);
	assert_string_equal(json_string_value(json_object_get(third, "health")), "up");
	json_decref(list);
}

static void services_and_status_have_the_keys_of_the_contract(void **state)
{
	static const char *const service_keys[] = { "name", "pool",  "mode",   "active",
						    "ttl",  "epoch", "forced", NULL };
	static const char *const status_keys[] = { "nodes",	"regions",  "services",
						   "overrides", "problems", NULL };
	json_t *list = get(*state, "/v1/services"), *status = get(*state, "/v1/status");
	assert_true(has_keys(json_array_get(list, 0), service_keys));
	assert_true(has_keys(status, status_keys));
	assert_int_equal(json_array_size(json_object_get(status, "problems")), 1);
	json_decref(list);
	json_decref(status);
}

static void a_drain_names_what_was_drained_until_it_is_undrained(void **state)
{
	struct node_world *w = *state;
	struct backend *b = w->node.table->pools[0].slots[0].backend;
	done(w, "/v1/drain",
	     "{\"pool\":\"p\",\"backend\":\"127.0.0.1:24101\",\"reason\":\"disk\"}");
	assert_true(atomic_load(&b->drained));
	assert_false(atomic_load(&w->node.table->pools[1].slots[0].backend->drained));
	json_t *list = get(w, "/v1/backends");
	const json_t *forced = json_object_get(json_array_get(list, 0), "forced");
	assert_string_equal(json_string_value(json_object_get(forced, "reason")), "disk");
	assert_string_equal(json_string_value(json_object_get(forced, "by")), "uid:0");
	assert_true(json_is_null(json_object_get(json_array_get(list, 2), "forced")));
	json_decref(list);
	refused(w, "/v1/undrain", "{\"backend\":\"127.0.0.1:24101\"}", ERR_NOT_FOUND);
	done(w, "/v1/undrain", "{\"pool\":\"p\",\"backend\":\"127.0.0.1:24101\"}");
	assert_false(atomic_load(&b->drained));
}

static void a_backend_without_a_pool_is_drained_in_all_of_them(void **state)
{
	struct node_world *w = *state;
	done(w, "/v1/drain", "{\"backend\":\"127.0.0.1:24101\"}");
	assert_true(atomic_load(&w->node.table->pools[0].slots[0].backend->drained));
	assert_true(atomic_load(&w->node.table->pools[1].slots[0].backend->drained));
	assert_false(atomic_load(&w->node.table->pools[0].slots[1].backend->drained));
}

static void a_drained_pool_drains_its_backends(void **state)
{
	struct node_world *w = *state;
	done(w, "/v1/drain", "{\"pool\":\"p\"}");
	assert_true(atomic_load(&w->node.table->pools[0].slots[1].backend->drained));
	assert_false(atomic_load(&w->node.table->pools[1].slots[0].backend->drained));
	assert_true(node_is_ready(&w->node));
}

static void a_drained_node_is_not_ready_and_serves(void **state)
{
	struct node_world *w = *state;
	assert_true(node_is_ready(&w->node));
	done(w, "/v1/drain", NULL);
	assert_false(node_is_ready(&w->node));
	assert_false(atomic_load(&w->node.table->pools[0].slots[0].backend->drained));
	done(w, "/v1/undrain", "{\"region\":\"here\"}");
	assert_true(node_is_ready(&w->node));
}

static void a_drain_ends_by_itself(void **state)
{
	struct node_world *w = *state;
	done(w, "/v1/drain", "{\"expires_s\":60}");
	clock_hand_advance_ms(&w->hand, 59999);
	assert_false(forced_expire(w->node.forced));
	clock_hand_advance_ms(&w->hand, 1);
	assert_true(forced_expire(w->node.forced));
	assert_true(node_is_ready(&w->node));
}

static void a_second_drain_of_the_same_replaces_the_first(void **state)
{
	struct node_world *w = *state;
	done(w, "/v1/drain", "{\"pool\":\"p\",\"reason\":\"first\"}");
	done(w, "/v1/drain", "{\"pool\":\"p\",\"reason\":\"second\"}");
	assert_int_equal(forced_count(w->node.forced), 1);
	assert_string_equal(forced_at(w->node.forced, 0)->reason, "second");
}

static void a_dry_run_changes_nothing(void **state)
{
	struct node_world *w = *state;
	enum err_code code;
	json_t *doc = post(w, "/v1/drain", "{\"pool\":\"p\",\"dry_run\":true}", &code);
	assert_int_equal(code, ERR_OK);
	assert_true(json_is_null(json_object_get(doc, "id")));
	assert_true(json_is_array(json_object_get(doc, "moves")));
	json_decref(doc);
	assert_int_equal(forced_count(w->node.forced), 0);
	refused(w, "/v1/drain", "{\"pool\":\"nope\",\"dry_run\":true}", ERR_NOT_FOUND);
}

static void a_wrong_body_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *body;
		enum err_code why;
	} rows[] = {
		{ "{", ERR_INPUT },
		{ "[]", ERR_INPUT },
		{ "7", ERR_INPUT },
		{ "{\"pool\":\"p\",\"pool\":\"q\"}", ERR_INPUT },
		{ "{\"expire_s\":60}", ERR_INPUT },
		{ "{\"expires_s\":\"60\"}", ERR_INPUT },
		{ "{\"expires_s\":-1}", ERR_INPUT },
		{ "{\"expires_s\":99999999999}", ERR_INPUT },
		{ "{\"dry_run\":1}", ERR_INPUT },
		{ "{\"pool\":[]}", ERR_INPUT },
		{ "{\"pool\":\"nope\"}", ERR_NOT_FOUND },
		{ "{\"region\":\"elsewhere\"}", ERR_NOT_FOUND },
		{ "{\"backend\":\"localhost:80\"}", ERR_INPUT },
		{ "{\"backend\":\"127.0.0.1:1\"}", ERR_NOT_FOUND },
		{ "{\"pool\":\"q\",\"backend\":\"127.0.0.1:24102\"}", ERR_NOT_FOUND },
	};
	struct node_world *w = *state;
	char longer[400];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		refused(w, "/v1/drain", rows[i].body, rows[i].why);
	snprintf(longer, sizeof(longer), "{\"reason\":\"%0300d\"}", 0);
	refused(w, "/v1/drain", longer, ERR_INPUT);
	refused(w, "/v1/undrain", "{\"expires_s\":1}", ERR_INPUT);
	refused(w, "/v1/undrain", "{}", ERR_NOT_FOUND);
	assert_int_equal(forced_count(w->node.forced), 0);
}

static void a_path_that_does_not_exist_is_told_as_such(void **state)
{
	struct node_world *w = *state;
	struct err e = { "" };
	json_t *doc;
	assert_int_equal(node_world_ask(w, "GET", "/v1/nope", NULL, 0, &doc, &e), ERR_NO_PATH);
	assert_int_equal(node_world_ask(w, "GET", "/v1/drain", NULL, 0, &doc, &e), ERR_NO_PATH);
	assert_int_equal(node_world_ask(w, "POST", "/v1/status", NULL, 0, &doc, &e), ERR_NO_PATH);
	assert_int_equal(node_world_ask(w, "PUT", "/v1/status", NULL, 0, &doc, &e), ERR_INPUT);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(backends_have_the_keys_of_the_contract),
		CLAIM(services_and_status_have_the_keys_of_the_contract),
		CLAIM(a_drain_names_what_was_drained_until_it_is_undrained),
		CLAIM(a_backend_without_a_pool_is_drained_in_all_of_them),
		CLAIM(a_drained_pool_drains_its_backends),
		CLAIM(a_drained_node_is_not_ready_and_serves),
		CLAIM(a_drain_ends_by_itself),
		CLAIM(a_second_drain_of_the_same_replaces_the_first),
		CLAIM(a_dry_run_changes_nothing),
		CLAIM(a_wrong_body_is_refused_with_the_reason),
		CLAIM(a_path_that_does_not_exist_is_told_as_such),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
