/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/packet/query. Queries are written by hand, byte by byte, in a struct buf. */
#include "core/buf.h"
#include "dnsd/packet/query.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define NAME	 "\3wWw\7Example\3com"
#define NAME_LEN sizeof(NAME)

/* A query of qtype A; counts as given. */
static void start(struct buf *b, uint16_t flags, unsigned qd, unsigned ns, unsigned ar)
{
	buf_clear(b);
	buf_u16(b, 0xbeef);
	buf_u16(b, flags);
	buf_u16(b, (uint16_t)qd);
	buf_u16(b, 0);
	buf_u16(b, (uint16_t)ns);
	buf_u16(b, (uint16_t)ar);
	if (!qd)
		return;
	buf_add(b, NAME, NAME_LEN);
	buf_u16(b, DNS_TYPE_A);
	buf_u16(b, DNS_CLASS_IN);
}

static void add_opt(struct buf *b, uint16_t size, uint8_t version, bool is_do, const void *options,
		    size_t len)
{
	buf_u8(b, 0);
	buf_u16(b, DNS_TYPE_OPT);
	buf_u16(b, size);
	buf_u8(b, 0);
	buf_u8(b, version);
	buf_u16(b, is_do ? 0x8000 : 0);
	buf_u16(b, (uint16_t)len);
	buf_add(b, options, len);
}

/* On memory of exact size, so that a read beyond it is seen by the sanitizer. */
static enum query_verdict parse(const struct buf *b, struct query *q)
{
	static uint8_t *last;

	free(last);
	last = malloc(b->len ? b->len : 1);
	assert_non_null(last);
	if (b->len)
		memcpy(last, b->data, b->len);
	memset(q, 0xee, sizeof(*q));
	return query_parse(last, b->len, q);
}

static void a_plain_query_is_read(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;

	start(&b, DNS_FLAG_RD | DNS_FLAG_CD, 1, 0, 0);
	assert_int_equal(parse(&b, &q), QUERY_OK);
	assert_int_equal(q.id, 0xbeef);
	assert_int_equal(q.flags, DNS_FLAG_RD | DNS_FLAG_CD);
	assert_int_equal(q.qtype, DNS_TYPE_A);
	assert_int_equal(q.qclass, DNS_CLASS_IN);
	assert_int_equal(q.labels, 3);
	assert_int_equal(q.name_len, NAME_LEN);
	assert_int_equal(q.question_len, NAME_LEN + 4);
	assert_memory_equal(q.qname, NAME, NAME_LEN);
	assert_memory_equal(q.name, "\3www\7example\3com", NAME_LEN);
	assert_false(q.has_edns);
	assert_int_equal(q.udp_size, 512);
	buf_fini(&b);
}

static void what_is_no_query_gets_silence(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;

	start(&b, DNS_FLAG_QR, 1, 0, 0);
	assert_int_equal(parse(&b, &q), QUERY_DROP);
	start(&b, 0, 1, 0, 0);
	for (b.len = 0; b.len < DNS_HEADER_LEN; b.len++)
		assert_int_equal(parse(&b, &q), QUERY_DROP);
	buf_fini(&b);
}

static void a_cut_query_is_formerr_at_every_length(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;
	size_t whole;

	start(&b, 0, 1, 0, 1);
	add_opt(&b, 1232, 0, true, "\0\10\0\7\0\1\30\0\xc6\x33\x64", 11);
	whole = b.len;
	assert_int_equal(parse(&b, &q), QUERY_OK);
	for (b.len = DNS_HEADER_LEN; b.len < whole; b.len++) {
		assert_int_equal(parse(&b, &q), QUERY_REPLY);
		assert_int_equal(q.rcode, DNS_RCODE_FORMERR);
		assert_int_equal(q.question_len,
				 b.len >= DNS_HEADER_LEN + NAME_LEN + 4 ? NAME_LEN + 4 : 0);
	}
	buf_u8(&b, 0);
	b.len = whole + 1; /* and one byte too many */
	assert_int_equal(parse(&b, &q), QUERY_REPLY);
	buf_fini(&b);
}

static void other_opcodes_are_not_implemented(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;

	for (uint16_t opcode = 1; opcode < 16; opcode++) {
		start(&b, (uint16_t)(opcode << 11), 1, 0, 0);
		assert_int_equal(parse(&b, &q), QUERY_REPLY);
		assert_int_equal(q.rcode, DNS_RCODE_NOTIMP);
		assert_int_equal(q.opcode, opcode);
		assert_int_equal(q.question_len, 0);
	}
	buf_fini(&b);
}

static void assert_formerr(struct buf *b)
{
	struct query q;

	assert_int_equal(parse(b, &q), QUERY_REPLY);
	assert_int_equal(q.rcode, DNS_RCODE_FORMERR);
}

static void counts_other_than_a_query_has_are_formerr(void **state)
{
	struct buf b = BUF_INIT;

	start(&b, 0, 0, 0, 0);
	assert_formerr(&b);
	start(&b, 0, 1, 0, 0);
	b.data[5] = 2; /* two questions */
	assert_formerr(&b);
	start(&b, 0, 1, 0, 0);
	b.data[7] = 1; /* an answer */
	assert_formerr(&b);
	start(&b, 0, 1, 1, 0); /* authority, and not IXFR */
	add_opt(&b, 1232, 0, false, NULL, 0);
	assert_formerr(&b);
	start(&b, 0, 1, 0, 9); /* more than any use has */
	for (int i = 0; i < 9; i++)
		buf_add(&b, "\0\0\1\0\1\0\0\0\0\0\0", 11);
	assert_formerr(&b);
	buf_fini(&b);
}

static void a_compressed_question_is_formerr(void **state)
{
	struct buf b = BUF_INIT;

	start(&b, 0, 1, 0, 0);
	b.len = DNS_HEADER_LEN;
	buf_add(&b, "\xc0\x0c\0\1\0\1", 6);
	assert_formerr(&b);
	b.len = DNS_HEADER_LEN;
	for (int i = 0; i < 128; i++)
		buf_add(&b, "\1a", 2);
	buf_add(&b, "\0\0\1\0\1", 5); /* 257 bytes of name */
	assert_formerr(&b);
	buf_fini(&b);
}

static void the_longest_name_is_read(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;

	start(&b, 0, 1, 0, 0);
	b.len = DNS_HEADER_LEN;
	for (int i = 0; i < 127; i++)
		buf_add(&b, "\1A", 2);
	buf_add(&b, "\0\0\1\0\1", 5);
	assert_int_equal(parse(&b, &q), QUERY_OK);
	assert_int_equal(q.name_len, 255);
	assert_int_equal(q.labels, 127);
	assert_int_equal(q.name[253], 'a');
	buf_fini(&b);
}

static void edns_is_read(void **state)
{
	static const char options[] = "\0\3\0\0"	   /* NSID */
				      "\0\12\0\10cookie!!" /* cookie */
				      "\0\13\0\0"	   /* keepalive */
				      "\0\14\0\2\0\0"	   /* padding */
				      "\xff\xff\0\3abc";   /* unknown */
	struct buf b = BUF_INIT;
	struct query q;

	start(&b, 0, 1, 0, 1);
	add_opt(&b, 4096, 0, true, options, sizeof(options) - 1);
	assert_int_equal(parse(&b, &q), QUERY_OK);
	assert_true(q.has_edns && q.is_do && q.wants_nsid && q.wants_keepalive);
	assert_int_equal(q.udp_size, 4096);
	assert_int_equal(q.cookie_len, 8);
	assert_memory_equal(q.cookie, "cookie!!", 8);
	start(&b, 0, 1, 0, 1);
	add_opt(&b, 100, 0, false, NULL, 0);
	assert_int_equal(parse(&b, &q), QUERY_OK);
	assert_int_equal(q.udp_size, 512); /* RFC 6891 6.2.3: less is taken as 512 */
	assert_false(q.is_do);
	buf_fini(&b);
}

static void another_edns_version_is_badvers(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;

	start(&b, 0, 1, 0, 1);
	add_opt(&b, 1232, 1, false, "\0\10\0\1x", 5); /* options of version 1 are not looked at */
	assert_int_equal(parse(&b, &q), QUERY_REPLY);
	assert_int_equal(q.rcode, DNS_RCODE_BADVERS);
	assert_true(q.has_edns);
	buf_fini(&b);
}

static void a_wrong_opt_is_formerr(void **state)
{
	struct buf b = BUF_INIT;

	start(&b, 0, 1, 0, 2); /* two of them */
	add_opt(&b, 1232, 0, false, NULL, 0);
	add_opt(&b, 1232, 0, false, NULL, 0);
	assert_formerr(&b);
	start(&b, 0, 1, 0, 1); /* with an owner */
	buf_add(&b, "\1a", 2);
	add_opt(&b, 1232, 0, false, NULL, 0);
	assert_formerr(&b);
	start(&b, 0, 1, 0, 1); /* option beyond the record */
	add_opt(&b, 1232, 0, false, "\0\3\0\1", 4);
	assert_formerr(&b);
	start(&b, 0, 1, 0, 1); /* half an option */
	add_opt(&b, 1232, 0, false, "\0\3\0", 3);
	assert_formerr(&b);
	start(&b, 0, 1, 0, 1); /* a cookie of 9 bytes */
	add_opt(&b, 1232, 0, false, "\0\12\0\0111234567890", 13);
	assert_formerr(&b);
	buf_fini(&b);
}

struct ecs_case {
	const char *claim;
	size_t len;
	const char *data;
	bool is_good;
	uint8_t family, source_len;
};

static void client_subnets_are_read_or_formerr(void **state)
{
	static const struct ecs_case cases[] = {
		{ "IPv4 /24", 7, "\0\1\30\0\xc6\x33\x64", true, 4, 24 },
		{ "IPv4 /20", 7, "\0\1\24\0\xc6\x33\x60", true, 4, 20 },
		{ "IPv4 /32", 8, "\0\1\40\0\xc6\x33\x64\1", true, 4, 32 },
		{ "IPv6 /56", 11, "\0\2\70\0\x20\1\xd\xb8\1\2\3", true, 6, 56 },
		{ "IPv4 /0: not to be placed", 4, "\0\1\0\0", true, 0, 0 },
		{ "family 0, nothing in it", 4, "\0\0\0\0", true, 0, 0 },
		{ "family 0 with a prefix", 7, "\0\0\30\0\xc6\x33\x64", false, 0, 0 },
		{ "family 3", 4, "\0\3\0\0", false, 0, 0 },
		{ "scope set", 7, "\0\1\30\30\xc6\x33\x64", false, 0, 0 },
		{ "too few octets", 6, "\0\1\30\0\xc6\x33", false, 0, 0 },
		{ "too many octets", 8, "\0\1\30\0\xc6\x33\x64\0", false, 0, 0 },
		{ "bits after the prefix", 7, "\0\1\24\0\xc6\x33\x64", false, 0, 0 },
		{ "IPv4 /33", 9, "\0\1\41\0\xc6\x33\x64\1\0", false, 0, 0 },
		{ "IPv6 /129", 21, "\0\2\x81\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", false, 0, 0 },
		{ "shorter than its head", 3, "\0\1\0", false, 0, 0 },
		{ "empty", 0, "", false, 0, 0 },
	};
	struct buf b = BUF_INIT, option = BUF_INIT;
	struct query q;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct ecs_case *c = &cases[i];
		enum query_verdict verdict;

		buf_clear(&option);
		buf_u16(&option, DNS_OPTION_ECS);
		buf_u16(&option, (uint16_t)c->len);
		buf_add(&option, c->data, c->len);
		start(&b, 0, 1, 0, 1);
		add_opt(&b, 1232, 0, false, option.data, option.len);
		verdict = parse(&b, &q);
		if (verdict != (c->is_good ? QUERY_OK : QUERY_REPLY))
			fail_msg("%s: verdict %d", c->claim, verdict);
		if (!c->is_good)
			continue;
		assert_true(q.ecs.is_present);
		assert_int_equal(q.ecs.addr.family, c->family);
		assert_int_equal(q.ecs.source_len, c->source_len);
		assert_int_equal(q.ecs.raw_len, c->len);
		assert_memory_equal(q.ecs.raw, c->data, c->len);
		assert_memory_equal(q.ecs.addr.bytes, c->data + 4, c->len - 4);
		assert_int_equal(q.ecs.addr.bytes[15], 0);
	}
	start(&b, 0, 1, 0, 1);
	add_opt(&b, 1232, 0, false, "\0\10\0\4\0\1\0\0\0\10\0\4\0\1\0\0", 16);
	assert_formerr(&b); /* two of them */
	buf_fini(&b);
	buf_fini(&option);
}

static void a_tsig_is_noted_when_it_is_last(void **state)
{
	static const char tsig[] = "\1k\0\0\xfa\0\xff\0\0\0\0\0\2xx";
	struct buf b = BUF_INIT;
	struct query q;
	size_t at;

	start(&b, 0, 1, 0, 2);
	add_opt(&b, 1232, 0, false, NULL, 0);
	at = b.len;
	buf_add(&b, tsig, sizeof(tsig) - 1);
	assert_int_equal(parse(&b, &q), QUERY_OK);
	assert_int_equal(q.tsig_at, at);
	start(&b, 0, 1, 0, 2);
	buf_add(&b, tsig, sizeof(tsig) - 1);
	add_opt(&b, 1232, 0, false, NULL, 0);
	assert_formerr(&b);
	buf_fini(&b);
}

static void an_ixfr_brings_the_soa_it_has(void **state)
{
	struct buf b = BUF_INIT;
	struct query q;

	start(&b, 0, 1, 1, 0);
	b.data[DNS_HEADER_LEN + NAME_LEN + 1] = DNS_TYPE_IXFR;
	buf_add(&b, "\xc0\x0c\0\6\0\1\0\0\0\0\0\26\0\0", 14);
	buf_add(&b, "\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
	assert_int_equal(parse(&b, &q), QUERY_OK);
	assert_int_equal(q.soa_at, DNS_HEADER_LEN + NAME_LEN + 4);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_query_is_read),
		cmocka_unit_test(what_is_no_query_gets_silence),
		cmocka_unit_test(a_cut_query_is_formerr_at_every_length),
		cmocka_unit_test(other_opcodes_are_not_implemented),
		cmocka_unit_test(counts_other_than_a_query_has_are_formerr),
		cmocka_unit_test(a_compressed_question_is_formerr),
		cmocka_unit_test(the_longest_name_is_read),
		cmocka_unit_test(edns_is_read),
		cmocka_unit_test(another_edns_version_is_badvers),
		cmocka_unit_test(a_wrong_opt_is_formerr),
		cmocka_unit_test(client_subnets_are_read_or_formerr),
		cmocka_unit_test(a_tsig_is_noted_when_it_is_last),
		cmocka_unit_test(an_ixfr_brings_the_soa_it_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
