/* SPDX-License-Identifier: Apache-2.0 */
/* pieces: the parts that rdata is made of. See pieces.h. */
#include "dnsd/zone/pieces.h"

#include "core/addr.h"
#include "dnsd/packet/dns.h"
#include "dnsd/zone/words.h"

#include <string.h>

#define STRING_MAX 255
#define WORD_MAX   1100 /* a name, every byte as \DDD */

bool pieces_fail(struct rdata *r, const char *why)
{
	r->why = why;
	return false;
}

bool pieces_put(struct rdata *r, const void *bytes, size_t len)
{
	if (len > RDATA_MAX - r->len)
		return pieces_fail(r, "rdata over 65535 bytes");
	memcpy(r->out + r->len, bytes, len);
	r->len += len;
	return true;
}

bool pieces_value(struct rdata *r, uint64_t value, unsigned bytes)
{
	uint8_t wire[4];

	dns_put32(wire, (uint32_t)value);
	return pieces_put(r, wire + 4 - bytes, bytes);
}

bool pieces_number(struct rdata *r, unsigned bytes)
{
	struct word w = words_next(&r->at);
	uint64_t value;

	if (!words_number(&w, (UINT64_C(1) << 8 * bytes) - 1, &value))
		return pieces_fail(r, bytes == 1   ? "expected a number up to 255"
				      : bytes == 2 ? "expected a number up to 65535"
						   : "expected a number up to 4294967295");
	return pieces_value(r, value, bytes);
}

bool pieces_name(struct rdata *r)
{
	struct word w = words_next(&r->at);
	char text[WORD_MAX];
	struct name name;

	words_text(&w, text, sizeof(text));
	if (strcmp(text, "@") == 0)
		return pieces_put(r, r->origin->wire, r->origin->len);
	if (!w.len || w.len >= sizeof(text) || name_parse(text, r->origin, &name, NULL) != ERR_OK)
		return pieces_fail(r, "expected a domain name");
	return pieces_put(r, name.wire, name.len);
}

bool pieces_address(struct rdata *r, uint8_t family)
{
	struct word w = words_next(&r->at);
	char text[ADDR_TEXT_MAX + 1];
	struct addr a;

	if (addr_parse(words_text(&w, text, sizeof(text)), &a, NULL) != ERR_OK ||
	    a.family != family)
		return pieces_fail(r, family == 4 ? "expected an IPv4 address"
						  : "expected an IPv6 address");
	return pieces_put(r, a.bytes, addr_bits(&a) / 8);
}

bool pieces_string(struct rdata *r)
{
	struct word w = words_next(&r->at);
	uint8_t bytes[STRING_MAX], count;
	size_t len;

	if (!words_bytes(&w, bytes, sizeof(bytes), &len))
		return pieces_fail(r, "expected a text of up to 255 bytes, escapes as \\DDD");
	count = (uint8_t)len;
	return pieces_put(r, &count, 1) && pieces_put(r, bytes, len);
}

static int base64_of(char c)
{
	return c >= 'A' && c <= 'Z'   ? c - 'A'
	       : c >= 'a' && c <= 'z' ? c - 'a' + 26
	       : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+'	      ? 62
	       : c == '/'	      ? 63
				      : -1;
}

/* RFC 4648 section 4, padding included. */
bool pieces_base64(struct rdata *r, const char *text, size_t len)
{
	size_t digits = len;
	uint32_t bits = 0;

	while (digits && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	if (len % 4 || digits % 4 == 1)
		return pieces_fail(r, "expected base64");
	for (size_t i = 0; i < digits; i++) {
		int value = base64_of(text[i]);

		if (value < 0)
			return pieces_fail(r, "expected base64");
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 && !pieces_value(r, bits >> (6 - 2 * (i % 4)) & 0xff, 1))
			return false;
	}
	return true;
}
