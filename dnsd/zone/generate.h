/* SPDX-License-Identifier: Apache-2.0 */
/* generate: the $GENERATE directive, a template for many records.
 *
 *   $GENERATE start-stop[/step] owner [ttl] [class] type rdata
 *
 * In owner and rdata `$` is the counter, `${offset,width,base}` the counter plus offset, padded
 * with zeros to width, in base d, o, x, X, n or N (nibbles, for ip6.arpa); `\$` and `$$` are a
 * dollar sign.
 *
 * Threads    any
 * Errors     ERR_INPUT with *why set
 * Source     BIND 9's manual, "The $GENERATE directive"
 */
#ifndef FAIRLEAD_DNSD_ZONE_GENERATE_H
#define FAIRLEAD_DNSD_ZONE_GENERATE_H

#include "core/buf.h"
#include "core/err.h"

struct generate {
	uint32_t at, stop, step;
	const char *owner; /* into the text given */
	size_t owner_len;
	const char *rest;
};

/* arguments: what stands after "$GENERATE"; borrowed. */
enum err_code generate_init(struct generate *g, const char *arguments, const char **why);
/* Replaces out by the next record's text, terminated. ERR_NOT_FOUND after the last. */
enum err_code generate_next(struct generate *g, struct buf *out, const char **why);

#endif
