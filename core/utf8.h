/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: tells well-formed UTF-8 from bytes that would break a JSON line or a terminal.
 *
 * Threads    any
 * Units      lengths in bytes
 * Source     RFC 3629, the table in its section 4
 */
#ifndef FAIRLEAD_CORE_UTF8_H
#define FAIRLEAD_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the well-formed character that text begins with, at most len; 0 if there is none.
 */
size_t utf8_char_len(const char *text, size_t len);

/* C0, DEL or C1: at the start of text, which holds a well-formed character of char_len bytes. */
bool utf8_is_control(const char *text, size_t char_len);

/* Takes off what is left of a character that was cut at the end of a terminated text. */
void utf8_trim(char *text);
/* As much of text as fits, in whole characters; terminated. */
void utf8_copy(char *out, size_t room, const char *text);

#endif
