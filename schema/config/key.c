/* SPDX-License-Identifier: Apache-2.0 */
/* key: what one key of a configuration file is. */
#include "schema/config/key.h"

#include <string.h>

#define WORD_MAX 64

const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein, with two neighbours swapped as one change, over three rows. */
unsigned key_distance(const char *a, const char *b, unsigned max)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned rows[3][WORD_MAX + 1];

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return max + 1;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *upper = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = least(up[j] + 1, now[j - 1] + 1,
				       up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upper[j - 2] + 1 < now[j])
				now[j] = upper[j - 2] + 1;
		}
	}
	return rows[a_len % 3][b_len];
}

unsigned key_distance_allowed(const char *word)
{
	size_t len = strlen(word);

	return len < 3 ? 0 : len < 6 ? 1 : 2;
}

const char *key_nearest(const struct key *keys, const char *name)
{
	unsigned best = key_distance_allowed(name) + 1;
	const char *nearest = NULL;

	for (; keys->name; keys++) {
		unsigned d = key_distance(name, keys->name, best);

		if (d < best) {
			best = d;
			nearest = keys->name;
		}
	}
	return nearest;
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
