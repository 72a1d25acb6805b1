/* SPDX-License-Identifier: Apache-2.0 */
/* test_wheel: deadlines on a hand-wound clock. */
#include "regiond/stream/wheel.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define START UINT64_C(1000000)

struct item {
	struct wheel_entry entry; /* first */
	uint64_t deadline;
	int fired, asked;
};

static uint64_t due(struct wheel_entry *entry, uint64_t now_ms)
{
	struct item *it = (struct item *)entry;
	it->asked++;
	if (it->deadline > now_ms)
		return it->deadline;
	it->fired++;
	return now_ms;
}

static int setup(void **state)
{
	struct wheel *w = malloc(sizeof(*w));
	wheel_init(w, START);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void add(struct wheel *w, struct item *it, uint64_t after_ms)
{
	*it = (struct item){ .entry.due = due, .deadline = START + after_ms };
	wheel_add(w, &it->entry, it->deadline);
}

static void a_deadline_is_met_within_one_tick(void **state)
{
	struct wheel *w = *state;
	struct item it;
	add(w, &it, 1000);
	wheel_run(w, START + 999);
	assert_int_equal(it.fired, 0);
	wheel_run(w, START + 1000 + WHEEL_TICK_MS);
	assert_int_equal(it.fired, 1);
	wheel_run(w, START + 100000);
	assert_int_equal(it.fired, 1);
}

static void a_busy_entry_is_only_moved_when_its_slot_comes(void **state)
{
	struct wheel *w = *state;
	struct item it;
	add(w, &it, 1000);
	it.deadline = START + 5000; /* no call to the wheel */
	wheel_run(w, START + 4900);
	assert_int_equal(it.fired, 0);
	assert_int_equal(it.asked, 1);
	wheel_run(w, START + 5000 + WHEEL_TICK_MS);
	assert_int_equal(it.fired, 1);
}

static void a_deadline_beyond_one_turn_waits_for_its_time(void **state)
{
	struct wheel *w = *state;
	struct item it;
	add(w, &it, 600000);
	for (uint64_t t = 0; t < 599999; t += 1000)
		wheel_run(w, START + t);
	assert_int_equal(it.fired, 0);
	wheel_run(w, START + 600000 + WHEEL_TICK_MS);
	assert_int_equal(it.fired, 1);
}

static void a_clock_that_jumps_far_loses_no_deadline(void **state)
{
	struct wheel *w = *state;
	struct item a, b;
	add(w, &a, 10);
	add(w, &b, 60000);
	wheel_run(w, START + 86400000);
	assert_int_equal(a.fired, 1);
	assert_int_equal(b.fired, 1);
}

static void a_removed_entry_is_not_asked(void **state)
{
	struct wheel *w = *state;
	struct item it;
	add(w, &it, 100);
	wheel_remove(&it.entry);
	wheel_run(w, START + 1000);
	assert_int_equal(it.asked, 0);
	wheel_remove(&it.entry); /* twice is fine */
}

static void the_wait_ends_when_the_next_slot_does(void **state)
{
	struct wheel *w = *state;
	struct item it;
	assert_int_equal(wheel_wait_ms(w, START), -1);
	add(w, &it, 1000);
	int wait = wheel_wait_ms(w, START);
	assert_in_range(wait, 1000, 1000 + WHEEL_TICK_MS);
	wheel_run(w, START + (uint64_t)wait);
	assert_int_equal(it.fired, 1);
	assert_int_equal(wheel_wait_ms(w, START), -1);
}

static void every_offset_in_a_turn_is_found_by_the_wait(void **state)
{
	struct wheel *w = *state;
	struct item it;
	uint64_t now = START;
	for (uint64_t after = 1; after < 60000; after += 997) {
		it = (struct item){ .entry.due = due, .deadline = now + after };
		wheel_add(w, &it.entry, it.deadline);
		now += (uint64_t)wheel_wait_ms(w, now);
		wheel_run(w, now);
		assert_int_equal(it.fired, 1);
		assert_true(now >= it.deadline && now < it.deadline + 2 * WHEEL_TICK_MS);
	}
}

static struct item neighbours[2];
static int gone;

static uint64_t others_go(struct wheel_entry *entry, uint64_t now_ms)
{
	wheel_remove(&neighbours[0].entry);
	wheel_remove(&neighbours[1].entry);
	gone++;
	return now_ms;
}

static void an_entry_may_remove_its_neighbours(void **state)
{
	struct wheel *w = *state;
	for (int i = 0; i < 2; i++) {
		add(w, &neighbours[i], 100);
		neighbours[i].entry.due = others_go;
	}
	gone = 0;
	wheel_run(w, START + 1000);
	assert_int_equal(gone, 1);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_deadline_is_met_within_one_tick),
		CLAIM(a_busy_entry_is_only_moved_when_its_slot_comes),
		CLAIM(a_deadline_beyond_one_turn_waits_for_its_time),
		CLAIM(a_clock_that_jumps_far_loses_no_deadline),
		CLAIM(a_removed_entry_is_not_asked),
		CLAIM(the_wait_ends_when_the_next_slot_does),
		CLAIM(every_offset_in_a_turn_is_found_by_the_wait),
		CLAIM(an_entry_may_remove_its_neighbours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
