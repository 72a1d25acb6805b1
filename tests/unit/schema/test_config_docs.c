/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_docs: the reference pages and the JSON Schema are what the tables say.
 *
 * UPDATE_GOLDEN=1 writes docs/config-*.md anew. */
#include "schema/config/config.h"
#include "schema/config/dnsd_config.h"
#include "tests/unit/schema/golden.h"
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void check_page(enum config_program program, const char *name)
{
	struct buf page = BUF_INIT;
	char path[PATH_MAX];

	golden_path(path, sizeof(path), "docs/config-%s.md", name);
	config_reference(program, &page);
	assert_false(page.failed);
	assert_true(golden_is_equal(path, buf_text(&page)));
	buf_fini(&page);
}

static void the_pages_in_docs_are_those_of_the_tables(void **state)
{
	check_page(CONFIG_DNSD, "dnsd");
	check_page(CONFIG_REGIOND, "regiond");
	check_page(CONFIG_PROBERD, "proberd");
}

static json_t *schema(enum config_program program)
{
	struct buf text = BUF_INIT;
	json_t *doc;

	config_schema(program, &text);
	assert_false(text.failed);
	doc = json_loadb((char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	buf_fini(&text);
	return doc;
}

static void the_schema_names_every_key_and_refuses_others(void **state)
{
	json_t *doc = schema(CONFIG_DNSD), *services, *ttl;

	assert_true(json_is_false(json_object_get(doc, "additionalProperties")));
	services = json_object_get(json_object_get(doc, "properties"), "services");
	assert_non_null(services);
	ttl = json_object_get(
		json_object_get(json_object_get(services, "additionalProperties"), "properties"),
		"ttl");
	assert_string_equal(json_string_value(json_object_get(ttl, "default")), "30s");
	json_decref(doc);
}

static void all_programs_have_a_schema(void **state)
{
	json_decref(schema(CONFIG_REGIOND));
	json_decref(schema(CONFIG_PROBERD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pages_in_docs_are_those_of_the_tables),
		cmocka_unit_test(the_schema_names_every_key_and_refuses_others),
		cmocka_unit_test(all_programs_have_a_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
