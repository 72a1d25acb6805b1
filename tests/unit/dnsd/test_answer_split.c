/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/answer: the scope that is told, whose turn it is, addresses that are dead. */
#define ANSWER_REGIONS                                          \
	"regions:\n"                                            \
	"  eu: {at: [50.11, 8.68], country: DE}\n"              \
	"  us: {at: [39.04, -77.49], country: US}\n"            \
	"geo: {databases: [$DIR/a.mmdb]}\n"                     \
	"topology:\n"                                           \
	"  - {client: {prefix: 10.1.0.0/16}, prefer: [us]}\n"   \
	"  - {client: {prefix: 10.2.3.128/26}, prefer: [us]}\n" \
	"  - {client: {prefix: \"2001:db8::/40\"}, prefer: [us]}\n"
#define ANSWER_STEERING                                                                       \
	"pools:\n"                                                                            \
	"  order:\n"                                                                          \
	"    method: order\n"                                                                 \
	"    members:\n"                                                                      \
	"      - {region: eu, addresses: [192.0.2.1, 192.0.2.2, 192.0.2.3, \"2001:db8::1\", " \
	"\"2001:db8::2\", \"2001:db8::3\"]}\n"                                                \
	"      - {region: us, addresses: [192.0.2.9, \"2001:db8::9\"]}\n"                     \
	"  weighted:\n"                                                                       \
	"    method: weighted\n"                                                              \
	"    members:\n"                                                                      \
	"      - {region: eu, addresses: [192.0.2.1], weight: 26}\n"                          \
	"      - {region: us, addresses: [192.0.2.2], weight: 34}\n"                          \
	"  one:\n"                                                                            \
	"    members: [{region: eu, addresses: [192.0.2.5]}]\n"                               \
	"  families:\n"                                                                       \
	"    method: order\n"                                                                 \
	"    members:\n"                                                                      \
	"      - {region: eu, addresses: [192.0.2.6]}\n"                                      \
	"      - {region: us, addresses: [192.0.2.7, \"2001:db8::7\"]}\n"                     \
	"services:\n"                                                                         \
	"  order.example.com: {pool: order, answers: 2}\n"                                    \
	"  fenced.example.com: {pool: order, fence: {FR: [us]}}\n"                            \
	"  weighted.example.com: {pool: weighted}\n"                                          \
	"  one.example.com: {pool: one}\n"                                                    \
	"  next.example.com: {pool: families, family_fallback: next}\n"                       \
	"  nodata.example.com: {pool: families}\n"
#include "tests/unit/dnsd/answer_world.h"
#include "tests/unit/dnsd/tiny_mmdb.h"

static int make(void **state)
{
	static const char yaml[] = ANSWER_REGIONS ANSWER_STEERING;
	char path[PATH_MAX];

	world_prepare(&w, ANSWER_ZONE);
	tiny_mmdb_write(world_path(&w, "a.mmdb", path), 4, 4);
	w.config = world_parse(&w, yaml);
	assert_int_equal(labels_new(&w.labels), ERR_OK);
	assert_int_equal(publish_load(w.config, NULL, &(struct publish_load_options){ 0 }, &w.parts,
				      NULL, NULL, &w.e),
			 ERR_OK);
	assert_int_equal(answer_scratch_init(&scratch), ERR_OK);
	return 0;
}

static int scope_of(const char *name, uint16_t type, const char *ecs)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.example.com.", name);
	ask(&(struct ask){ .name = full, .type = type, .ecs = ecs });
	return said_scope(&said);
}

static int scope(const char *name, const char *ecs)
{
	return scope_of(name, DNS_TYPE_A, ecs);
}

/* ---- scopes ---- */

static void a_split_is_told_by_the_network_that_it_is_made_by(void **state)
{
	assert_int_equal(scope("weighted", "198.51.100.0/24"), 24);
	assert_int_equal(scope("weighted", "10.2.3.128/32"), 26); /* the leaf is longer */
	assert_int_equal(scope("weighted", "2001:db9:1:2::/64"), 48);
	assert_int_equal(scope("weighted", "::ffff:198.51.100.0/128"), 96 + 24);
	assert_int_equal(scope("weighted", "2002:c633:6400::/48"), 16 + 24);
}

static void without_a_tie_the_leaf_is_told(void **state)
{
	assert_int_equal(scope("fenced", "240.1.2.0/24"), 4);
	assert_int_equal(scope("fenced", "10.1.2.0/24"), 16);
	assert_int_equal(scope("fenced", "10.2.3.128/32"), 26);
	assert_int_equal(scope("fenced", "2001:db8:a::/48"), 40);
}

static void where_nothing_can_differ_the_scope_is_0(void **state)
{
	assert_int_equal(scope("one", "10.1.2.0/24"), 0);
	assert_int_equal(scope("one", "198.51.100.0/24"), 0);
	assert_int_equal(scope("order", "10.1.2.0/24"), 0);
	assert_int_equal(scope_of("weighted", DNS_TYPE_AAAA, "198.51.100.0/24"), 0);
}

static void who_is_up_does_not_change_a_scope(void **state)
{
	set_masks("weighted", 1, 0, 20);
	assert_int_equal(scope("weighted", "198.51.100.0/24"), 24);
	set_masks("weighted", 0, 0, 20);
	assert_int_equal(scope("weighted", "198.51.100.0/24"), 24);
	set_masks("fenced", 2, 0, 20);
	assert_int_equal(scope("fenced", "10.1.2.0/24"), 16);
}

static void a_dial_chooses_by_network_too(void **state)
{
	struct publish_service_live live = { .serve = UINT64_MAX, .ttl_s = 30 };

	live.dial_ppm[0] = live.dial_ppm[1] = 1000000;
	publish_set_live(snap, service_of("fenced"), &live);
	assert_int_equal(scope("fenced", "10.1.2.0/24"), 16);
	live.dial_ppm[0] = 500000;
	publish_set_live(snap, service_of("fenced"), &live);
	assert_int_equal(scope("fenced", "10.1.2.0/24"), 24);
	live.dial_ppm[0] = 0; /* all of it: nobody chooses */
	publish_set_live(snap, service_of("fenced"), &live);
	assert_int_equal(scope("fenced", "10.1.2.0/24"), 16);
}

/* What a resolver may keep for a scope is what every client in it is told. */
static void within_a_scope_all_clients_get_the_same(void **state)
{
	const char *names[] = { "weighted", "fenced" };

	for (unsigned i = 0; i < 400; i++) {
		char ecs[32], first[256];
		int len;

		snprintf(ecs, sizeof(ecs), "10.%u.%u.0/32", i % 4, i % 256);
		len = scope(names[i % 2], ecs);
		snprintf(first, sizeof(first), "%.40s", buf_text(&said.answer));
		assert_true(len >= 8);
		snprintf(ecs, sizeof(ecs), "10.%u.%u.%u/32", i % 4, i % 256, len >= 26 ? 60 : 100);
		assert_int_equal(scope(names[i % 2], ecs), len);
		if (i % 2 == 0)
			assert_memory_equal(buf_text(&said.answer), first, 30);
	}
}

/* ---- turns ---- */

static unsigned first_of(const char *name, uint16_t type)
{
	char full[64];

	snprintf(full, sizeof(full), "%s.example.com.", name);
	ask_plain(full, type, "198.51.100.9");
	return (unsigned)(strchr(buf_text(&said.answer), '\n')[-1] - '0');
}

static void a_and_aaaa_asked_in_turn_each_go_round(void **state)
{
	unsigned seen[2][4] = { { 0 } };

	for (int i = 0; i < 30; i++) {
		seen[0][first_of("order", DNS_TYPE_A)]++;
		seen[1][first_of("order", DNS_TYPE_AAAA)]++;
	}
	for (int family = 0; family < 2; family++)
		for (int at = 1; at <= 3; at++)
			assert_int_equal(seen[family][at], 10);
}

/* ---- dead addresses ---- */

static void set_dead(const char *service, unsigned member, uint64_t dead)
{
	struct publish_service_live live = { .serve = UINT64_MAX, .ttl_s = 20 };

	live.dead[member] = dead;
	serving_store(&snap->services[service_of(service)], &live);
}

static void a_dead_address_leaves_the_answers(void **state)
{
	unsigned seen[4] = { 0 };

	set_dead("order", 0, 1 << 1 | 1 << 3); /* 192.0.2.2 and 2001:db8::1 */
	for (int i = 0; i < 20; i++) {
		seen[first_of("order", DNS_TYPE_A)]++;
		assert_int_equal(ldns_rr_list_rr_count(ldns_pkt_answer(said.pkt)), 2);
		assert_null(strstr(buf_text(&said.answer), "192.0.2.2\n"));
	}
	assert_int_equal(seen[1], 10);
	assert_int_equal(seen[3], 10);
	assert_non_null(strstr(buf_text(&said.answer), " 20 IN A "));
	first_of("order", DNS_TYPE_AAAA);
	assert_null(strstr(buf_text(&said.answer), "2001:db8::1\n"));
	set_dead("order", 0, 0);
	answer_is("one.example.com.", DNS_TYPE_A, "198.51.100.9",
		  "one.example.com. 30 IN A 192.0.2.5\n");
}

static void with_a_whole_family_dead_its_answer_is_nodata_and_the_other_stays(void **state)
{
	set_dead("nodata", 1, 1 << 1);
	set_masks("nodata", 2, 0, 20);
	answer_is("nodata.example.com.", DNS_TYPE_AAAA, "198.51.100.9", "");
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_NOERROR);
	assert_non_null(strstr(buf_text(&said.authority), " 20 IN SOA"));
	answer_is("nodata.example.com.", DNS_TYPE_A, "198.51.100.9",
		  "nodata.example.com. 20 IN A 192.0.2.7\n");
	ask_plain("nodata.example.com.", DNS_TYPE_ANY, "198.51.100.9");
	assert_non_null(strstr(buf_text(&said.answer), "192.0.2.7"));
}

static void family_fallback_takes_the_next_member_that_has_one(void **state)
{
	answer_is("nodata.example.com.", DNS_TYPE_AAAA, "198.51.100.9", "");
	answer_is("next.example.com.", DNS_TYPE_AAAA, "198.51.100.9",
		  "next.example.com. 30 IN AAAA 2001:db8::7\n");
	answer_is("next.example.com.", DNS_TYPE_A, "198.51.100.9",
		  "next.example.com. 30 IN A 192.0.2.6\n");
	set_dead("next", 0, 1); /* its v4 */
	answer_is("next.example.com.", DNS_TYPE_A, "198.51.100.9",
		  "next.example.com. 20 IN A 192.0.2.7\n");
	set_masks("next", 1, 0, 20); /* nobody left who has one */
	answer_is("next.example.com.", DNS_TYPE_AAAA, "198.51.100.9", "");
	assert_int_equal(ldns_pkt_get_rcode(said.pkt), LDNS_RCODE_NOERROR);
	set_masks("next", 0, 0, 20); /* a panic asks everybody, the dead too */
	answer_is("next.example.com.", DNS_TYPE_AAAA, "198.51.100.9",
		  "next.example.com. 5 IN AAAA 2001:db8::7\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SNAPSHOT(a_split_is_told_by_the_network_that_it_is_made_by),
		WITH_SNAPSHOT(without_a_tie_the_leaf_is_told),
		WITH_SNAPSHOT(where_nothing_can_differ_the_scope_is_0),
		WITH_SNAPSHOT(who_is_up_does_not_change_a_scope),
		WITH_SNAPSHOT(a_dial_chooses_by_network_too),
		WITH_SNAPSHOT(within_a_scope_all_clients_get_the_same),
		WITH_SNAPSHOT(a_and_aaaa_asked_in_turn_each_go_round),
		WITH_SNAPSHOT(a_dead_address_leaves_the_answers),
		WITH_SNAPSHOT(with_a_whole_family_dead_its_answer_is_nodata_and_the_other_stays),
		WITH_SNAPSHOT(family_fallback_takes_the_next_member_that_has_one),
	};

	(void)make_world;
	return cmocka_run_group_tests(tests, make, free_world);
}
