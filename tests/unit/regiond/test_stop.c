/* SPDX-License-Identifier: Apache-2.0 */
/* test_stop: until when a node that was told to end is needed, on a hand-wound clock. */
#include "regiond/control/stop.h"
#include "tests/unit/regiond/node_world.h"
#include "tests/unit/unit.h"

#define DRAIN_MS 30000 /* the default */

struct world {
	struct node_world node;
	struct stop stop;
};

static struct service *service_of(struct world *w)
{
	return w->node.node.table->services[0].service;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	node_world_init(&w->node);
	stop_begin(&w->stop, &w->node.node);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	node_world_fini(&w->node);
	free(w);
	return 0;
}

/* What it says after so long, looked at every 100 ms as in life. */
static const char *after_ms(struct world *w, unsigned ms)
{
	const char *over = NULL;
	for (unsigned i = 0; i < ms && !over; i += 100) {
		clock_hand_advance_ms(&w->node.hand, 100);
		over = stop_turn(&w->stop, &w->node.node);
	}
	return over;
}

static void nobody_there_is_the_end_after_the_quiet_time(void **state)
{
	struct world *w = *state;
	assert_null(after_ms(w, STOP_QUIET_MS - 100));
	assert_string_equal(after_ms(w, 100), "nobody is left");
}

static void a_client_that_is_connected_holds_it_up_for_the_drain_time(void **state)
{
	struct world *w = *state;
	atomic_store(&service_of(w)->speaking, 1);
	assert_null(after_ms(w, DRAIN_MS - 100));
	assert_string_equal(after_ms(w, 100), "the drain time is over");
}

static void one_who_comes_and_goes_meanwhile_begins_the_quiet_time_anew(void **state)
{
	struct world *w = *state;
	assert_null(after_ms(w, STOP_QUIET_MS - 100));
	atomic_fetch_add(&service_of(w)->spoken, 1);
	assert_null(after_ms(w, STOP_QUIET_MS));
	assert_string_equal(after_ms(w, 100), "nobody is left");
}

/* A check of type tcp connects and closes, twice a second. */
static void connections_that_carry_nothing_hold_nothing_up(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 3; i++) {
		atomic_fetch_add(&service_of(w)->arrivals, 1);
		atomic_fetch_add(&service_of(w)->in_flight, 1);
		assert_null(after_ms(w, 500));
	}
	assert_string_equal(after_ms(w, 500), "nobody is left");
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(nobody_there_is_the_end_after_the_quiet_time),
		CLAIM(a_client_that_is_connected_holds_it_up_for_the_drain_time),
		CLAIM(one_who_comes_and_goes_meanwhile_begins_the_quiet_time_anew),
		CLAIM(connections_that_carry_nothing_hold_nothing_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
