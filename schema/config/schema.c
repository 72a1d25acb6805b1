/* SPDX-License-Identifier: Apache-2.0 */
/* schema: a table of keys as JSON Schema, for editors and other programs. */
#include "schema/config/schema.h"

#include "schema/config/value.h"

#include <stdlib.h>
#include <string.h>

#define NAME_PATTERN "^[A-Za-z0-9._-]{1,63}$"

static json_t *object_schema(const struct key *keys);
static json_t *value_schema(const struct key *key, enum key_type type);

static json_t *words_schema(const struct key *key)
{
	json_t *words = json_array();

	for (const struct key_word *word = key->words; word->text; word++)
		json_array_append_new(words, json_string(word->text));
	return json_pack("{s:o}", "enum", words);
}

static json_t *pattern_schema(const char *pattern)
{
	return json_pack("{s:s,s:s}", "type", "string", "pattern", pattern);
}

static json_t *text_schema(const struct key *key)
{
	json_t *schema = json_pack("{s:s}", "type", "string");

	if (key->min > 0)
		json_object_set_new(schema, "minLength", json_integer((json_int_t)key->min));
	if (key->max > 0)
		json_object_set_new(schema, "maxLength", json_integer((json_int_t)key->max));
	return schema;
}

static json_t *number_schema(const struct key *key)
{
	json_t *schema = json_pack("{s:s,s:I}", "type", "integer", "minimum", (json_int_t)key->min);

	if (key->max > 0)
		json_object_set_new(schema, "maximum", json_integer((json_int_t)key->max));
	if (key->words)
		schema = json_pack("{s:[o,o]}", "anyOf", schema, words_schema(key));
	return schema;
}

static json_t *place_schema(void)
{
	return json_pack("{s:s,s:[{s:s,s:i,s:i},{s:s,s:i,s:i}],s:i,s:i}", "type", "array",
			 "prefixItems", "type", "number", "minimum", -90, "maximum", 90, "type",
			 "number", "minimum", -180, "maximum", 180, "minItems", 2, "maxItems", 2);
}

static json_t *list_schema(const struct key *key)
{
	struct key item = key_item(key);
	json_t *schema =
		json_pack("{s:s,s:o}", "type", "array", "items", value_schema(&item, item.type));

	if (key->n_min)
		json_object_set_new(schema, "minItems", json_integer(key->n_min));
	if (key->n_max)
		json_object_set_new(schema, "maxItems", json_integer(key->n_max));
	return schema;
}

static json_t *map_schema(const struct key *key)
{
	struct key item = key_item(key);
	json_t *schema = json_pack("{s:s,s:o}", "type", "object", "additionalProperties",
				   value_schema(&item, item.type));

	if (key->names == KEY_NAME)
		json_object_set_new(schema, "propertyNames", pattern_schema(NAME_PATTERN));
	if (key->n_max)
		json_object_set_new(schema, "maxProperties", json_integer(key->n_max));
	return schema;
}

static json_t *value_schema(const struct key *key, enum key_type type)
{
	switch (type) {
	case KEY_TEXT:
	case KEY_PATH: return text_schema(key);
	case KEY_NAME: return pattern_schema(NAME_PATTERN);
	case KEY_BOOL: return json_pack("{s:s}", "type", "boolean");
	case KEY_UINT: return number_schema(key);
	case KEY_DURATION: return pattern_schema("^[0-9]+([.][0-9]{1,6})?(ms|s|m|h|d)$");
	case KEY_SIZE:
		return json_pack("{s:[s,s],s:s}", "type", "string", "integer", "pattern",
				 "^[0-9]+(KiB|MiB|GiB|TiB)?$");
	case KEY_SHARE: return pattern_schema("^[0-9]+([.][0-9]{1,4})?%$");
	case KEY_ENUM: return words_schema(key);
	case KEY_PREFIX: return pattern_schema("^[0-9A-Fa-f:.]+/[0-9]{1,3}$");
	case KEY_ADDRESS: return pattern_schema("^[0-9A-Fa-f:.]+$");
	case KEY_ENDPOINT: return pattern_schema("^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$");
	case KEY_HOST_PORT: return pattern_schema("^.+:[0-9]{1,5}$");
	case KEY_PLACE: return place_schema();
	case KEY_COUNTRY: return pattern_schema("^[A-Z]{2}$");
	case KEY_CONTINENT: return pattern_schema("^(AF|AN|AS|EU|NA|OC|SA)$");
	case KEY_STRUCT: return object_schema(key->of);
	case KEY_LIST: return list_schema(key);
	case KEY_MAP: return map_schema(key);
	case KEY_CUSTOM: return json_loads(key->schema, 0, NULL);
	case KEY_DNS_NAME:
	case KEY_REFERENCE: break;
	}
	return json_pack("{s:s}", "type", "string");
}

static json_t *default_json(const struct key *key)
{
	if (key->type == KEY_UINT && *key->initial >= '0' && *key->initial <= '9')
		return json_integer(strtoll(key->initial, NULL, 10));
	if (key->type == KEY_BOOL)
		return json_boolean(!strcmp(key->initial, "true"));
	return json_string(key->initial);
}

static json_t *key_schema(const struct key *key)
{
	json_t *schema = value_schema(key, key->type);

	json_object_set_new(schema, "description", json_string(key->doc));
	if (key->initial)
		json_object_set_new(schema, "default", default_json(key));
	if (key->restart)
		json_object_set_new(schema, "x-change", json_string("restart"));
	if (key->later)
		json_object_set_new(schema, "x-not-in-effect-yet", json_true());
	return schema;
}

static json_t *object_schema(const struct key *keys)
{
	json_t *properties = json_object(), *required = json_array(), *schema;

	for (const struct key *key = keys; key->name; key++) {
		json_object_set_new(properties, key->name, key_schema(key));
		if (key->required)
			json_array_append_new(required, json_string(key->name));
	}
	schema = json_pack("{s:s,s:o,s:b}", "type", "object", "properties", properties,
			   "additionalProperties", 0);
	if (json_array_size(required) > 0)
		json_object_set_new(schema, "required", required);
	else
		json_decref(required);
	return schema;
}

void schema_write(const char *program, const struct key *keys, struct buf *out)
{
	json_t *head = json_pack("{s:s,s:s+}", "$schema",
				 "https://json-schema.org/draft/2020-12/schema", "title",
				 "fairlead-", program);
	json_t *body = object_schema(keys);
	char *text = NULL;

	if (head && body && json_object_update(head, body) == 0)
		text = json_dumps(head, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
	if (text)
		buf_printf(out, "%s\n", text);
	else
		out->failed = true;
	free(text);
	json_decref(head);
	json_decref(body);
}
