/* SPDX-License-Identifier: Apache-2.0 */
/* test_trouble: what is wrong is told while it is, with its beginning. */
#include "regiond/control/trouble.h"
#include "tests/unit/regiond/node_world.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
	struct node_world *w = calloc(1, sizeof(*w));
	node_world_init(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	node_world_fini(*state);
	free(*state);
	return 0;
}

static const struct problem *find(struct node_world *w, const char *kind)
{
	trouble_turn(w->trouble);
	const struct problems *list = trouble_list(w->trouble);
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->list[i].kind, kind) == 0)
			return &list->list[i];
	return NULL;
}

static struct backend *backend_of(struct node_world *w, size_t i)
{
	return w->node.table->pools[0].slots[i].backend;
}

static void a_service_is_down_degraded_and_well_again(void **state)
{
	struct node_world *w = *state;
	uint64_t now_us = clock_mono_us(w->node.clock);
	const struct problem *p = find(w, "service_down");
	assert_non_null(p);
	assert_int_equal(p->severity, PROBLEM_CRITICAL);
	assert_string_equal(p->subject, "a.example.com");
	assert_string_equal(p->reason, "no backend has passed its first check yet");
	backend_set_state(backend_of(w, 0), BACKEND_UP, now_us);
	backend_set_state(backend_of(w, 1), BACKEND_DOWN, now_us);
	assert_null(find(w, "service_down"));
	p = find(w, "service_degraded");
	assert_non_null(p);
	assert_string_equal(p->reason, "1 of 2 backends down");
	backend_set_state(backend_of(w, 1), BACKEND_UP, now_us);
	assert_null(find(w, "service_degraded"));
	assert_int_equal(trouble_list(w->trouble)->n, 0);
}

static void a_problem_keeps_its_beginning_while_it_lasts(void **state)
{
	struct node_world *w = *state;
	assert_int_equal((int)find(w, "service_down")->since_s, 0);
	clock_hand_advance_ms(&w->hand, 7000);
	assert_int_equal((int)find(w, "service_down")->since_s, 7);
	backend_set_state(backend_of(w, 0), BACKEND_UP, 1);
	assert_null(find(w, "service_down"));
	backend_set_state(backend_of(w, 0), BACKEND_DOWN, 1);
	backend_set_state(backend_of(w, 1), BACKEND_DOWN, 1);
	assert_int_equal((int)find(w, "service_down")->since_s, 0);
}

static enum err_code no_descriptors(void *ctx, struct check_spec *spec, const struct endpoint *to,
				    check_done_fn done, void *arg, struct check **out)
{
	return ERR_MEMORY;
}

static void checks_that_cannot_be_made_are_told(void **state)
{
	struct node_world w;
	const struct schedule_runner runner = { .start = no_descriptors, .cancel = never_cancel };
	node_world_init_as(&w, "test.yaml", node_world_text, runner);
	assert_null(find(&w, "backend_unchecked"));
	clock_hand_advance_ms(&w.hand, 1001);
	schedule_turn(w.node.schedule);
	const struct problem *p = find(&w, "backend_unchecked");
	assert_non_null(p);
	assert_string_equal(p->reason, "out of memory");
	assert_non_null(strstr(p->what, "2 backends stay as they were"));
	node_world_fini(&w);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(a_service_is_down_degraded_and_well_again),
		CLAIM(a_problem_keeps_its_beginning_while_it_lasts),
		CLAIM(checks_that_cannot_be_made_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
