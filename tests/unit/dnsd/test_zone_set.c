/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/zone/zone_set: which name and type gets which kind of answer. */
#include "dnsd/zone/zone_load.h"
#include "dnsd/zone/zone_set.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdio.h>

#define SEED 4711

#define TOP "$TTL 300\n@ SOA ns1 host 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\n"

static const char example[] = TOP "www A 192.0.2.80\n"
				  "www TXT site\n"
				  "alias CNAME www\n"
				  "far CNAME www.example.net.\n"
				  "*.wild TXT any\n"
				  "*.wild MX 5 ns1\n"
				  "x.here.wild A 192.0.2.2\n"
				  "*.cn CNAME www\n"
				  "a.b.c A 192.0.2.3\n"
				  "sub NS ns.sub\n"
				  "sub DS 1 13 2 00\n"
				  "ns.sub A 192.0.2.4\n"
				  "old DNAME new.example.net.\n"
				  "old TXT itself\n"
				  "chat TXT static\n";

static struct zone *load(const char *text, const char *origin, uint64_t seed)
{
	struct zone_limits limits = { .seed = seed };
	struct buf report = BUF_INIT;
	struct zone *z = NULL;
	struct err e;

	if (zone_load_text(text, strlen(text), origin, origin, &limits, &z, &report, &e) != ERR_OK)
		fail_msg("%s\n%s", e.text, buf_text(&report));
	buf_fini(&report);
	return z;
}

static const struct zone_service services[] = {
	{ "Chat.example.com.", 7 },	  { "example.com", 1 },
	{ "*.apps.example.com.", 2 },	  { "deep.er.example.com.", 3 },
	{ "*.wild.example.com.", 4 },	  { "deep.x.here.wild.example.com.", 5 },
	{ "apps2.apps.example.com.", 6 },
};

#define N_SERVICES (sizeof(services) / sizeof(*services))

static int make_set(void **state)
{
	struct zone *z = load(example, "example.com", SEED);
	struct zone_set *s;
	struct err e;

	if (zone_set_new(&z, 1, services, N_SERVICES, NULL, &s, NULL, &e) != ERR_OK)
		fail_msg("%s", e.text);
	zone_unref(z);
	*state = s;
	return 0;
}

static int free_set(void **state)
{
	zone_set_unref(*state);
	return 0;
}

static struct zone_hit find(struct zone_set *s, const char *text, uint16_t qtype)
{
	struct zone_hit hit, again;
	struct name n;
	uint64_t hash;

	assert_int_equal(name_parse(text, NULL, &n, NULL), ERR_OK);
	zone_set_find(s, n.wire, n.len, qtype, &hit);
	hash = zone_set_hash(s, n.wire, n.len);
	zone_set_prefetch(s, hash);
	zone_set_find_hashed(s, n.wire, n.len, hash, qtype, &again);
	assert_int_equal(hit.kind, again.kind);
	assert_ptr_equal(hit.rrset, again.rrset);
	return hit;
}

struct claim {
	const char *name;
	uint16_t qtype;
	enum zone_hit_kind kind;
	uint32_t service; /* + 1; 0 = none */
	bool is_wildcard;
};

static void each_name_and_type_gets_its_kind(void **state)
{
	static const struct claim claims[] = {
		{ "www.example.net.", DNS_TYPE_A, ZONE_HIT_REFUSED, 0, false },
		{ ".", DNS_TYPE_NS, ZONE_HIT_REFUSED, 0, false },
		{ "com.", DNS_TYPE_A, ZONE_HIT_REFUSED, 0, false },
		{ "xexample.com.", DNS_TYPE_A, ZONE_HIT_REFUSED, 0, false },
		{ "www.example.com.", DNS_TYPE_A, ZONE_HIT_ANSWER, 0, false },
		{ "www.example.com.", DNS_TYPE_TXT, ZONE_HIT_ANSWER, 0, false },
		{ "www.example.com.", DNS_TYPE_AAAA, ZONE_HIT_NODATA, 0, false },
		{ "www.example.com.", DNS_TYPE_ANY, ZONE_HIT_ANSWER, 0, false },
		{ "no.example.com.", DNS_TYPE_A, ZONE_HIT_NXDOMAIN, 0, false },
		{ "a.b.c.d.e.f.g.h.no.example.com.", DNS_TYPE_A, ZONE_HIT_NXDOMAIN, 0, false },
		{ "below.www.example.com.", DNS_TYPE_A, ZONE_HIT_NXDOMAIN, 0, false },
		{ "alias.example.com.", DNS_TYPE_A, ZONE_HIT_CNAME, 0, false },
		{ "alias.example.com.", DNS_TYPE_CNAME, ZONE_HIT_ANSWER, 0, false },
		{ "alias.example.com.", DNS_TYPE_ANY, ZONE_HIT_ANSWER, 0, false },
		/* Empty non-terminals exist, and have nothing. */
		{ "b.c.example.com.", DNS_TYPE_A, ZONE_HIT_NODATA, 0, false },
		{ "c.example.com.", DNS_TYPE_ANY, ZONE_HIT_NODATA, 0, false },
		{ "er.example.com.", DNS_TYPE_A, ZONE_HIT_NODATA, 0, false },
		/* Wildcards: the closest encloser's, not any other one's. */
		{ "q.wild.example.com.", DNS_TYPE_TXT, ZONE_HIT_ANSWER, 5, true },
		{ "q.r.s.wild.example.com.", DNS_TYPE_TXT, ZONE_HIT_ANSWER, 5, true },
		{ "q.wild.example.com.", DNS_TYPE_SRV, ZONE_HIT_NODATA, 5, true },
		{ "*.wild.example.com.", DNS_TYPE_TXT, ZONE_HIT_ANSWER, 5, false },
		{ "here.wild.example.com.", DNS_TYPE_TXT, ZONE_HIT_NODATA, 0, false },
		{ "y.here.wild.example.com.", DNS_TYPE_TXT, ZONE_HIT_NXDOMAIN, 0, false },
		{ "q.cn.example.com.", DNS_TYPE_A, ZONE_HIT_CNAME, 0, true },
		/* Delegations answer for all below, DS belongs to this side. */
		{ "sub.example.com.", DNS_TYPE_A, ZONE_HIT_REFERRAL, 0, false },
		{ "sub.example.com.", DNS_TYPE_NS, ZONE_HIT_REFERRAL, 0, false },
		{ "sub.example.com.", DNS_TYPE_DS, ZONE_HIT_ANSWER, 0, false },
		{ "ns.sub.example.com.", DNS_TYPE_A, ZONE_HIT_REFERRAL, 0, false },
		{ "ns.sub.example.com.", DNS_TYPE_DS, ZONE_HIT_REFERRAL, 0, false },
		{ "x.y.z.sub.example.com.", DNS_TYPE_A, ZONE_HIT_REFERRAL, 0, false },
		/* DNAME: all below it, not itself. */
		{ "x.old.example.com.", DNS_TYPE_A, ZONE_HIT_DNAME, 0, false },
		{ "x.y.old.example.com.", DNS_TYPE_DNAME, ZONE_HIT_DNAME, 0, false },
		{ "old.example.com.", DNS_TYPE_A, ZONE_HIT_NODATA, 0, false },
		{ "old.example.com.", DNS_TYPE_DNAME, ZONE_HIT_ANSWER, 0, false },
		{ "old.example.com.", DNS_TYPE_TXT, ZONE_HIT_ANSWER, 0, false },
		/* Services own A and AAAA; the file has the rest. */
		{ "chat.example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 8, false },
		{ "chat.example.com.", DNS_TYPE_AAAA, ZONE_HIT_SERVICE, 8, false },
		{ "chat.example.com.", DNS_TYPE_ANY, ZONE_HIT_SERVICE, 8, false },
		{ "chat.example.com.", DNS_TYPE_TXT, ZONE_HIT_ANSWER, 8, false },
		{ "chat.example.com.", DNS_TYPE_MX, ZONE_HIT_NODATA, 8, false },
		{ "x.chat.example.com.", DNS_TYPE_A, ZONE_HIT_NXDOMAIN, 0, false },
		{ "example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 2, false },
		{ "example.com.", DNS_TYPE_SOA, ZONE_HIT_ANSWER, 2, false },
		{ "example.com.", DNS_TYPE_DS, ZONE_HIT_NODATA, 2, false },
		{ "q.apps.example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 3, true },
		{ "q.r.apps.example.com.", DNS_TYPE_AAAA, ZONE_HIT_SERVICE, 3, true },
		{ "q.apps.example.com.", DNS_TYPE_TXT, ZONE_HIT_NODATA, 3, true },
		{ "apps.example.com.", DNS_TYPE_A, ZONE_HIT_NODATA, 0, false },
		{ "apps2.apps.example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 7, false },
		{ "q.apps2.apps.example.com.", DNS_TYPE_A, ZONE_HIT_NXDOMAIN, 0, false },
		{ "deep.er.example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 4, false },
		{ "q.wild.example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 5, true },
		{ "deep.x.here.wild.example.com.", DNS_TYPE_A, ZONE_HIT_SERVICE, 6, false },
		{ "x.here.wild.example.com.", DNS_TYPE_A, ZONE_HIT_ANSWER, 0, false },
	};

	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		const struct claim *c = &claims[i];
		struct zone_hit hit = find(*state, c->name, c->qtype);

		if (hit.kind != c->kind || hit.service + 1 != c->service ||
		    hit.is_wildcard != c->is_wildcard)
			fail_msg("%s type %u: kind %d, service %d, wildcard %d", c->name, c->qtype,
				 hit.kind, (int)hit.service, hit.is_wildcard);
		assert_int_equal(!hit.zone, c->kind == ZONE_HIT_REFUSED);
		assert_int_equal(!hit.rrset,
				 c->kind != ZONE_HIT_ANSWER && c->kind != ZONE_HIT_CNAME &&
					 c->kind != ZONE_HIT_DNAME && c->kind != ZONE_HIT_REFERRAL);
	}
}

static void a_referral_names_its_cut_and_its_glue(void **state)
{
	struct zone_hit hit = find(*state, "x.y.sub.example.com.", DNS_TYPE_A);

	assert_int_equal(hit.owner_len, sizeof("\3sub\7example\3com"));
	assert_int_equal(hit.rrset->type, DNS_TYPE_NS);
	assert_int_equal(hit.glue->count, 1);
	/* The question's name is 21 bytes at 12; "sub" begins at 16. */
	assert_int_equal(zone_hit_owner(12, sizeof("\1x\1y\3sub\7example\3com"), hit.owner_len),
			 0xc010);
}

static void aliases_give_the_name_to_go_on_with(void **state)
{
	struct zone_hit hit = find(*state, "alias.example.com.", DNS_TYPE_A);

	assert_int_equal(hit.target_len, sizeof("\3www\7example\3com"));
	assert_memory_equal(hit.target, "\3www\7example\3com", hit.target_len);
	assert_int_equal(hit.owner_len, sizeof("\5alias\7example\3com"));
	hit = find(*state, "a.old.example.com.", DNS_TYPE_A);
	assert_memory_equal(hit.target, "\3new\7example\3net", sizeof("\3new\7example\3net"));
	assert_int_equal(hit.owner_len, sizeof("\3old\7example\3com"));
}

static void the_longest_apex_wins_but_not_for_its_ds(void **state)
{
	struct zone *zones[3] = { load(example, "example.com", SEED),
				  load(TOP "in A 192.0.2.9\n", "sub.example.com", SEED),
				  load(TOP, "alone.example.net", SEED) };
	static const struct zone_service below = { "svc.sub.example.com.", 9 };
	struct zone_hit hit;
	struct zone_set *s;
	struct err e;

	assert_int_equal(zone_set_new(zones, 3, &below, 1, NULL, &s, NULL, &e), ERR_OK);
	assert_int_equal(zone_set_count(s), 3);
	hit = find(s, "in.sub.example.com.", DNS_TYPE_A);
	assert_int_equal(hit.kind, ZONE_HIT_ANSWER);
	assert_ptr_equal(hit.zone, zones[1]);
	hit = find(s, "no.sub.example.com.", DNS_TYPE_A);
	assert_int_equal(hit.kind, ZONE_HIT_NXDOMAIN);
	hit = find(s, "sub.example.com.", DNS_TYPE_NS);
	assert_int_equal(hit.kind, ZONE_HIT_ANSWER);
	assert_ptr_equal(hit.zone, zones[1]);
	hit = find(s, "sub.example.com.", DNS_TYPE_DS);
	assert_int_equal(hit.kind, ZONE_HIT_ANSWER);
	assert_ptr_equal(hit.zone, zones[0]);
	hit = find(s, "alone.example.net.", DNS_TYPE_DS);
	assert_int_equal(hit.kind, ZONE_HIT_NODATA);
	hit = find(s, "svc.sub.example.com.", DNS_TYPE_A);
	assert_int_equal(hit.service, 9);
	assert_ptr_equal(zone_set_by_origin(s, zones[2]->origin.wire, zones[2]->origin.len),
			 zones[2]);
	assert_null(zone_set_by_origin(s, (const uint8_t *)"\1x", 3));
	zone_set_unref(s);
	for (int i = 0; i < 3; i++)
		zone_unref(zones[i]);
}

static void a_root_zone_answers_for_everything(void **state)
{
	struct zone *z = load(TOP "com NS ns.com\nns.com A 192.0.2.7\n", ".", SEED);
	struct zone_set *s;

	assert_int_equal(zone_set_new(&z, 1, NULL, 0, NULL, &s, NULL, NULL), ERR_OK);
	assert_int_equal(find(s, ".", DNS_TYPE_SOA).kind, ZONE_HIT_ANSWER);
	assert_int_equal(find(s, ".", DNS_TYPE_DS).kind, ZONE_HIT_NODATA);
	assert_int_equal(find(s, "a.b.com.", DNS_TYPE_A).kind, ZONE_HIT_REFERRAL);
	assert_int_equal(find(s, "org.", DNS_TYPE_A).kind, ZONE_HIT_NXDOMAIN);
	zone_set_unref(s);
	zone_unref(z);
}

static void an_empty_set_refuses(void **state)
{
	struct zone_set *s;

	assert_int_equal(zone_set_new(NULL, 0, NULL, 0, NULL, &s, NULL, NULL), ERR_OK);
	assert_int_equal(find(s, "a.", DNS_TYPE_A).kind, ZONE_HIT_REFUSED);
	zone_set_unref(s);
}

static void what_excludes_a_service_is_named_with_its_line(void **state)
{
	static const struct zone_service bad[] = {
		{ "www.example.com.", 0 },
		{ "alias.example.com.", 1 },
		{ "sub.example.com.", 2 },
		{ "x.sub.example.com.", 3 },
		{ "y.x.old.example.com.", 4 },
		{ "www.example.net.", 5 },
		{ "a..b.", 6 },
		{ "ok.example.com.", 7 },
		{ "OK.example.com.", 8 },
	};
	static const char *const lines[] = {
		"example.com:5: error: A: service www.example.com. has this in the zone file, and "
		"a "
		"service is its only source of addresses",
		"example.com:7: error: CNAME: service alias.example.com. has this in the zone file",
		"example.com:14: error: NS: service sub.example.com. is hidden by this",
		"example.com:14: error: NS: service x.sub.example.com. is hidden by this",
		"example.com:17: error: DNAME: service y.x.old.example.com. is hidden by this",
		"service www.example.net.: error: it is in none of the zones",
		"service a..b.: error: \"a..b.\" is not a domain name: an empty label",
		"service OK.example.com.: error: given twice",
	};
	struct zone *z = load(example, "example.com", SEED);
	struct buf report = BUF_INIT;
	struct zone_set *s = NULL;
	const char *at;
	struct err e;

	assert_int_equal(zone_set_new(&z, 1, bad, 9, NULL, &s, &report, &e), ERR_INPUT);
	assert_null(s);
	at = buf_text(&report);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (strncmp(at, lines[i], strlen(lines[i])) != 0)
			fail_msg("expected %s\ngot %s", lines[i], at);
		at = strchr(at, '\n') + 1;
	}
	assert_string_equal(at, "");
	assert_memory_equal(e.text, lines[0], strlen(lines[0]));
	buf_fini(&report);
	zone_unref(z);
}

static void a_zone_twice_or_of_another_seed_is_refused(void **state)
{
	struct zone *z[2] = { load(TOP, "example.com", SEED), load(TOP, "example.com", SEED) };
	struct zone_set *s;
	struct err e;

	assert_int_equal(zone_set_new(z, 2, NULL, 0, NULL, &s, NULL, &e), ERR_EXISTS);
	assert_string_equal(e.text, "zone example.com. is given twice");
	zone_unref(z[1]);
	z[1] = load(TOP, "example.net", SEED + 1);
	assert_int_equal(zone_set_new(z, 2, NULL, 0, NULL, &s, NULL, &e), ERR_INPUT);
	zone_unref(z[0]);
	zone_unref(z[1]);
}

static void many_services_are_all_found(void **state)
{
	struct zone *z = load(TOP, "example.com", SEED);
	static struct zone_service many[3000];
	static char text[3000][40];
	struct zone_set *s;
	struct err e;

	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(text[i], sizeof(text[i]), "s%u.group%u.example.com.", i, i % 50);
		many[i] = (struct zone_service){ text[i], i };
	}
	assert_int_equal(zone_set_new(&z, 1, many, 3000, NULL, &s, NULL, &e), ERR_OK);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(find(s, text[i], DNS_TYPE_A).service, i);
	assert_int_equal(find(s, "group7.example.com.", DNS_TYPE_A).kind, ZONE_HIT_NODATA);
	zone_set_unref(s);
	zone_unref(z);
}

static void a_set_keeps_its_zones_alive(void **state)
{
	struct zone *z = load(example, "example.com", SEED);
	struct zone_set *one, *two;

	assert_int_equal(zone_set_new(&z, 1, NULL, 0, NULL, &one, NULL, NULL), ERR_OK);
	assert_int_equal(zone_set_new(&z, 1, services, 1, NULL, &two, NULL, NULL), ERR_OK);
	zone_unref(z);
	zone_set_unref(zone_set_ref(one));
	zone_set_unref(one);
	assert_int_equal(find(two, "chat.example.com.", DNS_TYPE_A).kind, ZONE_HIT_SERVICE);
	assert_ptr_equal(zone_set_zone(two, 0), z);
	zone_set_unref(two);
}

static void no_failed_allocation_leaks(void **state)
{
	struct zone *z = load(example, "example.com", SEED);

	for (unsigned n = 1; n < 1000; n++) {
		struct zone_set *s = NULL;
		enum err_code rc;

		fail_alloc_at(n);
		rc = zone_set_new(&z, 1, services, N_SERVICES, NULL, &s, NULL, NULL);
		if (!fail_alloc_end()) {
			assert_int_equal(rc, ERR_OK);
			zone_set_unref(s);
			break;
		}
		assert_int_equal(rc, ERR_MEMORY);
		assert_null(s);
	}
	zone_unref(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_name_and_type_gets_its_kind, make_set,
						free_set),
		cmocka_unit_test_setup_teardown(a_referral_names_its_cut_and_its_glue, make_set,
						free_set),
		cmocka_unit_test_setup_teardown(aliases_give_the_name_to_go_on_with, make_set,
						free_set),
		cmocka_unit_test(the_longest_apex_wins_but_not_for_its_ds),
		cmocka_unit_test(a_root_zone_answers_for_everything),
		cmocka_unit_test(an_empty_set_refuses),
		cmocka_unit_test(what_excludes_a_service_is_named_with_its_line),
		cmocka_unit_test(a_zone_twice_or_of_another_seed_is_refused),
		cmocka_unit_test(many_services_are_all_found),
		cmocka_unit_test(a_set_keeps_its_zones_alive),
		cmocka_unit_test(no_failed_allocation_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
