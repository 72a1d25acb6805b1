/* SPDX-License-Identifier: Apache-2.0 */
/* rdata: the record data that ldns does not read. See rdata.h. */
#include "dnsd/zone/rdata.h"

#include "dnsd/packet/dns.h"
#include "dnsd/zone/svcb.h"
#include "dnsd/zone/types.h"
#include "dnsd/zone/words.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- texts ---- */

static bool put_strings(struct rdata *r)
{
	do {
		if (!*r->at)
			return pieces_fail(r, "expected a text");
		if (!pieces_string(r))
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
		return pieces_fail(r, "expected a text, escapes as \\DDD");
	r->len += len;
	return true;
}

/* All words that are left, as one. */
static bool put_base64_rest(struct rdata *r)
{
	size_t len = strlen(r->at), used = 0;
	char *joined = malloc(len + 1);
	bool good;

	if (!joined)
		return pieces_fail(r, "out of memory");
	while (*r->at) {
		struct word w = words_next(&r->at);

		memcpy(joined + used, w.text, w.len);
		used += w.len;
	}
	good = pieces_base64(r, joined, used);
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
			return pieces_fail(r, "expected hexadecimal digits");
		if (digits++ % 2 == 0) {
			high = digit;
			continue;
		}
		if (!pieces_put(r, &(uint8_t){ (uint8_t)(high << 4 | digit) }, 1))
			return false;
	}
	return digits % 2 ? pieces_fail(r, "expected an even number of hexadecimal digits") : true;
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
		return pieces_fail(r, "expected \\# LENGTH HEX");
	if (!put_hex(r))
		return false;
	if (r->len != wanted)
		return pieces_fail(r, "the length after \\# is not that of the hexadecimal digits");
	return is_of_type(r, type) ? true : pieces_fail(r, "the rdata is not of this type's form");
}

/* ---- types ---- */

static bool read_caa(struct rdata *r)
{
	return pieces_number(r, 1) && pieces_string(r) &&
	       (*r->at ? put_text(r) : pieces_fail(r, "expected flags, a tag and a value"));
}

/* RFC 4025 section 2.5 and RFC 8777 section 4.2.4: nothing, an address or a name. */
static bool put_gateway(struct rdata *r, unsigned type)
{
	struct word w;

	switch (type) {
	case 0:
		w = words_next(&r->at);
		return w.len == 1 && *w.text == '.' ? true
						    : pieces_fail(r, "expected . for no gateway");
	case 1: return pieces_address(r, 4);
	case 2: return pieces_address(r, 6);
	case 3: return pieces_name(r);
	default: return pieces_fail(r, "expected a gateway type from 0 to 3");
	}
}

static bool read_ipseckey(struct rdata *r)
{
	return pieces_number(r, 1) && pieces_number(r, 1) && pieces_number(r, 1) &&
	       put_gateway(r, r->out[1]) && put_base64_rest(r);
}

static bool read_amtrelay(struct rdata *r)
{
	struct word w;
	uint64_t discovery, type;

	if (!pieces_number(r, 1))
		return false;
	w = words_next(&r->at);
	if (!words_number(&w, 1, &discovery))
		return pieces_fail(r, "expected 0 or 1 for discovery");
	w = words_next(&r->at);
	if (!words_number(&w, 127, &type))
		return pieces_fail(r, "expected a relay type from 0 to 3");
	return pieces_value(r, discovery << 7 | type, 1) && put_gateway(r, (unsigned)type);
}

static bool read_dsync(struct rdata *r)
{
	struct word w = words_next(&r->at);
	char text[32];
	uint16_t type = types_by_name(words_text(&w, text, sizeof(text)));

	if (!type)
		return pieces_fail(r, "expected a type");
	if (!pieces_value(r, type, 2))
		return false;
	if (strncasecmp(r->at, "NOTIFY", 6) == 0 && (r->at[6] == ' ' || r->at[6] == '\t')) {
		words_next(&r->at);
		pieces_value(r, 1, 1);
	} else if (!pieces_number(r, 1)) {
		return false;
	}
	return pieces_number(r, 2) && pieces_name(r);
}

static bool read_rkey(struct rdata *r)
{
	return pieces_number(r, 2) && pieces_number(r, 1) && pieces_number(r, 1) &&
	       put_base64_rest(r);
}

static bool read_ta(struct rdata *r)
{
	return pieces_number(r, 2) && pieces_number(r, 1) && pieces_number(r, 1) && put_hex(r);
}

/* draft-durand-doa-over-dns section 3.2: - is no data. */
static bool read_doa(struct rdata *r)
{
	if (!pieces_number(r, 4) || !pieces_number(r, 4) || !pieces_number(r, 1) ||
	    !pieces_string(r))
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
	return *r->at ? pieces_fail(r, "more words than the type has") : true;
}
