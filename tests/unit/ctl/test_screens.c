/* SPDX-License-Identifier: Apache-2.0 */
/* Golden screens: what the verbs print in terminals of 80, 100 and 160 columns.
 *
 * tests/golden/screens/NAME.json is {"line": "status", "replies": {"GET /v1/status": {...}, ...}};
 * beside it stand NAME.80, NAME.100 and NAME.160. */
#include "tests/unit/ctl/fake.h"
#include "tests/unit/schema/golden.h"

static const unsigned widths[] = { 80, 100, 160 };
static size_t screens;

/* A screen on which a line is wider than the terminal is broken by it anyhow. */
static void assert_fits(const char *name, const char *screen, unsigned width)
{
	for (const char *line = screen; *line; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > width)
			fail_msg("%s at %u columns: %.*s", name, width, (int)strcspn(line, "\n"),
				 line);
}

static void show(const char *name, json_t *doc, unsigned width)
{
	struct fake f = { .width = width };
	char path[4096], *texts[FAKE_REPLIES_MAX];
	size_t n = 0;
	const char *request;
	json_t *reply;

	json_object_foreach (json_object_get(doc, "replies"), request, reply) {
		texts[n] = json_dumps(reply, JSON_ENCODE_ANY);
		fake_answer(&f, request, texts[n++]);
	}
	fake_run(&f, json_string_value(json_object_get(doc, "line")));
	golden_path(path, sizeof(path), "tests/golden/screens/%.*s.%u",
		    (int)(strlen(name) - strlen(".json")), name, width);
	assert_true(golden_is_equal(path, f.out));
	assert_fits(name, f.out, width);
	fake_fini(&f);
	while (n)
		free(texts[--n]);
}

static void show_all(const char *directory, const char *name)
{
	char path[4096], *text;
	json_error_t why;
	json_t *doc;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	text = golden_read(path, &len);
	assert_non_null(text);
	doc = json_loads(text, 0, &why);
	if (!doc)
		fail_msg("%s:%d: %s", name, why.line, why.text);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		show(name, doc, widths[i]);
	json_decref(doc);
	free(text);
	screens++;
}

static void every_screen_is_as_it_is_kept_and_fits(void **state)
{
	char directory[4096];

	(void)state;
	golden_path(directory, sizeof(directory), "tests/golden/screens");
	golden_each(directory, ".json", show_all);
	assert_true(screens > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_screen_is_as_it_is_kept_and_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
