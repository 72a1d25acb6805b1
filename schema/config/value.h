/* SPDX-License-Identifier: Apache-2.0 */
/* value: one scalar of a configuration file, from text to its field.
 *
 * Threads    any, no state
 * Ownership  texts are copied into the arena
 * Errors     ERR_INPUT with a sentence: what is there, and what was expected
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_VALUE_H
#define FAIRLEAD_SCHEMA_CONFIG_VALUE_H

#include "core/units.h"
#include "schema/config/key.h"

/* Writes key->width bytes at `field` (NULL = only judge). is_plain: it stood without quotes. *word
 * is the word it matched, of an enum, else NULL. */
enum err_code value_read(const struct key *key, const char *text, bool is_plain,
			 struct arena *arena, void *field, const struct key_word **word,
			 struct err *e);

/* A name of a map's entry, of the type key->names. *out is in the arena. */
enum err_code value_name(const struct key *key, const char *text, struct arena *arena, char **out,
			 struct err *e);

/* A bound of the key's as people write it: "5s", "32KiB", "10%". */
void value_bound_text(const struct key *key, uint64_t value, char out[UNITS_TEXT_MAX]);

/* The integer in a field of 1, 2, 4 or 8 bytes. */
uint64_t value_load(const void *field, uint32_t width);

#endif
