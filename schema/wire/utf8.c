/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: is this text well-formed UTF-8? */
#include "schema/wire/utf8.h"

/* How many bytes the sequence at `b` has, 0 if it is not well formed. The bounds of the second byte
 * are those of RFC 3629 section 4: they keep out overlong forms, surrogates and > U+10FFFF. */
static size_t sequence(const uint8_t *b, size_t len)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t need;

	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	need = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (len < need)
		return 0;
	switch (b[0]) {
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

bool utf8_is_valid(const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t n = sequence(bytes, len);

		if (n == 0)
			return false;
		bytes += n;
		len -= n;
	}
	return true;
}
