/* SPDX-License-Identifier: Apache-2.0 */
/* include: one tree of a file and of the files that it includes. */
#include "schema/config/include.h"

#include "core/file.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file that was read, by what it is and not by its name. */
struct seen {
	dev_t dev;
	ino_t ino;
	struct seen *next;
};

struct includer {
	struct arena *arena;
	struct config_report *report;
	struct seen *seen;
	bool has_disk;
};

static enum err_code read_file(struct includer *in, const char *path, const struct yaml_node *at,
			       unsigned depth, struct yaml_node **out);

/* Whether the file was read before; it counts as read from now on. */
static bool note_seen(struct includer *in, const char *path)
{
	struct seen *s;
	struct stat st;

	if (stat(path, &st) != 0)
		return false; /* reading it says why */
	for (s = in->seen; s; s = s->next)
		if (s->dev == st.st_dev && s->ino == st.st_ino)
			return true;
	s = arena_array(in->arena, 1, sizeof(*s));
	if (!s)
		return false;
	*s = (struct seen){ st.st_dev, st.st_ino, in->seen };
	in->seen = s;
	return false;
}

/* Copies of a list of children: an alias may share the originals. Returns the last copy. */
static struct yaml_node *copy_children(struct includer *in, const struct yaml_node *from,
				       struct yaml_node **to)
{
	struct yaml_node *last = NULL;

	for (const struct yaml_node *child = from->first; child; child = child->next) {
		struct yaml_node *copy = arena_array(in->arena, 1, sizeof(*copy));

		if (!copy)
			return last;
		*copy = *child;
		copy->next = NULL;
		*to = copy;
		to = &copy->next;
		last = copy;
	}
	return last;
}

/* Both are mappings, or both lists. */
static void join(struct includer *in, struct yaml_node *into, const struct yaml_node *more)
{
	struct yaml_node *first = NULL, *last = copy_children(in, into, &first);

	copy_children(in, more, last ? &last->next : &first);
	into->first = first;
	into->n += more->n;
}

static void append(struct yaml_node *mapping, struct yaml_node *child)
{
	struct yaml_node **end = &mapping->first;

	while (*end)
		end = &(*end)->next;
	child->next = NULL;
	*end = child;
	mapping->n++;
}

static struct yaml_node *find(struct yaml_node *mapping, const char *key)
{
	for (struct yaml_node *child = mapping->first; child; child = child->next)
		if (!strcmp(child->key->text, key))
			return child;
	return NULL;
}

static void merge(struct includer *in, struct yaml_node *root, struct yaml_node *more)
{
	struct yaml_node *next;

	for (struct yaml_node *child = more->first; child; child = next) {
		struct yaml_node *have = find(root, child->key->text);

		next = child->next;
		if (!strcmp(child->key->text, "include"))
			continue;
		if (have && have->kind == child->kind && have->kind != YAML_SCALAR)
			join(in, have, child);
		else
			append(root, child);
	}
}

/* `name` from the directory of the file that names it. */
static char *resolve(struct includer *in, const char *from, const char *name)
{
	char *copy = strdup(from), *path = NULL;
	char *text = NULL;

	if (*name == '/')
		text = arena_text(in->arena, name, strlen(name));
	else if (copy && asprintf(&path, "%s/%s", dirname(copy), name) >= 0)
		text = arena_text(in->arena, path, strlen(path));
	free(path);
	free(copy);
	return text;
}

/* One entry of `include`. */
static enum err_code include_one(struct includer *in, struct yaml_node *root,
				 const struct yaml_node *entry, unsigned depth)
{
	const char *from = report_file_name(in->report, entry->at.file);
	struct yaml_node *more = NULL;
	enum err_code code;
	char *path;

	if (entry->kind != YAML_SCALAR || entry->len == 0)
		return ERR_OK; /* the walker says that it is no path */
	path = resolve(in, *from ? from : ".", entry->text);
	if (!path)
		return ERR_MEMORY;
	code = read_file(in, path, entry, depth, &more);
	if (code || !more)
		return code;
	if (more->kind != YAML_MAPPING) {
		report_error(in->report, more->at,
			     "expected a mapping, as in the file that "
			     "includes this one");
		return ERR_INPUT;
	}
	merge(in, root, more);
	return ERR_OK;
}

static enum err_code include_all(struct includer *in, struct yaml_node *root, unsigned depth)
{
	const struct yaml_node *list = yaml_get(root, "include");
	enum err_code code = ERR_OK, one;

	if (!list || list->kind != YAML_SEQUENCE)
		return ERR_OK;
	if (!in->has_disk) {
		report_error(in->report, yaml_place(list), "`include` needs a file on disk");
		return ERR_INPUT;
	}
	for (const struct yaml_node *entry = list->first; entry; entry = entry->next) {
		one = include_one(in, root, entry, depth + 1);
		code = code ? code : one;
	}
	return code;
}

static enum err_code read_text(struct includer *in, const char *name, const char *text, size_t len,
			       unsigned depth, struct yaml_node **out)
{
	uint32_t file = report_source(in->report, name, text, len);
	enum err_code code = file < REPORT_FILES_MAX ? ERR_OK : ERR_MEMORY;

	if (!code)
		code = yaml_parse(in->arena, text, len, file, in->report, out);
	if (code || !*out || (*out)->kind != YAML_MAPPING)
		return code;
	return include_all(in, *out, depth);
}

/* at: the entry that names it; NULL for the file that was asked for. */
static enum err_code read_file(struct includer *in, const char *path, const struct yaml_node *at,
			       unsigned depth, struct yaml_node **out)
{
	struct report_place place = at ? at->at : (struct report_place){ 0 };
	enum err_code code;
	struct err e;
	size_t len;
	char *text;

	if (depth > INCLUDE_DEPTH_MAX) {
		report_error(in->report, place, "included more than %d deep", INCLUDE_DEPTH_MAX);
		return ERR_INPUT;
	}
	if (note_seen(in, path)) {
		report_error(in->report, place, "`%s` is read already", path);
		return ERR_INPUT;
	}
	code = file_read(path, INCLUDE_FILE_MAX, &text, &len, &e);
	if (code) {
		if (!at)
			report_source(in->report, path, "", 0);
		report_error(in->report, place, "%s", e.text);
		return code;
	}
	code = read_text(in, path, text, len, depth, out);
	free(text);
	return code;
}

enum err_code include_load(struct arena *arena, const char *path, struct config_report *report,
			   struct yaml_node **out)
{
	struct includer in = { .arena = arena, .report = report, .has_disk = true };

	return read_file(&in, path, NULL, 0, out);
}

enum err_code include_parse(struct arena *arena, const char *name, const char *text, size_t len,
			    struct config_report *report, struct yaml_node **out)
{
	struct includer in = { .arena = arena, .report = report };

	return read_text(&in, name, text, len, 0, out);
}
