/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/answer: aliases, referrals, EDNS, sizes, refusals and counters. */
#include "tests/unit/dnsd/answer_world.h"

static ldns_pkt_rcode rcode(void)
{
	return ldns_pkt_get_rcode(said.pkt);
}

/* ---- aliases ---- */

static void a_cname_leads_into_a_service(void **state)
{
	answer_is("alias.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "alias.example.com. 300 IN CNAME Chat.example.com.\n"
		  "Chat.example.com. 30 IN A 192.0.2.20\n");
	assert_true(ldns_pkt_aa(said.pkt));
	answer_is("x.wild.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "x.wild.example.com. 300 IN CNAME chat.example.com.\n"
		  "chat.example.com. 30 IN A 192.0.2.20\n");
	set_masks("chat", UINT64_MAX, 0, 20);
	answer_is("alias2.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "alias2.example.com. 300 IN CNAME alias.example.com.\n"
		  "alias.example.com. 300 IN CNAME Chat.example.com.\n"
		  "Chat.example.com. 20 IN A 192.0.2.20\n");
}

static void several_addresses_behind_a_cname_all_have_its_targets_name(void **state)
{
	ask_plain("alias.example.com.", DNS_TYPE_A, "10.1.0.1");
	assert_int_equal(ldns_pkt_ancount(said.pkt), 3);
	for (size_t i = 1; i < 3; i++) {
		char *owner =
			ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_answer(said.pkt), i)));

		assert_string_equal(owner, "Chat.example.com.");
		free(owner);
	}
}

static void the_scope_behind_an_alias_is_the_services(void **state)
{
	ask(&(struct ask){ .name = "alias2.example.com.", .ecs = "10.2.0.0/24" });
	assert_int_equal(said_scope(&said), 16);
	assert_non_null(strstr(buf_text(&said.answer), "192.0.2.20"));
}

static void an_alias_to_nothing_is_nxdomain_with_the_alias(void **state)
{
	answer_is("gone.example.com.", DNS_TYPE_A, "10.1.0.1",
		  "gone.example.com. 300 IN CNAME no.example.com.\n");
	assert_int_equal(rcode(), LDNS_RCODE_NXDOMAIN);
	assert_non_null(strstr(buf_text(&said.authority), "example.com. 60 IN SOA "));
}

static void an_alias_that_leaves_our_zones_is_given_as_it_is(void **state)
{
	answer_is("far.example.com.", DNS_TYPE_A, "10.1.0.1",
		  "far.example.com. 300 IN CNAME www.example.net.\n");
	assert_int_equal(rcode(), LDNS_RCODE_NOERROR);
	assert_true(ldns_pkt_aa(said.pkt));
	assert_int_equal(said.authority.len, 0);
	answer_is("far.example.com.", DNS_TYPE_CNAME, "10.1.0.1",
		  "far.example.com. 300 IN CNAME www.example.net.\n");
}

static void a_loop_of_aliases_is_answered_with_what_there_is(void **state)
{
	static const struct {
		const char *name;
		unsigned records;
	} rows[] = { { "loop1.example.com.", 2 },
		     { "self.example.com.", 1 },
		     { "x.round.example.com.", 2 } };

	for (size_t i = 0; i < 3; i++) {
		ask(&(struct ask){ .name = rows[i].name, .edns = true });
		assert_int_equal(rcode(), LDNS_RCODE_NOERROR);
		assert_int_equal(ldns_pkt_ancount(said.pkt), rows[i].records);
		assert_false(ldns_pkt_tc(said.pkt));
	}
}

static void a_long_chain_of_aliases_is_followed_to_its_end(void **state)
{
	ask_plain("c0.example.com.", DNS_TYPE_A, "10.1.0.1");
	assert_int_equal(rcode(), LDNS_RCODE_NOERROR);
	assert_int_equal(ldns_pkt_ancount(said.pkt), 13);
	assert_non_null(strstr(buf_text(&said.answer), "www.example.com. 300 IN A 192.0.2.80\n"));
}

/* The SOA's owner is found behind the pointers of a compressed alias. */
static void a_chain_that_ends_in_nothing_bears_the_soa_of_the_zone(void **state)
{
	ask_plain("c0.example.com.", DNS_TYPE_MX, "10.1.0.1");
	assert_int_equal(ldns_pkt_ancount(said.pkt), 12);
	assert_memory_equal(buf_text(&said.authority),
			    "example.com. 60 IN SOA ns1.example.com. host.example.com. 7 ", 60);
}

static void a_dname_redirects_into_a_service(void **state)
{
	answer_is("x.old.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "old.example.com. 300 IN DNAME apps.example.com.\n"
		  "x.old.example.com. 300 IN CNAME x.apps.example.com.\n"
		  "x.apps.example.com. 30 IN A 192.0.2.20\n");
	answer_is("old.example.com.", DNS_TYPE_DNAME, "10.2.0.1",
		  "old.example.com. 300 IN DNAME apps.example.com.\n");
}

static void a_dname_that_makes_a_name_too_long_is_yxdomain(void **state)
{
	static const size_t labels[] = { 63, 63, 63, 45 }; /* with the rest, 255 bytes */
	char name[300];
	size_t at = 0;

	for (size_t i = 0; i < 4; at += labels[i++] + 1) {
		memset(name + at, 'a', labels[i]);
		name[at + labels[i]] = '.';
	}
	strcpy(name + at, "old.example.com.");
	ask_plain(name, DNS_TYPE_A, "10.1.0.1");
	assert_int_equal(rcode(), LDNS_RCODE_YXDOMAIN);
	assert_string_equal(buf_text(&said.answer),
			    "old.example.com. 300 IN DNAME apps.example.com.\n");
}

/* ---- delegations ---- */

static void a_delegated_name_is_referred_with_glue(void **state)
{
	ask_plain("host.sub.example.com.", DNS_TYPE_A, "10.1.0.1");
	assert_int_equal(rcode(), LDNS_RCODE_NOERROR);
	assert_false(ldns_pkt_aa(said.pkt));
	assert_int_equal(said.answer.len, 0);
	assert_string_equal(buf_text(&said.authority),
			    "sub.example.com. 300 IN NS ns.sub.example.com.\n"
			    "sub.example.com. 300 IN NS ns2.example.net.\n");
	assert_string_equal(buf_text(&said.additional),
			    "ns.sub.example.com. 300 IN A 192.0.2.4\n"
			    "ns.sub.example.com. 300 IN AAAA 2001:db8::4\n");
}

static void an_alias_below_a_cut_keeps_the_answer_and_refers(void **state)
{
	ask_plain("tosub.example.com.", DNS_TYPE_A, "10.1.0.1");
	assert_string_equal(buf_text(&said.answer),
			    "tosub.example.com. 300 IN CNAME host.sub.example.com.\n");
	assert_true(ldns_pkt_aa(said.pkt));
	assert_int_equal(ldns_pkt_nscount(said.pkt), 2);
	assert_non_null(strstr(buf_text(&said.authority), "sub.example.com. 300 IN NS "));
}

static void glue_leaves_one_by_one_and_tc_says_when_it_was_needed(void **state)
{
	ask(&(struct ask){ .name = "h.many.example.com.", .edns = true });
	assert_int_equal(ldns_pkt_nscount(said.pkt), 13);
	assert_int_equal(ldns_pkt_arcount(said.pkt), 26);
	assert_false(ldns_pkt_tc(said.pkt));
	ask(&(struct ask){ .name = "h.many.example.com." });
	assert_int_equal(ldns_pkt_nscount(said.pkt), 13);
	assert_in_range(ldns_pkt_arcount(said.pkt), 10, 25);
	assert_true(ldns_pkt_tc(said.pkt));
}

static void glue_of_siblings_leaves_in_silence(void **state)
{
	ask(&(struct ask){ .name = "h.beside.example.com." });
	assert_int_equal(ldns_pkt_nscount(said.pkt), 13);
	assert_in_range(ldns_pkt_arcount(said.pkt), 10, 25);
	assert_false(ldns_pkt_tc(said.pkt));
}

static void what_an_answer_points_to_comes_with_it(void **state)
{
	ask_plain("example.com.", DNS_TYPE_NS, "10.1.0.1");
	assert_string_equal(buf_text(&said.additional), "ns1.example.com. 300 IN A 192.0.2.1\n");
	ask_plain("points.example.com.", DNS_TYPE_MX, "10.1.0.1");
	assert_string_equal(buf_text(&said.additional), "www.example.com. 300 IN A 192.0.2.80\n");
	ask_plain("points.example.com.", DNS_TYPE_SRV, "10.1.0.1");
	assert_string_equal(buf_text(&said.additional), "www.example.com. 300 IN A 192.0.2.80\n");
	ask_plain("points.example.com.", DNS_TYPE_HTTPS, "10.1.0.1");
	assert_string_equal(buf_text(&said.additional), "www.example.com. 300 IN A 192.0.2.80\n");
}

/* ---- what is refused ---- */

static void what_is_not_ours_is_refused(void **state)
{
	ask(&(struct ask){ .name = "www.example.net.", .edns = true });
	assert_int_equal(rcode(), LDNS_RCODE_REFUSED);
	assert_false(ldns_pkt_aa(said.pkt));
	assert_int_equal(said_ede(&said), DNS_EDE_NOT_AUTHORITATIVE);
	ask_plain("www.example.com.", DNS_TYPE_AXFR, "10.1.0.1");
	assert_int_equal(rcode(), LDNS_RCODE_REFUSED);
	ask_plain("www.example.com.", DNS_TYPE_IXFR, "10.1.0.1");
	assert_int_equal(rcode(), LDNS_RCODE_REFUSED);
	ask(&(struct ask){ .name = "www.example.com.", .qclass = DNS_CLASS_CH });
	assert_int_equal(rcode(), LDNS_RCODE_REFUSED);
	ask(&(struct ask){ .name = "www.example.com.", .qclass = DNS_CLASS_ANY });
	assert_int_equal(rcode(), LDNS_RCODE_REFUSED);
	assert_false(ldns_pkt_aa(said.pkt));
}

static void what_is_no_query_gets_silence_and_is_counted(void **state)
{
	static uint8_t out[ANSWER_UDP_MAX];
	uint8_t query[512];
	size_t len = ask_write(&(struct ask){ .name = "www.example.com." }, query);
	uint64_t dropped = atomic_load(&scratch.counters->dropped);

	query[2] |= 0x80; /* a response */
	assert_int_equal(
		answer_query(snap, &scratch, query, len, &source, ANSWER_UDP, out, sizeof(out)), 0);
	assert_int_equal(
		answer_query(snap, &scratch, query, 11, &source, ANSWER_UDP, out, sizeof(out)), 0);
	assert_int_equal(atomic_load(&scratch.counters->dropped), dropped + 2);
}

static size_t written;

static bool take_message(void *ctx, const uint8_t *message, size_t len)
{
	written += len;
	return message == ctx && written < 512;
}

static void each_message_of_a_stream_is_given_once_until_no_more_is_wanted(void **state)
{
	static uint8_t out[ANSWER_OUT_MAX];
	uint8_t query[512];
	size_t len = ask_write(&(struct ask){ .name = "www.example.com." }, query);

	written = 0;
	assert_true(answer_stream(snap, &scratch, query, len, &source, out, take_message, out));
	assert_int_equal(written, answer_query(snap, &scratch, query, len, &source, ANSWER_TCP, out,
					       sizeof(out)));
	written = 512;
	assert_false(answer_stream(snap, &scratch, query, len, &source, out, take_message, out));
	query[2] |= 0x80; /* a response: no message at all */
	written = 0;
	assert_false(answer_stream(snap, &scratch, query, len, &source, out, take_message, out));
	assert_int_equal(written, 0);
}

static void other_operations_are_not_implemented_and_halves_are_format_errors(void **state)
{
	uint8_t query[512];
	size_t len = ask_write(&(struct ask){ .name = "www.example.com." }, query);

	ask_bytes(query, len - 1);
	assert_int_equal(rcode(), LDNS_RCODE_FORMERR);
	assert_null(ldns_pkt_edns(said.pkt) ? said.pkt : NULL);
	query[2] |= DNS_OPCODE_UPDATE << 3;
	query[3] |= DNS_FLAG_CD;
	ask_bytes(query, len);
	assert_int_equal(rcode(), LDNS_RCODE_NOTIMPL);
	assert_false(ldns_pkt_rd(said.pkt));
	assert_false(ldns_pkt_cd(said.pkt));
}

/* RFC 6891 section 6.1.1: an OPT is answered with one, whatever else is wrong. */
static void errors_bear_an_opt_and_no_subnet(void **state)
{
	const struct ask with = { .name = "www.example.com.", .ecs = "10.1.0.0/24" };
	uint8_t query[512];
	size_t len = ask_write(&with, query);

	query[2] |= DNS_OPCODE_NOTIFY << 3;
	ask_bytes(query, len);
	assert_int_equal(rcode(), LDNS_RCODE_NOTIMPL);
	assert_true(ldns_pkt_edns(said.pkt));
	assert_int_equal(said_scope(&said), -1);
	ask_write(&with, query);
	query[len] = 0; /* a byte too many, behind an OPT that was read */
	ask_bytes(query, len + 1);
	assert_int_equal(rcode(), LDNS_RCODE_FORMERR);
	assert_true(ldns_pkt_edns(said.pkt));
	assert_int_equal(said_scope(&said), -1);
	ask_write(&with, query);
	query[7] = 1; /* an answer in a query: the OPT is found behind it */
	query[11] = 0;
	ask_bytes(query, len);
	assert_int_equal(rcode(), LDNS_RCODE_FORMERR);
	assert_true(ldns_pkt_edns(said.pkt));
	ask_write(&with, query);
	query[len - 8] = 99; /* a family nobody knows */
	ask_bytes(query, len);
	assert_int_equal(rcode(), LDNS_RCODE_FORMERR);
	assert_true(ldns_pkt_edns(said.pkt));
	assert_int_equal(said_scope(&said), -1);
}

/* ---- EDNS ---- */

static void options_come_back_to_whom_asks(void **state)
{
	const uint8_t *data;
	size_t len;

	ask(&(struct ask){ .name = "www.example.com.", .nsid = true, .keepalive = true });
	data = said_option(&said, DNS_OPTION_NSID, &len);
	assert_non_null(data);
	assert_int_equal(len, 3);
	assert_memory_equal(data, "ns1", 3);
	assert_null(said_option(&said, DNS_OPTION_KEEPALIVE, &len)); /* not over UDP */
	transport = ANSWER_TCP;
	ask(&(struct ask){ .name = "www.example.com.", .keepalive = true });
	data = said_option(&said, DNS_OPTION_KEEPALIVE, &len);
	assert_non_null(data);
	assert_int_equal(len, 2);
	assert_int_equal(dns_get16(data), 100); /* 10 s */
	assert_null(said_option(&said, DNS_OPTION_NSID, &len));
	assert_int_equal(ldns_pkt_edns_udp_size(said.pkt), DNS_UDP_MAX);
}

static void another_version_of_edns_is_badvers(void **state)
{
	uint8_t query[512];
	size_t len = ask_write(&(struct ask){ .name = "www.example.com.", .edns = true }, query);

	query[len - 11 + 6] = 1;
	ask_bytes(query, len);
	assert_int_equal(ldns_pkt_edns_extended_rcode(said.pkt) << 4 | rcode(), DNS_RCODE_BADVERS);
	assert_int_equal(ldns_pkt_ancount(said.pkt), 0);
}

static void what_does_not_fit_is_cut_and_comes_over_tcp(void **state)
{
	uint64_t cut = atomic_load(&scratch.counters->truncated);

	ask_plain("big.example.com.", DNS_TYPE_TXT, "10.1.0.1");
	assert_true(ldns_pkt_tc(said.pkt));
	assert_int_equal(ldns_pkt_ancount(said.pkt), 0);
	assert_in_range(said.len, 12, 512);
	assert_int_equal(atomic_load(&scratch.counters->truncated), cut + 1);
	ask(&(struct ask){ .name = "big.example.com.", .type = DNS_TYPE_TXT, .edns = true });
	assert_false(ldns_pkt_tc(said.pkt));
	assert_int_equal(ldns_pkt_ancount(said.pkt), 7);
	transport = ANSWER_TCP;
	ask_plain("big.example.com.", DNS_TYPE_TXT, "10.1.0.1");
	assert_false(ldns_pkt_tc(said.pkt));
	assert_int_equal(ldns_pkt_ancount(said.pkt), 7);
	assert_int_equal(atomic_load(&scratch.counters->truncated), cut + 1);
}

/* Every size a client may name, for names that give much: never more than that, always whole. */
static void no_answer_is_longer_than_the_client_takes(void **state)
{
	static const char *const names[] = { "big", "alias2", "host.sub", "x.old", "c1", "no" };

	for (size_t i = 0; i < 6; i++)
		for (unsigned size = 512; size <= 1300; size += 4) {
			char name[64];

			snprintf(name, sizeof(name), "%s.example.com.", names[i]);
			ask(&(struct ask){ .name = name,
					   .type = i ? DNS_TYPE_A : DNS_TYPE_TXT,
					   .nsid = true,
					   .ecs = "10.2.3.0/24",
					   .udp_size = (uint16_t)size });
			assert_in_range(said.len, 12, size < 1232 ? size : 1232);
		}
}

/* ---- counters ---- */

static uint64_t queries(unsigned type)
{
	return atomic_load(&scratch.counters->queries[transport][type]);
}

static void every_query_and_answer_is_counted(void **state)
{
	uint32_t us = snap->services[service_of("chat")].members[1].counter;
	uint64_t a = queries(0), aaaa = queries(1), other = queries(ANSWER_QTYPES - 1);
	uint64_t nxdomain = atomic_load(&scratch.counters->rcodes[3]);
	uint64_t noerror = atomic_load(&scratch.counters->rcodes[0]);
	uint64_t answers = atomic_load(&scratch.counters->slots[us]);
	const char *service, *region;

	ask_plain("chat.example.com.", DNS_TYPE_A, "10.2.0.1");
	ask_plain("chat.example.com.", DNS_TYPE_AAAA, "10.2.0.1");
	ask_plain("no.example.com.", DNS_TYPE_SRV, "10.2.0.1");
	assert_int_equal(queries(0), a + 1);
	assert_int_equal(queries(1), aaaa + 1);
	assert_int_equal(queries(ANSWER_QTYPES - 1), other + 1);
	assert_int_equal(atomic_load(&scratch.counters->rcodes[3]), nxdomain + 1);
	assert_int_equal(atomic_load(&scratch.counters->rcodes[0]), noerror + 2);
	assert_int_equal(atomic_load(&scratch.counters->slots[us]), answers + 2);
	assert_true(labels_get(w.labels, us, &service, &region));
	assert_string_equal(service, "chat.example.com");
	assert_string_equal(region, "us");
	assert_string_equal(answer_qtype_name(0), "A");
	assert_string_equal(answer_qtype_name(1), "AAAA");
	assert_string_equal(answer_qtype_name(ANSWER_QTYPES - 1), "other");
	assert_string_equal(answer_qtype_name(99), "other");
}

static void what_explain_asks_is_what_a_query_gets(void **state)
{
	const struct snapshot_service *s = &snap->services[service_of("split")];

	for (unsigned i = 0; i < 1000; i++) {
		struct answer_choice choice;
		char client[32], wanted[64];

		snprintf(client, sizeof(client), "100.%u.%u.9", 64 + i % 7, i % 256);
		source = world_addr(client);
		answer_choose(snap, s, &source, SNAPSHOT_A, &choice);
		assert_in_range(choice.member, 0, 1);
		assert_int_equal(choice.how, DECIDE_NORMAL);
		assert_int_equal(choice.ttl_s, 30);
		snprintf(wanted, sizeof(wanted), "split.example.com. 30 IN A 192.0.2.4%d\n",
			 choice.member);
		answer_is("split.example.com.", DNS_TYPE_A, client, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SNAPSHOT(a_cname_leads_into_a_service),
		WITH_SNAPSHOT(several_addresses_behind_a_cname_all_have_its_targets_name),
		WITH_SNAPSHOT(the_scope_behind_an_alias_is_the_services),
		WITH_SNAPSHOT(an_alias_to_nothing_is_nxdomain_with_the_alias),
		WITH_SNAPSHOT(an_alias_that_leaves_our_zones_is_given_as_it_is),
		WITH_SNAPSHOT(a_loop_of_aliases_is_answered_with_what_there_is),
		WITH_SNAPSHOT(a_long_chain_of_aliases_is_followed_to_its_end),
		WITH_SNAPSHOT(a_chain_that_ends_in_nothing_bears_the_soa_of_the_zone),
		WITH_SNAPSHOT(glue_leaves_one_by_one_and_tc_says_when_it_was_needed),
		WITH_SNAPSHOT(glue_of_siblings_leaves_in_silence),
		WITH_SNAPSHOT(what_an_answer_points_to_comes_with_it),
		WITH_SNAPSHOT(a_dname_redirects_into_a_service),
		WITH_SNAPSHOT(a_dname_that_makes_a_name_too_long_is_yxdomain),
		WITH_SNAPSHOT(a_delegated_name_is_referred_with_glue),
		WITH_SNAPSHOT(an_alias_below_a_cut_keeps_the_answer_and_refers),
		WITH_SNAPSHOT(what_is_not_ours_is_refused),
		WITH_SNAPSHOT(what_is_no_query_gets_silence_and_is_counted),
		WITH_SNAPSHOT(each_message_of_a_stream_is_given_once_until_no_more_is_wanted),
		WITH_SNAPSHOT(other_operations_are_not_implemented_and_halves_are_format_errors),
		WITH_SNAPSHOT(errors_bear_an_opt_and_no_subnet),
		WITH_SNAPSHOT(options_come_back_to_whom_asks),
		WITH_SNAPSHOT(another_version_of_edns_is_badvers),
		WITH_SNAPSHOT(what_does_not_fit_is_cut_and_comes_over_tcp),
		WITH_SNAPSHOT(no_answer_is_longer_than_the_client_takes),
		WITH_SNAPSHOT(every_query_and_answer_is_counted),
		WITH_SNAPSHOT(what_explain_asks_is_what_a_query_gets),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
