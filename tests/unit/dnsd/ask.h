/* SPDX-License-Identifier: Apache-2.0 */
/* ask: queries as bytes, and answers as text, read by ldns and by nothing of ours.
 *
 * Ownership  said_fini() frees what said_read() made
 */
#ifndef FAIRLEAD_TESTS_DNSD_ASK_H
#define FAIRLEAD_TESTS_DNSD_ASK_H

#include "core/addr.h"
#include "core/buf.h"
#include "dnsd/packet/dns.h"
#include "dnsd/packet/name.h"
#include "tests/unit/unit.h"

#include <ldns/ldns.h>
#include <string.h>

struct ask {
	const char *name;
	uint16_t type, qclass; /* 0 = A, IN */
	bool edns, is_do, nsid, keepalive;
	const char *ecs; /* "10.1.2.0/24"; makes it EDNS */
	uint8_t ecs_scope;
	uint16_t udp_size; /* 0 = 1232 */
	uint16_t id;
};

static inline uint8_t *ask_option(uint8_t *p, uint16_t code, const void *data, size_t len)
{
	dns_put16(p, code);
	dns_put16(p + 2, (uint16_t)len);
	if (len)
		memcpy(p + 4, data, len);
	return p + 4 + len;
}

static inline uint8_t *ask_ecs(uint8_t *p, const struct ask *a)
{
	uint8_t data[20] = { 0 };
	char text[64], *slash;
	struct addr addr = { 0 };
	unsigned bits = 0, bytes;

	snprintf(text, sizeof(text), "%s", a->ecs);
	slash = strchr(text, '/');
	if (slash) {
		bits = (unsigned)atoi(slash + 1);
		*slash = 0;
	}
	assert_int_equal(addr_parse(text, &addr, NULL), ERR_OK);
	bytes = (bits + 7) / 8;
	data[1] = addr.family == 4 ? 1 : 2;
	data[2] = (uint8_t)bits;
	data[3] = a->ecs_scope;
	memcpy(data + 4, addr.bytes, bytes);
	return ask_option(p, DNS_OPTION_ECS, data, 4 + bytes);
}

/* Returns the length of the query in out[512]. */
static inline size_t ask_write(const struct ask *a, uint8_t *out)
{
	struct name name;
	uint8_t *p = out + DNS_HEADER_LEN, *opt;

	memset(out, 0, DNS_HEADER_LEN);
	dns_put16(out, a->id);
	out[2] = 1; /* RD */
	out[5] = 1;
	assert_int_equal(name_parse(a->name, NULL, &name, NULL), ERR_OK);
	memcpy(p, name.wire, name.len);
	p += name.len;
	dns_put16(p, a->type ? a->type : DNS_TYPE_A);
	dns_put16(p + 2, a->qclass ? a->qclass : DNS_CLASS_IN);
	p += 4;
	if (!a->edns && !a->is_do && !a->nsid && !a->keepalive && !a->ecs)
		return (size_t)(p - out);
	out[11] = 1;
	opt = p;
	memset(opt, 0, 11);
	dns_put16(opt + 1, DNS_TYPE_OPT);
	dns_put16(opt + 3, a->udp_size ? a->udp_size : DNS_UDP_MAX);
	opt[7] = a->is_do ? 0x80 : 0;
	p += 11;
	if (a->ecs)
		p = ask_ecs(p, a);
	if (a->nsid)
		p = ask_option(p, DNS_OPTION_NSID, NULL, 0);
	if (a->keepalive)
		p = ask_option(p, DNS_OPTION_KEEPALIVE, NULL, 0);
	dns_put16(opt + 9, (uint16_t)(p - opt - 11));
	return (size_t)(p - out);
}

/* An answer, as ldns reads it. */
struct said {
	ldns_pkt *pkt;
	size_t len;
	struct buf answer, authority, additional; /* a record a line, fields apart by one blank */
};

static inline void said_section(const ldns_rr_list *list, struct buf *out)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		char *text = ldns_rr2str(ldns_rr_list_rr(list, i));

		for (char *at = text; *at; at++)
			if (*at == '\t')
				*at = ' ';
		buf_add_str(out, text);
		free(text);
	}
}

static inline void said_read(struct said *s, const uint8_t *bytes, size_t len)
{
	ldns_status status;

	memset(s, 0, sizeof(*s));
	s->len = len;
	status = ldns_wire2pkt(&s->pkt, bytes, len);
	if (status != LDNS_STATUS_OK)
		fail_msg("ldns cannot read the answer: %s", ldns_get_errorstr_by_id(status));
	said_section(ldns_pkt_answer(s->pkt), &s->answer);
	said_section(ldns_pkt_authority(s->pkt), &s->authority);
	said_section(ldns_pkt_additional(s->pkt), &s->additional);
}

static inline void said_fini(struct said *s)
{
	ldns_pkt_free(s->pkt);
	buf_fini(&s->answer);
	buf_fini(&s->authority);
	buf_fini(&s->additional);
}

/* The data of an EDNS option, NULL when it is not there. */
static inline const uint8_t *said_option(const struct said *s, uint16_t code, size_t *len)
{
	const ldns_rdf *rdf = ldns_pkt_edns(s->pkt) ? ldns_pkt_edns_data(s->pkt) : NULL;
	size_t room = rdf ? ldns_rdf_size(rdf) : 0;
	const uint8_t *at = rdf ? ldns_rdf_data(rdf) : NULL;

	while (room >= 4) {
		size_t size = dns_get16(at + 2);

		assert_true(4 + size <= room);
		if (dns_get16(at) == code) {
			*len = size;
			return at + 4;
		}
		at += 4 + size;
		room -= 4 + size;
	}
	return NULL;
}

/* The scope that came back; -1 = no ECS at all. */
static inline int said_scope(const struct said *s)
{
	size_t len;
	const uint8_t *ecs = said_option(s, DNS_OPTION_ECS, &len);

	return ecs && len >= 4 ? ecs[3] : -1;
}

/* The info code of an extended error; -1 = none. */
static inline int said_ede(const struct said *s)
{
	size_t len;
	const uint8_t *ede = said_option(s, DNS_OPTION_EDE, &len);

	return ede && len >= 2 ? dns_get16(ede) : -1;
}

#endif
