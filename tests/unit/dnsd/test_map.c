/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/client/map, locate and watch, on the databases of tests/golden/geo. */
#include "dnsd/client/locate.h"
#include "dnsd/client/map.h"
#include "dnsd/client/mmdb.h"
#include "dnsd/client/watch.h"
#include "tests/unit/dnsd/tiny_mmdb.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REGION(lat, lon)                                                        \
	{                                                                       \
		.has_place = true, .lat_e4 = (lat)*10000, .lon_e4 = (lon)*10000 \
	}

static const struct config_region regions[] = {
	REGION(39, -77), REGION(-23, -46), REGION(50, 8), REGION(1, 104), REGION(-34, 151),
};
#define N_REGIONS (sizeof(regions) / sizeof(*regions))

static struct config_member members[] = {
	{ .region = 0 }, { .region = 1 }, { .region = 2 }, { .region = 3 }, { .region = 4 },
};
static struct config_pool geo_pool = { .method = METHOD_GEO,
				       .members = members,
				       .n_members = N_REGIONS };
static struct config_pool order_pool = { .method = METHOD_ORDER,
					 .members = members,
					 .n_members = N_REGIONS };

static uint32_t only[][1] = { { 0 }, { 1 }, { 2 }, { 3 }, { 4 } };
static struct config_fence fences[] = {
	{ .place = "EU", .is_continent = true, .regions = only[2], .n_regions = 1 },
	{ .place = "IE", .regions = only[0], .n_regions = 1 },
};
static struct config_service fenced = { .fences = fences, .n_fences = 2 };

static char paths[4][512];
static char *databases[4];
enum { FLAT, NESTED, COUNTRY, ASN };

static void name_databases(void)
{
	static const char *const names[] = { "flat-v4", "nested-v6", "country-v6", "asn-v4" };
	const char *dir = getenv("srcdir");

	for (int i = 0; i < 4; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/tests/golden/geo/%s.mmdb", dir ? dir : ".",
			 names[i]);
		databases[i] = paths[i];
	}
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), ERR_OK);
	return a;
}

static struct client_map *build(const struct client_map_input *in)
{
	struct client_map *m;
	struct err e = { "" };

	if (client_map_build(in, &m, &e))
		fail_msg("%s", e.text);
	return m;
}

static uint32_t class_at(const struct client_map *m, const char *text, uint8_t *scope_len)
{
	struct addr a = address(text);
	uint32_t class_index;
	uint8_t len;

	client_map_find(m, &a, &class_index, &len);
	assert_true(class_index < client_map_class_count(m));
	if (scope_len)
		*scope_len = len;
	return class_index;
}

/* ---- the oracle: an address on its own, without any map ---- */

struct oracle {
	const struct client_map_input *in;
	struct mmdb db[4];
};

static void oracle_init(struct oracle *o, const struct client_map_input *in)
{
	o->in = in;
	for (size_t i = 0; i < in->n_databases; i++)
		assert_int_equal(mmdb_open(in->databases[i], &o->db[i], NULL), ERR_OK);
}

static void oracle_fini(struct oracle *o)
{
	for (size_t i = 0; i < o->in->n_databases; i++)
		mmdb_close(&o->db[i]);
}

/* All that may steer a client, as one text. */
struct verdict {
	int32_t rule;
	int fence;
	uint16_t order[N_REGIONS];
	bool has_order;
};

static int fence_of(const struct place *p)
{
	if (!strcmp(p->country, "IE"))
		return 1;
	return p->continent == PLACE_EU ? 0 : -1;
}

/* A rule goes before distance: of what it prefers, the distance does not matter. */
static void forget_preferred(struct verdict *v, const struct config_topology *rule)
{
	uint16_t left[N_REGIONS] = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < N_REGIONS; i++) {
		bool preferred = false;

		for (size_t k = 0; k < rule->n_prefer; k++)
			preferred |= rule->prefer[k] == v->order[i];
		if (!preferred)
			left[n++] = v->order[i];
	}
	v->has_order = n > 1;
	memset(v->order, 0, sizeof(v->order));
	if (v->has_order)
		memcpy(v->order, left, n * sizeof(*left));
}

static struct verdict judge(const struct classes_input *in, const struct place *p, int32_t rule)
{
	struct verdict v;
	struct place at;

	memset(&v, 0, sizeof(v));
	v.rule = rule;
	v.fence = in->n_services ? fence_of(p) : -1;
	v.has_order = p->has_position && in->pools->method == METHOD_GEO;
	for (uint16_t i = 0; i < N_REGIONS && v.has_order; i++) {
		uint16_t k = i;

		at = (struct place){ regions[i].lat_e4, regions[i].lon_e4, true };
		for (; k; k--) {
			struct place other = { regions[v.order[k - 1]].lat_e4,
					       regions[v.order[k - 1]].lon_e4, true };

			if (place_distance_m(p, &other) <= place_distance_m(p, &at))
				break;
			v.order[k] = v.order[k - 1];
		}
		v.order[k] = i;
	}
	if (rule >= 0 && v.has_order)
		forget_preferred(&v, &in->topology[rule]);
	return v;
}

static struct verdict oracle_find(const struct oracle *o, const struct addr *a)
{
	struct place sum = { 0 }, p;
	struct addr plain;

	if (addr_embedded_v4(a, &plain) < 0)
		plain = *a;
	for (size_t i = 0; i < o->in->n_databases; i++) {
		if (!mmdb_find(&o->db[i], &plain, &p, NULL))
			classes_fill_place(&sum, &p);
	}
	return judge(&o->in->classes, &sum,
		     client_rule_find(o->in->classes.topology, o->in->classes.n_topology, a, &sum));
}

/* ---- random addresses ---- */

static struct addr random_address(uint8_t family)
{
	static const uint8_t known[][4] = { { 192, 0, 2 }, { 198, 51, 100 }, { 203, 0, 113 } };
	static const uint8_t forms[][12] = {
		{ [10] = 0xff, [11] = 0xff }, { 0x00, 0x64, 0xff, 0x9b },
		{ 0x20, 0x01, 0x00, 0x00 },   { 0x20, 0x02 },
		{ [8] = 0xff, [9] = 0xff },   { 0 }
	};
	struct addr a = { .family = family };

	for (int i = 0; i < addr_bits(&a) / 8; i++)
		a.bytes[i] = (uint8_t)random();
	if (family == 4 && random() % 4 == 0)
		memcpy(a.bytes, known[random() % 3], 3);
	else if (family == 4 && random() % 4)
		a.bytes[0] = (uint8_t)(16 + random() % 64);
	if (family == 4)
		return a;
	a.bytes[0] = (uint8_t)(random() % 4 ? 0x20 | (a.bytes[0] & 0xf) : a.bytes[0]);
	for (int i = 2; i < 16; i++)
		a.bytes[i] = (uint8_t)(i % 2 ? a.bytes[i - 1] : 0x11 * (random() % 4));
	if (random() % 8 == 0)
		memcpy(a.bytes, forms[random() % 6], 12);
	return a;
}

static void set_random_after(struct addr *a, unsigned len)
{
	for (unsigned bit = len; bit < addr_bits(a); bit++) {
		a->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		if (random() % 2)
			a->bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
}

/* Classes as the map numbers them, against verdicts as the oracle gives them: one to one. */
struct pairing {
	struct verdict of_class[512];
	bool is_set[512];
	uint32_t n;
};

static void assert_pairs(struct pairing *p, uint32_t class_index, const struct verdict *v)
{
	assert_true(class_index < 512);
	if (!p->is_set[class_index]) {
		for (uint32_t i = 0; i < 512; i++)
			assert_true(!p->is_set[i] || memcmp(&p->of_class[i], v, sizeof(*v)));
		p->is_set[class_index] = true;
		p->of_class[class_index] = *v;
		p->n++;
	}
	assert_memory_equal(&p->of_class[class_index], v, sizeof(*v));
}

/* Every address within a scope has its class and the same scope: scopes never overlap. */
static void assert_scope_is_one_answer(const struct client_map *m, const struct addr *a,
				       uint32_t class_index, uint8_t scope_len)
{
	struct addr other = *a, v4;
	uint32_t other_class;
	uint8_t other_len;

	assert_true(scope_len <= addr_bits(a));
	for (int i = 0; i < 4; i++) {
		set_random_after(&other, scope_len);
		client_map_find(m, &other, &other_class, &other_len);
		assert_int_equal(other_class, class_index);
		assert_int_equal(other_len, scope_len);
	}
	/* The other half of the next wider prefix is another class, or is split further, or one of
	 * the two is placed by its v4. */
	if (!scope_len)
		return;
	other = *a;
	other.bytes[(scope_len - 1) / 8] ^= (uint8_t)(0x80 >> (scope_len - 1) % 8);
	client_map_find(m, &other, &other_class, &other_len);
	assert_true(other_class != class_index || other_len > scope_len ||
		    addr_embedded_v4(&other, &v4) >= 0 || addr_embedded_v4(a, &v4) >= 0);
}

static uint32_t assert_agrees_with_oracle(const struct client_map_input *in, int probes)
{
	struct pairing *pairs = calloc(1, sizeof(*pairs));
	struct client_map *m = build(in);
	struct oracle o;
	uint32_t met;

	oracle_init(&o, in);
	for (int i = 0; i < probes; i++) {
		struct addr a = random_address(i % 2 ? 6 : 4);
		struct verdict v = oracle_find(&o, &a);
		uint32_t class_index;
		uint8_t scope_len;

		client_map_find(m, &a, &class_index, &scope_len);
		assert_pairs(pairs, class_index, &v);
		assert_int_equal(client_map_class(m, class_index)->topology, v.rule);
		if (i % 8 < 2)
			assert_scope_is_one_answer(m, &a, class_index, scope_len);
		v = judge(&in->classes, &client_map_class(m, class_index)->place, v.rule);
		assert_int_equal(v.fence, pairs->of_class[class_index].fence);
	}
	met = pairs->n;
	assert_true(met <= client_map_class_count(m));
	oracle_fini(&o);
	client_map_unref(m);
	free(pairs);
	return met;
}

static struct client_map_input input(struct config_pool *pool, int first, size_t n)
{
	return (struct client_map_input){
		.databases = databases + first,
		.n_databases = n,
		.classes = { .regions = regions,
			     .n_regions = N_REGIONS,
			     .pools = pool,
			     .n_pools = 1 },
	};
}

/* ---- claims ---- */

static void random_addresses_agree_with_brute_force_by_distance(void **state)
{
	struct client_map_input in = input(&geo_pool, FLAT, 2);

	assert_true(assert_agrees_with_oracle(&in, 400000) >= 5);
}

static struct config_topology prefix_rule(const char *text, int region)
{
	struct config_topology t = { .kind = TOPOLOGY_PREFIX,
				     .prefer = only[region],
				     .n_prefer = 1 };

	assert_int_equal(prefix_parse(text, &t.prefix, NULL), ERR_OK);
	return t;
}

static void random_addresses_agree_with_brute_force_by_rules(void **state)
{
	uint32_t two[] = { 3, 4 };
	struct config_topology rules[] = {
		prefix_rule("192.0.2.128/26", 0),
		{ .kind = TOPOLOGY_ASN, .asn = 64497, .prefer = only[1], .n_prefer = 1 },
		{ .kind = TOPOLOGY_COUNTRY, .place = "BR", .prefer = only[2], .n_prefer = 1 },
		prefix_rule("192.0.0.0/8", 3),
		prefix_rule("2001::/16", 4),
		{ .kind = TOPOLOGY_CONTINENT, .place = "AS", .prefer = two, .n_prefer = 2 },
	};
	struct client_map_input in = input(&geo_pool, FLAT, 4);

	in.classes.topology = rules;
	in.classes.n_topology = 6;
	in.classes.services = &fenced;
	in.classes.n_services = 1;
	assert_true(assert_agrees_with_oracle(&in, 400000) >= 12);
	in.classes.pools = &order_pool;
	assert_true(assert_agrees_with_oracle(&in, 400000) >= 8);
}

static void with_nothing_to_go_by_there_is_one_class_of_scope_0(void **state)
{
	struct client_map_input in = input(&geo_pool, FLAT, 0);
	struct client_map *m = build(&in);
	uint8_t len;

	assert_int_equal(client_map_class_count(m), 1);
	assert_int_equal(class_at(m, "192.0.2.1", &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(class_at(m, "2001:db8::1", &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(class_at(m, "::ffff:192.0.2.1", &len), 0);
	assert_int_equal(len, 0);
	client_map_unref(m);
}

static void only_what_the_configuration_looks_at_splits_prefixes(void **state)
{
	struct client_map_input in = input(&order_pool, COUNTRY, 1);
	struct config_fence fence = {
		.place = "EU", .is_continent = true, .regions = only[2], .n_regions = 1
	};
	struct config_service service = { .fences = &fence, .n_fences = 1 };
	struct client_map *m;
	uint8_t len;

	in.classes.services = &service;
	in.classes.n_services = 1;
	m = build(&in);
	/* DE and FR are fenced; US, IN and the unlisted are all "elsewhere", in one piece. */
	assert_int_equal(client_map_class_count(m), 2);
	assert_int_equal(class_at(m, "192.0.2.1", &len), class_at(m, "203.0.113.1", NULL));
	assert_int_equal(len, 24);
	assert_int_equal(class_at(m, "198.51.100.1", &len), 0);
	assert_int_equal(len, 6); /* 196/6 */
	assert_int_equal(class_at(m, "8.8.8.8", &len), 0);
	assert_int_equal(len, 1);
	assert_int_equal(class_at(m, "2001:db8::1", &len), 0);
	assert_int_equal(len, 21); /* up to 2001::/32, whose clients are placed by v4 */
	client_map_unref(m);
}

static void embedded_forms_are_placed_by_their_v4(void **state)
{
	struct client_map_input in = input(&geo_pool, FLAT, 2);
	struct client_map *m = build(&in);
	uint8_t len, inner;
	uint32_t de = class_at(m, "192.0.2.1", &inner);

	assert_int_equal(class_at(m, "::ffff:192.0.2.1", &len), de);
	assert_int_equal(len, 96 + inner);
	assert_int_equal(class_at(m, "64:ff9b::192.0.2.1", &len), de);
	assert_int_equal(len, 96 + inner);
	assert_int_equal(class_at(m, "::192.0.2.1", &len), de);
	assert_int_equal(len, 96 + inner);
	assert_int_equal(class_at(m, "::ffff:0:192.0.2.1", &len), de);
	assert_int_equal(len, 96 + inner);
	assert_int_equal(class_at(m, "::1", &len), 0);
	assert_int_equal(class_at(m, "2002:c000:201::1", &len), de);
	assert_int_equal(len, 16 + inner);
	assert_int_equal(class_at(m, "2001:0:1234::3fff:fdfe", &len), de);
	assert_int_equal(len, 96 + inner);
	client_map_unref(m);
}

static void no_scope_reaches_over_embedded_forms(void **state)
{
	static const char *const holes[] = { "::ffff:0:0", "64:ff9b::",	   "2001::",
					     "2002::",	   "::ffff:0:0:0", "::1.0.0.0" };
	struct config_topology rule = prefix_rule("192.0.2.0/24", 1);
	struct client_map_input in = input(&order_pool, FLAT, 0);
	struct client_map *m;

	in.classes.topology = &rule;
	in.classes.n_topology = 1;
	m = build(&in);
	for (int i = 0; i < 100000; i++) {
		struct addr a = random_address(6), v4;
		struct prefix scope = { .addr = a };
		uint32_t class_index;

		if (addr_embedded_v4(&a, &v4) >= 0)
			continue;
		client_map_find(m, &a, &class_index, &scope.len);
		assert_int_equal(class_index, 0);
		addr_mask(&scope.addr, scope.len);
		for (int h = 0; h < 6; h++) {
			struct addr hole = address(holes[h]);

			assert_false(prefix_has(&scope, &hole));
		}
	}
	client_map_unref(m);
}

static void an_earlier_database_goes_before_a_later_one(void **state)
{
	/* 192.0.2.0/24 is DE in both; the position only stands in the second. */
	struct client_map_input in = input(&geo_pool, FLAT, 0);
	char *list[] = { paths[COUNTRY], paths[FLAT], paths[ASN] };
	struct addr a = address("203.0.113.5");
	struct client_map *m;
	struct place p;

	in.databases = list;
	in.n_databases = 3;
	assert_int_equal(client_place_find(list, 3, &a, &p, NULL), ERR_OK);
	assert_string_equal(p.country, "FR"); /* BR in flat-v4 */
	assert_true(p.has_position);
	assert_int_equal(p.lat_e4, -235505);
	m = build(&in);
	assert_string_equal(client_map_class(m, class_at(m, "203.0.113.5", NULL))->place.country,
			    client_map_class(m, class_at(m, "203.0.113.9", NULL))->place.country);
	assert_true(client_map_class(m, class_at(m, "192.0.2.1", NULL))->place.has_position);
	client_map_unref(m);
}

static void the_place_of_an_address_is_exact(void **state)
{
	struct addr v4 = address("192.0.2.70"), inside = address("::ffff:192.0.2.70");
	struct addr none = address("240.0.0.1");
	struct place a, b;

	assert_int_equal(client_place_find(databases, 4, &v4, &a, NULL), ERR_OK);
	assert_int_equal(client_place_find(databases, 4, &inside, &b, NULL), ERR_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_string_equal(a.country, "DE");
	assert_int_equal(a.asn, 64497);
	assert_int_equal(client_place_find(databases, 4, &none, &a, NULL), ERR_OK);
	assert_false(a.has_position);
	assert_string_equal(a.country, "");
}

static void a_database_that_cannot_be_read_is_named(void **state)
{
	char missing[] = "/nonexistent/city.mmdb";
	char *list[] = { paths[FLAT], missing };
	struct client_map_input in = input(&geo_pool, FLAT, 0);
	struct client_map *m = NULL;
	struct err e = { "" };

	in.databases = list;
	in.n_databases = 2;
	assert_int_equal(client_map_build(&in, &m, &e), ERR_IO);
	assert_null(m);
	assert_non_null(strstr(e.text, missing));
}

static void a_map_lives_until_the_last_reference(void **state)
{
	struct client_map_input in = input(&geo_pool, FLAT, 1);
	struct client_map *m = build(&in);

	assert_ptr_equal(client_map_ref(m), m);
	client_map_unref(m);
	assert_true(client_map_stats(m)->prefixes4 > 10);
	assert_true(client_map_stats(m)->bytes > 1000);
	assert_int_equal(client_map_stats(m)->exact_ranks, N_REGIONS);
	client_map_unref(m);
	client_map_unref(NULL);
}

static void no_memory_leaves_nothing_behind(void **state)
{
	struct config_topology rule = prefix_rule("192.0.2.0/24", 1);
	struct client_map_input in = input(&geo_pool, FLAT, 4);

	in.classes.topology = &rule;
	in.classes.n_topology = 1;
	for (unsigned n = 1;; n++) {
		struct client_map *m;
		struct err e = { "" };
		enum err_code code;

		fail_alloc_at(n);
		code = client_map_build(&in, &m, &e);
		if (!fail_alloc_end()) {
			client_map_unref(m);
			break;
		}
		/* Not giving spare room back is no failure. */
		if (!code)
			client_map_unref(m);
		else
			assert_int_equal(code, ERR_MEMORY);
	}
}

static void a_network_may_end_where_the_addresses_end(void **state)
{
	static const struct {
		uint8_t ip_version, len;
		const char *inside, *outside;
	} rows[] = {
		{ 4, 4, "255.255.255.255", "239.255.255.255" },
		{ 4, 32, "255.255.255.255", "255.255.255.254" },
		{ 6, 16, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fffe::1" },
		{ 6, 120, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00", "ffff::1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char path[] = "/tmp/test_map.XXXXXX", *list[] = { path };
		struct client_map_input in = input(&order_pool, FLAT, 0);
		struct client_map *m;
		uint8_t len;

		close(mkstemp(path));
		tiny_mmdb_write(path, rows[i].ip_version, rows[i].len);
		in.databases = list;
		in.n_databases = 1;
		in.classes.services = &fenced;
		in.classes.n_services = 1;
		m = build(&in);
		assert_int_equal(client_map_class_count(m), 2);
		assert_int_equal(class_at(m, rows[i].inside, &len), 1);
		assert_int_equal(len, rows[i].len);
		assert_int_equal(class_at(m, rows[i].outside, NULL), 0);
		client_map_unref(m);
		unlink(path);
	}
}

static void a_rule_of_all_addresses_of_a_family_stands_alone(void **state)
{
	struct config_topology rules[] = { prefix_rule("0.0.0.0/0", 1) };
	struct client_map_input in = input(&order_pool, FLAT, 0);
	struct client_map *m;
	uint8_t len;

	in.classes.topology = rules;
	in.classes.n_topology = 1;
	m = build(&in);
	assert_int_equal(client_map_class(m, class_at(m, "192.0.2.1", &len))->topology, 0);
	assert_int_equal(len, 0);
	assert_int_equal(client_map_class(m, class_at(m, "::ffff:192.0.2.1", NULL))->topology, 0);
	assert_int_equal(client_map_class(m, class_at(m, "2001:db8::1", NULL))->topology, -1);
	client_map_unref(m);
	rules[0] = prefix_rule("::/0", 1);
	m = build(&in);
	assert_int_equal(client_map_class(m, class_at(m, "192.0.2.1", NULL))->topology, -1);
	assert_int_equal(client_map_class(m, class_at(m, "2001:db8::1", NULL))->topology, 0);
	client_map_unref(m);
}

static void a_file_renamed_into_place_is_a_change(void **state)
{
	char dir[] = "/tmp/test_map.XXXXXX", path[64], beside[64];
	char *list[] = { path };
	struct databases_stamp s;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a", dir);
	snprintf(beside, sizeof(beside), "%s/b", dir);
	assert_int_equal(databases_stamp_init(&s, list, 1), ERR_OK);
	assert_false(databases_changed(&s));
	f = fopen(beside, "w");
	assert_non_null(f);
	fclose(f);
	assert_false(databases_changed(&s));
	assert_int_equal(rename(beside, path), 0);
	assert_true(databases_changed(&s));
	assert_false(databases_changed(&s));
	assert_int_equal(unlink(path), 0);
	assert_true(databases_changed(&s));
	assert_false(databases_changed(&s));
	databases_stamp_fini(&s);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_addresses_agree_with_brute_force_by_distance),
		cmocka_unit_test(random_addresses_agree_with_brute_force_by_rules),
		cmocka_unit_test(with_nothing_to_go_by_there_is_one_class_of_scope_0),
		cmocka_unit_test(only_what_the_configuration_looks_at_splits_prefixes),
		cmocka_unit_test(embedded_forms_are_placed_by_their_v4),
		cmocka_unit_test(no_scope_reaches_over_embedded_forms),
		cmocka_unit_test(an_earlier_database_goes_before_a_later_one),
		cmocka_unit_test(the_place_of_an_address_is_exact),
		cmocka_unit_test(a_database_that_cannot_be_read_is_named),
		cmocka_unit_test(a_map_lives_until_the_last_reference),
		cmocka_unit_test(no_memory_leaves_nothing_behind),
		cmocka_unit_test(a_network_may_end_where_the_addresses_end),
		cmocka_unit_test(a_rule_of_all_addresses_of_a_family_stands_alone),
		cmocka_unit_test(a_file_renamed_into_place_is_a_change),
	};

	srandom(5);
	name_databases();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
