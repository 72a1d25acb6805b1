/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/phi. */
#include "steer/phi.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#define MS	  UINT64_C(1000)
#define HEARTBEAT (500 * MS)
#define START	  (1000000 * MS)

static struct phi new_stream(void)
{
	struct phi p;

	phi_init(&p, HEARTBEAT, START);
	return p;
}

static uint64_t patience_ms(const struct phi *p)
{
	return (phi_stale_at_us(p) - p->last_us) / MS;
}

static void a_silent_stream_is_stale_after_about_two_seconds(void **state)
{
	struct phi p = new_stream();
	uint64_t now = START;

	assert_in_range(patience_ms(&p), 1500, 2500); /* before the first frame too */
	for (int i = 0; i < 100; i++)
		phi_heard(&p, now += HEARTBEAT);
	assert_false(phi_is_stale(&p, now + 1500 * MS));
	assert_true(phi_is_stale(&p, now + 2500 * MS));
	assert_false(phi_is_stale(&p, phi_stale_at_us(&p) - 1));
	assert_true(phi_is_stale(&p, phi_stale_at_us(&p)));
}

static void jitter_of_100_ms_does_not_trip_it(void **state)
{
	struct phi p = new_stream();
	uint64_t now = START;
	unsigned seed = 3;

	for (int i = 0; i < 100000; i++) {
		now += HEARTBEAT + (uint64_t)(rand_r(&seed) % 201) * MS - 100 * MS;
		assert_false(phi_is_stale(&p, now));
		phi_heard(&p, now);
		assert_in_range(patience_ms(&p), 1500, 2500);
	}
}

static void three_lost_heartbeats_are_forgiven_on_a_calm_link(void **state)
{
	struct phi p = new_stream();

	for (int i = 1; i <= 50; i++)
		phi_heard(&p, START + (uint64_t)i * HEARTBEAT);
	assert_false(phi_is_stale(&p, START + 53 * HEARTBEAT));
}

static void a_rough_link_earns_patience_up_to_eight_heartbeats(void **state)
{
	struct phi p = new_stream();
	uint64_t now = START;

	for (int i = 0; i < 64; i++)
		phi_heard(&p, now += i % 2 ? 100 * MS : 1400 * MS);
	assert_in_range(patience_ms(&p), 2501, 8 * 500);
	for (int i = 0; i < 64; i++)
		phi_heard(&p, now += i % 2 ? 100 * MS : 100000 * MS);
	assert_int_equal(patience_ms(&p), 8 * 500);
	for (int i = 0; i < PHI_WINDOW; i++) /* and loses it again */
		phi_heard(&p, now += HEARTBEAT);
	assert_in_range(patience_ms(&p), 1500, 2500);
}

static void a_burst_of_reports_does_not_make_it_impatient(void **state)
{
	struct phi p = new_stream();

	for (int i = 1; i <= 100; i++)
		phi_heard(&p, START + (uint64_t)i * MS);
	assert_in_range(patience_ms(&p), 1500, 2500);
}

static void a_closed_link_is_stale_at_once_and_fresh_when_back(void **state)
{
	struct phi p = new_stream();

	phi_heard(&p, START + HEARTBEAT);
	phi_closed(&p);
	assert_true(phi_is_stale(&p, START + HEARTBEAT));
	assert_int_equal(phi_stale_at_us(&p), START + HEARTBEAT);
	phi_heard(&p, START + 1000 * HEARTBEAT);
	assert_false(phi_is_stale(&p, START + 1001 * HEARTBEAT));
	assert_int_equal(p.n, 1); /* the outage is no gap */
}

static void a_peers_absurd_heartbeat_is_held_in_bounds(void **state)
{
	struct phi p;

	phi_init(&p, 0, START);
	assert_false(phi_is_stale(&p, START + 300 * MS));
	phi_init(&p, UINT32_MAX * MS, START);
	for (int i = 1; i <= 64; i++)
		phi_heard(&p, START + (uint64_t)i * UINT32_MAX * MS);
	assert_in_range(patience_ms(&p), 10000, 80000);
}

static void a_clock_that_steps_back_does_no_harm(void **state)
{
	struct phi p = new_stream();

	phi_heard(&p, START - 5000 * MS);
	assert_int_equal(p.last_us, START);
	assert_false(phi_is_stale(&p, START - 5000 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silent_stream_is_stale_after_about_two_seconds),
		cmocka_unit_test(jitter_of_100_ms_does_not_trip_it),
		cmocka_unit_test(three_lost_heartbeats_are_forgiven_on_a_calm_link),
		cmocka_unit_test(a_rough_link_earns_patience_up_to_eight_heartbeats),
		cmocka_unit_test(a_burst_of_reports_does_not_make_it_impatient),
		cmocka_unit_test(a_closed_link_is_stale_at_once_and_fresh_when_back),
		cmocka_unit_test(a_peers_absurd_heartbeat_is_held_in_bounds),
		cmocka_unit_test(a_clock_that_steps_back_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
