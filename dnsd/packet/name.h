/* SPDX-License-Identifier: Apache-2.0 */
/* name: domain names in wire form: reading, lower-casing, text, order and hash.
 *
 * A wire name is a row of labels, each a length byte (1..63) and so many bytes, closed by a zero
 * byte; at most 255 bytes in all. Length bytes are below 'A', so a whole name is lower-cased
 * without looking where its labels begin.
 *
 * Threads    any, plain values
 * Units      len counts the closing zero byte; labels do not count the root
 * Errors     ERR_INPUT, *out untouched; the query path passes no struct err
 * Source     RFC 1035 sections 3.1, 4.1.4, 5.1; RFC 4343 (case); RFC 4034 section 6.1 (order)
 */
#ifndef FAIRLEAD_DNSD_PACKET_NAME_H
#define FAIRLEAD_DNSD_PACKET_NAME_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_WIRE_MAX	255
#define NAME_LABEL_MAX	63
#define NAME_LABELS_MAX 127
#define NAME_TEXT_MAX	1024 /* every byte as \DDD, the dots, and the end */

struct name {
	uint8_t wire[NAME_WIRE_MAX + 1]; /* one more, so that eight can be written at a time */
	uint8_t len;			 /* 0 = none */
	uint8_t labels;
};

/* Reads the name at msg[*at], following compression pointers (only backwards, so it ends), and
 * moves *at behind it. The case is kept. */
enum err_code name_read(const uint8_t *msg, size_t msg_len, size_t *at, struct name *out);

/* Parses "www.example.com." with \. and \DDD escapes; a name without the last dot is taken below
 * `origin`, or is absolute when that is NULL. The case is kept. */
enum err_code name_parse(const char *text, const struct name *origin, struct name *out,
			 struct err *e);

/* The text form, with the last dot; "." for the root. Returns out. */
char *name_text(const uint8_t *wire, char out[NAME_TEXT_MAX]);

/* Lower-cases len bytes from in to out (may be the same place). Writes whole groups of eight:
 * out has room for len rounded up to eight, and in is readable as far. */
void name_lower_padded(uint8_t *out, const uint8_t *in, size_t len);
/* The same, byte-exact. */
void name_lower(uint8_t *out, const uint8_t *in, size_t len);

uint8_t name_labels(const uint8_t *wire);
size_t name_len(const uint8_t *wire); /* of a well-formed name */

/* Equal but for case; for tests. */
bool name_is_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);
/* Both lower case: is `name` the same as `top` or below it? */
bool name_is_within(const uint8_t *name, size_t name_len, const uint8_t *top, size_t top_len);

/* Canonical order of names (RFC 4034 6.1), case-insensitive: <0, 0, >0; for tests. */
int name_compare(const uint8_t *a, const uint8_t *b);

/* DNAME's substitution (RFC 6672 section 2.2): the last suffix_len bytes of name are replaced by
 * target. ERR_LIMIT when the result is over 255 bytes (the caller answers YXDOMAIN). */
enum err_code name_replace_suffix(const uint8_t *name, size_t len, size_t suffix_len,
				  const uint8_t *target, size_t target_len, struct name *out);

#endif
