/* SPDX-License-Identifier: Apache-2.0 */
/* include: one tree of a file and of the files that it includes.
 *
 *   include: [regions.yaml, /etc/fairlead/services.yaml]
 *
 * The key stands at the top of a file. A path that is not absolute starts where the including file
 * is. Mappings and lists at the top of the files are joined, in the order in which they are read:
 * the file itself, then what it includes. A single value that two files have is a mistake, as it is
 * within one.
 *
 * Threads    any
 * Ownership  the tree is in the arena; the report keeps the text of each file, for its messages
 * Errors     in the report. ERR_INPUT also when an included file cannot be read, is included twice,
 *            or is nested more than INCLUDE_DEPTH_MAX deep
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_INCLUDE_H
#define FAIRLEAD_SCHEMA_CONFIG_INCLUDE_H

#include "schema/config/yaml.h"

#define INCLUDE_DEPTH_MAX 8
#define INCLUDE_FILE_MAX  (16u << 20) /* bytes of one file */

/* The file at `path`. *out is NULL when all is empty. */
enum err_code include_load(struct arena *arena, const char *path, struct config_report *report,
			   struct yaml_node **out);
/* A text; nothing can be included. */
enum err_code include_parse(struct arena *arena, const char *name, const char *text, size_t len,
			    struct config_report *report, struct yaml_node **out);

#endif
