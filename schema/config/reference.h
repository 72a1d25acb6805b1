/* SPDX-License-Identifier: Apache-2.0 */
/* reference: a table of keys as a page of Markdown, docs/config-PROGRAM.md.
 *
 * Threads    any
 * Errors     out->failed without memory
 */
#ifndef FAIRLEAD_SCHEMA_CONFIG_REFERENCE_H
#define FAIRLEAD_SCHEMA_CONFIG_REFERENCE_H

#include "schema/config/key.h"

void reference_write(const char *program, const struct key *keys, struct buf *out);

#endif
