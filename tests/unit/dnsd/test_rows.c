/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/publish/rows: what stands in a row is what steer/rank says of the class. */
#include "dnsd/publish/rows.h"
#include "tests/unit/dnsd/world.h"
#include "tests/unit/fail_alloc.h"

#define POOLS                                                           \
	"pools:\n"                                                      \
	"  near:\n"                                                     \
	"    method: geo\n"                                             \
	"    members:\n"                                                \
	"      - {region: eu, addresses: [192.0.2.10]}\n"               \
	"      - {region: us, addresses: [192.0.2.20]}\n"               \
	"      - {region: ap, addresses: [192.0.2.30], tier: 1}\n"      \
	"      - {region: us, addresses: [192.0.2.21]}\n"               \
	"  other:\n"                                                    \
	"    method: geo\n"                                             \
	"    members:\n"                                                \
	"      - {region: eu, addresses: [198.51.100.10], weight: 7}\n" \
	"      - {region: us, addresses: [198.51.100.20]}\n"            \
	"      - {region: ap, addresses: [198.51.100.30], tier: 1}\n"   \
	"      - {region: us, addresses: [198.51.100.21]}\n"            \
	"  even:\n"                                                     \
	"    method: weighted\n"                                        \
	"    members:\n"                                                \
	"      - {region: eu, addresses: [192.0.2.11]}\n"               \
	"      - {region: us, addresses: [192.0.2.22]}\n"               \
	"      - {region: ap, addresses: [192.0.2.31], tier: 1}\n"      \
	"  listed:\n"                                                   \
	"    method: order\n"                                           \
	"    members:\n"                                                \
	"      - {region: us, addresses: [192.0.2.23]}\n"               \
	"      - {region: eu, addresses: [192.0.2.12]}\n"
#define SERVICES                                 \
	"services:\n"                            \
	"  near.example.com: {pool: near}\n"     \
	"  other.example.com: {pool: other}\n"   \
	"  even.example.com: {pool: even}\n"     \
	"  listed.example.com: {pool: listed}\n" \
	"  fenced.example.com: {pool: near, fence: {DE: [eu], EU: [eu, ap], NA: [us]}}\n"
enum { NEAR, OTHER, EVEN, LISTED, FENCED, SERVICES_N };

static struct world w;
static struct place places[3];

static int start(void **state)
{
	char geo[PATH_MAX];
	struct buf yaml = BUF_INIT;
	const char *dir = getenv("srcdir");

	snprintf(geo, sizeof(geo), "%s/tests/golden/geo/flat-v4.mmdb", dir ? dir : ".");
	buf_printf(&yaml, "geo: {databases: [%s]}\n", geo);
	buf_add_str(&yaml, WORLD_REGIONS POOLS SERVICES);
	world_init(&w, buf_text(&yaml), WORLD_ZONE);
	buf_fini(&yaml);
	publish_region_places(w.config, places);
	return 0;
}

static int finish(void **state)
{
	world_fini(&w);
	return 0;
}

static struct rows *build(uint32_t service)
{
	struct rows_ranking k;
	struct rows *r;

	assert_int_equal(rows_ranking_init(&k, w.config, service, places), ERR_OK);
	assert_int_equal(rows_build(&k, w.config, w.parts.clients, &r, NULL), ERR_OK);
	rows_ranking_fini(&k);
	return r;
}

static uint32_t class_of(const char *client)
{
	struct addr a = world_addr(client);
	uint32_t class;
	uint8_t scope;

	client_map_find(w.parts.clients, &a, &class, &scope);
	return class;
}

static void every_row_is_what_rank_says_of_its_class(void **state)
{
	for (uint32_t s = 0; s < w.config->n_services; s++) {
		struct rows_ranking k;
		struct rows *r = build(s);

		assert_int_equal(rows_ranking_init(&k, w.config, s, places), ERR_OK);
		assert_int_equal(r->n_classes, client_map_class_count(w.parts.clients));
		assert_true(r->n_classes > 4);
		for (uint32_t c = 0; c < r->n_classes; c++) {
			uint16_t prefer[CONFIG_MEMBERS_MAX];
			struct decide_row is = rows_get(r, c);
			struct rank_input in;
			struct rank_row want;
			struct place place;

			rows_class_input(&k, w.config, w.parts.clients, c, &place, prefer, &in);
			rank_members(&in, &want);
			assert_int_equal(is.n_groups, want.n_groups);
			assert_int_equal(is.allowed, want.allowed);
			assert_memory_equal(is.groups, want.groups,
					    want.n_groups * sizeof(*want.groups));
		}
		rows_unref(r);
		rows_ranking_fini(&k);
	}
}

static void a_topology_rule_orders_and_tiers_go_before_it(void **state)
{
	struct rows *r = build(NEAR);
	struct decide_row us = rows_get(r, class_of("10.2.0.1"));
	struct decide_row ap = rows_get(r, class_of("10.3.0.1"));

	assert_int_equal(us.n_groups, 3);
	assert_int_equal(us.groups[0], 1 << 1 | 1 << 3); /* the region that stands twice ties */
	assert_int_equal(us.groups[1], 1 << 0);
	assert_int_equal(us.groups[2], 1 << 2);
	assert_int_equal(ap.groups[ap.n_groups - 1], 1 << 2);
	assert_int_equal(us.allowed, 0xf);
	rows_unref(r);
}

static void weighted_ties_within_a_tier_and_order_never(void **state)
{
	struct rows *even = build(EVEN), *listed = build(LISTED);
	struct decide_row row = rows_get(even, class_of("10.1.0.1"));

	assert_int_equal(row.n_groups, 2);
	assert_int_equal(row.groups[0], 1 << 0 | 1 << 1);
	row = rows_get(listed, class_of("10.1.0.1"));
	assert_int_equal(row.n_groups, 2);
	assert_int_equal(row.groups[0], 1 << 0);
	rows_unref(even);
	rows_unref(listed);
}

/* A class whose place is in this country, else in this continent. */
static uint32_t class_in(const char *country, uint8_t continent)
{
	for (uint32_t c = 0; c < client_map_class_count(w.parts.clients); c++) {
		const struct place *p = &client_map_class(w.parts.clients, c)->place;

		if (country ? strcmp(p->country, country) == 0
			    : p->continent == continent && strcmp(p->country, "DE") != 0)
			return c;
	}
	fail_msg("no such class");
	return 0;
}

static void a_fence_leaves_its_regions_and_a_country_goes_before_its_continent(void **state)
{
	struct rows *r = build(FENCED);

	assert_int_equal(rows_get(r, class_in("DE", 0)).allowed, 1 << 0);
	assert_int_equal(rows_get(r, class_in(NULL, PLACE_EU)).allowed, 1 << 0 | 1 << 2);
	assert_int_equal(rows_get(r, class_in(NULL, PLACE_NA)).allowed, 1 << 1 | 1 << 3);
	assert_int_equal(rows_get(r, class_in(NULL, PLACE_OC)).allowed, 0xf);
	rows_unref(r);
}

static void equal_rows_stand_once(void **state)
{
	struct rows *r = build(LISTED);

	for (uint32_t c = 0; c < r->n_classes; c++)
		assert_int_equal(r->index[c], r->index[0]);
	assert_int_equal(r->n_words, 4); /* n, two groups, allowed */
	rows_unref(r);
}

static void the_signature_is_of_regions_tiers_and_fences_alone(void **state)
{
	struct rows_ranking k[SERVICES_N];

	for (uint32_t s = 0; s < SERVICES_N; s++)
		assert_int_equal(rows_ranking_init(&k[s], w.config, s, places), ERR_OK);
	assert_int_equal(k[NEAR].signature, k[OTHER].signature);
	for (uint32_t s = EVEN; s < SERVICES_N; s++)
		for (uint32_t t = 0; t < s; t++)
			assert_int_not_equal(k[s].signature, k[t].signature);
	for (uint32_t s = 0; s < SERVICES_N; s++)
		rows_ranking_fini(&k[s]);
}

static uint64_t active(const struct rows *r, uint64_t serve, uint64_t forced)
{
	return rows_active(r, &(struct pick_live){ .serve = serve, .forced = forced });
}

static void active_are_those_whom_some_class_gets(void **state)
{
	struct rows *r = build(NEAR), *listed = build(LISTED), *fenced = build(FENCED);

	assert_int_equal(active(r, UINT64_MAX, 0), 0xb); /* tier 1 waits */
	assert_int_equal(active(r, 0x5, 0), 0x1);
	assert_int_equal(active(r, 0x4, 0), 0x4);
	assert_int_equal(active(r, 0, 0), 0);
	assert_int_equal(active(r, UINT64_MAX, 0x4), 0x4);
	assert_int_equal(active(r, 0xb, 0x4), 0xb); /* its target is down */
	assert_int_equal(active(listed, 0x3, 0), 0x1);
	/* Who is held back serves where nobody else can. */
	assert_int_equal(rows_active(r, &(struct pick_live){ .spare = 0x4 }), 0x4);
	assert_int_equal(rows_active(r, &(struct pick_live){ .serve = 0x2, .spare = 0x1 }), 0x2);
	/* A failover does not lead over a fence. */
	assert_int_equal(active(fenced, 0xf, 0x2) & 0x1, 0x1);
	rows_unref(r);
	rows_unref(listed);
	rows_unref(fenced);
}

static void a_class_that_is_not_there_counts_as_the_unknown_one(void **state)
{
	struct rows *r = build(NEAR);

	assert_ptr_equal(rows_get(r, UINT32_MAX).groups, rows_get(r, 0).groups);
	rows_unref(r);
}

static void rows_live_as_long_as_somebody_holds_them(void **state)
{
	struct rows *r = build(NEAR);

	assert_ptr_equal(rows_ref(r), r);
	rows_unref(r);
	assert_int_equal(rows_get(r, 0).allowed, 0xf);
	rows_unref(r);
	rows_unref(NULL);
}

static void without_memory_there_are_no_rows(void **state)
{
	for (unsigned n = 1;; n++) {
		struct rows_ranking k;
		struct rows *r = NULL;
		enum err_code rc;

		fail_alloc_at(n);
		rc = rows_ranking_init(&k, w.config, FENCED, places);
		if (rc == ERR_OK) {
			rc = rows_build(&k, w.config, w.parts.clients, &r, NULL);
			rows_ranking_fini(&k);
		}
		if (!fail_alloc_end()) {
			assert_int_equal(rc, ERR_OK);
			rows_unref(r);
			break;
		}
		assert_int_equal(rc, ERR_MEMORY);
		assert_null(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_what_rank_says_of_its_class),
		cmocka_unit_test(a_topology_rule_orders_and_tiers_go_before_it),
		cmocka_unit_test(weighted_ties_within_a_tier_and_order_never),
		cmocka_unit_test(
			a_fence_leaves_its_regions_and_a_country_goes_before_its_continent),
		cmocka_unit_test(equal_rows_stand_once),
		cmocka_unit_test(the_signature_is_of_regions_tiers_and_fences_alone),
		cmocka_unit_test(active_are_those_whom_some_class_gets),
		cmocka_unit_test(a_class_that_is_not_there_counts_as_the_unknown_one),
		cmocka_unit_test(rows_live_as_long_as_somebody_holds_them),
		cmocka_unit_test(without_memory_there_are_no_rows),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
