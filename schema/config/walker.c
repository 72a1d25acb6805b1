/* SPDX-License-Identifier: Apache-2.0 */
/* walker: a YAML tree into a struct, along a table of keys. */
#include "schema/config/walker.h"

#include "core/suggest.h"
#include "schema/config/value.h"

#include <stdio.h>
#include <string.h>

static void walk_struct(struct walker *w, const struct key *keys, const struct yaml_node *node,
			void *base);

static void *at(void *base, uint32_t offset)
{
	return base ? (char *)base + offset : NULL;
}

struct config_pos walker_pos(const struct yaml_node *node)
{
	struct report_place place = yaml_place(node);

	return (struct config_pos){ place.line, place.column, place.file };
}

const char *walker_first(struct walker *w, struct config_pos first, const struct yaml_node *here)
{
	if (first.file == here->at.file)
		snprintf(w->where, sizeof(w->where), "first on line %u", first.line);
	else
		snprintf(w->where, sizeof(w->where), "first at %s:%u",
			 report_file_name(w->report, first.file), first.line);
	return w->where;
}

static void expected(struct walker *w, const struct key *key, const struct yaml_node *node)
{
	static const char *const kinds[] = {
		[YAML_SCALAR] = "a single value",
		[YAML_SEQUENCE] = "a list",
		[YAML_MAPPING] = "a mapping",
	};
	struct buf what;

	buf_init(&what);
	key_type_text(key, key->type, &what);
	if (yaml_is_null(node))
		walker_error_key(w, node, "no value, expected %s", buf_text(&what));
	else
		walker_error(w, node, "%s, expected %s", kinds[node->kind], buf_text(&what));
	buf_fini(&what);
}

static void missing(struct walker *w, const struct key *key, const struct yaml_node *node)
{
	struct buf what;

	buf_init(&what);
	key_type_text(key, key->type, &what);
	walker_error_key(w, node, "`%s` is missing, expected %s", key->name, buf_text(&what));
	buf_fini(&what);
}

static void note_later(struct walker *w, const struct yaml_node *node, const char *name,
		       const char *instead)
{
	report_note(w->report, yaml_place(node), "`%s` is not in effect yet%s%s", name,
		    *instead ? ": " : "", instead);
}

static void walk_scalar(struct walker *w, const struct key *key, const struct yaml_node *node,
			void *field)
{
	const struct key_word *word;
	enum err_code code;
	struct err e;

	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		expected(w, key, node);
		return;
	}
	code = value_read(key, node->text, node->is_plain, w->memory, field, &word, &e);
	if (code == ERR_INPUT)
		walker_error(w, node, "%s", e.text);
	if (!code && field && key->type == KEY_HOST_PORT)
		((struct config_host_port *)field)->pos = walker_pos(node);
	if (!code && word && word->later)
		report_note(w->report, node->at, "`%s: %s` is not in effect yet: %s", key->name,
			    word->text, word->later);
}

/* "53.35" to 533500, exactly: no double on the way. */
static bool is_degrees(const char *text, int32_t max, int32_t *out)
{
	bool negative = *text == '-';
	int64_t value = 0, scale = 10000;
	const char *p = text + negative;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9' && value < 1000; p++)
		value = value * 10 + (*p - '0');
	value *= scale;
	if (*p == '.' && p[1])
		for (p++; *p >= '0' && *p <= '9'; p++) {
			scale /= 10; /* digits past the fourth are 11 m and less: dropped */
			value += (*p - '0') * scale;
		}
	if (*p || value > max)
		return false;
	*out = (int32_t)(negative ? -value : value);
	return true;
}

static void walk_place(struct walker *w, const struct yaml_node *node, int32_t *field)
{
	static const struct {
		const char *name;
		int32_t max;
	} parts[] = { { "latitude, -90 to 90", 900000 }, { "longitude, -180 to 180", 1800000 } };
	const struct yaml_node *part = node->first;

	if (node->kind != YAML_SEQUENCE || node->n != 2) {
		walker_error(w, node, "not a place, expected [latitude, longitude] in degrees");
		return;
	}
	for (size_t i = 0; i < 2; i++, part = part->next) {
		int32_t degrees = 0;

		if (part->kind != YAML_SCALAR || !is_degrees(part->text, parts[i].max, &degrees))
			walker_error(w, part, "not a %s", parts[i].name);
		if (field)
			field[i] = degrees;
	}
}

static const char *nearest_entry(const struct yaml_node *entries, const char *name)
{
	struct suggest s;

	suggest_init(&s, name);
	for (const struct yaml_node *entry = entries->first; entry; entry = entry->next)
		suggest_offer(&s, entry->key->text);
	return s.best;
}

int32_t walker_reference(struct walker *w, const char *map, const struct yaml_node *node)
{
	const struct yaml_node *entries = yaml_get(w->root, map);
	const char *nearest = NULL;
	int32_t i = 0;

	if (entries && entries->kind == YAML_MAPPING) {
		for (const struct yaml_node *entry = entries->first; entry; entry = entry->next) {
			if (!strcmp(entry->key->text, node->text))
				return i;
			i++;
		}
		nearest = nearest_entry(entries, node->text);
	}
	walker_error(w, node, "`%s` is not in `%s`%s%s%s", node->text, map,
		     nearest ? "; did you mean `" : "", nearest ? nearest : "",
		     nearest ? "`?" : "");
	return -1;
}

static void walk_reference(struct walker *w, const struct key *key, const struct yaml_node *node,
			   void *field)
{
	int32_t index;

	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		expected(w, key, node);
		return;
	}
	index = walker_reference(w, key->refers_to, node);
	if (index >= 0 && field)
		memcpy(field, &index, sizeof(index));
}

static bool is_count_allowed(struct walker *w, const struct key *key, const struct yaml_node *node)
{
	uint32_t max = key->n_max ? key->n_max : WALKER_ENTRIES_MAX;

	if (node->n < key->n_min)
		walker_error_key(w, node, "`%s` has %zu entries, expected at least %u", key->name,
				 node->n, key->n_min);
	if (node->n > max)
		walker_error_key(w, node, "`%s` has %zu entries, expected at most %u", key->name,
				 node->n, max);
	return node->n >= key->n_min && node->n <= max;
}

/* Room for the entries of a list or map; NULL when they are only judged. */
static char *make_entries(struct walker *w, const struct key *key, const struct yaml_node *node,
			  void *base)
{
	char *entries;

	if (!base || !key->has_field)
		return NULL;
	entries = arena_array(w->memory, node->n, key->entry);
	if (!entries)
		return NULL;
	memcpy((char *)base + key->at, &entries, sizeof(entries));
	*(size_t *)at(base, key->count_at) = node->n;
	return entries;
}

static void walk_list(struct walker *w, const struct key *key, const struct yaml_node *node,
		      void *base)
{
	struct key item = key_item(key);
	char *entry;

	if (node->kind != YAML_SEQUENCE) {
		expected(w, key, node);
		return;
	}
	if (!is_count_allowed(w, key, node))
		return;
	entry = make_entries(w, key, node, base);
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		walker_value(w, &item, child, entry);
		if (entry)
			entry += key->entry;
	}
}

/* The entry of the same name that stands before `node`; NULL when it is the first. */
static const struct yaml_node *first_of_name(const struct yaml_node *mapping,
					     const struct yaml_node *node)
{
	const struct yaml_node *first = yaml_get(mapping, node->key->text);

	return first == node ? NULL : first;
}

static void check_twice(struct walker *w, const struct yaml_node *mapping,
			const struct yaml_node *node)
{
	const struct yaml_node *first = first_of_name(mapping, node);

	if (first)
		walker_error_key(w, node, "`%s` is here twice, %s", node->key->text,
				 walker_first(w, walker_pos(first), node));
}

static void walk_map(struct walker *w, const struct key *key, const struct yaml_node *node,
		     void *base)
{
	struct key item = key_item(key);
	char *entry;

	if (node->kind != YAML_MAPPING) {
		expected(w, key, node);
		return;
	}
	if (!is_count_allowed(w, key, node))
		return;
	entry = make_entries(w, key, node, base);
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		char *name = NULL;
		struct err e;

		check_twice(w, node, child);
		if (value_name(key, child->key->text, w->memory, &name, &e) == ERR_INPUT)
			walker_error_key(w, child, "%s", e.text);
		item.name = child->key->text;
		walker_value(w, &item, child, entry);
		if (entry) {
			memcpy(entry, &name, sizeof(name));
			entry += key->entry;
		}
	}
}

/* A struct's own fields: where it stood, that it was there, its keys, and what its hook says. */
static void walk_struct_value(struct walker *w, const struct key *key, const struct yaml_node *node,
			      void *base)
{
	struct config_pos pos = walker_pos(node);
	void *entry = at(base, key->at);

	if (node->kind != YAML_MAPPING) {
		expected(w, key, node);
		return;
	}
	if (entry && key->has_pos)
		memcpy((char *)entry + key->pos_at, &pos, sizeof(pos));
	walk_struct(w, key->of, node, entry);
	if (key->check)
		key->check(w, node, entry);
}

void walker_value(struct walker *w, const struct key *key, const struct yaml_node *node, void *base)
{
	void *field = key->has_field || key->type == KEY_STRUCT ? at(base, key->at) : NULL;

	if (++w->values > WALKER_VALUES_MAX || arena_is_exhausted(w->memory)) {
		if (w->values == WALKER_VALUES_MAX + 1)
			walker_error(w, node, "more than %d values", WALKER_VALUES_MAX);
		return;
	}
	if (node->is_broken)
		return;
	switch (key->type) {
	case KEY_STRUCT: walk_struct_value(w, key, node, base); break;
	case KEY_LIST: walk_list(w, key, node, base); break;
	case KEY_MAP: walk_map(w, key, node, base); break;
	case KEY_REFERENCE: walk_reference(w, key, node, field); break;
	case KEY_PLACE: walk_place(w, node, field); break;
	case KEY_CUSTOM: key->read(w, key, node, field); break;
	default: walk_scalar(w, key, node, field); break;
	}
}

static void unknown_key(struct walker *w, const struct key *keys, const struct yaml_node *node)
{
	const char *nearest = key_nearest(keys, node->key->text);

	if (nearest)
		walker_error_key(w, node, "no key `%s` here; did you mean `%s`?", node->key->text,
				 nearest);
	else
		walker_error_key(w, node, "no key `%s` here", node->key->text);
}

/* What holds when a key is not there. The defaults of a struct are those of its keys. */
static void walk_absent(struct walker *w, const struct key *key, void *base)
{
	const struct key_word *word;
	struct err e;

	if (key->type == KEY_STRUCT && !key->has_presence) {
		void *entry = at(base, key->at);

		for (const struct key *inner = key->of; inner->name; inner++)
			walk_absent(w, inner, entry);
		return;
	}
	if (!key->initial || !key->has_field)
		return;
	/* A default that does not fit its own row is a mistake of the table, found by its test. */
	if (value_read(key, key->initial, true, w->memory, at(base, key->at), &word, &e) ==
	    ERR_INPUT)
		report_error(w->report, (struct report_place){ 0 }, "default of `%s`: %s",
			     key->name, e.text);
}

static void walk_struct(struct walker *w, const struct key *keys, const struct yaml_node *node,
			void *base)
{
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		const struct key *key = key_find(keys, child->key->text);

		if (!key)
			unknown_key(w, keys, child);
		else
			check_twice(w, node, child);
	}
	for (const struct key *key = keys; key->name; key++) {
		const struct yaml_node *child = yaml_get(node, key->name);

		if (!child) {
			if (key->required)
				missing(w, key, node);
			if (base)
				walk_absent(w, key, base);
			continue;
		}
		if (key->later)
			note_later(w, child, key->name, key->later);
		if (base && key->has_presence)
			*(bool *)at(base, key->presence_at) = true;
		walker_value(w, key, child, base);
	}
}

void walker_run(struct walker *w, const struct key *keys, void *base)
{
	const struct yaml_node *root = w->root;
	struct yaml_node empty = { .kind = YAML_MAPPING, .at = { 1, 1, 1 } };

	if (!root)
		root = &empty;
	if (root->kind != YAML_MAPPING) {
		walker_error(w, root, "expected a mapping with keys such as `%s`", keys->name);
		return;
	}
	walk_struct(w, keys, root, base);
}
