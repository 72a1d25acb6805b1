/* SPDX-License-Identifier: Apache-2.0 */
/* compress: names written into a message as pointers. See compress.h. */
#include "dnsd/packet/compress.h"

#include "dnsd/packet/dns.h"
#include "dnsd/packet/name.h"

#include <string.h>

#define POINTER_LEN 2u
#define POINTER_MAX 0x3fff

static void add(struct compress *c, size_t at, size_t len)
{
	if (c->n < COMPRESS_MAX && at <= POINTER_MAX)
		c->known[c->n++] = (struct compress_label){ (uint16_t)at, (uint8_t)len };
}

void compress_learn(struct compress *c, const uint8_t *message, size_t at)
{
	size_t len = name_len(message + at);

	for (size_t i = 0; message[at + i]; i += 1u + message[at + i])
		add(c, at + i, len - i);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The name at message[at], pointers followed, against a plain one. Only what was written here is
 * read: its pointers lead backwards. */
static bool is_same(const uint8_t *message, size_t at, const uint8_t *wire)
{
	for (;;) {
		uint8_t left;

		while (message[at] >= 0xc0)
			at = dns_get16(message + at) & POINTER_MAX;
		if (message[at] != *wire)
			return false;
		if (!*wire)
			return true;
		for (left = *wire++, at++; left; left--)
			if (lower(message[at++]) != lower(*wire++))
				return false;
	}
}

static const struct compress_label *find(const struct compress *c, const uint8_t *message,
					 const uint8_t *wire, size_t len)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->known[i].len == len && is_same(message, c->known[i].at, wire))
			return &c->known[i];
	return NULL;
}

size_t compress_put(struct compress *c, uint8_t *message, size_t at, size_t room,
		    const uint8_t *wire, size_t len)
{
	const struct compress_label *tail = NULL;
	size_t plain = 0, size;

	while (wire[plain] && !(tail = find(c, message, wire + plain, len - plain)))
		plain += 1u + wire[plain];
	size = tail ? plain + POINTER_LEN : len;
	if (size > room)
		return 0;
	memcpy(message + at, wire, tail ? plain : len);
	if (tail)
		dns_put16(message + at + plain, (uint16_t)(0xc000 | tail->at));
	for (size_t i = 0; i < plain; i += 1u + wire[i])
		add(c, at + i, len - i);
	return size;
}

unsigned compress_names(uint16_t type, size_t *before)
{
	enum { MD = 3, MF = 4, MB = 7, MG = 8, MR = 9, MINFO = 14 };

	*before = type == DNS_TYPE_MX ? 2 : 0;
	switch (type) {
	case DNS_TYPE_NS:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_MX:
	case MD:
	case MF:
	case MB:
	case MG:
	case MR: return 1;
	case DNS_TYPE_SOA:
	case MINFO: return 2;
	default: return 0;
	}
}
