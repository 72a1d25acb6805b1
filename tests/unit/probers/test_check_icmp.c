/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_icmp: an echo of our own host, by whatever socket is allowed, or a clear refusal. */
#include "probers/check_icmp.h"
#include "tests/unit/probers/little.h"

#include <string.h>

static const struct config_monitor icmp = {
	.name = "i",
	.type = MONITOR_ICMP,
	.interval_ms = 1000,
	.timeout_ms = 3000,
	.rise = 1,
	.fall = 1,
};

static void echo(struct little *l, const char *address)
{
	struct endpoint to = { 0 };

	assert_int_equal(addr_parse(address, &to.addr, NULL), ERR_OK);
	little_check(l, &icmp, &to);
	if (!l->result.pass && strstr(l->result.reason, "not permitted")) {
		little_fini(l);
		skip();
	}
}

static void our_own_host_answers(void **state)
{
	struct little l;

	little_init(&l);
	echo(&l, "127.0.0.1");
	assert_string_equal(l.result.reason, "");
	assert_true(l.result.pass);
	assert_true(l.result.rtt_us > 0);
	little_fini(&l);
}

static void it_answers_a_raw_socket_too(void **state)
{
	struct little l;

	little_init(&l);
	check_icmp_use_raw(l.checker);
	echo(&l, "127.0.0.1");
	assert_string_equal(l.result.reason, "");
	assert_true(l.result.pass);
	little_fini(&l);
}

static void a_machine_without_ipv6_says_so(void **state)
{
	struct little l;

	little_init(&l);
	echo(&l, "::1");
	/* Either it is there and answers, or there is a reason. */
	assert_int_equal(l.result.pass, l.result.reason[0] == '\0');
	little_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_host_answers),
		cmocka_unit_test(it_answers_a_raw_socket_too),
		cmocka_unit_test(a_machine_without_ipv6_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
