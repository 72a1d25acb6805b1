/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/decide and steer/rules: rows, masks and rendezvous give whom the numbered list
 * puts first, and a candidate is told the rule that the list says. */
#include "steer/decide.h"
#include "steer/world.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define REGIONS 6
#define MEMBERS 8

/* A random pool, client and state of the world. */
struct case_ {
	struct place regions[REGIONS], client;
	struct rank_member members[MEMBERS];
	struct pick_member picks[MEMBERS];
	uint16_t prefer[2], inside[3];
	struct rank_fence fence;
	struct rank_input in;
	struct world_service world;
	struct world_masks masks;
	uint64_t key;
};

static unsigned below(unsigned *seed, unsigned n)
{
	return (unsigned)rand_r(seed) % n;
}

static void make_members(struct case_ *c, unsigned *seed)
{
	for (size_t i = 0; i < c->in.n_members; i++) {
		c->members[i] = (struct rank_member){ .region = (uint16_t)below(seed, REGIONS),
						      .tier = (uint8_t)below(seed, 2) };
		c->picks[i] = (struct pick_member){ (uint64_t)rand_r(seed) << 20,
						    below(seed, 3) * 50, PICK_SHARE_ALL };
		c->world.members[i] = (struct world_member){
			.health = below(seed, 3) ? HEALTH_UP : HEALTH_DOWN,
			.is_held_down = !below(seed, 2),
			.is_drained = !below(seed, 6),
			.is_held = !below(seed, 4),
			.is_target = !below(seed, 8),
			.dial_ppm = below(seed, 4) ? PICK_SHARE_ALL : below(seed, 3) * 300000,
		};
		c->picks[i].dial_ppm = c->world.members[i].dial_ppm;
	}
}

static void make_case(struct case_ *c, unsigned *seed)
{
	*c = (struct case_){ .key = (uint64_t)rand_r(seed) << 32 | (uint64_t)rand_r(seed) };
	for (size_t i = 0; i < REGIONS; i++)
		c->regions[i] = (struct place){ (int32_t)below(seed, 3) * 100000,
						(int32_t)below(seed, 3) * 200000, true, "DE",
						PLACE_EU };
	c->client = (struct place){ 0, 0, true, "DE", PLACE_EU };
	for (size_t i = 0; i < 3; i++)
		c->inside[i] = (uint16_t)below(seed, REGIONS);
	c->fence = (struct rank_fence){ "DE", PLACE_NOWHERE, c->inside, 3 };
	c->prefer[0] = (uint16_t)below(seed, REGIONS);
	c->in = (struct rank_input){ .method = (enum rank_method)below(seed, RANK_ORDER + 1),
				     .members = c->members,
				     .n_members = 1 + below(seed, MEMBERS),
				     .regions = c->regions,
				     .n_regions = REGIONS,
				     .fences = &c->fence,
				     .n_fences = !below(seed, 3),
				     .prefer = c->prefer,
				     .n_prefer = below(seed, 2),
				     .client = &c->client };
	c->world.n_members = c->in.n_members;
	c->world.ttl_s = 30;
	make_members(c, seed);
	world_masks(&c->world, &c->masks);
}

static void choose(const struct case_ *c, struct decide_choice *out)
{
	struct rank_row row;

	rank_members(&c->in, &row);
	decide_choose(&(struct decide_row){ row.groups, row.n_groups, row.allowed, true },
		      &c->masks.live, c->picks, row.allowed, c->key, out);
}

static void first_of_the_list(const struct case_ *c, const struct decide_choice *choice,
			      struct rules_candidate *best, int *member)
{
	const struct decide_question q = {
		.rank = &c->in,
		.live = &c->masks.live,
		.members = c->picks,
		.out = c->masks.out,
		.held = c->masks.held,
		.held_down = c->masks.held_down,
		.down = c->masks.down,
		.client_key = c->key,
		.ignores_dials =
			decide_ignored_dials(&c->masks.live, c->picks, c->key, choice->member),
	};

	*member = PICK_NOBODY;
	for (size_t i = 0; i < c->in.n_members; i++) {
		struct rules_candidate one;
		int sign = -1;

		decide_candidate(&q, choice->how, i, &one);
		if (*member != PICK_NOBODY)
			rules_compare(&one, best, &sign);
		if (sign < 0) {
			*best = one;
			*member = (int)i;
		}
	}
}

static void the_data_path_gives_whom_the_list_puts_first(void **state)
{
	unsigned seed = 7, how[DECIDE_PANIC + 1] = { 0 };

	for (int round = 0; round < 60000; round++) {
		struct rules_candidate best;
		struct decide_choice choice;
		struct case_ c;
		int member;

		make_case(&c, &seed);
		choose(&c, &choice);
		how[choice.how]++;
		first_of_the_list(&c, &choice, &best, &member);
		if (choice.member == PICK_NOBODY) {
			assert_true(best.is_fenced_out);
			continue;
		}
		assert_true(decide_is_kept(&best));
		assert_int_equal(member, choice.member);
	}
	for (size_t i = 0; i <= DECIDE_PANIC; i++)
		assert_true(how[i] > 1000);
}

static void nobody_is_behind_who_is_worse(void **state)
{
	unsigned seed = 11;

	for (int round = 0; round < 20000; round++) {
		struct decide_choice choice;
		struct case_ c;
		uint64_t bit;

		make_case(&c, &seed);
		choose(&c, &choice);
		if (choice.member == PICK_NOBODY)
			continue;
		bit = UINT64_C(1) << choice.member;
		/* Who is held back serves only when nobody may; who is dead only when nobody is
		 * held back. */
		if (choice.how == DECIDE_NORMAL)
			assert_true(c.masks.live.serve & bit);
		if (choice.how == DECIDE_SPARE)
			assert_true(c.masks.live.spare & bit);
	}
}

/* ---- the list, rule by rule ---- */

static void each_rule_decides_what_those_before_leave_open(void **state)
{
	static const struct {
		enum steer_rule rule;
		struct rules_candidate behind;
	} list[] = {
		{ RULE_NAME, { .seed = 2 } },
		{ RULE_WEIGHT, { .cost = 9, .weight = 1 } },
		{ RULE_DISTANCE, { .distance_m = 1 } },
		{ RULE_PREFER, { .preference = 1 } },
		{ RULE_TIER, { .tier = 1 } },
		{ RULE_HEALTH, { .health = 1 } },
		{ RULE_FENCE, { .is_fenced_out = true } },
		{ RULE_FORCED, { .is_held = true } },
		{ RULE_FORCED, { .is_out = true } },
	};
	struct rules_candidate first = { .cost = 1, .weight = 1, .seed = 1 };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct rules_candidate b = list[i].behind;
		int sign;

		b.weight = 1;
		if (!b.cost)
			b.cost = 1;
		if (!b.seed)
			b.seed = 1;
		assert_int_equal(rules_compare(&first, &b, &sign), list[i].rule);
		assert_int_equal(sign, -1);
		assert_int_equal(rules_compare(&b, &first, &sign), list[i].rule);
		assert_int_equal(sign, 1);
	}
}

static void a_target_goes_before_all_and_a_tie_is_a_tie(void **state)
{
	struct rules_candidate near = { .weight = 1, .cost = 1 };
	struct rules_candidate target = {
		.is_target = true, .tier = 3, .distance_m = 9, .cost = 1
	};
	int sign;

	assert_int_equal(rules_compare(&target, &near, &sign), RULE_FORCED);
	assert_int_equal(sign, -1);
	assert_int_equal(rules_compare(&near, &near, &sign), RULE_NONE);
	assert_int_equal(sign, 0);
}

static void panic_has_a_ttl_of_its_own(void **state)
{
	assert_int_equal(decide_ttl_s(DECIDE_NORMAL, 30), 30);
	assert_int_equal(decide_ttl_s(DECIDE_SPARE, 20), 20);
	assert_int_equal(decide_ttl_s(DECIDE_PANIC, 30), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_data_path_gives_whom_the_list_puts_first),
		cmocka_unit_test(nobody_is_behind_who_is_worse),
		cmocka_unit_test(each_rule_decides_what_those_before_leave_open),
		cmocka_unit_test(a_target_goes_before_all_and_a_tie_is_a_tie),
		cmocka_unit_test(panic_has_a_ttl_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
