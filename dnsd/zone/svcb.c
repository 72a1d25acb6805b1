/* SPDX-License-Identifier: Apache-2.0 */
/* svcb: the rdata of SVCB and HTTPS records. See svcb.h. */
#include "dnsd/zone/svcb.h"

#include "core/addr.h"
#include "dnsd/packet/dns.h"
#include "dnsd/zone/pieces.h"
#include "dnsd/zone/words.h"

#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 64
#define ALPN_MAX   255

enum { MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, ECH, IPV6HINT, DOHPATH, OHTTP, N_NAMED };

static const char *const names[N_NAMED] = { "mandatory", "alpn",     "no-default-alpn",
					    "port",	 "ipv4hint", "ech",
					    "ipv6hint",	 "dohpath",  "ohttp" };

/* One parameter; its value's bytes stand in the reader's scratch. */
struct param {
	uint16_t key;
	const uint8_t *value;
	size_t len;
	bool is_raw; /* written as keyN: the value is its wire form */
};

static bool key_of(const char *text, size_t len, uint16_t *out)
{
	struct word digits = { text + 3, len - 3 };
	uint64_t number;

	for (uint16_t i = 0; i < N_NAMED; i++)
		if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0) {
			*out = i;
			return true;
		}
	if (len < 4 || memcmp(text, "key", 3) != 0 || (text[3] == '0' && len > 4) ||
	    !words_number(&digits, UINT16_MAX - 1, &number))
		return false;
	*out = (uint16_t)number;
	return true;
}

/* ---- values ---- */

/* The next element of a list, with \, and \\ taken as what they mean. False at the end. */
static bool next_element(const uint8_t *value, size_t len, size_t *at, uint8_t *out, size_t room,
			 size_t *out_len)
{
	size_t used = 0;

	if (*at > len)
		return false;
	while (*at < len && value[*at] != ',') {
		if (value[*at] == '\\' && *at + 1 < len)
			(*at)++;
		if (used == room)
			return false;
		out[used++] = value[(*at)++];
	}
	(*at)++; /* the comma, or past the end */
	*out_len = used;
	return true;
}

static bool put_alpn(struct rdata *r, const struct param *p)
{
	uint8_t id[ALPN_MAX];
	size_t at = 0, len;

	while (at <= p->len) {
		if (!next_element(p->value, p->len, &at, id, sizeof(id), &len) || !len)
			return pieces_fail(
				r, "alpn: expected names of 1 to 255 bytes, commas between");
		if (!pieces_put(r, &(uint8_t){ (uint8_t)len }, 1) || !pieces_put(r, id, len))
			return false;
	}
	return true;
}

static bool put_hints(struct rdata *r, const struct param *p, uint8_t family)
{
	uint8_t text[ADDR_TEXT_MAX + 1];
	size_t at = 0, len;
	struct addr a;

	while (at <= p->len) {
		if (!next_element(p->value, p->len, &at, text, sizeof(text) - 1, &len))
			return pieces_fail(r, "hints: expected addresses, commas between");
		text[len] = '\0';
		if (addr_parse((const char *)text, &a, NULL) != ERR_OK || a.family != family)
			return pieces_fail(r, family == 4 ? "ipv4hint: expected IPv4 addresses"
							  : "ipv6hint: expected IPv6 addresses");
		if (!pieces_put(r, a.bytes, addr_bits(&a) / 8))
			return false;
	}
	return true;
}

static int compare_keys(const void *x, const void *y)
{
	return *(const uint16_t *)x - *(const uint16_t *)y;
}

/* RFC 9460 section 8: ascending, none twice, each there, not itself. */
static bool put_mandatory(struct rdata *r, const struct param *p, const struct param *all,
			  size_t n_all)
{
	uint16_t keys[PARAMS_MAX];
	uint8_t text[32], wire[2];
	size_t at = 0, len, n = 0;

	while (at <= p->len) {
		if (n == PARAMS_MAX ||
		    !next_element(p->value, p->len, &at, text, sizeof(text), &len) ||
		    !key_of((const char *)text, len, &keys[n]))
			return pieces_fail(r, "mandatory: expected keys, commas between");
		n++;
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < n_all && all[k].key != keys[i])
			k++;
		if (keys[i] == MANDATORY || (i && keys[i] == keys[i - 1]) || k == n_all)
			return pieces_fail(
				r, "mandatory: a key twice, missing in the record, or itself");
		dns_put16(wire, keys[i]);
		if (!pieces_put(r, wire, 2))
			return false;
	}
	return true;
}

static bool put_port(struct rdata *r, const struct param *p)
{
	struct word w = { (const char *)p->value, p->len };
	uint8_t wire[2];
	uint64_t port;

	if (!words_number(&w, UINT16_MAX, &port))
		return pieces_fail(r, "port: expected a number up to 65535");
	dns_put16(wire, (uint16_t)port);
	return pieces_put(r, wire, 2);
}

static bool put_value(struct rdata *r, const struct param *p, const struct param *all, size_t n)
{
	if (p->is_raw)
		return pieces_put(r, p->value, p->len);
	switch (p->key) {
	case MANDATORY: return put_mandatory(r, p, all, n);
	case ALPN: return put_alpn(r, p);
	case NO_DEFAULT_ALPN:
	case OHTTP:
		return p->len ? pieces_fail(r, "no-default-alpn, ohttp: expected no value") : true;
	case PORT: return put_port(r, p);
	case IPV4HINT: return put_hints(r, p, 4);
	case IPV6HINT: return put_hints(r, p, 6);
	case ECH: return pieces_base64(r, (const char *)p->value, p->len);
	default: return pieces_put(r, p->value, p->len);
	}
}

/* ---- the record ---- */

static bool read_param(struct rdata *r, struct param *p, uint8_t *scratch, size_t room)
{
	struct word w = words_next(&r->at);
	const char *equals = memchr(w.text, '=', w.len);
	size_t name_len = equals ? (size_t)(equals - w.text) : w.len;

	*p = (struct param){ .value = scratch,
			     .is_raw = memcmp(w.text, "key", w.len < 3 ? w.len : 3) == 0 };
	if (!key_of(w.text, name_len, &p->key))
		return pieces_fail(r, "expected a key such as alpn, port, ipv4hint or key667");
	if (!equals)
		return true;
	w.text = equals + 1;
	w.len -= name_len + 1;
	return words_bytes(&w, scratch, room, &p->len)
		       ? true
		       : pieces_fail(r, "a value that cannot be read");
}

static int compare_params(const void *x, const void *y)
{
	const struct param *a = x, *b = y;

	return a->key - b->key;
}

static bool put_params(struct rdata *r, struct param *p, size_t n)
{
	qsort(p, n, sizeof(*p), compare_params);
	for (size_t i = 0; i < n; i++) {
		uint8_t head[4] = { 0 };
		size_t at = r->len;

		if (i && p[i].key == p[i - 1].key)
			return pieces_fail(r, "a key twice");
		if (p[i].key == NO_DEFAULT_ALPN && (!i || p[i - 1].key != ALPN))
			return pieces_fail(r, "no-default-alpn: expected alpn beside it");
		dns_put16(head, p[i].key);
		if (!pieces_put(r, head, sizeof(head)) || !put_value(r, &p[i], p, n))
			return false;
		dns_put16(r->out + at + 2, (uint16_t)(r->len - at - sizeof(head)));
	}
	return true;
}

bool svcb_read(struct rdata *r)
{
	struct param params[PARAMS_MAX];
	size_t n = 0, used = 0, room;
	uint8_t *scratch;
	bool good;

	if (!pieces_number(r, 2) || !pieces_name(r))
		return false;
	room = strlen(r->at) + 1;
	scratch = malloc(room);
	good = scratch != NULL;
	while (good && *r->at) {
		good = n < PARAMS_MAX && read_param(r, &params[n], scratch + used, room - used);
		if (good)
			used += params[n++].len;
	}
	good = good && put_params(r, params, n);
	if (!good && !r->why)
		r->why = "more keys than fit";
	free(scratch);
	return good;
}
