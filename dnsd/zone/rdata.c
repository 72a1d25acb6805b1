/* SPDX-License-Identifier: Apache-2.0 */
/* rdata: the record data that ldns does not read. See rdata.h. */
#include "dnsd/zone/rdata.h"

#include "core/addr.h"
#include "dnsd/packet/dns.h"
#include "dnsd/zone/svcb.h"
#include "dnsd/zone/types.h"
#include "dnsd/zone/words.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STRING_MAX 255
#define WORD_MAX   1100 /* a name, every byte as \DDD */

static bool fail(struct rdata *r, const char *why)
{
	r->why = why;
	return false;
}

/* ---- pieces ---- */

bool rdata_put(struct rdata *r, const void *bytes, size_t len)
{
	if (len > RDATA_MAX - r->len)
		return fail(r, "rdata over 65535 bytes");
	memcpy(r->out + r->len, bytes, len);
	r->len += len;
	return true;
}

static bool put_value(struct rdata *r, uint64_t value, unsigned bytes)
{
	uint8_t wire[4];

	dns_put32(wire, (uint32_t)value);
	return rdata_put(r, wire + 4 - bytes, bytes);
}

bool rdata_put_number(struct rdata *r, unsigned bytes)
{
	struct word w = words_next(&r->at);
	uint64_t value;

	if (!words_number(&w, (UINT64_C(1) << 8 * bytes) - 1, &value))
		return fail(r, bytes == 1   ? "expected a number up to 255"
			       : bytes == 2 ? "expected a number up to 65535"
					    : "expected a number up to 4294967295");
	return put_value(r, value, bytes);
}

bool rdata_put_name(struct rdata *r)
{
	struct word w = words_next(&r->at);
	char text[WORD_MAX];
	struct name name;

	words_text(&w, text, sizeof(text));
	if (strcmp(text, "@") == 0)
		return rdata_put(r, r->origin->wire, r->origin->len);
	if (!w.len || w.len >= sizeof(text) || name_parse(text, r->origin, &name, NULL) != ERR_OK)
		return fail(r, "expected a domain name");
	return rdata_put(r, name.wire, name.len);
}

static bool put_address(struct rdata *r, uint8_t family)
{
	struct word w = words_next(&r->at);
	char text[ADDR_TEXT_MAX + 1];
	struct addr a;

	if (addr_parse(words_text(&w, text, sizeof(text)), &a, NULL) != ERR_OK ||
	    a.family != family)
		return fail(r,
			    family == 4 ? "expected an IPv4 address" : "expected an IPv6 address");
	return rdata_put(r, a.bytes, addr_bits(&a) / 8);
}

static bool put_string(struct rdata *r)
{
	struct word w = words_next(&r->at);
	uint8_t bytes[STRING_MAX], count;
	size_t len;

	if (!words_bytes(&w, bytes, sizeof(bytes), &len))
		return fail(r, "expected a text of up to 255 bytes, escapes as \\DDD");
	count = (uint8_t)len;
	return rdata_put(r, &count, 1) && rdata_put(r, bytes, len);
}

static bool put_strings(struct rdata *r)
{
	do {
		if (!*r->at)
			return fail(r, "expected a text");
		if (!put_string(r))
			return false;
	} while (*r->at);
	return true;
}

/* A word's bytes without a length before them. */
static bool put_text(struct rdata *r)
{
	struct word w = words_next(&r->at);
	size_t len;

	if (!words_bytes(&w, r->out + r->len, RDATA_MAX - r->len, &len))
		return fail(r, "expected a text, escapes as \\DDD");
	r->len += len;
	return true;
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
bool rdata_put_base64(struct rdata *r, const char *text, size_t len)
{
	size_t digits = len;
	uint32_t bits = 0;

	while (digits && len - digits < 2 && text[digits - 1] == '=')
		digits--;
	if (len % 4 || digits % 4 == 1)
		return fail(r, "expected base64");
	for (size_t i = 0; i < digits; i++) {
		int value = base64_of(text[i]);

		if (value < 0)
			return fail(r, "expected base64");
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 && !put_value(r, bits >> (6 - 2 * (i % 4)) & 0xff, 1))
			return false;
	}
	return true;
}

/* All words that are left, as one. */
static bool put_base64_rest(struct rdata *r)
{
	size_t len = strlen(r->at), used = 0;
	char *joined = malloc(len + 1);
	bool good;

	if (!joined)
		return fail(r, "out of memory");
	while (*r->at) {
		struct word w = words_next(&r->at);

		memcpy(joined + used, w.text, w.len);
		used += w.len;
	}
	good = rdata_put_base64(r, joined, used);
	free(joined);
	return good;
}

/* ---- \# n hex ---- */

static int hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool put_hex(struct rdata *r)
{
	size_t digits = 0;
	int high = 0;

	for (; *r->at; r->at++) {
		int digit = hex_of(*r->at);

		if (*r->at == ' ' || *r->at == '\t')
			continue;
		if (digit < 0)
			return fail(r, "expected hexadecimal digits");
		if (digits++ % 2 == 0) {
			high = digit;
			continue;
		}
		if (!rdata_put(r, &(uint8_t){ (uint8_t)(high << 4 | digit) }, 1))
			return false;
	}
	return digits % 2 ? fail(r, "expected an even number of hexadecimal digits") : true;
}

/* What ldns can take apart is of its type's form; of types that it has no word for all is. */
static bool is_of_type(const struct rdata *r, uint16_t type)
{
	uint8_t *wire = malloc(11 + r->len);
	ldns_rr *rr = NULL;
	size_t at = 0;
	bool good;

	if (!wire)
		return false;
	wire[0] = 0;
	dns_put16(wire + 1, type);
	dns_put16(wire + 3, DNS_CLASS_IN);
	dns_put32(wire + 5, 0);
	dns_put16(wire + 9, (uint16_t)r->len);
	memcpy(wire + 11, r->out, r->len);
	good = ldns_wire2rr(&rr, wire, 11 + r->len, &at, LDNS_SECTION_ANSWER) == LDNS_STATUS_OK &&
	       at == 11 + r->len;
	ldns_rr_free(rr);
	free(wire);
	return good;
}

static bool read_generic(struct rdata *r, uint16_t type)
{
	struct word w;
	uint64_t wanted;

	words_next(&r->at); /* \# */
	w = words_next(&r->at);
	if (!words_number(&w, RDATA_MAX, &wanted))
		return fail(r, "expected \\# LENGTH HEX");
	if (!put_hex(r))
		return false;
	if (r->len != wanted)
		return fail(r, "the length after \\# is not that of the hexadecimal digits");
	return is_of_type(r, type) ? true : fail(r, "the rdata is not of this type's form");
}

/* ---- types ---- */

static bool read_caa(struct rdata *r)
{
	return rdata_put_number(r, 1) && put_string(r) &&
	       (*r->at ? put_text(r) : fail(r, "expected flags, a tag and a value"));
}

/* RFC 4025 section 2.5 and RFC 8777 section 4.2.4: nothing, an address or a name. */
static bool put_gateway(struct rdata *r, unsigned type)
{
	struct word w;

	switch (type) {
	case 0:
		w = words_next(&r->at);
		return w.len == 1 && *w.text == '.' ? true : fail(r, "expected . for no gateway");
	case 1: return put_address(r, 4);
	case 2: return put_address(r, 6);
	case 3: return rdata_put_name(r);
	default: return fail(r, "expected a gateway type from 0 to 3");
	}
}

static bool read_ipseckey(struct rdata *r)
{
	return rdata_put_number(r, 1) && rdata_put_number(r, 1) && rdata_put_number(r, 1) &&
	       put_gateway(r, r->out[1]) && put_base64_rest(r);
}

static bool read_amtrelay(struct rdata *r)
{
	struct word w;
	uint64_t discovery, type;

	if (!rdata_put_number(r, 1))
		return false;
	w = words_next(&r->at);
	if (!words_number(&w, 1, &discovery))
		return fail(r, "expected 0 or 1 for discovery");
	w = words_next(&r->at);
	if (!words_number(&w, 127, &type))
		return fail(r, "expected a relay type from 0 to 3");
	return put_value(r, discovery << 7 | type, 1) && put_gateway(r, (unsigned)type);
}

static bool read_dsync(struct rdata *r)
{
	struct word w = words_next(&r->at);
	char text[32];
	uint16_t type = types_by_name(words_text(&w, text, sizeof(text)));

	if (!type)
		return fail(r, "expected a type");
	if (!put_value(r, type, 2))
		return false;
	if (strncasecmp(r->at, "NOTIFY", 6) == 0 && (r->at[6] == ' ' || r->at[6] == '\t')) {
		words_next(&r->at);
		put_value(r, 1, 1);
	} else if (!rdata_put_number(r, 1)) {
		return false;
	}
	return rdata_put_number(r, 2) && rdata_put_name(r);
}

static bool read_rkey(struct rdata *r)
{
	return rdata_put_number(r, 2) && rdata_put_number(r, 1) && rdata_put_number(r, 1) &&
	       put_base64_rest(r);
}

static bool read_ta(struct rdata *r)
{
	return rdata_put_number(r, 2) && rdata_put_number(r, 1) && rdata_put_number(r, 1) &&
	       put_hex(r);
}

/* draft-durand-doa-over-dns section 3.2: - is no data. */
static bool read_doa(struct rdata *r)
{
	if (!rdata_put_number(r, 4) || !rdata_put_number(r, 4) || !rdata_put_number(r, 1) ||
	    !put_string(r))
		return false;
	if (strcmp(r->at, "-") == 0)
		words_next(&r->at);
	return put_base64_rest(r);
}

static bool read_type(struct rdata *r, uint16_t type)
{
	switch (type) {
	case TYPE_RKEY: return read_rkey(r);
	case TYPE_TA: return read_ta(r);
	case TYPE_DOA: return read_doa(r);
	case DNS_TYPE_CAA: return read_caa(r);
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS: return svcb_read(r);
	case TYPE_IPSECKEY: return read_ipseckey(r);
	case TYPE_AMTRELAY: return read_amtrelay(r);
	case TYPE_DSYNC: return read_dsync(r);
	default: return put_strings(r);
	}
}

bool rdata_is_own(uint16_t type, const char *text)
{
	switch (type) {
	case DNS_TYPE_TXT:
	case DNS_TYPE_CAA:
	case DNS_TYPE_SVCB:
	case DNS_TYPE_HTTPS:
	case TYPE_IPSECKEY:
	case TYPE_NINFO:
	case TYPE_DSYNC:
	case TYPE_SPF:
	case TYPE_AVC:
	case TYPE_AMTRELAY:
	case TYPE_RESINFO:
	case TYPE_WALLET:
	case TYPE_RKEY:
	case TYPE_DOA:
	case TYPE_TA: return true;
	default: return text[0] == '\\' && text[1] == '#';
	}
}

bool rdata_read(struct rdata *r, uint16_t type)
{
	bool is_generic = r->at[0] == '\\' && r->at[1] == '#';

	r->len = 0;
	if (!(is_generic ? read_generic(r, type) : read_type(r, type)))
		return false;
	return *r->at ? fail(r, "more words than the type has") : true;
}
