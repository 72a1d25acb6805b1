/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/identity. */
#include "core/identity.h"
#include "tests/unit/unit.h"

#include <string.h>

#define PART_63 "abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz"

static void every_role_keeps_its_text(void **state)
{
	static const struct {
		const char *uri;
		enum identity_role role;
		const char *region, *name;
	} rows[] = {
		{ "spiffe://example/dnsd/ns1", IDENTITY_DNSD, "", "ns1" },
		{ "spiffe://example/regiond/eu-west/r1", IDENTITY_REGIOND, "eu-west", "r1" },
		{ "spiffe://example/prober/p_1", IDENTITY_PROBER, "", "p_1" },
		{ "spiffe://example/viewer/v.1", IDENTITY_VIEWER, "", "v.1" },
		{ "spiffe://example/operator/Ann", IDENTITY_OPERATOR, "", "Ann" },
		{ "spiffe://example/admin/0", IDENTITY_ADMIN, "", "0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[IDENTITY_TEXT_MAX];
		struct identity id;

		assert_int_equal(identity_parse(rows[i].uri, &id, NULL), ERR_OK);
		assert_int_equal(id.role, rows[i].role);
		assert_string_equal(id.fleet, "example");
		assert_string_equal(id.region, rows[i].region);
		assert_string_equal(id.name, rows[i].name);
		identity_text(&id, text);
		assert_string_equal(text, rows[i].uri);
	}
}

static void the_longest_identity_fits(void **state)
{
	const char *uri = "spiffe://" PART_63 "/regiond/" PART_63 "/" PART_63;
	char text[IDENTITY_TEXT_MAX];
	struct identity id;

	assert_int_equal(strlen(PART_63), IDENTITY_PART_MAX - 1);
	assert_int_equal(identity_parse(uri, &id, NULL), ERR_OK);
	identity_text(&id, text);
	assert_string_equal(text, uri);
}

static void what_is_wrong_is_named(void **state)
{
	static const char *const rows[][2] = {
		{ "", "does not begin with spiffe://" },
		{ "https://example/dnsd/ns1", "does not begin with spiffe://" },
		{ "SPIFFE://example/dnsd/ns1", "does not begin with spiffe://" },
		{ " spiffe://example/dnsd/ns1", "does not begin with spiffe://" },
		{ "spiffe://", "the fleet must be" },
		{ "spiffe:///dnsd/ns1", "the fleet must be" },
		{ "spiffe://user@example/dnsd/ns1", "the fleet must be" },
		{ "spiffe://example:443/dnsd/ns1", "the fleet must be" },
		{ "spiffe://../dnsd/ns1", "the fleet must be" },
		{ "spiffe://" PART_63 "x/dnsd/ns1", "the fleet must be" },
		{ "spiffe://example", "the role is missing" },
		{ "spiffe://example/", "the role must be" },
		{ "spiffe://example/root/x", "the role is `root`, expected dnsd" },
		{ "spiffe://example/none/x", "the role is `none`, expected dnsd" },
		{ "spiffe://example/DNSD/x", "the role is `DNSD`, expected dnsd" },
		{ "spiffe://example/dnsd", "the name is missing" },
		{ "spiffe://example/dnsd/", "the name must be" },
		{ "spiffe://example/dnsd/.", "the name must be" },
		{ "spiffe://example/dnsd/..", "the name must be" },
		{ "spiffe://example/dnsd/a b", "the name must be" },
		{ "spiffe://example/dnsd/a%62", "the name must be" },
		{ "spiffe://example/dnsd/a?b", "the name must be" },
		{ "spiffe://example/dnsd/a#b", "the name must be" },
		{ "spiffe://example/dnsd/\xc3\xa9", "the name must be" },
		{ "spiffe://example/dnsd/" PART_63 "x", "the name must be" },
		{ "spiffe://example/dnsd/ns1/", "something after the name" },
		{ "spiffe://example/dnsd/ns1/more", "something after the name" },
		{ "spiffe://example/regiond/eu-west", "the name is missing" },
		{ "spiffe://example/regiond//r1", "the region must be" },
		{ "spiffe://example/regiond", "the region is missing" },
		{ "spiffe://example/regiond/a/b/c", "something after the name" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct identity id = { .name = "untouched" };
		struct err e = { "" };

		if (identity_parse(rows[i][0], &id, &e) != ERR_INPUT)
			fail_msg("`%s` was taken", rows[i][0]);
		if (!strstr(e.text, rows[i][1]))
			fail_msg("`%s` does not say `%s`", e.text, rows[i][1]);
		assert_string_equal(id.name, "untouched");
	}
}

static void a_role_and_its_name_belong_together(void **state)
{
	for (int role = IDENTITY_DNSD; role <= IDENTITY_ADMIN; role++)
		assert_int_equal(identity_role_parse(identity_role_name(role)), role);
	assert_int_equal(identity_role_parse(""), IDENTITY_NONE);
	assert_int_equal(identity_role_parse("none"), IDENTITY_NONE);
	assert_string_equal(identity_role_name((enum identity_role)99), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_keeps_its_text),
		cmocka_unit_test(the_longest_identity_fits),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_role_and_its_name_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
