/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_tcp: connections made, refused and never answered. */
#include "tests/unit/probers/little.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct config_monitor tcp = {
	.name = "t",
	.type = MONITOR_TCP,
	.interval_ms = 1000,
	.timeout_ms = 2000,
	.rise = 1,
	.fall = 1,
};

static void a_listener_passes_with_its_round_trip(void **state)
{
	struct little l;

	little_init(&l);
	little_serve(&l, NULL);
	little_check(&l, &tcp, &l.server.at);
	assert_true(l.result.pass);
	assert_string_equal(l.result.reason, "");
	assert_in_range(l.result.rtt_us, 1, 2000000);
	assert_true(l.result.total_us >= l.result.rtt_us);
	little_fini(&l);
}

static void a_closed_port_is_refused(void **state)
{
	struct little l;
	struct endpoint nobody = little_nobody();

	little_init(&l);
	little_check(&l, &tcp, &nobody);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "refused");
	assert_int_equal(l.result.rtt_us, 0);
	little_fini(&l);
}

/* A queue of accepted connections that is full: the kernel drops what comes then. */
static int full_listener(int *fillers, size_t n)
{
	struct sockaddr_storage sa;
	struct endpoint at;
	socklen_t len;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t i;

	endpoint_parse("127.0.0.1:0", &at, NULL);
	len = endpoint_to_sockaddr(&at, &sa);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(fd, 0), 0);
	at = little_endpoint(fd);
	len = endpoint_to_sockaddr(&at, &sa);
	for (i = 0; i < n; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fillers[i], (struct sockaddr *)&sa, len) < 0)
			assert_int_equal(errno, EINPROGRESS);
	}
	return fd;
}

static void no_answer_is_a_timeout_at_the_deadline(void **state)
{
	struct config_monitor m = tcp;
	int fillers[4], fd = full_listener(fillers, 4);
	struct endpoint at = little_endpoint(fd);
	struct little l;
	size_t i;

	m.timeout_ms = 60;
	little_init(&l);
	little_check(&l, &m, &at);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "timeout: no connection within 60 ms");
	assert_in_range(l.result.total_us, 60000, 1500000);
	little_fini(&l);
	for (i = 0; i < 4; i++)
		close(fillers[i]);
	close(fd);
}

static void a_cancelled_check_says_nothing_and_leaves_nothing(void **state)
{
	struct little l;

	little_init(&l);
	little_serve(&l, NULL);
	little_start(&l, &tcp, &l.server.at);
	check_cancel(l.check);
	check_cancel(NULL);
	loop_run_once(l.loop);
	loop_run_once(l.loop);
	assert_false(l.is_done);
	little_fini(&l);
}

static void a_check_that_is_settled_can_still_be_cancelled(void **state)
{
	struct endpoint no_route;
	struct little l;

	/* A route that does not exist is known within check_start(). */
	assert_int_equal(endpoint_parse("255.255.255.255:80", &no_route, NULL), ERR_OK);
	little_init(&l);
	little_start(&l, &tcp, &no_route);
	check_cancel(l.check);
	loop_run_once(l.loop);
	assert_false(l.is_done);
	little_check(&l, &tcp, &no_route);
	assert_false(l.result.pass);
	assert_true(strlen(l.result.reason) > 0);
	little_fini(&l);
}

static void without_a_descriptor_it_is_not_made_and_is_no_failure(void **state)
{
	struct little l;

	little_init(&l);
	little_serve(&l, NULL);
	little_has_no_fds(&l);
	little_check(&l, &tcp, &l.server.at);
	little_has_fds(&l);
	assert_true(l.result.not_made);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "connect: Too many open files");
	little_check(&l, &tcp, &l.server.at);
	assert_true(l.result.pass);
	assert_false(l.result.not_made);
	little_fini(&l);
}

/* Nobody reads the answers of a process that is stopped: its deadline comes late. */
static void a_deadline_that_comes_late_is_our_own_stall(void **state)
{
	struct config_monitor m = tcp;
	struct checker *checker;
	struct clock_hand hand;
	int fillers[8];
	int listener = full_listener(fillers, 8);
	struct endpoint at = little_endpoint(listener);
	struct little l;

	m.timeout_ms = 50;
	little_init(&l);
	clock_hand_init(&hand, 1000000, 0);
	assert_int_equal(checker_new(&checker, l.loop, &hand.clock, NULL), ERR_OK);
	checker_free(l.checker);
	l.checker = checker;
	little_start(&l, &m, &at);
	clock_hand_advance_ms(&hand, 2050);
	little_wait(&l);
	assert_true(l.result.not_made);
	assert_string_equal(l.result.reason, "this process stood still for 2000 ms");
	little_start(&l, &m, &at);
	clock_hand_advance_ms(&hand, 50);
	little_wait(&l);
	assert_false(l.result.not_made);
	assert_string_equal(l.result.reason, "timeout: no connection within 50 ms");
	little_fini(&l);
	for (int i = 0; i < 8; i++)
		close(fillers[i]);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_descriptor_it_is_not_made_and_is_no_failure),
		cmocka_unit_test(a_deadline_that_comes_late_is_our_own_stall),
		cmocka_unit_test(a_listener_passes_with_its_round_trip),
		cmocka_unit_test(a_closed_port_is_refused),
		cmocka_unit_test(no_answer_is_a_timeout_at_the_deadline),
		cmocka_unit_test(a_cancelled_check_says_nothing_and_leaves_nothing),
		cmocka_unit_test(a_check_that_is_settled_can_still_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
