/* SPDX-License-Identifier: Apache-2.0 */
/* words: the words of one entry of a master file, blanks and quotes and escapes understood.
 *
 * A word ends at a blank that is neither quoted nor escaped. Its bytes: "..." without the quotes,
 * \DDD the byte of that number, \X the X itself.
 *
 * Threads    any
 * Ownership  text is borrowed
 * Errors     false for what is not there or not well formed
 * Source     RFC 1035 section 5.1; RFC 9460 appendix A (character strings)
 */
#ifndef FAIRLEAD_DNSD_ZONE_WORDS_H
#define FAIRLEAD_DNSD_ZONE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
	const char *text; /* as written */
	size_t len;
};

/* The next word at *at, which moves behind it and its blanks; len 0 at the end. */
struct word words_next(const char **at);
/* Its text, terminated, cut to room. Returns out. */
char *words_text(const struct word *w, char *out, size_t room);
/* Its bytes to out[room]. */
bool words_bytes(const struct word *w, uint8_t *out, size_t room, size_t *len);
/* A number of digits alone. */
bool words_number(const struct word *w, uint64_t max, uint64_t *out);

#endif
