/* SPDX-License-Identifier: Apache-2.0 */
/* schema: a table of keys as JSON Schema, for editors and other programs.
 *
 * It says less than the loader: ranges of durations and names that must exist are in words only.
 *
 * Threads    any
 * Errors     out->failed without memory
 * Source     JSON Schema draft 2020-12
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_SCHEMA_H
#define FAIRLEAD_SCHEMA_CONFIG_SCHEMA_H

#include "schema/config/key.h"

/* program: "dnsd". Appends one JSON document, indented, and a newline. */
void schema_write(const char *program, const struct key *keys, struct buf *out);

#endif
