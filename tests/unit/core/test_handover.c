/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/handover: sockets come over from a service manager and from another process. */
#include "core/handover.h"
#include "core/socket.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 10000

static struct endpoint loopback(void)
{
	struct endpoint at = { .addr = { .family = 4, .bytes = { 127, 0, 0, 1 } } };

	return at;
}

/* A bound socket of a type; its address goes to *at. */
static int bound(int type, struct endpoint *at)
{
	struct endpoint any = loopback();
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&any, &sa);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(socket_local(fd, at, NULL), ERR_OK);
	return fd;
}

static void what_was_put_is_taken_by_type_and_address_once(void **state)
{
	struct endpoint udp, tcp;
	struct handover *h;
	int a = bound(SOCK_DGRAM, &udp), b = bound(SOCK_STREAM, &tcp);

	assert_int_equal(handover_inherit(&h), ERR_OK);
	assert_int_equal(handover_put(h, a), ERR_OK);
	assert_int_equal(handover_put(h, b), ERR_OK);
	assert_int_equal(handover_take(h, SOCK_STREAM, &udp), -1);
	assert_int_equal(handover_take(h, SOCK_DGRAM, &udp), a);
	assert_int_equal(handover_take(h, SOCK_DGRAM, &udp), -1);
	assert_int_equal(handover_take(NULL, SOCK_DGRAM, &udp), -1);
	handover_free(h); /* closes what nobody took */
	assert_int_equal(fcntl(b, F_GETFD), -1);
	assert_int_equal(close(a), 0);
	handover_free(NULL);
}

static void only_the_process_that_is_meant_inherits(void **state)
{
	struct handover *h;
	struct endpoint at;

	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "3", 1);
	assert_int_equal(handover_inherit(&h), ERR_OK);
	at = loopback();
	assert_int_equal(handover_take(h, SOCK_DGRAM, &at), -1);
	assert_null(getenv("LISTEN_FDS"));
	handover_free(h);
}

/* ---- between two processes: here two threads ---- */

struct old {
	struct loop *loop;
	int fd;
	int successor;
};

static void on_asked(void *ctx, int successor)
{
	struct old *old = ctx;

	old->successor = successor;
	handover_give(successor, old->fd);
	handover_say(successor, "all");
	loop_stop(old->loop);
}

static void *run_old(void *ctx)
{
	struct old *old = ctx;

	loop_run(old->loop);
	handover_say(old->successor, "released");
	return handover_wait(old->successor, PATIENCE_MS) ? old : NULL;
}

/* Runs an old process that offers a socket; `serves`: the successor says so at the end. */
static void hand_over(bool serves)
{
	struct old old = { .successor = -1 };
	struct handover_offer *offer;
	char path[] = "/tmp/test_handover_XXXXXX";
	struct endpoint at;
	struct handover *h;
	pthread_t thread;
	void *seen;
	int got;

	close(mkstemp(path));
	old.fd = bound(SOCK_DGRAM, &at);
	assert_int_equal(loop_new(&old.loop, NULL), ERR_OK);
	assert_int_equal(handover_offer(&offer, old.loop, path, on_asked, &old, NULL), ERR_OK);
	assert_int_equal(pthread_create(&thread, NULL, run_old, &old), 0);
	assert_int_equal(handover_ask(path, PATIENCE_MS, &h, NULL), ERR_OK);
	got = handover_take(h, SOCK_DGRAM, &at);
	assert_true(got >= 0 && got != old.fd);
	if (serves)
		handover_serving(h);
	handover_free(h);
	pthread_join(thread, &seen);
	assert_int_equal(seen == &old, serves);
	handover_offer_free(offer);
	loop_free(old.loop);
	close(old.fd);
	close(got);
}

static void a_successor_gets_the_sockets_and_the_old_one_waits_until_it_serves(void **state)
{
	hand_over(true);
}

static void the_end_of_a_successor_ends_the_wait(void **state)
{
	hand_over(false);
}

static void where_nobody_offers_nothing_is_found(void **state)
{
	struct handover *h;
	struct err e;

	assert_int_equal(handover_ask("/tmp/test_handover_nobody", PATIENCE_MS, &h, &e),
			 ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "no running process"));
}

static void the_service_manager_is_given_a_socket_to_keep(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/tmp/test_handover_notify" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char word[64] = "";
	struct iovec text = { word, sizeof(word) - 1 };
	struct msghdr m = { .msg_iov = &text,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	struct endpoint where;
	int given = bound(SOCK_DGRAM, &where), got;

	unlink(at.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	handover_keep(given);
	unsetenv("NOTIFY_SOCKET");
	assert_true(recvmsg(fd, &m, MSG_DONTWAIT) > 0);
	assert_string_equal(word, "FDSTORE=1\nFDNAME=listen");
	assert_non_null(CMSG_FIRSTHDR(&m));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	close(got);
	close(given);
	close(fd);
	unlink(at.sun_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_taken_by_type_and_address_once),
		cmocka_unit_test(only_the_process_that_is_meant_inherits),
		cmocka_unit_test(
			a_successor_gets_the_sockets_and_the_old_one_waits_until_it_serves),
		cmocka_unit_test(the_end_of_a_successor_ends_the_wait),
		cmocka_unit_test(where_nobody_offers_nothing_is_found),
		cmocka_unit_test(the_service_manager_is_given_a_socket_to_keep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
