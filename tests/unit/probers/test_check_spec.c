/* SPDX-License-Identifier: Apache-2.0 */
/* test_check_spec: monitors of a config and of a plan become specs, or are refused by name. */
#include "probers/check_compile.h"
#include "tests/unit/unit.h"

#include <string.h>

static struct config_monitor a_monitor(enum monitor_type type)
{
	return (struct config_monitor){ .name = (char *)"m",
					.type = type,
					.interval_ms = 1000,
					.timeout_ms = 500,
					.rise = 2,
					.fall = 3 };
}

static void refused(const struct config_monitor *m, const char *why)
{
	struct check_spec *spec = NULL;
	struct err e;

	assert_int_equal(check_compile(m, &spec, &e), ERR_INPUT);
	assert_null(spec);
	assert_string_equal(e.text, why);
}

static struct check_spec *accepted(const struct config_monitor *m)
{
	struct check_spec *spec = NULL;
	struct err e;

	if (check_compile(m, &spec, &e) != ERR_OK)
		fail_msg("%s", e.text);
	return spec;
}

static void is_the_same(const struct config_monitor *a, const struct config_monitor *b, bool same)
{
	struct check_spec *x = accepted(a), *y = accepted(b);

	assert_int_equal(check_spec_is_equal(x, y), same);
	check_spec_free(x);
	check_spec_free(y);
}

static void what_a_monitor_leaves_out_has_its_default(void **state)
{
	struct config_monitor m = a_monitor(MONITOR_HTTP), said = m;

	said.method = (char *)"GET";
	said.path = (char *)"/";
	is_the_same(&m, &said, true);
	m = said = a_monitor(MONITOR_DNS);
	said.query_name = (char *)".";
	said.query_type = (char *)"NS";
	is_the_same(&m, &said, true);
}

static void what_a_query_expects_makes_it_another(void **state)
{
	struct config_monitor m = a_monitor(MONITOR_DNS), other;

	m.query_type = (char *)"AAAA";
	other = m;
	other.expect_rcode = 3;
	is_the_same(&m, &other, false);
	other = m;
	assert_int_equal(addr_parse("2001:db8::1", &other.expect_address, NULL), ERR_OK);
	is_the_same(&m, &other, false);
	other.query_type = (char *)"A";
	refused(&other, "monitor m: expect.address: query_type is A, expected AAAA");
	other.query_type = (char *)"AAAA";
	other.expect_rcode = 3;
	refused(&other, "monitor m: expect.address: goes with the rcode NOERROR only");
}

static void bad_text_is_refused_by_name(void **state)
{
	struct config_header bad_name = { (char *)"X Y", (char *)"v" };
	struct config_header bad_value = { (char *)"X", (char *)"v\r\nEvil: yes" };
	struct config_monitor m = a_monitor(MONITOR_HTTP);

	m.expect_body_regex = (char *)"(ready";
	refused(&m, "monitor m: body_regex \"(ready\": Unmatched ( or \\(");
	m = a_monitor(MONITOR_HTTP);
	m.path = (char *)"/a b";
	refused(&m,
		"monitor m: path \"/a b\": expected a path that begins with / and has no blanks");
	m.path = (char *)"a";
	refused(&m, "monitor m: path \"a\": expected a path that begins with / and has no blanks");
	m = a_monitor(MONITOR_HTTP);
	m.method = (char *)"GET / HTTP/1.0\r\n";
	refused(&m, "monitor m: method \"GET / HTTP/1.0\r\n\" is not a token like GET");
	m = a_monitor(MONITOR_HTTP);
	m.host = (char *)"a/b@c";
	refused(&m, "monitor m: host \"a/b@c\" is not a host name");
	m = a_monitor(MONITOR_HTTP);
	m.n_headers = 1;
	m.headers = &bad_name;
	refused(&m, "monitor m: header name \"X Y\" has a character that is not allowed there");
	m.headers = &bad_value;
	refused(&m, "monitor m: header X: a control character in its value");
	m = a_monitor(MONITOR_HTTP);
	m.expect_status = 600;
	refused(&m, "monitor m: status 600: expected 100 to 599");
	m = a_monitor(MONITOR_DNS);
	m.query_type = (char *)"NOSUCH";
	refused(&m, "monitor m: query_type \"NOSUCH\" is not a DNS type");
	m = a_monitor(MONITOR_DNS);
	m.query_name = (char *)"a..b";
	refused(&m, "monitor m: query_name \"a..b\" is not a DNS name");
	m = a_monitor(MONITOR_TCP);
	m.interval_ms = 0;
	refused(&m, "monitor m: interval and timeout: expected more than 0");
	m = a_monitor(MONITOR_TCP);
	m.fall = 0;
	refused(&m, "monitor m: rise and fall: expected at least 1");
}

static void specs_are_equal_by_what_they_ask_for_not_by_name(void **state)
{
	struct config_header header = { (char *)"X", (char *)"1" };
	struct config_monitor m = a_monitor(MONITOR_HTTP), other;
	struct check_spec *a = accepted(&m), *b;

	other = m;
	other.name = (char *)"another";
	b = accepted(&other);
	assert_true(check_spec_is_equal(a, b));
	assert_int_equal(a->hash, b->hash);
	check_spec_free(b);

#define DIFFERS(field, value)                            \
	do {                                             \
		other = m;                               \
		other.field = value;                     \
		b = accepted(&other);                    \
		assert_false(check_spec_is_equal(a, b)); \
		check_spec_free(b);                      \
	} while (0)
	DIFFERS(type, MONITOR_HTTPS);
	DIFFERS(port, 80);
	DIFFERS(path, (char *)"/x");
	DIFFERS(method, (char *)"HEAD");
	DIFFERS(host, (char *)"h");
	DIFFERS(body, (char *)"");
	DIFFERS(expect_status, 200);
	DIFFERS(expect_body_regex, (char *)"x");
	DIFFERS(interval_ms, 1001);
	DIFFERS(timeout_ms, 501);
	DIFFERS(rise, 1);
	DIFFERS(fall, 1);
	m.headers = &header;
	DIFFERS(n_headers, 1);
	check_spec_free(a);
}

static void a_spec_lives_until_its_last_holder(void **state)
{
	struct config_monitor m = a_monitor(MONITOR_TCP);
	struct check_spec *spec = accepted(&m);

	assert_ptr_equal(check_spec_hold(spec), spec);
	check_spec_free(spec);
	assert_string_equal(spec->name, "m");
	check_spec_free(spec);
	check_spec_free(NULL);
}

static Fairlead__Wire__Monitor a_wire_monitor(void)
{
	Fairlead__Wire__Monitor m = FAIRLEAD__WIRE__MONITOR__INIT;

	m.name = (char *)"w";
	m.type = (char *)"http";
	m.port = 8080;
	m.interval_ms = 500;
	m.timeout_ms = 300;
	m.rise = 2;
	m.fall = 2;
	return m;
}

static void a_plans_monitor_is_the_same_as_a_files(void **state)
{
	Fairlead__Wire__Header header = FAIRLEAD__WIRE__HEADER__INIT, *headers[] = { &header };
	struct config_header file_header = { (char *)"A", (char *)"b" };
	struct config_monitor file = a_monitor(MONITOR_HTTP);
	Fairlead__Wire__Monitor wire = a_wire_monitor();
	struct check_spec *a, *b;
	struct err e;

	header.name = (char *)"A";
	header.value = (char *)"b";
	wire.headers = headers;
	wire.n_headers = file.n_headers = 1;
	file.headers = &file_header;
	file.port = 8080;
	file.interval_ms = 500;
	file.timeout_ms = 300;
	file.fall = 2;
	wire.method = file.method = (char *)"POST";
	wire.path = file.path = (char *)"/p";
	wire.host = file.host = (char *)"h.example";
	wire.body.data = (uint8_t *)"data-and-more";
	wire.body.len = 4;
	file.body = (char *)"data";
	wire.expect_status = file.expect_status = 201;
	wire.expect_body_regex = file.expect_body_regex = (char *)"x|y";
	if (check_compile_wire(&wire, &b, &e) != ERR_OK)
		fail_msg("%s", e.text);
	a = accepted(&file);
	assert_true(check_spec_is_equal(a, b));
	check_spec_free(a);
	check_spec_free(b);
}

static void wire_refused(const Fairlead__Wire__Monitor *m, const char *why)
{
	struct check_spec *spec = NULL;
	struct err e;

	assert_int_equal(check_compile_wire(m, &spec, &e), ERR_INPUT);
	assert_null(spec);
	assert_string_equal(e.text, why);
}

static void a_bad_monitor_of_a_plan_is_refused_by_name(void **state)
{
	Fairlead__Wire__Monitor m = a_wire_monitor();

	m.type = (char *)"gopher";
	wire_refused(&m, "monitor w: type \"gopher\" is not a kind of check");
	m = a_wire_monitor();
	m.port = 0;
	wire_refused(&m, "monitor w: port 0: expected 1 to 65535");
	m.port = 65536;
	wire_refused(&m, "monitor w: port 65536: expected 1 to 65535");
	m = a_wire_monitor();
	m.expect_status = 65536 + 200;
	wire_refused(&m, "monitor w: status 65736: expected 100 to 599");
	m = a_wire_monitor();
	m.expect_address.data = (uint8_t *)"abc";
	m.expect_address.len = 3;
	wire_refused(&m, "monitor w: an address of 3 bytes");
	m = a_wire_monitor();
	m.body.data = (uint8_t *)"a\0b";
	m.body.len = 3;
	wire_refused(&m, "monitor w: a zero byte in its body");
	m = a_wire_monitor();
	m.interval_ms = 0;
	wire_refused(&m, "monitor w: interval and timeout: expected more than 0");
}

static void the_monitors_port_goes_before_the_targets(void **state)
{
	struct config_monitor m = a_monitor(MONITOR_TCP);
	struct check_spec *spec = accepted(&m);
	struct endpoint own;

	assert_int_equal(endpoint_parse("127.0.0.1:1000", &own, NULL), ERR_OK);
	assert_int_equal(check_spec_endpoint(spec, &own).port, 1000);
	spec->port = 2000;
	assert_int_equal(check_spec_endpoint(spec, &own).port, 2000);
	check_spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_monitor_leaves_out_has_its_default),
		cmocka_unit_test(what_a_query_expects_makes_it_another),
		cmocka_unit_test(bad_text_is_refused_by_name),
		cmocka_unit_test(specs_are_equal_by_what_they_ask_for_not_by_name),
		cmocka_unit_test(a_spec_lives_until_its_last_holder),
		cmocka_unit_test(a_plans_monitor_is_the_same_as_a_files),
		cmocka_unit_test(a_bad_monitor_of_a_plan_is_refused_by_name),
		cmocka_unit_test(the_monitors_port_goes_before_the_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
