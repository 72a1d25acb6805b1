/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/answer: what stands in each answer, as ldns reads it. */
#include "dnsd/answer/answer.h"
#include "tests/unit/dnsd/answer_world.h"

/* ---- services ---- */

static void a_service_gives_the_addresses_of_the_first_member(void **state)
{
	answer_is("chat.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "chat.example.com. 30 IN A 192.0.2.20\n");
	answer_is("Chat.eXample.com.", DNS_TYPE_A, "10.2.0.1",
		  "Chat.eXample.com. 30 IN A 192.0.2.20\n");
	answer_is("six.example.com.", DNS_TYPE_AAAA, "10.1.0.1",
		  "six.example.com. 30 IN AAAA 2001:db8::66\n");
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_NOERROR);
	assert_true(ldns_pkt_aa(said.pkt));
	assert_true(ldns_pkt_rd(said.pkt));
	assert_false(ldns_pkt_ra(said.pkt));
	assert_false(ldns_pkt_edns(said.pkt));
}

static void a_service_may_be_a_wildcard_or_the_apex(void **state)
{
	answer_is("x.apps.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "x.apps.example.com. 30 IN A 192.0.2.20\n");
	answer_is("example.com.", DNS_TYPE_A, "10.2.0.1", "example.com. 30 IN A 192.0.2.20\n");
	ask_plain("example.com.", DNS_TYPE_NS, "10.2.0.1");
	assert_string_equal(buf_text(&said.answer), "example.com. 300 IN NS ns1.example.com.\n");
}

static void any_gives_one_rrset_that_the_chosen_member_has(void **state)
{
	answer_is("chat.example.com.", DNS_TYPE_ANY, "10.2.0.1",
		  "chat.example.com. 30 IN A 192.0.2.20\n");
	answer_is("six.example.com.", DNS_TYPE_ANY, "10.1.0.1",
		  "six.example.com. 30 IN AAAA 2001:db8::66\n");
	/* eu has only v6 there, us only v4. */
	answer_is("mixed.example.com.", DNS_TYPE_ANY, "10.1.0.1",
		  "mixed.example.com. 30 IN AAAA 2001:db8::70\n");
	answer_is("mixed.example.com.", DNS_TYPE_ANY, "10.2.0.1",
		  "mixed.example.com. 30 IN A 192.0.2.71\n");
}

static void a_type_that_no_member_has_is_nodata_for_all_clients(void **state)
{
	ask(&(struct ask){ .name = "six.example.com.", .ecs = "10.1.0.0/24" });
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_NOERROR);
	assert_int_equal(said.answer.len, 0);
	assert_string_equal(buf_text(&said.authority),
			    "example.com. 60 IN SOA ns1.example.com. host.example.com. "
			    "7 3600 600 86400 60\n");
	assert_int_equal(said_scope(&said), 0);
	ask_plain("chat.example.com.", DNS_TYPE_SRV, "10.1.0.1");
	assert_int_equal(said.answer.len, 0);
	assert_non_null(strstr(buf_text(&said.authority), " 60 IN SOA "));
}

static void a_chosen_member_without_the_family_is_nodata_no_longer_than_an_answer(void **state)
{
	ask(&(struct ask){
		.name = "chat.example.com.", .type = DNS_TYPE_AAAA, .ecs = "10.2.0.0/24" });
	assert_int_equal(said.answer.len, 0);
	assert_non_null(strstr(buf_text(&said.authority), "example.com. 30 IN SOA "));
	assert_true(said_scope(&said) > 0); /* another client gets another answer */
	ask(&(struct ask){
		.name = "chat.example.com.", .type = DNS_TYPE_AAAA, .ecs = "10.1.0.0/24" });
	assert_string_equal(buf_text(&said.answer), "chat.example.com. 30 IN AAAA 2001:db8::10\n");
}

static void addresses_rotate_and_are_at_most_answers(void **state)
{
	static const char *const wanted[] = { "10", "11", "12" };
	unsigned first[3] = { 0 };

	for (int i = 0; i < 9; i++) {
		char line[3][64];

		ask_plain("chat.example.com.", DNS_TYPE_A, "10.1.0.1");
		assert_int_equal(ldns_pkt_ancount(said.pkt), 2); /* answers: 2 of 3 */
		for (unsigned k = 0; k < 3; k++) {
			snprintf(line[k], 64, "chat.example.com. 30 IN A 192.0.2.%s\n", wanted[k]);
			first[k] += strncmp(buf_text(&said.answer), line[k], strlen(line[k])) == 0;
		}
	}
	for (unsigned k = 0; k < 3; k++)
		assert_int_equal(first[k], 3);
	ask_plain("all.example.com.", DNS_TYPE_A, "10.1.0.1");
	assert_int_equal(ldns_pkt_ancount(said.pkt), 3);
	for (unsigned k = 0; k < 3; k++)
		assert_non_null(strstr(buf_text(&said.answer), wanted[k]));
}

/* ---- live state ---- */

static void the_ttl_is_what_control_says(void **state)
{
	set_masks("chat", UINT64_MAX, 0, 20);
	answer_is("chat.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "chat.example.com. 20 IN A 192.0.2.20\n");
	ask_plain("chat.example.com.", DNS_TYPE_A, "10.1.0.1");
	assert_int_equal(ldns_pkt_ancount(said.pkt), 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(said.pkt), i)), 20);
}

static void a_member_that_may_not_serve_is_passed_over_at_once(void **state)
{
	set_masks("chat", 0x2, 0, 20);
	answer_is("chat.example.com.", DNS_TYPE_A, "10.1.0.1",
		  "chat.example.com. 20 IN A 192.0.2.20\n");
	set_masks("chat", 0x4, 0, 20);
	answer_is("chat.example.com.", DNS_TYPE_A, "10.1.0.1",
		  "chat.example.com. 20 IN A 192.0.2.30\n");
}

static void a_failover_moves_everyone_to_its_target_while_that_serves(void **state)
{
	set_masks("chat", UINT64_MAX, 0x4, 20);
	answer_is("chat.example.com.", DNS_TYPE_A, "10.1.0.1",
		  "chat.example.com. 20 IN A 192.0.2.30\n");
	set_masks("chat", 0x3, 0x4, 20);
	answer_is("chat.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "chat.example.com. 20 IN A 192.0.2.20\n");
}

static void nobody_left_answers_the_last_resort_for_5_s(void **state)
{
	set_masks("chat", 0, 0, 20);
	answer_is("chat.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "chat.example.com. 5 IN A 192.0.2.20\n");
	set_masks("fixed", 0, 0, 20);
	answer_is("fixed.example.com.", DNS_TYPE_A, "10.2.0.1",
		  "fixed.example.com. 5 IN A 192.0.2.250\n");
	answer_is("fixed.example.com.", DNS_TYPE_ANY, "10.2.0.1",
		  "fixed.example.com. 5 IN A 192.0.2.250\n");
	ask_plain("fixed.example.com.", DNS_TYPE_AAAA, "10.2.0.1");
	assert_int_equal(said.answer.len, 0);
	assert_non_null(strstr(buf_text(&said.authority), "example.com. 5 IN SOA "));
	set_masks("none", 0, 0, 20);
	ask(&(struct ask){ .name = "none.example.com.", .edns = true });
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_SERVFAIL);
	assert_int_equal(said.answer.len, 0);
	assert_int_equal(said_ede(&said), DNS_EDE_NOT_READY);
}

/* The share of 20,000 clients, each a /24 of its own, that get this address. */
static double share_of(const char *name, const char *address)
{
	unsigned got = 0;

	for (unsigned i = 0; i < 20000; i++) {
		char client[32];

		snprintf(client, sizeof(client), "100.%u.%u.1", 64 + i / 256, i % 256);
		ask_plain(name, DNS_TYPE_A, client);
		got += strstr(buf_text(&said.answer), address) != NULL;
	}
	return got / 20000.0;
}

static void weights_split_clients_by_share(void **state)
{
	assert_float_equal(share_of("split.example.com.", "192.0.2.40"), 0.75, 0.02);
}

static void a_dial_keeps_its_share_and_the_rest_go_on(void **state)
{
	struct publish_service_live live = world_live(snap, service_of("split"));

	live.dial_ppm[0] = 200000;
	publish_set_live(snap, service_of("split"), &live);
	/* Of the 75 % that it would win, a fifth. */
	assert_float_equal(share_of("split.example.com.", "192.0.2.40"), 0.15, 0.02);
	assert_float_equal(share_of("split.example.com.", "192.0.2.41"), 0.85, 0.02);
}

/* Do all clients BEFORE n AFTER, of n addresses, get the same answer? */
static bool stays_within(const char *before, const char *after, unsigned n)
{
	char first[256] = "";
	bool same = true;

	for (unsigned i = 0; i < n; i++) {
		char client[64];

		snprintf(client, sizeof(client), "%s%u%s", before, i, after);
		ask_plain("split.example.com.", DNS_TYPE_A, client);
		if (!i)
			snprintf(first, sizeof(first), "%s", buf_text(&said.answer));
		same &= strcmp(first, buf_text(&said.answer)) == 0;
	}
	return same;
}

static void a_split_is_sticky_by_24_and_by_48(void **state)
{
	assert_true(stays_within("100.64.7.", "", 256));
	assert_false(stays_within("100.64.", ".7", 256));
	assert_true(stays_within("2001:db8:7:", "::1", 256));
	assert_false(stays_within("2001:db8:", "::1", 256));
}

static void a_v4_client_inside_a_v6_address_is_that_v4_client(void **state)
{
	for (unsigned i = 0; i < 64; i++) {
		char four[32], six[64], nat[64];
		struct buf want = BUF_INIT;

		snprintf(four, sizeof(four), "100.64.%u.7", i);
		snprintf(six, sizeof(six), "::ffff:100.64.%u.7/120", i);
		snprintf(nat, sizeof(nat), "64:ff9b::100.64.%u.7", i);
		ask_plain("split.example.com.", DNS_TYPE_A, four);
		buf_add_str(&want, buf_text(&said.answer));
		ask(&(struct ask){ .name = "split.example.com.", .ecs = six });
		assert_string_equal(buf_text(&said.answer), buf_text(&want));
		ask_plain("split.example.com.", DNS_TYPE_A, nat);
		assert_string_equal(buf_text(&said.answer), buf_text(&want));
		buf_fini(&want);
	}
}

/* ---- client subnet ---- */

static void the_subnet_is_the_client_and_comes_back_with_a_scope(void **state)
{
	size_t len;
	const uint8_t *ecs;

	source = world_addr("10.1.0.1");
	ask(&(struct ask){ .name = "chat.example.com.", .ecs = "10.2.3.0/24" });
	assert_string_equal(buf_text(&said.answer), "chat.example.com. 30 IN A 192.0.2.20\n");
	ecs = said_option(&said, DNS_OPTION_ECS, &len);
	assert_non_null(ecs);
	assert_int_equal(len, 7);
	assert_memory_equal(ecs, ((uint8_t[]){ 0, 1, 24, 16, 10, 2, 3 }), 7);
	ask(&(struct ask){ .name = "chat.example.com.", .ecs = "2001:db8:a::/48" });
	assert_int_equal(ldns_pkt_ancount(said.pkt), 2); /* eu, by its rule */
	assert_int_equal(said_scope(&said), 48);
}

static void a_subnet_of_length_0_asks_not_to_be_placed(void **state)
{
	source = world_addr("10.2.0.1");
	ask(&(struct ask){ .name = "chat.example.com.", .ecs = "0.0.0.0/0" });
	assert_string_equal(buf_text(&said.answer), "chat.example.com. 30 IN A 192.0.2.20\n");
	assert_int_equal(said_scope(&said), 0);
}

static void static_names_and_refusals_have_scope_0(void **state)
{
	ask(&(struct ask){ .name = "www.example.com.", .ecs = "10.2.3.0/24" });
	assert_string_equal(buf_text(&said.answer), "www.example.com. 300 IN A 192.0.2.80\n");
	assert_int_equal(said_scope(&said), 0);
	ask(&(struct ask){ .name = "no.example.com.", .ecs = "10.2.3.0/24" });
	assert_int_equal(said_scope(&said), 0);
	ask(&(struct ask){ .name = "example.net.", .ecs = "10.2.3.0/24" });
	assert_int_equal(said_scope(&said), 0);
}

static void a_v4_subnet_inside_v6_has_the_scope_of_its_own_family(void **state)
{
	ask(&(struct ask){ .name = "chat.example.com.", .ecs = "::ffff:10.2.3.0/120" });
	assert_string_equal(buf_text(&said.answer), "chat.example.com. 30 IN A 192.0.2.20\n");
	assert_int_equal(said_scope(&said), 96 + 16);
}

static void a_bad_subnet_is_a_format_error(void **state)
{
	uint8_t query[512], *ecs;
	size_t len = ask_write(&(struct ask){ .name = "chat.example.com.", .ecs = "10.2.3.0/24" },
			       query);

	ecs = query + len - 7;
	ecs[3] = 1; /* a scope in a query */
	ask_bytes(query, len);
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_FORMERR);
	ecs[3] = 0;
	ecs[2] = 33;
	ask_bytes(query, len);
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_FORMERR);
	ecs[2] = 23; /* a bit is set after it */
	ask_bytes(query, len);
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_FORMERR);
	assert_false(ldns_pkt_aa(said.pkt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SNAPSHOT(a_service_gives_the_addresses_of_the_first_member),
		WITH_SNAPSHOT(a_service_may_be_a_wildcard_or_the_apex),
		WITH_SNAPSHOT(any_gives_one_rrset_that_the_chosen_member_has),
		WITH_SNAPSHOT(a_type_that_no_member_has_is_nodata_for_all_clients),
		WITH_SNAPSHOT(
			a_chosen_member_without_the_family_is_nodata_no_longer_than_an_answer),
		WITH_SNAPSHOT(addresses_rotate_and_are_at_most_answers),
		WITH_SNAPSHOT(the_ttl_is_what_control_says),
		WITH_SNAPSHOT(a_member_that_may_not_serve_is_passed_over_at_once),
		WITH_SNAPSHOT(a_failover_moves_everyone_to_its_target_while_that_serves),
		WITH_SNAPSHOT(nobody_left_answers_the_last_resort_for_5_s),
		WITH_SNAPSHOT(weights_split_clients_by_share),
		WITH_SNAPSHOT(a_dial_keeps_its_share_and_the_rest_go_on),
		WITH_SNAPSHOT(a_split_is_sticky_by_24_and_by_48),
		WITH_SNAPSHOT(a_v4_client_inside_a_v6_address_is_that_v4_client),
		WITH_SNAPSHOT(the_subnet_is_the_client_and_comes_back_with_a_scope),
		WITH_SNAPSHOT(a_subnet_of_length_0_asks_not_to_be_placed),
		WITH_SNAPSHOT(static_names_and_refusals_have_scope_0),
		WITH_SNAPSHOT(a_v4_subnet_inside_v6_has_the_scope_of_its_own_family),
		WITH_SNAPSHOT(a_bad_subnet_is_a_format_error),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
