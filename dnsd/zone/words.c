/* SPDX-License-Identifier: Apache-2.0 */
/* words: the words of one entry of a master file. See words.h. */
#include "dnsd/zone/words.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct word words_next(const char **at)
{
	const char *from = *at, *to;
	bool is_quoted = false;

	while (is_blank(*from))
		from++;
	for (to = from; *to && (is_quoted || !is_blank(*to)); to++) {
		if (*to == '"')
			is_quoted = !is_quoted;
		else if (*to == '\\' && to[1])
			to++;
	}
	*at = to;
	while (is_blank(**at))
		(*at)++;
	return (struct word){ from, (size_t)(to - from) };
}

char *words_text(const struct word *w, char *out, size_t room)
{
	size_t len = w->len < room ? w->len : room - 1;

	memcpy(out, w->text, len);
	out[len] = '\0';
	return out;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What stands behind a backslash at text[*i]; moves *i behind it. */
static bool read_escape(const struct word *w, size_t *i, uint8_t *out)
{
	const char *t = w->text + *i;
	unsigned value;

	if (*i == w->len)
		return false;
	if (!is_digit(*t)) {
		*out = (uint8_t)*t;
		(*i)++;
		return true;
	}
	if (w->len - *i < 3 || !is_digit(t[1]) || !is_digit(t[2]))
		return false;
	value = (unsigned)((t[0] - '0') * 100 + (t[1] - '0') * 10 + (t[2] - '0'));
	*out = (uint8_t)value;
	*i += 3;
	return value <= UINT8_MAX;
}

bool words_bytes(const struct word *w, uint8_t *out, size_t room, size_t *len)
{
	size_t used = 0, i = 0;

	while (i < w->len) {
		uint8_t byte = (uint8_t)w->text[i++];

		if (byte == '"')
			continue;
		if (byte == '\\' && !read_escape(w, &i, &byte))
			return false;
		if (used == room)
			return false;
		out[used++] = byte;
	}
	*len = used;
	return true;
}

bool words_number(const struct word *w, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < w->len; i++) {
		if (!is_digit(w->text[i]) || value > max / 10)
			return false;
		value = value * 10 + (uint64_t)(w->text[i] - '0');
	}
	*out = value;
	return w->len > 0 && value <= max;
}
