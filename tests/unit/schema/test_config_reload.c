/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_reload: what `config show` prints, and which changes a reload cannot bring. */
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/regiond_config.h"
#include "tests/unit/unit.h"

#include <string.h>

#define LISTEN "listen: {dns: [127.0.0.1:53]}\n"
#define REST                                                                                 \
	"zones: [{name: example.com, file: z}]\n"                                            \
	"regions: {a: {at: [53.35, -6.26]}, b: {}}\n"                                        \
	"monitors: {m: {type: http, port: 80, headers: {X-A: b}}}\n"                         \
	"pools: {p: {monitor: m, last_resort: [192.0.2.9],\n"                                \
	"            members: [{region: b, addresses: ['2001:db8::1']}]}}\n"                 \
	"services: {a.example.com: {pool: p, ttl: 60s, fence: {EU: [b]}}}\n"                 \
	"topology: [{client: {prefix: 192.0.2.0/24}, prefer: [b, a]}, {client: {}, prefer: " \
	"[a]}]\n"

static struct config_report report;

static struct dnsd_config *dnsd(const char *text)
{
	struct dnsd_config *c = NULL;

	if (config_dnsd_parse("test", text, strlen(text), &c, &report) != ERR_OK)
		fail_msg("%s", buf_text(&report.errors));
	return c;
}

/* Which keys need a restart when `before` becomes `after`. */
static void assert_restart(const char *before, const char *after, const char *expected)
{
	struct dnsd_config *a = dnsd(before), *b = dnsd(after);
	struct buf names = BUF_INIT;

	assert_int_equal(config_dnsd_needs_restart(a, b, &names), *expected != 0);
	assert_string_equal(buf_text(&names), expected);
	buf_fini(&names);
	config_dnsd_free(a);
	config_dnsd_free(b);
}

static void the_same_file_needs_no_restart(void **state)
{
	assert_restart("fleet: f\nnode: n\n" LISTEN REST, "fleet: f\nnode: n\n" LISTEN REST, "");
}

static void the_same_written_in_another_way_needs_no_restart(void **state)
{
	assert_restart("fleet: f\nnode: n\n" LISTEN "workers: auto\n",
		       "node: 'n'\n" LISTEN "fleet: f\nstate: {path: /var/lib/fairlead/dnsd.db}\n",
		       "");
}

static void live_keys_need_no_restart(void **state)
{
	assert_restart("fleet: f\nnode: n\n" LISTEN REST, "fleet: f\nnode: n\n" LISTEN, "");
}

static void all_changed_keys_that_are_not_live_are_named(void **state)
{
	assert_restart("fleet: f\nnode: n\n" LISTEN,
		       "fleet: g\nnode: m\nlisten: {dns: [127.0.0.1:53, 127.0.0.2:53], http: "
		       "127.0.0.1:80, admin: /tmp/s}\nworkers: 2\nstate: {path: x}\n",
		       "fleet, node, listen.dns, listen.http, listen.admin, workers, state.path");
}

static void a_key_that_goes_away_is_a_change(void **state)
{
	assert_restart("fleet: f\nnode: n\nlisten: {dns: [127.0.0.1:53], http: 127.0.0.1:80}\n",
		       "fleet: f\nnode: n\n" LISTEN, "listen.http");
}

static void regiond_names_its_own(void **state)
{
	static const char before[] = "fleet: f\nregion: r\nnode: n\nheartbeat: 1s\n";
	static const char after[] = "fleet: f\nregion: s\nnode: n\nworkers: 1\n";
	struct regiond_config *a = NULL, *b = NULL;
	struct buf names = BUF_INIT;

	assert_int_equal(config_regiond_parse("a", before, strlen(before), &a, &report), ERR_OK);
	assert_int_equal(config_regiond_parse("b", after, strlen(after), &b, &report), ERR_OK);
	assert_true(config_regiond_needs_restart(a, b, &names));
	assert_string_equal(buf_text(&names), "region, workers");
	buf_fini(&names);
	config_regiond_free(a);
	config_regiond_free(b);
}

static void what_is_shown_is_written_as_in_a_file(void **state)
{
	struct dnsd_config *c = dnsd("fleet: f\nnode: n\n" LISTEN REST);
	json_t *shown = config_dnsd_json(c), *expected;

	assert_non_null(shown);
	expected = json_pack("{s:s,s:s,s:s,s:s,s:i,s:s,s:{s:[s]}}", "pool", "p", "mode",
			     "active-active", "failback", "auto", "hold_down", "20s", "answers", 2,
			     "family_fallback", "none", "fence", "EU", "b");
	json_object_set_new(expected, "ttl", json_string("1m"));
	assert_true(json_equal(json_object_get(json_object_get(shown, "services"), "a.example.com"),
			       expected));
	json_decref(expected);
	expected = json_pack("[{s:{s:s},s:[s,s]},{s:{},s:[s]}]", "client", "prefix", "192.0.2.0/24",
			     "prefer", "b", "a", "client", "prefer", "a");
	assert_true(json_equal(json_object_get(shown, "topology"), expected));
	json_decref(expected);
	json_decref(shown);
	config_dnsd_free(c);
}

static int setup(void **state)
{
	config_report_init(&report);
	return 0;
}

static int teardown(void **state)
{
	config_report_fini(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_file_needs_no_restart),
		cmocka_unit_test(the_same_written_in_another_way_needs_no_restart),
		cmocka_unit_test(live_keys_need_no_restart),
		cmocka_unit_test(all_changed_keys_that_are_not_live_are_named),
		cmocka_unit_test(a_key_that_goes_away_is_a_change),
		cmocka_unit_test(regiond_names_its_own),
		cmocka_unit_test(what_is_shown_is_written_as_in_a_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
