/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/world: what is forced and what is known become masks, holds and a TTL. */
#include "steer/world.h"
#include "tests/unit/unit.h"

#define BIT(member) (UINT64_C(1) << (member))

static struct world_service three(void)
{
	struct world_service w = { .n_members = 3, .ttl_s = 30 };

	for (size_t m = 0; m < 3; m++)
		w.members[m] =
			(struct world_member){ .health = HEALTH_UP, .dial_ppm = PICK_SHARE_ALL };
	return w;
}

static struct world_masks masks_of(const struct world_service *w)
{
	struct world_masks m;

	world_masks(w, &m);
	return m;
}

static void who_is_well_serves_with_the_normal_ttl(void **state)
{
	struct world_service w = three();
	struct world_masks m;

	w.members[1].health = HEALTH_UNKNOWN;
	w.members[2].health = HEALTH_STALE;
	m = masks_of(&w);
	assert_int_equal(m.live.serve, 7);
	assert_int_equal(m.live.spare, 0);
	assert_int_equal(m.ttl_s, 30);
	assert_int_equal(m.ttl_why, WORLD_TTL_NORMAL);
}

static void who_is_down_is_out_and_answers_live_shorter(void **state)
{
	struct world_service w = three();
	struct world_masks m;

	w.members[0].health = HEALTH_DOWN;
	m = masks_of(&w);
	assert_int_equal(m.live.serve, 6);
	assert_int_equal(m.down, 1);
	assert_int_equal(m.ttl_s, WORLD_TTL_FAILOVER_S);
	assert_int_equal(m.ttl_why, WORLD_TTL_DOWN);
	w.ttl_s = 10; /* shorter than that already */
	assert_int_equal(masks_of(&w).ttl_s, 10);
}

static void who_is_only_held_down_is_spare_and_not_dead(void **state)
{
	struct world_service w = three();
	struct world_masks m;

	for (size_t i = 0; i < 3; i++)
		w.members[i].health = HEALTH_DOWN;
	w.members[1].is_held_down = true;
	m = masks_of(&w);
	assert_int_equal(m.live.serve, 0);
	assert_int_equal(m.live.spare, BIT(1));
	w.members[1].is_drained = true; /* the operator's word */
	assert_int_equal(masks_of(&w).live.spare, 0);
}

static void who_is_held_for_a_failback_is_spare_unless_it_is_the_target(void **state)
{
	struct world_service w = three();

	w.members[0].is_held = true;
	assert_int_equal(masks_of(&w).live.serve, 6);
	assert_int_equal(masks_of(&w).live.spare, 1);
	w.members[0].is_target = true;
	assert_int_equal(masks_of(&w).live.serve, 7);
	assert_int_equal(masks_of(&w).live.spare, 0);
	assert_int_equal(masks_of(&w).ttl_why, WORLD_TTL_MOVED);
}

static void drained_and_dialled_to_0_are_out(void **state)
{
	struct world_service w = three();
	struct world_masks m;

	w.members[0].is_drained = true;
	w.members[1].dial_ppm = 0;
	w.members[2].dial_ppm = 500000;
	m = masks_of(&w);
	assert_int_equal(m.live.serve, 4);
	assert_int_equal(m.out, 3);
	assert_int_equal(m.live.dialled, 4);
	assert_int_equal(m.ttl_s, 30); /* nobody is down */
}

/* ---- what is forced ---- */

static void a_dial_of_the_service_goes_before_one_of_its_region(void **state)
{
	const struct world_override both[] = { { WORLD_DIAL, 3, true, 500000 },
					       { WORLD_DIAL, 1, false, 100000 },
					       { WORLD_DIAL, 4, false, 200000 } };
	struct world_service w = three();

	world_force(&w, both, 3);
	assert_int_equal(w.members[0].dial_ppm, 500000);
	assert_int_equal(w.members[1].dial_ppm, 500000);
	assert_int_equal(w.members[2].dial_ppm, 200000);
}

static void the_last_failover_counts_and_one_to_nobody_forces_nothing(void **state)
{
	const struct world_override list[] = { { WORLD_FAILOVER, 1, true, 0 },
					       { WORLD_FAILOVER, 4, true, 0 } };
	const struct world_override nowhere = { WORLD_FAILOVER, 0, true, 0 };
	struct world_service w = three();

	world_force(&w, list, 2);
	assert_int_equal(masks_of(&w).live.forced, 4);
	w = three();
	world_force(&w, &nowhere, 1);
	assert_int_equal(masks_of(&w).live.forced, 0);
	assert_int_equal(masks_of(&w).ttl_s, 30);
}

static void drains_and_holds_are_of_their_members(void **state)
{
	const struct world_override list[] = { { WORLD_DRAIN, 1, false, 0 },
					       { WORLD_HELD, 2, true, 0 } };
	struct world_service w = three();

	world_force(&w, list, 2);
	assert_int_equal(masks_of(&w).out, 1);
	assert_int_equal(masks_of(&w).held, 2);
	assert_int_equal(masks_of(&w).live.serve, 4);
}

/* ---- failback: manual ---- */

static void who_served_and_failed_is_held(void **state)
{
	assert_true(world_must_hold(false, HEALTH_UP, HEALTH_DOWN, true));
	assert_true(world_must_hold(false, HEALTH_STALE, HEALTH_DOWN, true));
	assert_false(world_must_hold(true, HEALTH_UP, HEALTH_DOWN, true));
	assert_false(world_must_hold(false, HEALTH_UP, HEALTH_DOWN, false));
	assert_false(world_must_hold(false, HEALTH_UNKNOWN, HEALTH_DOWN, true));
	assert_false(world_must_hold(false, HEALTH_DOWN, HEALTH_UP, true));
}

static void who_must_serve_is_let_go(void **state)
{
	struct world_service w = three();
	struct world_masks m;

	w.members[0].is_held = w.members[1].is_held = true;
	m = masks_of(&w);
	assert_int_equal(world_let_go(&m, 3, false, 4), 0);
	w.members[2].health = HEALTH_DOWN;
	m = masks_of(&w);
	assert_int_equal(world_let_go(&m, 3, false, 2), 2); /* the active one, the other stays */
	assert_int_equal(world_let_go(&m, 3, true, 2), 3);  /* failback: auto knows no holds */
	w.members[0].health = w.members[1].health = HEALTH_DOWN;
	m = masks_of(&w);
	assert_int_equal(world_let_go(&m, 3, false, 7), 0); /* nobody serves: no traffic moved */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_well_serves_with_the_normal_ttl),
		cmocka_unit_test(who_is_down_is_out_and_answers_live_shorter),
		cmocka_unit_test(who_is_only_held_down_is_spare_and_not_dead),
		cmocka_unit_test(who_is_held_for_a_failback_is_spare_unless_it_is_the_target),
		cmocka_unit_test(drained_and_dialled_to_0_are_out),
		cmocka_unit_test(a_dial_of_the_service_goes_before_one_of_its_region),
		cmocka_unit_test(the_last_failover_counts_and_one_to_nobody_forces_nothing),
		cmocka_unit_test(drains_and_holds_are_of_their_members),
		cmocka_unit_test(who_served_and_failed_is_held),
		cmocka_unit_test(who_must_serve_is_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
