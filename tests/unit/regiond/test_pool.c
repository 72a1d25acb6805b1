/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool: which backend takes the next connection. */
#include "regiond/back/hash.h"
#include "regiond/back/policies.h"
#include "regiond/back/pool.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BACKENDS 4
#define NOW	 UINT64_C(1000000000)

/* Four backends in two AZs: 0 and 1 in "a", 2 and 3 in "b"; weight 100, max 8. */
struct world {
	struct pool pool;
	struct pool_slot slots[BACKENDS];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	w->pool = (struct pool){
		.balance = &balance_least_connections,
		.local_az = POOL_AZ_NONE,
		.n_az = 2,
		.az_names = { "a", "b" },
		.slots = w->slots,
		.n_slots = BACKENDS,
	};
	assert_int_equal(w->pool.balance->build(&w->pool.balance_state), ERR_OK);
	for (uint32_t i = 0; i < BACKENDS; i++) {
		struct endpoint at = { .addr = { 4, { 127, 0, 0, 1 } },
				       .port = (uint16_t)(24000 + i) };
		struct pool_slot *s = &w->slots[i];
		assert_int_equal(backend_new(&s->backend, "p", &at), ERR_OK);
		backend_set_state(s->backend, BACKEND_UP, NOW);
		s->weight = 100;
		s->max = 8;
		s->az = i / 2;
	}
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < BACKENDS; i++)
		backend_unref(w->slots[i].backend);
	if (w->pool.balance->free)
		w->pool.balance->free(w->pool.balance_state);
	free(w);
	return 0;
}

static void set_in_flight(struct world *w, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	const uint32_t n[BACKENDS] = { a, b, c, d };
	for (int i = 0; i < BACKENDS; i++)
		atomic_store(&w->slots[i].backend->in_flight, n[i]);
}

static int slot_of(const struct world *w, const struct backend *b)
{
	for (int i = 0; i < BACKENDS; i++)
		if (w->slots[i].backend == b)
			return i;
	return -1;
}

/* Picks and keeps the place; -1 = none. The reference goes back, the place stays taken. */
static int pick(struct world *w)
{
	struct pool_want want = { .now_us = NOW };
	enum pool_miss miss;
	struct backend *b = pool_pick(&w->pool, &want, &miss);
	if (!b)
		return -1;
	assert_int_equal(miss, POOL_FOUND);
	backend_unref(b);
	return slot_of(w, b);
}

static enum pool_miss miss_of(struct world *w)
{
	struct pool_want want = { .now_us = NOW };
	enum pool_miss miss;
	assert_null(pool_pick(&w->pool, &want, &miss));
	return miss;
}

static void the_least_busy_backend_is_chosen(void **state)
{
	struct world *w = *state;
	set_in_flight(w, 3, 2, 4, 3);
	assert_int_equal(pick(w), 1);
}

static void a_backend_of_twice_the_weight_carries_twice_as_much(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < BACKENDS; i++)
		w->slots[i].max = 0;
	w->slots[2].weight = 200;
	for (int i = 0; i < 50; i++)
		pick(w);
	assert_in_range(atomic_load(&w->slots[2].backend->in_flight), 19, 21);
	assert_in_range(atomic_load(&w->slots[0].backend->in_flight), 9, 11);
}

static void equal_ones_take_turns(void **state)
{
	struct world *w = *state;
	unsigned seen = 0;
	for (int i = 0; i < BACKENDS; i++) {
		set_in_flight(w, 0, 0, 0, 0);
		seen |= 1u << pick(w);
	}
	assert_int_equal(seen, 0xf);
}

/* Picks n times with nothing in flight, and counts who was it. */
static void pick_idle(struct world *w, int n, int *count)
{
	memset(count, 0, BACKENDS * sizeof(*count));
	for (int i = 0; i < n; i++) {
		set_in_flight(w, 0, 0, 0, 0);
		count[pick(w)]++;
	}
}

static void idle_ones_share_by_weight(void **state)
{
	struct world *w = *state;
	int count[BACKENDS];
	w->slots[0].weight = 300;
	w->slots[2].weight = w->slots[3].weight = 0;
	pick_idle(w, 200, count);
	assert_in_range(count[0], 149, 151);
	assert_in_range(count[1], 49, 51);
}

static void turns_of_one_pool_do_not_depend_on_picks_of_another(void **state)
{
	struct world *w = *state;
	struct pool other = w->pool;
	struct pool_want want = { .now_us = NOW };
	enum pool_miss miss;
	int count[BACKENDS] = { 0 };
	/* Both pools are asked in turn, as A and AAAA of one name are, or two services. */
	w->pool.n_slots = 2;
	other.slots = w->slots + 2;
	other.n_slots = 2;
	assert_int_equal(other.balance->build(&other.balance_state), ERR_OK);
	for (int i = 0; i < 100; i++) {
		set_in_flight(w, 0, 0, 0, 0);
		count[pick(w)]++;
		struct backend *b = pool_pick(&other, &want, &miss);
		count[slot_of(w, b)]++;
		backend_release(b);
	}
	for (int i = 0; i < BACKENDS; i++)
		assert_int_equal(count[i], 50);
	other.balance->free(other.balance_state);
}

static void round_robin_takes_turns_whatever_is_in_flight(void **state)
{
	struct world *w = *state;
	int count[BACKENDS] = { 0 };
	w->pool.balance->free(w->pool.balance_state);
	w->pool.balance = &balance_round_robin;
	assert_int_equal(w->pool.balance->build(&w->pool.balance_state), ERR_OK);
	w->slots[3].weight = 200;
	for (int i = 0; i < 100; i++) {
		set_in_flight(w, 7, 1, 0, 3);
		count[pick(w)]++;
	}
	for (int i = 0; i < BACKENDS; i++)
		assert_in_range(count[i], i == 3 ? 39 : 19, i == 3 ? 41 : 21);
}

#define KEYS 2000

/* Where each key goes; nothing stays in flight. */
static void place_keys(struct world *w, int *at, int *count)
{
	memset(count, 0, BACKENDS * sizeof(*count));
	for (uint64_t key = 0; key < KEYS; key++) {
		struct pool_want want = { .now_us = NOW, .key = key };
		enum pool_miss miss;
		struct backend *b = pool_pick(&w->pool, &want, &miss);
		at[key] = slot_of(w, b);
		count[at[key]]++;
		backend_release(b);
	}
}

static void a_key_stays_with_its_backend_and_only_those_of_a_lost_one_move(void **state)
{
	struct world *w = *state;
	static int before[KEYS], after[KEYS];
	int count[BACKENDS];
	w->pool.balance->free(w->pool.balance_state);
	w->pool.balance = &balance_hash;
	w->slots[3].weight = 200;
	place_keys(w, before, count);
	for (int i = 0; i < BACKENDS; i++)
		assert_in_range(count[i], KEYS * (i == 3 ? 2 : 1) / 5 * 9 / 10,
				KEYS * (i == 3 ? 2 : 1) / 5 * 11 / 10);
	backend_set_state(w->slots[1].backend, BACKEND_DOWN, NOW);
	place_keys(w, after, count);
	for (int i = 0; i < KEYS; i++)
		assert_true(before[i] == 1 ? after[i] != 1 : after[i] == before[i]);
	backend_set_state(w->slots[1].backend, BACKEND_UP, NOW);
	place_keys(w, after, count);
	assert_memory_equal(before, after, sizeof(before));
}

static void a_backend_that_was_away_does_not_catch_up(void **state)
{
	struct world *w = *state;
	int count[BACKENDS];
	backend_set_state(w->slots[0].backend, BACKEND_DOWN, NOW);
	pick_idle(w, 300, count);
	assert_int_equal(count[0], 0);
	backend_set_state(w->slots[0].backend, BACKEND_UP, NOW);
	pick_idle(w, 40, count);
	for (int i = 0; i < BACKENDS; i++)
		assert_in_range(count[i], 9, 11);
}

static void what_is_down_drained_unchecked_or_without_weight_gets_nothing(void **state)
{
	struct world *w = *state;
	set_in_flight(w, 0, 0, 0, 7);
	backend_set_state(w->slots[0].backend, BACKEND_DOWN, NOW);
	atomic_store(&w->slots[1].backend->drained, true);
	backend_set_state(w->slots[2].backend, BACKEND_UNKNOWN, NOW);
	assert_int_equal(pick(w), 3);
	w->slots[3].weight = 0;
	assert_int_equal(miss_of(w), POOL_DOWN);
}

static void a_full_pool_is_told_from_a_dead_one(void **state)
{
	struct world *w = *state;
	set_in_flight(w, 8, 8, 8, 8);
	assert_int_equal(miss_of(w), POOL_FULL);
	for (int i = 0; i < BACKENDS; i++)
		backend_set_state(w->slots[i].backend, BACKEND_DOWN, NOW);
	assert_int_equal(miss_of(w), POOL_DOWN);
}

static void the_local_az_takes_all_until_three_quarters(void **state)
{
	struct world *w = *state;
	w->pool.local_az = 0;
	for (int i = 0; i < 12; i++)
		assert_in_range(pick(w), 0, 1);
	assert_in_range(pick(w), 2, 3);
}

static void the_overflow_goes_where_most_is_free_until_all_is_even(void **state)
{
	struct world *w = *state;
	w->pool.local_az = 0;
	set_in_flight(w, 6, 6, 0, 0);
	for (int i = 0; i < 12; i++)
		assert_in_range(pick(w), 2, 3);
	for (int i = 0; i < 8; i++)
		assert_int_not_equal(pick(w), -1);
	for (int i = 0; i < BACKENDS; i++)
		assert_int_equal(atomic_load(&w->slots[i].backend->in_flight), 8);
	assert_int_equal(pick(w), -1);
}

static void a_local_az_with_a_backend_without_max_never_overflows(void **state)
{
	struct world *w = *state;
	w->pool.local_az = 0;
	w->slots[1].max = 0;
	for (int i = 0; i < 100; i++)
		assert_in_range(pick(w), 0, 1);
}

static void the_others_stand_in_for_a_local_az_that_is_down(void **state)
{
	struct world *w = *state;
	w->pool.local_az = 0;
	backend_set_state(w->slots[0].backend, BACKEND_DOWN, NOW);
	backend_set_state(w->slots[1].backend, BACKEND_DOWN, NOW);
	assert_in_range(pick(w), 2, 3);
}

static void a_local_az_that_was_tried_leaves_the_rest_to_the_others(void **state)
{
	struct world *w = *state;
	struct pool_want want = { .now_us = NOW, .n_tried = 2 };
	enum pool_miss miss;
	w->pool.local_az = 0;
	want.tried[0] = w->slots[0].backend;
	want.tried[1] = w->slots[1].backend;
	struct backend *b = pool_pick(&w->pool, &want, &miss);
	assert_in_range(slot_of(w, b), 2, 3);
	backend_release(b);
}

static void a_backend_that_did_not_answer_is_the_last_choice_for_a_second(void **state)
{
	struct world *w = *state;
	set_in_flight(w, 0, 5, 5, 5);
	backend_failed(w->slots[0].backend, NOW);
	assert_int_not_equal(pick(w), 0);
	set_in_flight(w, 0, 8, 8, 8);
	assert_int_equal(pick(w), 0);
	set_in_flight(w, 0, 5, 5, 5);
	struct pool_want later = { .now_us = NOW + BACKEND_AVOID_US };
	enum pool_miss miss;
	struct backend *b = pool_pick(&w->pool, &later, &miss);
	assert_int_equal(slot_of(w, b), 0);
	backend_release(b);
}

static void a_backend_that_comes_back_gets_its_weight_little_by_little(void **state)
{
	struct world *w = *state;
	struct pool_slot *s = &w->slots[0];
	w->pool.slow_start_us = 30000000;
	assert_int_equal(pool_weight(&w->pool, s, NOW), 100 * BALANCE_WEIGHT_ONE);
	backend_set_state(s->backend, BACKEND_DOWN, NOW);
	backend_set_state(s->backend, BACKEND_UP, NOW);
	assert_int_equal(pool_weight(&w->pool, s, NOW), 1);
	assert_int_equal(pool_weight(&w->pool, s, NOW + 15000000), 50 * BALANCE_WEIGHT_ONE);
	assert_int_equal(pool_weight(&w->pool, s, NOW + 30000000), 100 * BALANCE_WEIGHT_ONE);
	set_in_flight(w, 0, 5, 5, 5);
	assert_int_not_equal(pick(w), 0); /* although it is empty */
}

static void the_sum_counts_capacity_only_where_something_serves(void **state)
{
	struct world *w = *state;
	struct pool_sum sum;
	set_in_flight(w, 1, 2, 3, 4);
	backend_set_state(w->slots[0].backend, BACKEND_DOWN, NOW);
	atomic_store(&w->slots[1].backend->drained, true);
	pool_sum(&w->pool, &sum);
	assert_int_equal(sum.capacity, 16);
	assert_int_equal(sum.in_flight, 10);
	assert_int_equal(sum.usable, 2);
	assert_int_equal(sum.down, 1);
	assert_int_equal(sum.drained, 1);
	w->slots[3].max = 0;
	pool_sum(&w->pool, &sum);
	assert_int_equal(sum.capacity, 0);
}

/* ---- four threads on few places */

#define ROUNDS 20000

struct grabber {
	struct world *w;
	pthread_t thread;
	_Atomic uint32_t *held; /* for each backend, what all threads hold */
	_Atomic uint32_t *over;
};

static void *grab(void *arg)
{
	struct grabber *g = arg;
	struct pool_want want = { .now_us = NOW };
	enum pool_miss miss;
	for (int i = 0; i < ROUNDS; i++) {
		struct backend *mine[4];
		for (int k = 0; k < 4; k++) {
			mine[k] = pool_pick(&g->w->pool, &want, &miss);
			if (mine[k] && atomic_fetch_add(&g->held[slot_of(g->w, mine[k])], 1) >=
					       g->w->slots[0].max)
				atomic_fetch_add(g->over, 1);
		}
		for (int k = 0; k < 4; k++) {
			if (!mine[k])
				continue;
			atomic_fetch_sub(&g->held[slot_of(g->w, mine[k])], 1);
			backend_release(mine[k]);
		}
	}
	return NULL;
}

static void four_threads_never_hold_more_than_max(void **state)
{
	struct world *w = *state;
	struct grabber g[4];
	_Atomic uint32_t held[BACKENDS] = { 0 }, over = 0;
	for (int i = 0; i < BACKENDS; i++)
		w->slots[i].max = 2;
	for (int i = 0; i < 4; i++) {
		g[i] = (struct grabber){ .w = w, .held = held, .over = &over };
		assert_int_equal(pthread_create(&g[i].thread, NULL, grab, &g[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(g[i].thread, NULL);
	assert_int_equal(over, 0);
	for (int i = 0; i < BACKENDS; i++)
		assert_int_equal(atomic_load(&w->slots[i].backend->in_flight), 0);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(the_least_busy_backend_is_chosen),
		CLAIM(a_backend_of_twice_the_weight_carries_twice_as_much),
		CLAIM(equal_ones_take_turns),
		CLAIM(idle_ones_share_by_weight),
		CLAIM(turns_of_one_pool_do_not_depend_on_picks_of_another),
		CLAIM(round_robin_takes_turns_whatever_is_in_flight),
		CLAIM(a_key_stays_with_its_backend_and_only_those_of_a_lost_one_move),
		CLAIM(a_backend_that_was_away_does_not_catch_up),
		CLAIM(what_is_down_drained_unchecked_or_without_weight_gets_nothing),
		CLAIM(a_full_pool_is_told_from_a_dead_one),
		CLAIM(the_local_az_takes_all_until_three_quarters),
		CLAIM(the_overflow_goes_where_most_is_free_until_all_is_even),
		CLAIM(a_local_az_with_a_backend_without_max_never_overflows),
		CLAIM(the_others_stand_in_for_a_local_az_that_is_down),
		CLAIM(a_local_az_that_was_tried_leaves_the_rest_to_the_others),
		CLAIM(a_backend_that_did_not_answer_is_the_last_choice_for_a_second),
		CLAIM(a_backend_that_comes_back_gets_its_weight_little_by_little),
		CLAIM(the_sum_counts_capacity_only_where_something_serves),
		CLAIM(four_threads_never_hold_more_than_max),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
