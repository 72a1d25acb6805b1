/* SPDX-License-Identifier: Apache-2.0 */
/* test_report: what a service's tally says, and the frames that carry it. */
#include "regiond/report/report.h"
#include "tests/unit/regiond/world.h"

static const char text[] = WORLD_HEAD
	"pools:\n"
	"  p:\n"
	"    backends:\n"
	"      - {az: a, address: '127.0.0.1:24101', max: 8}\n"
	"      - {az: b, address: '127.0.0.1:24102', max: 4}\n"
	"services:\n"
	"  a.example.com: {listen: ['127.0.0.1:24110'], protocol: tcp, routes: [{pool: p}]}\n"
	"  b.example.com: {listen: ['127.0.0.1:24111'], protocol: tcp, routes: [{pool: p}]}\n";

static int setup(void **state)
{
	struct table *t = world_table(text, NULL);
	world_all_up(t);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	table_free(*state);
	return 0;
}

static struct backend *backend(struct table *t, int i)
{
	return t->pools[0].slots[i].backend;
}

static struct tally tally_of(struct table *t, const char *withdrawn)
{
	struct tally tally;
	tally_take(&tally, &t->services[0], withdrawn);
	return tally;
}

static void a_service_whose_backends_are_all_up_is_up(void **state)
{
	struct table *t = *state;
	atomic_store(&backend(t, 0)->in_flight, 3);
	struct tally tally = tally_of(t, NULL);
	assert_int_equal(tally.health, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
	assert_string_equal(tally.reason, "");
	assert_int_equal(tally.capacity, 12);
	assert_int_equal(tally.used, 3);
	assert_int_equal(tally.backends_up, 2);
	assert_int_equal(tally.backends_all, 2);
}

static void with_a_backend_down_it_is_degraded_and_carries_less(void **state)
{
	struct table *t = *state;
	backend_set_state(backend(t, 0), BACKEND_DOWN, 1);
	struct tally tally = tally_of(t, NULL);
	assert_int_equal(tally.health, FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED);
	assert_string_equal(tally.reason, "1 of 2 backends down");
	assert_int_equal(tally.capacity, 4);
	assert_int_equal(tally.backends_up, 1);
}

static void with_all_down_it_is_down(void **state)
{
	struct table *t = *state;
	backend_set_state(backend(t, 0), BACKEND_DOWN, 1);
	backend_set_state(backend(t, 1), BACKEND_DOWN, 1);
	struct tally tally = tally_of(t, NULL);
	assert_int_equal(tally.health, FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN);
	assert_string_equal(tally.reason, "2 of 2 backends down");
}

static void a_drained_backend_is_no_fault_but_carries_nothing(void **state)
{
	struct table *t = *state;
	atomic_store(&backend(t, 0)->drained, true);
	struct tally tally = tally_of(t, NULL);
	assert_int_equal(tally.health, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
	assert_int_equal(tally.capacity, 4);
	atomic_store(&backend(t, 1)->drained, true);
	tally = tally_of(t, NULL);
	assert_int_equal(tally.health, FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN);
}

static void what_was_never_checked_does_not_serve(void **state)
{
	struct table *t = *state;
	backend_set_state(backend(t, 0), BACKEND_UNKNOWN, 1);
	assert_int_equal(tally_of(t, NULL).health, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
	backend_set_state(backend(t, 1), BACKEND_UNKNOWN, 1);
	assert_int_equal(tally_of(t, NULL).health, FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN);
}

static void a_node_that_goes_away_withdraws_whatever_its_backends_are(void **state)
{
	struct tally tally = tally_of(*state, "stopping");
	assert_int_equal(tally.health, FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN);
	assert_string_equal(tally.reason, "stopping");
	assert_string_equal(tally_health_name(tally.health), "down");
}

static wire_message *unpack(struct buf *frame)
{
	wire_message *m;
	struct err e = { "" };
	if (wire_unpack(frame->data, frame->len, &m, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return m;
}

static void take_both(struct table *t, struct tally tallies[2])
{
	for (int i = 0; i < 2; i++)
		tally_take(&tallies[i], &t->services[i], NULL);
}

static void a_full_report_has_every_service(void **state)
{
	struct table *t = *state;
	struct tally tallies[2];
	struct buf frame = BUF_INIT;
	const struct report_scope scope = { .seq = 1, .full = true };
	atomic_store(&t->services[1].service->arrivals, 42);
	take_both(t, tallies);
	assert_int_equal(report_pack(&frame, tallies, 2, &scope, NULL), ERR_OK);
	wire_message *m = unpack(&frame);
	assert_int_equal(m->body_case, FAIRLEAD__WIRE__MESSAGE__BODY_REPORT);
	assert_true(m->report->full);
	assert_int_equal(m->report->seq, 1);
	assert_int_equal(m->report->n_services, 2);
	const Fairlead__Wire__ServiceReport *s = m->report->services[1];
	assert_string_equal(s->service, "b.example.com");
	assert_int_equal(s->health, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
	assert_string_equal(s->unit, "connections");
	assert_int_equal(s->capacity, 12);
	assert_int_equal(s->arrivals, 42);
	assert_int_equal(s->backends_up, 2);
	wire_free(m);
	buf_fini(&frame);
}

static void a_delta_has_only_what_changed(void **state)
{
	struct tally tallies[2];
	struct buf frame = BUF_INIT;
	const bool changed[2] = { false, true };
	const struct report_scope scope = { .seq = 9, .changed = changed };
	take_both(*state, tallies);
	assert_int_equal(report_pack(&frame, tallies, 2, &scope, NULL), ERR_OK);
	wire_message *m = unpack(&frame);
	assert_false(m->report->full);
	assert_int_equal(m->report->n_services, 1);
	assert_string_equal(m->report->services[0]->service, "b.example.com");
	wire_free(m);
	buf_fini(&frame);
}

static void arrivals_count_from_when_the_link_was_made(void **state)
{
	struct table *t = *state;
	struct tally tallies[2];
	struct buf frame = BUF_INIT;
	const uint64_t bases[1] = { 40 }; /* the second service is newer than the link */
	const struct report_scope scope = { .seq = 1, .full = true, .bases = bases, .n_bases = 1 };
	for (int i = 0; i < 2; i++)
		atomic_store(&t->services[i].service->arrivals, 42);
	take_both(t, tallies);
	assert_int_equal(report_pack(&frame, tallies, 2, &scope, NULL), ERR_OK);
	wire_message *m = unpack(&frame);
	assert_int_equal(m->report->services[0]->arrivals, 2);
	assert_int_equal(m->report->services[1]->arrivals, 42);
	wire_free(m);
	buf_fini(&frame);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_service_whose_backends_are_all_up_is_up),
		CLAIM(with_a_backend_down_it_is_degraded_and_carries_less),
		CLAIM(with_all_down_it_is_down),
		CLAIM(a_drained_backend_is_no_fault_but_carries_nothing),
		CLAIM(what_was_never_checked_does_not_serve),
		CLAIM(a_node_that_goes_away_withdraws_whatever_its_backends_are),
		CLAIM(a_full_report_has_every_service),
		CLAIM(a_delta_has_only_what_changed),
		CLAIM(arrivals_count_from_when_the_link_was_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
