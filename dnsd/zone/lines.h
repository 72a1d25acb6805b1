/* SPDX-License-Identifier: Apache-2.0 */
/* lines: the entries of a master file: comments gone, parentheses joined to one line.
 *
 * Threads    one owner
 * Ownership  text is borrowed by lines_init(); an entry lives until the next call, and may be
 *            changed
 * Errors     ERR_INPUT with *why set (the line is where the entry began); ERR_NOT_FOUND at the
 *            end
 * Source     RFC 1035 section 5.1
 */
#ifndef FAIRLEAD_DNSD_ZONE_LINES_H
#define FAIRLEAD_DNSD_ZONE_LINES_H

#include "core/buf.h"
#include "core/err.h"

struct lines {
	const char *text, *end;
	uint32_t line; /* of text */
	struct buf entry;
};

#define LINES_ENTRY_MAX (512 * 1024) /* rdata of 65535 bytes, every one written as \DDD */

void lines_init(struct lines *l, const char *text, size_t len);
void lines_fini(struct lines *l);

/* The next entry that is not empty, terminated, leading blanks kept as one (they mean "same
 * owner"). */
enum err_code lines_next(struct lines *l, char **entry, uint32_t *line, const char **why);

#endif
