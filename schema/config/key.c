/* SPDX-License-Identifier: Apache-2.0 */
/* key: what one key of a configuration file is. */
#include "schema/config/key.h"

#include "core/suggest.h"

#include <string.h>

const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

const char *key_nearest(const struct key *keys, const char *name)
{
	struct suggest s;

	suggest_init(&s, name);
	for (; keys->name; keys++)
		suggest_offer(&s, keys->name);
	return s.best;
}

static const struct {
	const char *one, *many;
} type_texts[] = {
	[KEY_TEXT] = { "a text", "texts" },
	[KEY_PATH] = { "a path", "paths" },
	[KEY_NAME] = { "a name", "names" },
	[KEY_DNS_NAME] = { "a DNS name", "DNS names" },
	[KEY_BOOL] = { "true or false", "truth values" },
	[KEY_UINT] = { "a whole number", "whole numbers" },
	[KEY_DURATION] = { "a duration", "durations" },
	[KEY_SIZE] = { "a size", "sizes" },
	[KEY_SHARE] = { "a share", "shares" },
	[KEY_ADDRESS] = { "an address", "addresses" },
	[KEY_PREFIX] = { "a prefix", "prefixes" },
	[KEY_ENDPOINT] = { "ADDRESS:PORT", "ADDRESS:PORT" },
	[KEY_HOST_PORT] = { "HOST:PORT", "HOST:PORT" },
	[KEY_PLACE] = { "[latitude, longitude]", "[latitude, longitude]" },
	[KEY_COUNTRY] = { "a country of two letters", "countries" },
	[KEY_CONTINENT] = { "a continent of two letters", "continents" },
	[KEY_STRUCT] = { "a mapping", "mappings" },
	[KEY_LIST] = { "a list", "lists" },
	[KEY_MAP] = { "a mapping", "mappings" },
};

static void add_words(const struct key *key, struct buf *out)
{
	for (const struct key_word *word = key->words; word->text; word++)
		buf_printf(out, "%s%s", word == key->words ? "" : ", ", word->text);
}

static void add_many(const struct key *key, struct buf *out)
{
	if (key->item == KEY_ENUM)
		add_words(key, out);
	else if (key->item == KEY_REFERENCE)
		buf_printf(out, "names in `%s`", key->refers_to);
	else if (key->item == KEY_CUSTOM)
		buf_add_str(out, key->shape);
	else
		buf_add_str(out, type_texts[key->item].many);
}

void key_type_text(const struct key *key, enum key_type type, struct buf *out)
{
	switch (type) {
	case KEY_ENUM:
		buf_add_str(out, "one of: ");
		add_words(key, out);
		break;
	case KEY_REFERENCE: buf_printf(out, "a name in `%s`", key->refers_to); break;
	case KEY_LIST:
		buf_add_str(out, "a list of ");
		add_many(key, out);
		break;
	case KEY_MAP:
		buf_printf(out, "a mapping of %s to ", type_texts[key->names].many);
		add_many(key, out);
		break;
	case KEY_CUSTOM: buf_add_str(out, key->shape); break;
	case KEY_UINT:
		buf_add_str(out, type_texts[type].one);
		if (key->words) {
			buf_add_str(out, ", or ");
			add_words(key, out);
		}
		break;
	default: buf_add_str(out, type_texts[type].one); break;
	}
}

struct key key_item(const struct key *key)
{
	struct key item = *key;

	item.type = key->item;
	item.at = key->type == KEY_MAP && key->item != KEY_STRUCT ? key->value_at : 0;
	item.width = key->type == KEY_MAP && key->item != KEY_STRUCT ? sizeof(char *) : key->entry;
	item.later = NULL;
	item.required = false;
	return item;
}
