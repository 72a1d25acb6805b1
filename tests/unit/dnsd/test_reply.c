/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/packet/reply and rrset. ldns reads the replies back, as a second opinion. */
#include "dnsd/packet/reply.h"
#include "tests/unit/unit.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define NAME	 "\3wWw\7Example\3com"
#define NAME_LEN sizeof(NAME)

static uint8_t packet[512], out[DNS_MESSAGE_MAX];
static struct query query;

/* Puts a query into `packet` and `query`. opt: the OPT record's bytes, or none. */
static void ask(uint16_t flags, const char *opt, size_t opt_len)
{
	memset(packet, 0, sizeof(packet));
	dns_put16(packet, 0x1234);
	dns_put16(packet + 2, flags);
	packet[5] = 1;
	packet[11] = opt_len ? 1 : 0;
	memcpy(packet + DNS_HEADER_LEN, NAME, NAME_LEN);
	memcpy(packet + DNS_HEADER_LEN + NAME_LEN, "\0\1\0\1", 4);
	memcpy(packet + DNS_HEADER_LEN + NAME_LEN + 4, opt, opt_len);
	assert_int_equal(query_parse(packet, DNS_HEADER_LEN + NAME_LEN + 4 + opt_len, &query),
			 QUERY_OK);
}

#define OPT_DO	"\0\0\51\x10\0\0\0\x80\0\0\0"
#define OPT_ECS "\0\0\51\x10\0\0\0\0\0\0\13\0\10\0\7\0\1\30\0\xc6\x33\x64"

/* An A RRset of `count` records, as compiled. */
static struct rrset *addresses(uint16_t count)
{
	struct rrset *set = calloc(1, sizeof(*set) + 16u * count);

	assert_non_null(set);
	set->type = DNS_TYPE_A;
	set->count = count;
	set->ttl_s = 60;
	set->len = 16u * count;
	for (unsigned i = 0; i < count; i++) {
		static const uint8_t rr[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2 };

		memcpy(set->wire + 16 * i, rr, sizeof(rr));
		set->wire[16 * i + 15] = (uint8_t)i;
	}
	return set;
}

static ldns_pkt *read_back(size_t len)
{
	ldns_pkt *pkt;

	assert_int_equal(ldns_wire2pkt(&pkt, out, len), LDNS_STATUS_OK);
	return pkt;
}

static void an_answer_echoes_the_question_byte_by_byte(void **state)
{
	struct rrset *set = addresses(2);
	struct reply r;
	ldns_pkt *pkt;
	size_t len;

	ask(DNS_FLAG_RD | DNS_FLAG_CD | DNS_FLAG_AD, "", 0);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	assert_int_equal(reply_rrset(&r, REPLY_ANSWER, set, RRSET_OWNER_QNAME),
			 DNS_HEADER_LEN + NAME_LEN + 4);
	len = reply_end(&r, DNS_RCODE_NOERROR);
	assert_int_equal(len, DNS_HEADER_LEN + NAME_LEN + 4 + 32);
	assert_memory_equal(out + DNS_HEADER_LEN, NAME "\0\0\1\0\1", NAME_LEN + 4);
	assert_int_equal(dns_get16(out), 0x1234);
	assert_int_equal(dns_get16(out + 2), DNS_FLAG_QR | DNS_FLAG_AA | DNS_FLAG_RD | DNS_FLAG_CD);
	pkt = read_back(len);
	assert_int_equal(ldns_pkt_ancount(pkt), 2);
	assert_int_equal(ldns_pkt_arcount(pkt), 0);
	ldns_pkt_free(pkt);
	free(set);
}

static void an_opt_is_sent_only_to_who_sent_one(void **state)
{
	struct reply r;
	ldns_pkt *pkt;

	ask(0, OPT_DO, 11);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	reply_ede(&r, DNS_EDE_NOT_READY, "wait");
	pkt = read_back(reply_end(&r, DNS_RCODE_BADVERS));
	assert_true(ldns_pkt_edns(pkt));
	assert_true(ldns_pkt_edns_do(pkt));
	assert_int_equal(ldns_pkt_edns_udp_size(pkt), 1232);
	assert_int_equal(ldns_pkt_edns_extended_rcode(pkt), 1);
	assert_int_equal(ldns_pkt_get_rcode(pkt), 0);
	assert_int_equal(ldns_rdf_size(ldns_pkt_edns_data(pkt)), 4 + 2 + 4);
	assert_memory_equal(ldns_rdf_data(ldns_pkt_edns_data(pkt)), "\0\17\0\6\0\16wait", 10);
	ldns_pkt_free(pkt);
}

static void the_client_subnet_comes_back_with_its_scope(void **state)
{
	struct reply r;
	size_t len;

	ask(0, OPT_ECS, 22);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	r.ecs_scope = 17;
	len = reply_end(&r, DNS_RCODE_NOERROR);
	assert_memory_equal(out + len - 11, "\0\10\0\7\0\1\30\21\xc6\x33\x64", 11);
	/* With source 0 the scope must be 0, whatever the caller says. */
	ask(0, "\0\0\51\x10\0\0\0\0\0\0\10\0\10\0\4\0\1\0\0", 19);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	r.ecs_scope = 17;
	len = reply_end(&r, DNS_RCODE_NOERROR);
	assert_memory_equal(out + len - 8, "\0\10\0\4\0\1\0\0", 8);
}

static void options_stand_in_the_opt(void **state)
{
	struct reply r;
	size_t len;

	ask(0, "\0\0\51\x10\0\0\0\0\0\0\4\0\3\0\0", 15);
	assert_true(query.wants_nsid);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	reply_option(&r, DNS_OPTION_NSID, "ns1", 3);
	reply_option(&r, DNS_OPTION_COOKIE, "clientcookserverc", 16);
	len = reply_end(&r, DNS_RCODE_NOERROR);
	assert_memory_equal(out + len - 27, "\0\3\0\3ns1\0\12\0\20clientcookserver", 27);
	assert_int_equal(dns_get16(out + len - 29), 27);
	ask(0, "", 0);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	reply_option(&r, DNS_OPTION_NSID, "ns1", 3);
	assert_int_equal(reply_end(&r, DNS_RCODE_NOERROR), DNS_HEADER_LEN + NAME_LEN + 4);
}

static void the_limit_is_what_the_client_takes(void **state)
{
	ask(0, "", 0);
	assert_int_equal(reply_limit(&query, false), 512);
	assert_int_equal(reply_limit(&query, true), 65535);
	ask(0, OPT_DO, 11); /* 4096 */
	assert_int_equal(reply_limit(&query, false), 1232);
	ask(0, "\0\0\51\3\0\0\0\0\0\0\0", 11);
	assert_int_equal(reply_limit(&query, false), 768);
}

static void what_does_not_fit_is_cut_to_the_question(void **state)
{
	struct rrset *set = addresses(40);
	struct reply r;
	size_t len;

	ask(0, "", 0);
	for (uint16_t count = 1; count <= 40; count++) {
		bool fits = DNS_HEADER_LEN + NAME_LEN + 4 + 16u * count <= 512;

		set->count = count;
		set->len = 16u * count;
		reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
		reply_rrset(&r, REPLY_ANSWER, set, RRSET_OWNER_QNAME);
		len = reply_end(&r, DNS_RCODE_NOERROR);
		assert_true(len <= 512);
		assert_int_equal(!(dns_get16(out + 2) & DNS_FLAG_TC), fits);
		assert_int_equal(dns_get16(out + 6), fits ? count : 0);
		if (!fits)
			assert_int_equal(len, DNS_HEADER_LEN + NAME_LEN + 4);
	}
	ask(0, OPT_ECS, 22);
	reply_begin(&r, out, 512, &query, reply_limit(&query, false));
	reply_rrset(&r, REPLY_ANSWER, set, RRSET_OWNER_QNAME);
	len = reply_end(&r, DNS_RCODE_NOERROR);
	assert_int_equal(len, DNS_HEADER_LEN + NAME_LEN + 4 + 22); /* the OPT stays */
	assert_int_equal(dns_get16(out + 10), 1);
	free(set);
}

static void the_opt_never_makes_a_reply_too_long(void **state)
{
	struct rrset *set = addresses(80);
	static char text[600];
	struct reply r;

	memset(text, 'x', sizeof(text) - 1);
	ask(0, OPT_ECS, 22);
	for (uint16_t count = 60; count <= 80; count++) {
		set->count = count;
		set->len = 16u * count;
		reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
		reply_option(&r, DNS_OPTION_NSID, "ns1.example.com", 15);
		reply_rrset(&r, REPLY_ANSWER, set, RRSET_OWNER_QNAME);
		reply_ede(&r, DNS_EDE_OTHER, text);
		assert_true(reply_end(&r, DNS_RCODE_NOERROR) <= DNS_UDP_MAX);
	}
	free(set);
}

static void help_that_does_not_fit_is_left_out(void **state)
{
	struct rrset *set = addresses(1), *many = addresses(40);
	static const uint8_t owner[] = "\2ns\7example\3com";
	struct reply r;

	ask(0, "", 0);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	reply_rrset(&r, REPLY_ANSWER, set, RRSET_OWNER_QNAME);
	assert_false(reply_addresses(&r, owner, sizeof(owner), many));
	assert_true(reply_addresses(&r, owner, sizeof(owner), set));
	reply_end(&r, DNS_RCODE_NOERROR);
	assert_false(dns_get16(out + 2) & DNS_FLAG_TC);
	assert_int_equal(dns_get16(out + 6), 1);
	assert_int_equal(dns_get16(out + 10), 1);
	free(set);
	free(many);
}

/* An MX, the name in its rdata below the question's, then two of the same parent. */
static void names_in_rdata_become_pointers(void **state)
{
	static const char *const hosts[] = { "mail.example.com.", "MAIL.Example.com.",
					     "mx.mail.example.com." };
	struct rrset *set = calloc(1, sizeof(*set) + 512);
	ldns_pkt *pkt;
	struct reply r;
	uint8_t *at = set->wire;

	set->type = DNS_TYPE_MX;
	for (size_t i = 0; i < 3; i++) {
		struct name host;

		assert_int_equal(name_parse(hosts[i], NULL, &host, NULL), ERR_OK);
		at = rrset_put_head(at, RRSET_OWNER_QNAME, DNS_TYPE_MX, 300,
				    (uint16_t)(2 + host.len));
		dns_put16(at, 10);
		memcpy(at + 2, host.wire, host.len);
		at += 2 + host.len;
		set->count++;
	}
	set->len = (uint32_t)(at - set->wire);
	ask(0, "", 0); /* example.com */
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	assert_int_not_equal(reply_rrset(&r, REPLY_ANSWER, set, RRSET_OWNER_QNAME), 0);
	/* "mail" and a pointer, a pointer, "mx" and a pointer. */
	assert_int_equal(r.len - (size_t)(query.question_len + DNS_HEADER_LEN),
			 3 * (RRSET_RR_HEAD + 2) + 5 + 2 + 2 + 3 + 2);
	pkt = read_back(reply_end(&r, DNS_RCODE_NOERROR));
	for (size_t i = 0; i < 3; i++) {
		char *text = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(pkt), i), 1));

		assert_int_equal(strcasecmp(text, hosts[i]), 0);
		free(text);
	}
	ldns_pkt_free(pkt);
	free(set);
}

static void a_type_that_is_not_of_rfc_1035_keeps_its_names(void **state)
{
	static const uint16_t plain[] = { DNS_TYPE_SRV, DNS_TYPE_DNAME, DNS_TYPE_SVCB, 35 };
	size_t before;

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(compress_names(plain[i], &before), 0);
	assert_int_equal(compress_names(DNS_TYPE_SOA, &before), 2);
	assert_int_equal(compress_names(DNS_TYPE_MX, &before), 1);
	assert_int_equal(before, 2);
}

static void owners_are_patched_in_every_record(void **state)
{
	struct rrset *set = addresses(3);
	struct reply r;
	ldns_pkt *pkt;
	char *text;
	size_t at;

	ask(0, "", 0);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	at = reply_cname(&r, RRSET_OWNER_QNAME, 5, (const uint8_t *)"\1T\2cc", 6);
	reply_rrset(&r, REPLY_ANSWER, set, rrset_pointer(at + RRSET_RR_HEAD));
	reply_blob(&r, REPLY_AUTHORITY, set->wire, set->len, 3, rrset_pointer(DNS_HEADER_LEN + 4));
	pkt = read_back(reply_end(&r, DNS_RCODE_NOERROR));
	assert_int_equal(ldns_pkt_ancount(pkt), 4);
	for (unsigned i = 0; i < 6; i++) {
		const ldns_rr_list *l = i < 3 ? ldns_pkt_answer(pkt) : ldns_pkt_authority(pkt);

		text = ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(l, i < 3 ? i + 1 : i - 3)));
		assert_string_equal(text, i < 3 ? "T.cc." : "Example.com.");
		free(text);
	}
	ldns_pkt_free(pkt);
	assert_int_equal(rrset_copy(out, set->len - 1, set, RRSET_OWNER_QNAME), 0);
	free(set);
}

static void a_refusal_of_half_a_query_has_no_question(void **state)
{
	static const uint8_t half[] = { 7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w' };
	struct reply r;

	assert_int_equal(query_parse(half, sizeof(half), &query), QUERY_REPLY);
	reply_begin(&r, out, sizeof(out), &query, reply_limit(&query, false));
	r.is_authoritative = false;
	assert_int_equal(reply_end(&r, query.rcode), DNS_HEADER_LEN);
	assert_int_equal(dns_get16(out + 2), DNS_FLAG_QR | DNS_FLAG_RD | DNS_RCODE_FORMERR);
	assert_int_equal(dns_get16(out + 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_echoes_the_question_byte_by_byte),
		cmocka_unit_test(an_opt_is_sent_only_to_who_sent_one),
		cmocka_unit_test(the_client_subnet_comes_back_with_its_scope),
		cmocka_unit_test(options_stand_in_the_opt),
		cmocka_unit_test(the_limit_is_what_the_client_takes),
		cmocka_unit_test(what_does_not_fit_is_cut_to_the_question),
		cmocka_unit_test(the_opt_never_makes_a_reply_too_long),
		cmocka_unit_test(help_that_does_not_fit_is_left_out),
		cmocka_unit_test(names_in_rdata_become_pointers),
		cmocka_unit_test(a_type_that_is_not_of_rfc_1035_keeps_its_names),
		cmocka_unit_test(owners_are_patched_in_every_record),
		cmocka_unit_test(a_refusal_of_half_a_query_has_no_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
