/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: tells well-formed UTF-8 from bytes that would break a JSON line or a terminal. */
#include "core/utf8.h"

#include <stdint.h>
#include <string.h>

/* What may follow a lead byte: the second byte is narrower than 80..BF where a longer form than
 * needed, a surrogate or a point over U+10FFFF would begin. */
static const struct lead {
	uint8_t first, last, second_min, second_max, len;
} leads[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static const struct lead *lead_of(uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (byte >= leads[i].first && byte <= leads[i].last)
			return &leads[i];
	return NULL;
}

size_t utf8_char_len(const char *text, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)text;
	const struct lead *lead = len ? lead_of(bytes[0]) : NULL;

	if (!lead || lead->len > len)
		return 0;
	if (lead->len > 1 && (bytes[1] < lead->second_min || bytes[1] > lead->second_max))
		return 0;
	for (size_t i = 2; i < lead->len; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return lead->len;
}

bool utf8_is_control(const char *text, size_t char_len)
{
	const uint8_t *bytes = (const uint8_t *)text;

	if (char_len == 1)
		return bytes[0] < 0x20 || bytes[0] == 0x7f;
	return char_len == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0;
}

void utf8_trim(char *text)
{
	size_t len = strlen(text), start = len;

	while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0)
		start--; /* where the last character begins */
	if (start < len && utf8_char_len(text + start, len - start) != len - start)
		text[start] = 0;
}

void utf8_copy(char *out, size_t room, const char *text)
{
	size_t len = strnlen(text, room - 1);

	memcpy(out, text, len);
	out[len] = 0;
	utf8_trim(out);
}
