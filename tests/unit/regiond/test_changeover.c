/* SPDX-License-Identifier: Apache-2.0 */
/* test_changeover: reloads that take effect when what is new is known, and those that change
 * nothing. The clock is wound by hand; only the reading of the file is a thread's. */
#include "core/file.h"
#include "regiond/control/changeover.h"
#include "tests/unit/regiond/node_world.h"
#include "tests/unit/unit.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define BLUE  "{az: a, address: '127.0.0.1:24101'}"
#define GREEN "{az: a, address: '127.0.0.1:24102'}"
#define HEAD  "fleet: acme\nregion: here\nnode: one\nworkers: 1\n"
#define ADMIN "listen: {admin: /tmp/unused.sock}\n"
#define TEXT(head, backends, listen)                                                           \
	head "monitors: {live: {type: tcp, interval: 1s, timeout: 500ms, rise: 1, fall: 1}}\n" \
	     "pools: {p: {monitors: [live], backends: [" backends "]}}\n"                      \
	     "services: {a.example.com: {listen: [" listen                                     \
	     "], protocol: tcp, routes: [{pool: p}]}}\n"
#define USUAL "'127.0.0.1:24110'"

/* A check that was begun; it is answered when the test lets time pass. */
struct pending {
	check_done_fn done;
	void *arg;
	uint16_t port;
	struct pending *next;
};

struct world {
	struct node_world node;
	char path[64];
	struct pending *pending;
	uint16_t silent, dead; /* ports: never answered, always refused */
	unsigned answers;
	enum err_code code;
	char text[ERR_TEXT_MAX];
};

static enum err_code begin(void *ctx, struct check_spec *spec, const struct endpoint *to,
			   check_done_fn done, void *arg, struct check **out)
{
	struct world *w = ctx;
	struct pending *p = calloc(1, sizeof(*p));
	*p = (struct pending){ .done = done, .arg = arg, .port = to->port, .next = w->pending };
	w->pending = p;
	*out = (struct check *)p;
	return ERR_OK;
}

static void cancel(void *ctx, struct check *check)
{
	struct world *w = ctx;
	struct pending **at = &w->pending, *p;
	while (*at != (struct pending *)check)
		at = &(*at)->next;
	p = *at;
	*at = p->next;
	free(p);
}

static void answer_checks(struct world *w)
{
	struct pending **at = &w->pending;
	while (*at) {
		struct pending *p = *at;
		struct check_result result = { .pass = p->port != w->dead, .total_us = 1 };
		if (p->port == w->silent) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		if (!result.pass)
			strcpy(result.reason, "refused");
		p->done(p->arg, &result);
		free(p);
		at = &w->pending;
	}
}

static void pass_ms(struct world *w, unsigned for_ms)
{
	for (unsigned ms = 0; ms < for_ms; ms += 50) {
		clock_hand_advance_ms(&w->node.hand, 50);
		schedule_turn(w->node.node.schedule);
		answer_checks(w);
		changeover_turn(w->node.reload);
	}
}

static void write_file(struct world *w, const char *text)
{
	assert_int_equal(file_replace(w->path, text, strlen(text), 0600, NULL), ERR_OK);
}

static void on_done(void *ctx, enum err_code code, const struct err *e)
{
	struct world *w = ctx;
	w->answers++;
	w->code = code;
	snprintf(w->text, sizeof(w->text), "%s", e->text);
}

/* Until it was read, and is in effect, refused, or settles. */
static void ask(struct world *w, const char *text)
{
	unsigned before = w->answers;
	write_file(w, text);
	changeover_ask(w->node.reload, on_done, w);
	while (w->answers == before && !changeover_is_settling(w->node.reload)) {
		loop_run_once(w->node.node.loop);
		sched_yield();
	}
}

static uint16_t port_in_force(const struct world *w)
{
	return w->node.node.table->pools[0].slots[0].backend->address.port;
}

static bool has_problem(const struct world *w, const char *kind)
{
	struct problems list = PROBLEMS_INIT;
	bool found = false;
	changeover_problems(w->node.reload, &list);
	for (size_t i = 0; i < list.n; i++)
		found |= strcmp(list.list[i].kind, kind) == 0;
	problems_fini(&list);
	return found;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct schedule_runner runner = { .start = begin, .cancel = cancel, .ctx = w };
	strcpy(w->path, "/tmp/fairlead-test-XXXXXX");
	close(mkstemp(w->path));
	node_world_init_as(&w->node, w->path, TEXT(HEAD ADMIN, BLUE, USUAL), runner);
	pass_ms(w, 2000);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	node_world_fini(&w->node);
	assert_null(w->pending);
	unlink(w->path);
	free(w);
	return 0;
}

static void backends_that_are_all_new_carry_when_they_are_known_and_not_before(void **state)
{
	struct world *w = *state;
	w->silent = 24102;
	ask(w, TEXT(HEAD ADMIN, GREEN, USUAL));
	pass_ms(w, 1000);
	assert_int_equal(w->answers, 0);
	assert_int_equal(port_in_force(w), 24101);
	assert_true(backend_is_usable(w->node.node.table->pools[0].slots[0].backend));
	w->silent = 0;
	pass_ms(w, 1000);
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->code, ERR_OK);
	assert_int_equal(port_in_force(w), 24102);
	assert_true(backend_is_usable(w->node.node.table->pools[0].slots[0].backend));
}

static void it_waits_for_them_within_a_bound(void **state)
{
	struct world *w = *state;
	w->silent = 24102;
	ask(w, TEXT(HEAD ADMIN, GREEN, USUAL));
	pass_ms(w, 2900);
	assert_int_equal(port_in_force(w), 24101);
	pass_ms(w, 200);
	assert_int_equal(w->code, ERR_OK);
	assert_int_equal(port_in_force(w), 24102);
}

static void new_ones_that_fail_are_known_too(void **state)
{
	struct world *w = *state;
	w->dead = 24102;
	ask(w, TEXT(HEAD ADMIN, GREEN, USUAL));
	pass_ms(w, 2000);
	assert_int_equal(w->answers, 1);
	assert_int_equal(port_in_force(w), 24102);
}

static void a_backend_more_is_no_reason_to_wait(void **state)
{
	struct world *w = *state;
	w->silent = 24102;
	ask(w, TEXT(HEAD ADMIN, BLUE ", " GREEN, USUAL));
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->node.node.table->pools[0].n_slots, 2);
}

static void another_one_takes_the_place_of_one_that_waits(void **state)
{
	struct world *w = *state;
	w->silent = 24102;
	ask(w, TEXT(HEAD ADMIN, GREEN, USUAL));
	ask(w, TEXT(HEAD ADMIN, BLUE, USUAL));
	assert_int_equal(w->answers, 1);
	assert_int_equal(w->code, ERR_AGAIN);
	while (w->answers < 2) {
		loop_run_once(w->node.node.loop);
		sched_yield();
	}
	assert_int_equal(w->code, ERR_OK);
	assert_int_equal(port_in_force(w), 24101);
}

static void an_address_that_is_taken_changes_nothing(void **state)
{
	struct world *w = *state;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	char text[1024];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	snprintf(text, sizeof(text), TEXT(HEAD ADMIN, GREEN, "'127.0.0.1:%u'"), ntohs(at.sin_port));
	const struct table *before = w->node.node.table;
	ask(w, text);
	close(fd);
	assert_int_equal(w->code, ERR_IO);
	assert_ptr_equal(w->node.node.table, before);
	pass_ms(w, 2000);
	struct schedule_stats stats;
	schedule_stats(w->node.node.schedule, &stats);
	assert_int_equal(stats.targets, 1); /* the checks neither */
	assert_true(has_problem(w, "reload_refused"));
	ask(w, TEXT(HEAD ADMIN, BLUE, USUAL));
	assert_int_equal(w->code, ERR_OK);
	assert_false(has_problem(w, "reload_refused"));
}

static void a_mistake_is_told_by_its_place(void **state)
{
	struct world *w = *state;
	ask(w, HEAD "nonsense: 1\n");
	assert_int_equal(w->code, ERR_INPUT);
	assert_non_null(strstr(w->text, "error: "));
	assert_int_equal(changeover_count(w->node.reload)->refused, 1);
	assert_true(changeover_count(w->node.reload)->is_refused);
	assert_int_equal(port_in_force(w), 24101);
}

static void what_waits_for_a_restart_is_shown_until_the_file_is_put_back(void **state)
{
	struct world *w = *state;
	const char *other = TEXT(HEAD "listen: {admin: /tmp/other.sock}\n", BLUE, USUAL);
	ask(w, other);
	assert_true(has_problem(w, "restart_needed"));
	ask(w, other); /* said again: it still waits */
	assert_true(has_problem(w, "restart_needed"));
	ask(w, TEXT(HEAD ADMIN, BLUE, USUAL));
	assert_false(has_problem(w, "restart_needed"));
}

static void a_node_that_stops_refuses_what_is_under_way(void **state)
{
	struct world *w = *state;
	w->silent = 24102;
	ask(w, TEXT(HEAD ADMIN, GREEN, USUAL));
	w->node.node.state = NODE_STOPPING;
	changeover_drop(w->node.reload);
	assert_int_equal(w->code, ERR_AGAIN);
	changeover_ask(w->node.reload, on_done, w);
	assert_int_equal(w->answers, 2);
	assert_string_equal(w->text, "not while stopping");
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CLAIM(backends_that_are_all_new_carry_when_they_are_known_and_not_before),
		CLAIM(it_waits_for_them_within_a_bound),
		CLAIM(new_ones_that_fail_are_known_too),
		CLAIM(a_backend_more_is_no_reason_to_wait),
		CLAIM(another_one_takes_the_place_of_one_that_waits),
		CLAIM(an_address_that_is_taken_changes_nothing),
		CLAIM(a_mistake_is_told_by_its_place),
		CLAIM(what_waits_for_a_restart_is_shown_until_the_file_is_put_back),
		CLAIM(a_node_that_stops_refuses_what_is_under_way),
	};
	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
