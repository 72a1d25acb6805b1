/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_include: what a file includes, and what it takes from the environment. */
#include "core/file.h"
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "fleet: f\nnode: n\nlisten: {dns: [127.0.0.1:53]}\n"

static struct config_report report;
static char directory[64];

static char *path_of(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *out = path[turn++ % 4];

	snprintf(out, sizeof(path[0]), "%s/%s", directory, name);
	return out;
}

static void file(const char *name, const char *text)
{
	assert_int_equal(file_replace(path_of(name), text, strlen(text), 0600, NULL), ERR_OK);
}

static struct dnsd_config *load(const char *name)
{
	struct dnsd_config *c = NULL;

	config_dnsd_load(path_of(name), &c, &report);
	return c;
}

static void assert_good(const struct dnsd_config *c)
{
	if (!c)
		fail_msg("%s", buf_text(&report.errors));
}

/* The errors, with the directory left out. */
static void assert_errors(const char *expected)
{
	const char *text = buf_text(&report.errors), *at;
	struct buf said = BUF_INIT;

	for (; (at = strstr(text, directory)) != NULL; text = at + strlen(directory) + 1)
		buf_add(&said, text, (size_t)(at - text));
	buf_add_str(&said, text);
	assert_string_equal(buf_text(&said), expected);
	buf_fini(&said);
}

static void mappings_and_lists_of_the_files_are_joined(void **state)
{
	struct dnsd_config *c;

	file("a.yaml", HEAD "include: [b.yaml, sub.yaml]\nregions: {a: {}}\n"
			    "zones: [{name: a.test, file: z}]\n");
	file("b.yaml", "regions: {b: {}}\nlisten: {http: 127.0.0.1:80}\ngeo: {databases: [g]}\n");
	file("sub.yaml", "include: [c.yaml]\nzones: [{name: c.test, file: z}]\n");
	file("c.yaml",
	     "regions: {c: {}}\npools: {p: {members: [{region: b, addresses: [192.0.2.1]}]}}\n");
	c = load("a.yaml");
	assert_good(c);
	assert_int_equal(c->n_regions, 3);
	assert_string_equal(c->regions[2].name, "c");
	assert_int_equal(c->regions[2].pos.file, 3);
	assert_int_equal(c->pools[0].members[0].region, 1);
	assert_int_equal(c->n_zones, 2);
	assert_int_equal(c->listen.http.port, 80);
	assert_int_equal(c->listen.n_dns, 1);
	config_dnsd_free(c);
}

static void mistakes_of_an_included_file_have_its_name_and_line(void **state)
{
	file("a.yaml", HEAD "include: [b.yaml]\nregions: {a: {}}\n");
	file("b.yaml", "# b\nregions: {a: {at: 1}}\nnode: m\nworkers: many\n");
	assert_null(load("a.yaml"));
	assert_errors("b.yaml:2:11: error: `a` is here twice, first at a.yaml:5\n"
		      "    regions: {a: {at: 1}}\n"
		      "              ^\n"
		      "b.yaml:2:19: error: not a place, expected [latitude, longitude] in degrees\n"
		      "    regions: {a: {at: 1}}\n"
		      "                      ^\n"
		      "b.yaml:3:1: error: `node` is here twice, first at a.yaml:2\n"
		      "    node: m\n"
		      "    ^~~~\n"
		      "b.yaml:4:10: error: `many` is not a whole number, or auto\n"
		      "    workers: many\n"
		      "             ^~~~\n");
}

static void a_later_error_of_an_included_file_has_its_place(void **state)
{
	struct dnsd_config *c;

	file("a.yaml", HEAD "include: [b.yaml]\n");
	file("b.yaml", "zones:\n  - {name: a.test, file: z}\n");
	c = load("a.yaml");
	assert_good(c);
	config_report_error(&report, &c->zones[0].pos, "cannot be read");
	config_report_error(&report, &c->zones[0].pos, "cannot be read");
	assert_errors("b.yaml:2:5: error: cannot be read\n"
		      "      - {name: a.test, file: z}\n"
		      "        ^\n");
	config_dnsd_free(c);
}

static void what_cannot_be_included_is_told_where_it_is_named(void **state)
{
	file("a.yaml", HEAD "include: [nothing.yaml, b.yaml, a.yaml, list.yaml]\n");
	file("b.yaml", "include: [a.yaml]\n");
	file("list.yaml", "- a\n");
	assert_null(load("a.yaml"));
	assert_errors("a.yaml:4:11: error: nothing.yaml: No such file or directory\n"
		      "    include: [nothing.yaml, b.yaml, a.yaml, list.yaml]\n"
		      "              ^~~~~~~~~~~~\n"
		      "a.yaml:4:33: error: `a.yaml` is read already\n"
		      "    include: [nothing.yaml, b.yaml, a.yaml, list.yaml]\n"
		      "                                    ^~~~~~\n"
		      "b.yaml:1:11: error: `a.yaml` is read already\n"
		      "    include: [a.yaml]\n"
		      "              ^~~~~~\n"
		      "list.yaml:1:1: error: expected a mapping, as in the file that includes this "
		      "one\n"
		      "    - a\n"
		      "    ^\n");
}

static void a_chain_of_includes_has_an_end(void **state)
{
	char name[32], text[256];

	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "%d.yaml", i);
		snprintf(text, sizeof(text), "%sinclude: [%d.yaml]\n", i ? "" : HEAD, i + 1);
		file(name, text);
	}
	assert_null(load("0.yaml"));
	assert_errors("8.yaml:1:11: error: included more than 8 deep\n"
		      "    include: [9.yaml]\n"
		      "              ^~~~~~\n");
}

static void a_text_without_a_file_includes_nothing(void **state)
{
	struct dnsd_config *c = NULL;
	static const char text[] = HEAD "include: [/etc/passwd]\n";

	assert_int_equal(config_dnsd_parse("test", text, strlen(text), &c, &report), ERR_INPUT);
	assert_string_equal(buf_text(&report.errors),
			    "test:4:1: error: `include` needs a file on disk\n"
			    "    include: [/etc/passwd]\n"
			    "    ^~~~~~~\n");
}

static void a_joined_alias_leaves_its_anchor_alone(void **state)
{
	struct dnsd_config *c;

	file("a.yaml", HEAD "include: [b.yaml]\nzones: &z [{name: a.test, file: z}]\n");
	file("b.yaml", "zones: [{name: b.test, file: z}]\n");
	c = load("a.yaml");
	assert_good(c);
	assert_int_equal(c->n_zones, 2);
	config_dnsd_free(c);
}

static void variables_stand_in_values_of_any_type(void **state)
{
	struct dnsd_config *c;

	setenv("FAIRLEAD_TEST_NODE", "ns7", 1);
	setenv("FAIRLEAD_TEST_PORT", "5353", 1);
	file("a.yaml", "fleet: f\nnode: ${FAIRLEAD_TEST_NODE}\nworkers: ${FAIRLEAD_TEST_PORT}\n"
		       "listen: {dns: ['127.0.0.1:${FAIRLEAD_TEST_PORT}']}\n"
		       "state: {path: '/$${HOME}/$HOME/$'}\n");
	c = load("a.yaml");
	assert_null(c);
	assert_int_equal(report.n_errors, 1); /* workers: 5353 is over its range: it was read */
	setenv("FAIRLEAD_TEST_PORT", "53", 1);
	c = load("a.yaml");
	assert_good(c);
	assert_string_equal(c->node, "ns7");
	assert_int_equal(c->workers, 53);
	assert_int_equal(c->listen.dns[0].port, 53);
	assert_string_equal(c->state.path, "/${HOME}/$HOME/$");
	config_dnsd_free(c);
}

static void a_variable_that_is_not_set_is_named(void **state)
{
	unsetenv("FAIRLEAD_TEST_NONE");
	file("a.yaml", "fleet: f\nnode: ${FAIRLEAD_TEST_NONE}\nlisten: {dns: ['${', '${1}:53']}\n"
		       "workers: ${FAIRLEAD_TEST_NONE}\n");
	assert_null(load("a.yaml"));
	assert_errors(
		"a.yaml:2:7: error: `FAIRLEAD_TEST_NONE` is not set in the environment\n"
		"    node: ${FAIRLEAD_TEST_NONE}\n"
		"          ^~~~~~~~~~~~~~~~~~~~~\n"
		"a.yaml:3:16: error: `${` without a name and `}`, expected ${NAME}; $${ stands for "
		"the characters\n"
		"    listen: {dns: ['${', '${1}:53']}\n"
		"                   ^~~~\n"
		"a.yaml:3:22: error: `${` without a name and `}`, expected ${NAME}; $${ stands for "
		"the characters\n"
		"    listen: {dns: ['${', '${1}:53']}\n"
		"                         ^~~~~~~~~\n"
		"a.yaml:4:10: error: `FAIRLEAD_TEST_NONE` is not set in the environment\n"
		"    workers: ${FAIRLEAD_TEST_NONE}\n"
		"             ^~~~~~~~~~~~~~~~~~~~~\n");
}

static int setup(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/fairlead-include-XXXXXX");
	config_report_init(&report);
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = { "a", "b", "c", "sub", "list" };
	char name[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s.yaml", names[i]);
		unlink(path_of(name));
	}
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "%d.yaml", i);
		unlink(path_of(name));
	}
	rmdir(directory);
	config_report_fini(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_and_lists_of_the_files_are_joined),
		cmocka_unit_test(mistakes_of_an_included_file_have_its_name_and_line),
		cmocka_unit_test(a_later_error_of_an_included_file_has_its_place),
		cmocka_unit_test(what_cannot_be_included_is_told_where_it_is_named),
		cmocka_unit_test(a_chain_of_includes_has_an_end),
		cmocka_unit_test(a_text_without_a_file_includes_nothing),
		cmocka_unit_test(a_joined_alias_leaves_its_anchor_alone),
		cmocka_unit_test(variables_stand_in_values_of_any_type),
		cmocka_unit_test(a_variable_that_is_not_set_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
