/* SPDX-License-Identifier: Apache-2.0 */
/* reference: a table of keys as a page of Markdown. */
#include "schema/config/reference.h"

#include "schema/config/value.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_BYTES 256

/* Text inside a cell: a bar would end it. */
static void add_cell(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_u8(out, '\\');
		buf_u8(out, (uint8_t)*text);
	}
}

static bool has_range(enum key_type type)
{
	return type == KEY_UINT || type == KEY_DURATION || type == KEY_SIZE;
}

static void add_type(const struct key *key, struct buf *out)
{
	enum key_type type = key->type == KEY_LIST || key->type == KEY_MAP ? key->item : key->type;
	char bound[UNITS_TEXT_MAX];

	key_type_text(key, key->type, out);
	if (!has_range(type) || (key->min == 0 && key->max == 0))
		return;
	value_bound_text(key, key->min, bound);
	buf_printf(out, ", %s%s", key->max ? "" : "at least ", bound);
	if (key->max) {
		value_bound_text(key, key->max, bound);
		buf_printf(out, " to %s", bound);
	}
}

static void add_later(const struct key *key, struct buf *out)
{
	if (key->later)
		buf_printf(out, " *Not in effect yet%s%s.*", *key->later ? ": " : "", key->later);
	for (const struct key_word *word = key->words; word && word->text; word++)
		if (word->later)
			buf_printf(out, " *`%s` is not in effect yet: %s.*", word->text,
				   word->later);
}

static void add_row(const struct key *key, const char *path, struct buf *out)
{
	struct buf type;

	buf_init(&type);
	add_type(key, &type);
	buf_printf(out, "| `%s` | ", path);
	add_cell(out, buf_text(&type));
	buf_add_str(out, " | ");
	if (key->required)
		buf_add_str(out, "required");
	else if (key->initial)
		buf_printf(out, "`%s`", key->initial);
	buf_printf(out, " | %s | ", key->restart ? "restart" : "live");
	add_cell(out, key->doc);
	add_later(key, out);
	buf_add_str(out, " |\n");
	out->failed |= type.failed;
	buf_fini(&type);
}

/* What stands between a key and the keys of its entries. */
static const char *entry_mark(const struct key *key)
{
	return key->type == KEY_LIST ? "[]." : key->type == KEY_MAP ? ".NAME." : ".";
}

static void add_rows(const struct key *keys, const char *before, struct buf *out)
{
	for (const struct key *key = keys; key->name; key++) {
		char path[PATH_MAX_BYTES];

		snprintf(path, sizeof(path), "%s%s", before, key->name);
		add_row(key, path, out);
		if (!key->of)
			continue;
		snprintf(path, sizeof(path), "%s%s%s", before, key->name, entry_mark(key));
		add_rows(key->of, path, out);
	}
}

static void add_head(const char *program, struct buf *out)
{
	buf_printf(
		out,
		"# %s.yaml\n\n"
		"<!-- Made from schema/config/keys_%s.c by tests/unit/schema/test_config_docs: "
		"change it there. -->\n\n"
		"`fairlead-%s -c FILE --check` reads a file and all it names, says every mistake "
		"as `FILE:LINE:COL: error: ...` and binds nothing. `fairlead config schema` "
		"prints this page as JSON Schema.\n\n",
		program, program, program);
	buf_add_str(
		out,
		"Durations are written `500ms`, `1.5s`, `15m`, `1h`, `7d`; sizes `512`, `64KiB`, "
		"`1MiB`; shares `10%`, `2.5%`; addresses `192.0.2.1` or `\"2001:db8::1\"`; "
		"address and port `192.0.2.1:53` or `\"[2001:db8::1]:53\"`. A name is 1 to 63 "
		"letters, digits, `.`, `_` or `-`. YAML aliases are followed; tags and merge "
		"keys are refused. `${NAME}` in a value stands for a variable of the environment, "
		"`$${` for the characters `${`.\n\n"
		"*Change*: a `live` key takes effect with a reload (SIGHUP); a change of a "
		"`restart` key is named by the reload and waits for a restart. A key that is not "
		"in effect yet is read, judged and named by `--check` and in the log.\n");
}

void reference_write(const char *program, const struct key *keys, struct buf *out)
{
	add_head(program, out);
	for (const struct key *key = keys; key->name; key++) {
		char path[PATH_MAX_BYTES];

		buf_printf(out, "\n## %s\n\n%s\n\n", key->name, key->doc);
		buf_add_str(out, "| key | value | default | change | meaning |\n"
				 "|---|---|---|---|---|\n");
		if (!key->of || key->type != KEY_STRUCT)
			add_row(key, key->name, out);
		if (!key->of)
			continue;
		snprintf(path, sizeof(path), "%s%s", key->name, entry_mark(key));
		add_rows(key->of, path, out);
	}
}
