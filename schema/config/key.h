/* SPDX-License-Identifier: Apache-2.0 */
/* key: what one key of a configuration file is. Everything that is known of a key stands in its
 * row.
 *
 * A program's table is an array of rows that ends with a NULL name. From it come parsing
 * (walker.c), `config show` (show.c), the reload rule (reload.c), `config schema` (schema.c) and
 * the reference page (reference.c); none of them knows a key by name.
 *
 * A row without a field (has_field false) is read and judged and leaves nothing behind: its feature
 * is not in effect yet, or a hook of the struct around it makes the field out of several keys.
 *
 * Threads    rows are constant
 * Units      min and max in the unit of the value: ms, bytes, ppm; characters for texts
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_KEY_H
#define FAIRLEAD_SCHEMA_CONFIG_KEY_H

#include "schema/config/common_config.h"
#include "schema/config/yaml.h"

#include <jansson.h>

enum key_type {
	KEY_TEXT,      /* char *: any text of min to max bytes */
	KEY_PATH,      /* char *: of a file or directory */
	KEY_NAME,      /* char *: a word of ours, [A-Za-z0-9._-]{1,63}, as certificates carry it */
	KEY_DNS_NAME,  /* char *: lower-cased, without its final dot; "*" as any_star says */
	KEY_BOOL,      /* bool */
	KEY_UINT,      /* uint16, 32 or 64 */
	KEY_DURATION,  /* uint64 ms, or uint32 s when in_seconds */
	KEY_SIZE,      /* uint64 bytes */
	KEY_SHARE,     /* uint32 ppm */
	KEY_ENUM,      /* an int, or a bool: one of `words` */
	KEY_ADDRESS,   /* struct addr */
	KEY_PREFIX,    /* struct prefix */
	KEY_ENDPOINT,  /* struct endpoint */
	KEY_HOST_PORT, /* struct config_host_port */
	KEY_PLACE,     /* two int32 in a row, 1e-4 degrees: [latitude, longitude] */
	KEY_COUNTRY,   /* char[3]: ISO 3166, two letters */
	KEY_CONTINENT, /* char[3]: AF AN AS EU NA OC SA */
	KEY_REFERENCE, /* (u)int32: the index of an entry of the top-level map `refers_to` */
	KEY_STRUCT,    /* keys of its own, `of` */
	KEY_LIST,      /* entries of type `item` */
	KEY_MAP,       /* names to entries of type `item`; an entry begins with its char *name */
	KEY_CUSTOM,    /* read by `read` */
};

struct key_word {
	const char *text;
	uint64_t value;
	const char *later; /* not in effect yet: what happens instead */
};

struct walker;
struct key;

/* Reads `node` into `base` (a field's struct; NULL = only judge). */
typedef void (*key_read_fn)(struct walker *w, const struct key *key, const struct yaml_node *node,
			    void *base);
/* After all keys of a struct were read into `entry` (NULL = only judged): what one key cannot tell.
 */
typedef void (*key_check_fn)(struct walker *w, const struct yaml_node *node, void *entry);
/* The value as `config show` prints it; a new reference, or NULL for nothing. */
typedef json_t *(*key_show_fn)(const void *root, const void *base);

struct key {
	const char *name;
	enum key_type type;
	const char *doc; /* one sentence or two */

	/* What is allowed. For a list or a map these hold for its entries. */
	uint64_t min, max;	      /* max 0 = the type's own */
	const struct key_word *words; /* of an enum; for a uint, words beside numbers */
	const char *refers_to;
	const struct key *of; /* keys of a struct, or of the structs in a list or map */
	enum key_type item;
	enum key_type names;   /* of a map's names: KEY_NAME, KEY_DNS_NAME or KEY_TEXT */
	uint32_t n_min, n_max; /* entries of a list or map; n_max 0 = no bound */
	bool any_star;	       /* a DNS name: "*" as any whole label, not only the first */
	bool required;
	const char *initial; /* the default, written as in a file; NULL = none */

	/* Rules around it. */
	bool restart;	   /* a change needs a restart; else a reload is enough */
	const char *later; /* not in effect yet: what happens instead, or "" */
	key_check_fn check;
	key_read_fn read;
	key_show_fn show;
	const char *schema; /* of a custom value: its JSON Schema, as text */
	const char *shape;  /* of a custom value: its type in the reference page */

	/* Where it goes, from the start of the struct around it. */
	bool has_field, has_presence, has_pos, in_seconds;
	uint32_t at, width;   /* of a list or map: the pointer */
	uint32_t count_at;    /* size_t, of a list or map */
	uint32_t entry;	      /* bytes of one entry */
	uint32_t value_at;    /* where in a map's entry the value is, if not a struct */
	uint32_t presence_at; /* bool: was it said */
	uint32_t pos_at;      /* struct config_pos: of a struct (of each entry of a list or map) */
};

#define KEY_WIDTH(type, member) sizeof(((type *)0)->member)
#define KEY_FIELD(type, member) \
	.has_field = true, .at = offsetof(type, member), .width = KEY_WIDTH(type, member)
#define KEY_ENTRIES(type, member, count)                                                    \
	.has_field = true, .at = offsetof(type, member), .count_at = offsetof(type, count), \
	.entry = sizeof(*((type *)0)->member)
#define KEY_PRESENCE(type, member) .has_presence = true, .presence_at = offsetof(type, member)
#define KEY_POS(type)		   .has_pos = true, .pos_at = offsetof(type, pos)

/* NULL when there is none. */
const struct key *key_find(const struct key *keys, const char *name);
/* The key of the table that `name` was probably meant to be; NULL when none is near. */
const char *key_nearest(const struct key *keys, const char *name);

/* The type for people: "a duration", "one of: a, b", "a list of addresses". */
void key_type_text(const struct key *key, enum key_type type, struct buf *out);

/* A row as its entries are, for a list or map. */
struct key key_item(const struct key *key);

#endif
