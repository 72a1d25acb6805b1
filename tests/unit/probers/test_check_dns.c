/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_dns: answers that match the query, answers that do not, and none. */
#include "tests/unit/probers/little.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct dns_server {
	struct loop_watch *watch;
	int fd;
	struct endpoint at;
	/* Makes answers of a query, in place; returns whether one is to be sent. */
	bool (*answer)(uint8_t *bytes, size_t *len, int nth);
	int answers; /* for each query */
};

static void on_query(void *arg, int fd, short what)
{
	struct dns_server *s = arg;
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	uint8_t query[512], reply[512];
	ssize_t n = recvfrom(fd, query, sizeof(query), 0, (struct sockaddr *)&from, &from_len);
	int i;

	assert_true(n > 12);
	for (i = 0; i < s->answers; i++) {
		size_t len = (size_t)n;

		memcpy(reply, query, len);
		reply[2] |= 0x80;
		if (s->answer(reply, &len, i))
			sendto(fd, reply, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static struct config_monitor a_query(uint64_t timeout_ms)
{
	return (struct config_monitor){
		.name = (char *)"d",
		.type = MONITOR_DNS,
		.query_name = (char *)"www.Example.com",
		.query_type = (char *)"A",
		.interval_ms = 1000,
		.timeout_ms = timeout_ms,
		.rise = 1,
		.fall = 1,
	};
}

static void ask_as(const struct config_monitor *m, bool (*answer)(uint8_t *, size_t *, int),
		   int answers, struct check_result *out)
{
	struct dns_server s = { .answer = answer, .answers = answers };
	struct sockaddr_storage sa;
	struct endpoint at;
	struct little l;
	socklen_t len;

	little_init(&l);
	endpoint_parse("127.0.0.1:0", &at, NULL);
	len = endpoint_to_sockaddr(&at, &sa);
	s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s.fd, (struct sockaddr *)&sa, len), 0);
	s.at = little_endpoint(s.fd);
	assert_int_equal(loop_watch_new(l.loop, &s.watch, s.fd, EV_READ, on_query, &s), ERR_OK);
	little_check(&l, m, &s.at);
	*out = l.result;
	loop_watch_free(s.watch);
	close(s.fd);
	little_fini(&l);
}

static void ask(bool (*answer)(uint8_t *, size_t *, int), int answers, uint64_t timeout_ms,
		struct check_result *out)
{
	struct config_monitor m = a_query(timeout_ms);

	ask_as(&m, answer, answers, out);
}

static bool as_it_is(uint8_t *bytes, size_t *len, int nth)
{
	return true;
}

static bool refused(uint8_t *bytes, size_t *len, int nth)
{
	bytes[3] |= 5;
	return true;
}

static bool in_other_case(uint8_t *bytes, size_t *len, int nth)
{
	memcpy(bytes + 13, "WWW", 3);
	return true;
}

/* Five that are not the answer, then one that is. */
static bool at_last(uint8_t *bytes, size_t *len, int nth)
{
	switch (nth) {
	case 0: bytes[0] ^= 1; break;	     /* another id */
	case 1: bytes[2] &= 0x7f; break;     /* a query */
	case 2: bytes[14] = 'x'; break;	     /* another name */
	case 3: bytes[*len - 3] = 28; break; /* another type */
	case 4: *len = 11; break;	     /* less than a header */
	default: break;
	}
	return true;
}

static bool never_right(uint8_t *bytes, size_t *len, int nth)
{
	return at_last(bytes, len, nth % 5);
}

static void noerror_with_the_same_id_and_question_passes(void **state)
{
	struct check_result r;

	ask(as_it_is, 1, 3000, &r);
	assert_true(r.pass);
	assert_true(r.rtt_us > 0);
	ask(in_other_case, 1, 3000, &r);
	assert_true(r.pass);
}

static void another_rcode_fails_by_its_name(void **state)
{
	struct check_result r;

	ask(refused, 1, 3000, &r);
	assert_false(r.pass);
	assert_string_equal(r.reason, "rcode REFUSED, expected NOERROR");
}

static void what_is_not_the_answer_is_not_waited_on_nor_believed(void **state)
{
	struct check_result r;

	ask(at_last, 6, 3000, &r);
	assert_true(r.pass);
	ask(never_right, 5, 60, &r);
	assert_false(r.pass);
	assert_string_equal(r.reason, "timeout: no answer within 60 ms");
}

/* Two addresses: 192.0.2.1 and 192.0.2.2. */
static bool with_addresses(uint8_t *bytes, size_t *len, int nth)
{
	static const uint8_t a[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1 };

	bytes[7] = 2;
	for (int i = 0; i < 2; i++) {
		memcpy(bytes + *len, a, sizeof(a));
		*len += sizeof(a);
		bytes[*len - 1] += (uint8_t)i;
	}
	return true;
}

static bool nxdomain(uint8_t *bytes, size_t *len, int nth)
{
	bytes[3] |= 3;
	return true;
}

static bool broken(uint8_t *bytes, size_t *len, int nth)
{
	bytes[7] = 9;
	return true;
}

static void the_expected_address_must_be_among_the_answers(void **state)
{
	struct config_monitor m = a_query(3000);
	struct check_result r;

	assert_int_equal(addr_parse("192.0.2.2", &m.expect_address, NULL), ERR_OK);
	ask_as(&m, with_addresses, 1, &r);
	assert_string_equal(r.reason, "");
	assert_true(r.pass);
	ask_as(&m, as_it_is, 1, &r);
	assert_false(r.pass);
	assert_string_equal(r.reason, "192.0.2.2 is not in the answer");
	ask_as(&m, broken, 1, &r);
	assert_string_equal(r.reason, "an answer that cannot be read");
	assert_int_equal(addr_parse("192.0.2.3", &m.expect_address, NULL), ERR_OK);
	ask_as(&m, with_addresses, 1, &r);
	assert_false(r.pass);
}

static void the_expected_code_is_the_one_that_passes(void **state)
{
	struct config_monitor m = a_query(3000);
	struct check_result r;

	m.expect_rcode = 3;
	ask_as(&m, nxdomain, 1, &r);
	assert_true(r.pass);
	ask_as(&m, as_it_is, 1, &r);
	assert_false(r.pass);
	assert_string_equal(r.reason, "rcode NOERROR, expected NXDOMAIN");
}

static void a_closed_port_is_refused(void **state)
{
	struct config_monitor m = {
		.name = (char *)"d",
		.type = MONITOR_DNS,
		.interval_ms = 1000,
		.timeout_ms = 3000,
		.rise = 1,
		.fall = 1,
	};
	struct endpoint nobody = little_nobody();
	struct little l;

	little_init(&l);
	little_check(&l, &m, &nobody);
	assert_false(l.result.pass);
	assert_string_equal(l.result.reason, "refused");
	little_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noerror_with_the_same_id_and_question_passes),
		cmocka_unit_test(another_rcode_fails_by_its_name),
		cmocka_unit_test(what_is_not_the_answer_is_not_waited_on_nor_believed),
		cmocka_unit_test(the_expected_address_must_be_among_the_answers),
		cmocka_unit_test(the_expected_code_is_the_one_that_passes),
		cmocka_unit_test(a_closed_port_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
