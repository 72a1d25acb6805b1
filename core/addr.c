/* SPDX-License-Identifier: Apache-2.0 */
/* addr: IP addresses, prefixes and endpoints as small values, with strict parsing.
 *
 * The address text itself is left to inet_pton() and inet_ntop(), which refuse leading zeros (octal
 * elsewhere), zones and trailing bytes, and which write the canonical form of RFC 5952.
 */
#include "core/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 64 /* of a wrong text in a message */

static int family_of(const struct addr *a)
{
	return a->family == 4 ? AF_INET : AF_INET6;
}

enum err_code addr_parse(const char *text, struct addr *out, struct err *e)
{
	struct addr a = { .family = strchr(text, ':') ? 6 : 4 };

	if (inet_pton(family_of(&a), text, a.bytes) != 1)
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not an IP address, expected one like 192.0.2.1 or "
			       "2001:db8::1",
			       SHOWN_MAX, text);
	*out = a;
	return ERR_OK;
}

/* A decimal number without sign, leading zero or anything after it; -1 if it is not. */
static long parse_number(const char *text, long max)
{
	long n = 0;

	if (text[0] == 0 || (text[0] == '0' && text[1] != 0))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		n = n * 10 + (*text - '0');
		if (n > max)
			return -1;
	}
	return n;
}

/* Copies text up to `end`; false when that is longer than any address. */
static bool has_copied(const char *text, const char *end, char out[ADDR_TEXT_MAX])
{
	size_t len = (size_t)(end - text);

	if (len >= ADDR_TEXT_MAX)
		return false;
	memcpy(out, text, len);
	out[len] = 0;
	return true;
}

enum err_code prefix_parse(const char *text, struct prefix *out, struct err *e)
{
	const char *slash = strchr(text, '/');
	char part[ADDR_TEXT_MAX], whole[PREFIX_TEXT_MAX];
	struct prefix p, given;
	long len;

	if (!slash || !has_copied(text, slash, part))
		return err_set(
			e, ERR_INPUT,
			"`%.*s` is not a prefix, expected ADDRESS/LENGTH like 192.0.2.0/24 or "
			"2001:db8::/32",
			SHOWN_MAX, text);
	if (addr_parse(part, &p.addr, e) != ERR_OK)
		return ERR_INPUT;
	len = parse_number(slash + 1, addr_bits(&p.addr));
	if (len < 0)
		return err_set(e, ERR_INPUT, "`%.*s`: the prefix length must be 0 to %d", SHOWN_MAX,
			       text, addr_bits(&p.addr));
	p.len = (uint8_t)len;
	given = p;
	addr_mask(&p.addr, p.len);
	if (!addr_is_equal(&p.addr, &given.addr)) {
		prefix_text(&p, whole);
		return err_set(e, ERR_INPUT, "`%s` has bits set after its length, expected %s",
			       text, whole);
	}
	*out = p;
	return ERR_OK;
}

enum err_code endpoint_parse(const char *text, struct endpoint *out, struct err *e)
{
	bool bracketed = text[0] == '[';
	const char *start = text + bracketed, *end = strchr(start, bracketed ? ']' : ':');
	const char *colon = end ? end + bracketed : NULL;
	char part[ADDR_TEXT_MAX];
	struct endpoint p;
	long port;

	if (!colon || *colon != ':' || (!bracketed && strchr(colon + 1, ':')) ||
	    !has_copied(start, end, part))
		return err_set(e, ERR_INPUT,
			       "`%.*s` is not an endpoint, expected ADDRESS:PORT like 192.0.2.1:53 "
			       "or [2001:db8::1]:53",
			       SHOWN_MAX, text);
	if (addr_parse(part, &p.addr, e) != ERR_OK)
		return ERR_INPUT;
	if (bracketed != (p.addr.family == 6))
		return err_set(e, ERR_INPUT, "`%.*s`: brackets are for IPv6 addresses", SHOWN_MAX,
			       text);
	port = parse_number(colon + 1, UINT16_MAX);
	if (port < 0)
		return err_set(e, ERR_INPUT, "`%.*s`: the port must be 0 to 65535", SHOWN_MAX,
			       text);
	p.port = (uint16_t)port;
	*out = p;
	return ERR_OK;
}

void addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	if (a->family == 0 || !inet_ntop(family_of(a), a->bytes, out, ADDR_TEXT_MAX))
		snprintf(out, ADDR_TEXT_MAX, "none");
}

void prefix_text(const struct prefix *p, char out[PREFIX_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	addr_text(&p->addr, addr);
	snprintf(out, PREFIX_TEXT_MAX, "%s/%u", addr, p->len);
}

void endpoint_text(const struct endpoint *p, char out[ENDPOINT_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	addr_text(&p->addr, addr);
	snprintf(out, ENDPOINT_TEXT_MAX, p->addr.family == 6 ? "[%s]:%u" : "%s:%u", addr, p->port);
}

bool addr_is_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, addr_bits(a) / 8) == 0;
}

void addr_mask(struct addr *a, uint8_t len)
{
	for (size_t i = 0; i < sizeof(a->bytes); i++) {
		size_t before = i * 8;

		if (before >= len)
			a->bytes[i] = 0;
		else if (before + 8 > len)
			a->bytes[i] &= (uint8_t)(0xff00 >> (len - before));
	}
}

bool prefix_has(const struct prefix *p, const struct addr *a)
{
	struct addr masked = *a;

	addr_mask(&masked, p->len);
	return addr_is_equal(&masked, &p->addr);
}

static bool is_low(const struct addr *a)
{
	static const uint8_t zero[13];

	return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

int addr_embedded_v4(const struct addr *a, struct addr *out)
{
	/* `before` bits in all come before the v4 address; Teredo stores it inverted (RFC 4380, 4).
	 */
	static const struct {
		uint8_t bytes[12], len, before, invert;
	} forms[] = {
		{ { [10] = 0xff, [11] = 0xff }, 12, 96, 0 }, /* RFC 4291, 2.5.5.2 */
		{ { [8] = 0xff, [9] = 0xff }, 12, 96, 0 },   /* RFC 2765, 2.1 */
		{ { 0 }, 12, 96, 0 },			     /* RFC 4291, 2.5.5.1 */
		{ { 0x00, 0x64, 0xff, 0x9b }, 12, 96, 0 },   /* RFC 6052, 2.1 */
		{ { 0x20, 0x01, 0x00, 0x00 }, 4, 96, 0xff }, /* RFC 4380, 4 */
		{ { 0x20, 0x02 }, 2, 16, 0 },		     /* RFC 3056, 2 */
	};

	if (a->family != 6)
		return -1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct addr v4 = { .family = 4 };

		if (memcmp(a->bytes, forms[i].bytes, forms[i].len) != 0)
			continue;
		/* 0.0.0.0/8 is nobody's address: :: and ::1 stay what they are. */
		if (is_low(a))
			continue;
		for (size_t k = 0; k < 4; k++)
			v4.bytes[k] = a->bytes[forms[i].before / 8 + k] ^ forms[i].invert;
		*out = v4;
		return forms[i].before;
	}
	return -1;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *p, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (p->addr.family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(p->port);
		memcpy(&in->sin_addr, p->addr.bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(p->port);
	memcpy(&in6->sin6_addr, p->addr.bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

enum err_code endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out)
{
	struct endpoint p = { 0 };

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		p.addr.family = 4;
		p.port = ntohs(in->sin_port);
		memcpy(p.addr.bytes, &in->sin_addr, sizeof(in->sin_addr));
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		p.addr.family = 6;
		p.port = ntohs(in6->sin6_port);
		memcpy(p.addr.bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
	} else {
		return ERR_INPUT;
	}
	*out = p;
	return ERR_OK;
}
