/* SPDX-License-Identifier: Apache-2.0 */
/* walker: a YAML tree into a struct, along a table of keys; every mistake is reported, none ends
 * it.
 *
 * Threads    one owner at a time
 * Ownership  what it makes is in the `memory` arena, which lives as long as the config
 * Errors     in the report; the caller looks at its n_errors, and at arena_is_exhausted()
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_WALKER_H
#define FAIRLEAD_SCHEMA_CONFIG_WALKER_H

#include "schema/config/key.h"

/* Values of one file, aliases followed: an alias of an alias list must not make a small file big.
 */
#define WALKER_VALUES_MAX 1000000
/* Entries of a list or map that has no bound of its own. */
#define WALKER_ENTRIES_MAX 16384

struct walker {
	struct arena *memory;
	struct config_report *report;
	const struct yaml_node *root;
	uint32_t values;
	char where[320]; /* of walker_first() */
};

/* The whole document `root` (NULL = empty) into the zeroed struct `base`. */
void walker_run(struct walker *w, const struct key *keys, void *base);

/* For hooks: one value by its row, into base + key->at (base NULL = only judge). */
void walker_value(struct walker *w, const struct key *key, const struct yaml_node *node,
		  void *base);

/* The index of `name` in the top-level map `map`; -1, said at `node`, when it is not there. */
int32_t walker_reference(struct walker *w, const char *map, const struct yaml_node *node);

/* A mistake at a value, and at the key of a value. */
#define walker_error(w, node, ...)     report_error((w)->report, (node)->at, __VA_ARGS__)
#define walker_error_key(w, node, ...) report_error((w)->report, yaml_place(node), __VA_ARGS__)

/* The place of a node as configs keep it. */
struct config_pos walker_pos(const struct yaml_node *node);

/* "first on line 3", or "first at FILE:3" when `here` is in another file: for what is there twice.
 * Valid until the next call. */
const char *walker_first(struct walker *w, struct config_pos first, const struct yaml_node *here);

#endif
