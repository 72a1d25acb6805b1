/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/client/classes and nearest. */
#include "dnsd/client/classes.h"
#include "dnsd/client/nearest.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define REGION(lat, lon)                                                        \
	{                                                                       \
		.has_place = true, .lat_e4 = (lat)*10000, .lon_e4 = (lon)*10000 \
	}

static const struct config_region regions[] = {
	REGION(39, -77),  REGION(-23, -46), REGION(50, 8),   REGION(-26, 28), REGION(1, 104),
	REGION(-34, 151), REGION(19, 73),   REGION(35, 140), REGION(53, -6),  REGION(37, -122),
};

static struct config_member members[] = {
	{ .region = 0 }, { .region = 1 }, { .region = 2 }, { .region = 3 }, { .region = 4 },
	{ .region = 5 }, { .region = 6 }, { .region = 7 }, { .region = 8 }, { .region = 9 },
};
static struct config_pool geo_pool = { .method = METHOD_GEO, .members = members };
static struct config_pool order_pool = { .method = METHOD_ORDER,
					 .members = members,
					 .n_members = 2 };

static const struct place frankfurt = { 501109, 86821, true, "DE", PLACE_EU, 64496 };
static const struct place paris = { 488566, 23522, true, "FR", PLACE_EU, 64497 };
static const struct place mumbai = { 190760, 728777, true, "IN", PLACE_AS, 0 };
static const struct place nowhere;

static struct classes_input by_distance(size_t n_regions)
{
	geo_pool.n_members = n_regions;
	return (struct classes_input){
		.regions = regions, .n_regions = n_regions, .pools = &geo_pool, .n_pools = 1
	};
}

static struct classes_input by_order(void)
{
	return (struct classes_input){
		.regions = regions, .n_regions = 2, .pools = &order_pool, .n_pools = 1
	};
}

static struct classes *classes_of(const struct classes_input *in)
{
	struct classes *c;

	assert_int_equal(classes_new(in, &c), ERR_OK);
	return c;
}

static uint32_t sign(struct classes *c, const struct place *p)
{
	return classes_sign(c, classes_trait(c, p), CLASSES_NO_RULE);
}

static struct class_list finish(struct classes *c)
{
	struct class_list list;

	assert_int_equal(classes_finish(c, &list, NULL), ERR_OK);
	return list;
}

static void fini(struct classes *c, struct class_list *list)
{
	free(list->classes);
	free(list->of_signature);
	classes_free(c);
}

static void the_nearest_come_first(void **state)
{
	static const bool ranked[10] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct place at[10];

	for (size_t n = 1; n <= 10; n++) {
		struct nearest t;
		uint16_t order[NEAREST_EXACT];

		assert_int_equal(nearest_init(&t, regions, n, ranked), ERR_OK);
		assert_int_equal(t.ranks, n <= NEAREST_EXACT ? n : NEAREST_FIRST);
		for (size_t i = 0; i < n; i++)
			at[i] = (struct place){ regions[i].lat_e4, regions[i].lon_e4, true };
		for (int k = 0; k < 3000; k++) {
			struct place p = { (int32_t)(random() % 1800001) - 900000,
					   (int32_t)(random() % 3600001) - 1800000, true };
			bool is_listed[10] = { false };

			nearest_order(&t, &p, order);
			for (size_t i = 0; i < t.ranks; i++) {
				is_listed[order[i]] = true;
				/* steer's own distance is in metres, and good to a few of them. */
				if (i)
					assert_true(place_distance_m(&p, &at[order[i - 1]]) <=
						    place_distance_m(&p, &at[order[i]]) + 100);
			}
			for (size_t i = 0; i < n; i++)
				assert_true(is_listed[i] ||
					    place_distance_m(&p, &at[i]) + 100 >=
						    place_distance_m(&p, &at[order[t.ranks - 1]]));
		}
		nearest_fini(&t);
	}
}

static void regions_without_a_place_are_not_ranked(void **state)
{
	const struct config_region some[] = { REGION(0, 0), { .has_place = false }, REGION(0, 9) };
	const bool ranked[] = { true, true, true };
	struct place p = { 0, 80000, true };
	uint16_t order[NEAREST_EXACT];
	struct nearest t;

	assert_int_equal(nearest_init(&t, some, 3, ranked), ERR_OK);
	nearest_order(&t, &p, order);
	assert_int_equal(t.ranks, 2);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 0);
	nearest_fini(&t);
}

static void clients_with_one_order_of_regions_are_one_class(void **state)
{
	struct classes_input in = by_distance(2);
	struct classes *c = classes_of(&in);

	assert_int_equal(sign(c, &nowhere), 0);
	assert_int_equal(sign(c, &frankfurt), sign(c, &paris));
	assert_int_not_equal(sign(c, &frankfurt), 0);
	classes_free(c);
	in = by_distance(6);
	c = classes_of(&in);
	assert_int_not_equal(sign(c, &frankfurt), sign(c, &mumbai));
	classes_free(c);
}

static void without_distance_and_rules_there_is_one_class(void **state)
{
	struct classes_input in = by_order();
	struct classes *c = classes_of(&in);
	struct class_list list;

	assert_int_equal(sign(c, &frankfurt), 0);
	assert_int_equal(sign(c, &mumbai), 0);
	list = finish(c);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.classes[0].topology, -1);
	fini(c, &list);
}

static void a_country_fence_goes_before_its_continent(void **state)
{
	uint32_t first[] = { 0 }, second[] = { 1 };
	struct config_fence fences[] = {
		{ .place = "EU", .is_continent = true, .regions = first, .n_regions = 1 },
		{ .place = "DE", .regions = second, .n_regions = 1 },
	};
	struct config_service service = { .fences = fences, .n_fences = 2 };
	struct classes_input in = by_order();
	struct classes *c;

	in.services = &service;
	in.n_services = 1;
	c = classes_of(&in);
	assert_int_not_equal(sign(c, &frankfurt), sign(c, &paris));
	assert_int_not_equal(sign(c, &paris), sign(c, &mumbai));
	assert_int_equal(sign(c, &mumbai), 0);
	classes_free(c);

	/* With the same regions, country and continent say the same. */
	fences[1].regions = first;
	c = classes_of(&in);
	assert_int_equal(sign(c, &frankfurt), sign(c, &paris));
	classes_free(c);
}

static void the_first_rule_in_the_file_wins(void **state)
{
	uint32_t prefer[][1] = { { 0 }, { 1 }, { 2 }, { 3 } };
	struct config_topology rules[] = {
		{ .kind = TOPOLOGY_COUNTRY, .place = "FR", .prefer = prefer[0], .n_prefer = 1 },
		{ .kind = TOPOLOGY_PREFIX, .prefer = prefer[1], .n_prefer = 1 },
		{ .kind = TOPOLOGY_ASN, .asn = 64496, .prefer = prefer[2], .n_prefer = 1 },
		{ .kind = TOPOLOGY_CONTINENT, .place = "EU", .prefer = prefer[3], .n_prefer = 1 },
	};
	struct place dublin = { 533498, -62603, true, "IE", PLACE_EU, 0 };
	struct classes_input in = by_order();
	struct class_list list;
	struct classes *c;
	uint32_t de, fr, ie, fr_prefix, de_prefix, in_prefix;

	in.topology = rules;
	in.n_topology = 4;
	c = classes_of(&in);
	de = sign(c, &frankfurt);
	fr = sign(c, &paris);
	ie = sign(c, &dublin);
	fr_prefix = classes_sign(c, classes_trait(c, &paris), 1);
	de_prefix = classes_sign(c, classes_trait(c, &frankfurt), 1);
	in_prefix = classes_sign(c, classes_trait(c, &mumbai), 1);
	assert_int_equal(fr_prefix, fr);
	assert_int_equal(de_prefix, in_prefix);
	list = finish(c);
	assert_int_equal(list.classes[list.of_signature[fr]].topology, 0);
	assert_int_equal(list.classes[list.of_signature[de_prefix]].topology, 1);
	assert_int_equal(list.classes[list.of_signature[de]].topology, 2);
	assert_int_equal(list.classes[list.of_signature[ie]].topology, 3);
	assert_int_equal(list.n, 5);
	fini(c, &list);
}

static void rules_that_prefer_the_same_are_one_class(void **state)
{
	uint32_t a[] = { 1, 0 }, b[] = { 0, 1 };
	struct config_topology rules[] = {
		{ .kind = TOPOLOGY_PREFIX, .prefer = a, .n_prefer = 2 },
		{ .kind = TOPOLOGY_PREFIX, .prefer = b, .n_prefer = 2 },
		{ .kind = TOPOLOGY_PREFIX, .prefer = a, .n_prefer = 2 },
	};
	struct classes_input in = by_order();
	struct classes *c;

	in.topology = rules;
	in.n_topology = 3;
	c = classes_of(&in);
	assert_int_equal(classes_sign(c, 0, 0), classes_sign(c, 0, 2));
	assert_int_not_equal(classes_sign(c, 0, 0), classes_sign(c, 0, 1));
	classes_free(c);
}

static void what_a_rule_prefers_distance_does_not_tell_apart(void **state)
{
	uint32_t all[] = { 2, 0, 1 }, one[] = { 2 };
	const struct config_topology topology[] = {
		{ .kind = TOPOLOGY_PREFIX, .prefer = all, .n_prefer = 3 },
		{ .kind = TOPOLOGY_PREFIX, .prefer = one, .n_prefer = 1 },
	};
	/* Nearer to Virginia than to Brazil, and the other way round. */
	const struct place north = { 400000, -1000000, true, "US", PLACE_NA, 0 };
	const struct place south = { -300000, -600000, true, "AR", PLACE_SA, 0 };
	struct classes_input in = by_distance(3);
	struct classes *c;

	in.topology = topology;
	in.n_topology = 2;
	c = classes_of(&in);
	assert_int_equal(classes_sign(c, classes_trait(c, &north), 0),
			 classes_sign(c, classes_trait(c, &south), 0));
	assert_int_not_equal(classes_sign(c, classes_trait(c, &north), 1),
			     classes_sign(c, classes_trait(c, &south), 1));
	/* Of the two that rule 1 leaves, Frankfurt's and Paris' first is the same. */
	assert_int_equal(classes_sign(c, classes_trait(c, &frankfurt), 1),
			 classes_sign(c, classes_trait(c, &paris), 1));
	classes_free(c);
}

static void what_one_database_says_no_other_changes(void **state)
{
	uint32_t prefer[] = { 0 };
	struct config_topology rules[] = {
		{ .kind = TOPOLOGY_COUNTRY, .place = "DE", .prefer = prefer, .n_prefer = 1 },
		{ .kind = TOPOLOGY_ASN, .asn = 64496, .prefer = prefer, .n_prefer = 1 },
	};
	struct place only_asn = { .asn = 64496 }, other_asn = { .asn = 65000 };
	struct place only_country = { .country = "FR", .continent = PLACE_EU };
	struct classes_input in = by_order();
	uint32_t german, french, asn, other;
	struct classes *c;

	in.topology = rules;
	in.n_topology = 1;
	c = classes_of(&in);
	german = classes_trait(c, &frankfurt);
	french = classes_trait(c, &only_country);
	/* FR is a country of no interest here, but not an unknown one. */
	assert_int_equal(classes_sign(c, classes_join(c, french, german), CLASSES_NO_RULE), 0);
	assert_int_equal(classes_join(c, 0, german), german);
	assert_int_equal(classes_join(c, german, 0), german);
	classes_free(c);

	in.n_topology = 2;
	c = classes_of(&in);
	french = classes_trait(c, &only_country);
	asn = classes_trait(c, &only_asn);
	other = classes_trait(c, &other_asn);
	assert_int_equal(classes_sign(c, classes_join(c, french, asn), CLASSES_NO_RULE),
			 classes_sign(c, asn, CLASSES_NO_RULE));
	assert_int_equal(classes_sign(c, classes_join(c, other, asn), CLASSES_NO_RULE), 0);
	classes_free(c);
}

static void the_place_with_most_addresses_stands_for_a_class(void **state)
{
	struct classes_input in = by_distance(2);
	struct classes *c = classes_of(&in);
	uint32_t trait = classes_trait(c, &frankfurt);
	struct class_list list;
	uint32_t id;

	assert_int_equal(classes_trait(c, &paris), trait);
	assert_true(classes_is_heavier(c, trait, 100));
	classes_represent(c, trait, 100, &frankfurt);
	assert_false(classes_is_heavier(c, trait, 99));
	assert_true(classes_is_heavier(c, trait, 101));
	classes_represent(c, trait, 101, &paris);
	id = classes_sign(c, trait, CLASSES_NO_RULE);
	list = finish(c);
	assert_memory_equal(&list.classes[list.of_signature[id]].place, &paris, sizeof(paris));
	assert_memory_equal(&list.classes[0].place, &nowhere, sizeof(nowhere));
	fini(c, &list);
}

static void too_many_classes_tell_fewer_ranks_apart(void **state)
{
	struct classes_input in = by_distance(10);
	uint32_t last_ranks = UINT32_MAX;

	for (uint32_t max = 2000; max >= 2; max /= 3) {
		struct class_list list;
		struct classes *c;

		in.classes_max = max;
		c = classes_of(&in);
		srandom(3);
		for (int i = 0; i < 20000; i++) {
			struct place p = { (int32_t)(random() % 1800001) - 900000,
					   (int32_t)(random() % 3600001) - 1800000, true };

			sign(c, &p);
		}
		list = finish(c);
		assert_true(list.n <= max);
		assert_true(list.ranks <= last_ranks);
		assert_int_equal(list.coarsened, list.ranks < NEAREST_FIRST);
		/* Known and unknown positions are never one class. */
		assert_true(list.n >= 2);
		last_ranks = list.ranks;
		fini(c, &list);
	}
	assert_int_equal(last_ranks, 0);
}

static void rules_beyond_the_limit_are_an_error(void **state)
{
	uint32_t prefer[][1] = { { 0 }, { 1 }, { 2 } };
	struct config_topology rules[3];
	struct classes_input in = by_order();
	struct class_list list;
	struct err e = { "" };
	struct classes *c;

	for (uint32_t i = 0; i < 3; i++)
		rules[i] = (struct config_topology){ .kind = TOPOLOGY_PREFIX,
						     .prefer = prefer[i],
						     .n_prefer = 1 };
	in.topology = rules;
	in.n_topology = 3;
	in.classes_max = 3;
	c = classes_of(&in);
	for (uint32_t i = 0; i < 3; i++)
		classes_sign(c, 0, i);
	assert_int_equal(classes_finish(c, &list, &e), ERR_LIMIT);
	assert_non_null(strstr(e.text, "4 classes"));
	classes_free(c);
}

static enum err_code build_some(void)
{
	struct classes_input in = by_distance(6);
	struct class_list list;
	struct classes *c;
	enum err_code code = classes_new(&in, &c);

	if (code)
		return code;
	for (int i = 0; i < 600 && !code; i++) {
		struct place p = { i * 2000 - 600000, i * 6000 - 1800000, true, "", 0, 0 };
		uint32_t t = classes_trait(c, &p);

		if (t == CLASSES_FAILED || classes_sign(c, t, CLASSES_NO_RULE) == CLASSES_FAILED)
			code = ERR_MEMORY;
	}
	if (!code)
		code = classes_finish(c, &list, NULL);
	if (!code) {
		free(list.classes);
		free(list.of_signature);
	}
	classes_free(c);
	return code;
}

static void no_memory_leaves_nothing_behind(void **state)
{
	for (unsigned n = 1;; n++) {
		enum err_code code;

		fail_alloc_at(n);
		code = build_some();
		if (!fail_alloc_end())
			break;
		assert_int_equal(code, ERR_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_come_first),
		cmocka_unit_test(regions_without_a_place_are_not_ranked),
		cmocka_unit_test(clients_with_one_order_of_regions_are_one_class),
		cmocka_unit_test(without_distance_and_rules_there_is_one_class),
		cmocka_unit_test(a_country_fence_goes_before_its_continent),
		cmocka_unit_test(the_first_rule_in_the_file_wins),
		cmocka_unit_test(rules_that_prefer_the_same_are_one_class),
		cmocka_unit_test(what_a_rule_prefers_distance_does_not_tell_apart),
		cmocka_unit_test(what_one_database_says_no_other_changes),
		cmocka_unit_test(the_place_with_most_addresses_stands_for_a_class),
		cmocka_unit_test(too_many_classes_tell_fewer_ranks_apart),
		cmocka_unit_test(rules_beyond_the_limit_are_an_error),
		cmocka_unit_test(no_memory_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
