/* SPDX-License-Identifier: Apache-2.0 */
/* yaml: a YAML document as a tree in which every node knows where it stood (over libfyaml's
 * events).
 *
 * One document a file; scalars stay text ("NO" is a country, not a truth value). Aliases are
 * followed, tags and merge keys are refused. Duplicate keys stay in the tree: who walks it reports
 * them with everything else.
 *
 * Threads    any; a tree does not change once it is built
 * Ownership  the tree lives in the arena
 * Errors     syntax, said in the report: the first one ends the reading
 * Source     YAML 1.2.2
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_YAML_H
#define FAIRLEAD_SCHEMA_CONFIG_YAML_H

#include "core/arena.h"
#include "schema/config/report.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

#define YAML_DEPTH_MAX 32

struct yaml_node {
	enum yaml_kind kind;
	bool is_plain;	/* a scalar without quotes */
	bool is_broken; /* a mistake in it is told already */
	struct report_place at;
	const char *text; /* of a scalar */
	size_t len;
	const struct yaml_node *key; /* under which it stands in its mapping; NULL in a sequence */
	struct yaml_node *first, *next; /* children, in order: a mapping has its values here */
	size_t n;
};

/* *out is NULL for an empty document. file: its number in the report. Variables of the environment
 * stand in the values already; one that is not set is told, and does not end the reading. */
enum err_code yaml_parse(struct arena *arena, const char *text, size_t len, uint32_t file,
			 struct config_report *report, struct yaml_node **out);

/* The first value under `key`; NULL when there is none, or `mapping` is not one. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/* `key:` with nothing after it, or a plain null. */
bool yaml_is_null(const struct yaml_node *node);

/* Where to point when speaking of the node as a whole: its key if it has one. */
struct report_place yaml_place(const struct yaml_node *node);

#endif
