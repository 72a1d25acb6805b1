/* SPDX-License-Identifier: Apache-2.0 */
/* show: a config as JSON, for `config show`. */
#include "schema/config/show.h"

#include "core/units.h"
#include "schema/config/value.h"

#include <stdio.h>
#include <string.h>

/* The table a config was read with, to find the names of what it refers to. */
struct shown {
	const struct key *keys;
	const void *config;
};

static json_t *show_struct(const struct shown *s, const struct key *keys, const void *base);

static const void *at(const void *base, uint32_t offset)
{
	return (const char *)base + offset;
}

static const void *entries_of(const struct key *key, const void *base, size_t *n)
{
	const void *entries;

	memcpy(&entries, at(base, key->at), sizeof(entries));
	memcpy(n, at(base, key->count_at), sizeof(*n));
	return entries;
}

static json_t *show_text(const void *field)
{
	const char *text;

	memcpy(&text, field, sizeof(text));
	return text ? json_string(text) : NULL;
}

static json_t *show_number(const struct key *key, const void *field)
{
	uint64_t value = value_load(field, key->width);
	char text[UNITS_TEXT_MAX];

	for (const struct key_word *word = key->words; word && word->text; word++)
		if (word->value == value)
			return json_string(word->text);
	if (value == 0 && key->min > 0 && !key->initial)
		return NULL; /* not said, and nothing stands for it */
	switch (key->type) {
	case KEY_DURATION:
		units_duration_text(key->in_seconds ? value * 1000 : value, text);
		return json_string(text);
	case KEY_SHARE: units_share_text((uint32_t)value, text); return json_string(text);
	default: return json_integer((json_int_t)value);
	}
}

static json_t *show_address(const struct key *key, const void *field)
{
	char text[ENDPOINT_TEXT_MAX];

	if (((const struct addr *)field)->family == 0)
		return NULL;
	if (key->type == KEY_ADDRESS)
		addr_text(field, text);
	else if (key->type == KEY_PREFIX)
		prefix_text(field, text);
	else
		endpoint_text(field, text);
	return json_string(text);
}

static json_t *show_host_port(const struct config_host_port *field)
{
	bool is_v6 = field->host && strchr(field->host, ':');

	if (!field->host)
		return NULL;
	return json_sprintf(is_v6 ? "[%s]:%u" : "%s:%u", field->host, field->port);
}

static json_t *show_reference(const struct shown *s, const struct key *key, const void *field)
{
	const struct key *map = key_find(s->keys, key->refers_to);
	const char *entries, *name;
	int32_t index;
	size_t n;

	memcpy(&index, field, sizeof(index));
	if (!map || !map->has_field || index < 0)
		return NULL;
	entries = entries_of(map, s->config, &n);
	if ((size_t)index >= n)
		return NULL;
	memcpy(&name, entries + (size_t)index * map->entry, sizeof(name));
	return json_string(name);
}

static json_t *show_value(const struct shown *s, const struct key *key, const void *base);

static json_t *show_list(const struct shown *s, const struct key *key, const void *base)
{
	struct key item = key_item(key);
	json_t *list = json_array();
	const char *entry;
	size_t n;

	item.show = key->item == KEY_STRUCT ? NULL : item.show;
	entry = entries_of(key, base, &n);
	for (size_t i = 0; i < n; i++, entry += key->entry)
		json_array_append_new(list, show_value(s, &item, entry));
	return list;
}

static json_t *show_map(const struct shown *s, const struct key *key, const void *base)
{
	struct key item = key_item(key);
	json_t *map = json_object();
	const char *entry, *name;
	size_t n;

	entry = entries_of(key, base, &n);
	for (size_t i = 0; i < n; i++, entry += key->entry) {
		memcpy(&name, entry, sizeof(name));
		json_object_set_new(map, name, show_value(s, &item, entry));
	}
	return map;
}

/* NULL: nothing to show. */
static json_t *show_value(const struct shown *s, const struct key *key, const void *base)
{
	const void *field = at(base, key->at);

	if (key->show)
		return key->show(s->config, base);
	switch (key->type) {
	case KEY_STRUCT: return show_struct(s, key->of, field);
	case KEY_LIST: return key->has_field ? show_list(s, key, base) : NULL;
	case KEY_MAP: return key->has_field ? show_map(s, key, base) : NULL;
	default: break;
	}
	if (!key->has_field)
		return NULL;
	switch (key->type) {
	case KEY_TEXT:
	case KEY_PATH:
	case KEY_NAME:
	case KEY_DNS_NAME: return show_text(field);
	case KEY_BOOL: return json_boolean(*(const bool *)field);
	case KEY_UINT:
	case KEY_DURATION:
	case KEY_SIZE:
	case KEY_SHARE:
	case KEY_ENUM: return show_number(key, field);
	case KEY_ADDRESS:
	case KEY_PREFIX:
	case KEY_ENDPOINT: return show_address(key, field);
	case KEY_HOST_PORT: return show_host_port(field);
	case KEY_PLACE: {
		const int32_t *degrees = field;

		return json_pack("[f,f]", degrees[0] / 1e4, degrees[1] / 1e4);
	}
	case KEY_COUNTRY:
	case KEY_CONTINENT: return *(const char *)field ? json_string(field) : NULL;
	case KEY_REFERENCE: return show_reference(s, key, field);
	default: return NULL;
	}
}

static bool is_said(const struct key *key, const void *base)
{
	return !key->has_presence || *(const bool *)at(base, key->presence_at);
}

static json_t *show_struct(const struct shown *s, const struct key *keys, const void *base)
{
	json_t *object = json_object();

	for (const struct key *key = keys; key->name; key++) {
		json_t *value;

		if (key->later || !is_said(key, base))
			continue;
		value = show_value(s, key, base);
		if (value && json_is_object(value) && json_object_size(value) == 0 &&
		    key->type == KEY_STRUCT && !key->show) {
			json_decref(value); /* nothing of it is in effect */
			continue;
		}
		if (value)
			json_object_set_new(object, key->name, value);
	}
	return object;
}

json_t *show_config(const struct key *keys, const void *config)
{
	const struct shown s = { keys, config };

	return show_struct(&s, keys, config);
}
