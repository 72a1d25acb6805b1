/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire: frames of every kind keep their bytes, and what is out of bounds is refused by name.
 */
#include "schema/wire/wire.h"
#include "tests/unit/schema/golden.h"
#include "tests/unit/unit.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE(member, kind, value)                                                         \
	(wire_message)                                                                       \
	{                                                                                    \
		PROTOBUF_C_MESSAGE_INIT(&fairlead__wire__message__descriptor),               \
			.body_case = FAIRLEAD__WIRE__MESSAGE__BODY_##kind, .member = (value) \
	}

static size_t n_golden;

/* Hex digits with blanks between them, and comments after '#'. */
static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t digits = 0;

	for (; *hex; hex++) {
		int value;

		if (*hex == '#')
			hex += strcspn(hex, "\n");
		if (!isxdigit((unsigned char)*hex))
			continue;
		value = isdigit((unsigned char)*hex) ? *hex - '0' : tolower(*hex) - 'a' + 10;
		out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] << 4 | value : value);
		digits++;
	}
	return digits / 2;
}

static void check_golden(const char *directory, const char *name)
{
	wire_message *m = NULL;
	struct buf packed = BUF_INIT;
	struct err e = { "" };
	char path[PATH_MAX];
	uint8_t *bytes;
	size_t len;
	char *hex;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	hex = golden_read(path, &len);
	assert_non_null(hex);
	bytes = malloc(len + 1);
	assert_non_null(bytes);
	len = from_hex(hex, bytes);
	if (wire_unpack(bytes, len, &m, &e) != ERR_OK)
		fail_msg("%s: %s", name, e.text);
	assert_int_equal(strncmp(name, wire_kind(m), strlen(wire_kind(m))), 0);
	assert_int_equal(wire_pack(m, &packed, &e), ERR_OK);
	assert_int_equal(packed.len, len);
	assert_memory_equal(packed.data, bytes, len);
	wire_free(m);
	buf_fini(&packed);
	free(bytes);
	free(hex);
	n_golden++;
}

static void every_kind_of_message_keeps_its_bytes(void **state)
{
	char directory[PATH_MAX];

	golden_path(directory, sizeof(directory), "tests/golden/wire");
	assert_true(golden_each(directory, ".hex", check_golden) >= 10);
	assert_true(n_golden >= 10);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static void assert_not_packed(const wire_message *m, enum err_code expected, const char *why)
{
	struct buf out = BUF_INIT;
	struct err e = { "" };

	buf_add_str(&out, "before");
	assert_int_equal(wire_pack(m, &out, &e), expected);
	if (!strstr(e.text, why))
		fail_msg("'%s' does not say '%s'", e.text, why);
	assert_int_equal(out.len, 6);
	buf_fini(&out);
}

static Fairlead__Wire__ServiceReport good_service(void)
{
	Fairlead__Wire__ServiceReport s = FAIRLEAD__WIRE__SERVICE_REPORT__INIT;

	s.service = (char *)"chat.example.com";
	s.health = FAIRLEAD__WIRE__HEALTH__HEALTH_UP;
	s.backends_up = s.backends_all = 2;
	return s;
}

static void assert_bad_service(Fairlead__Wire__ServiceReport *s, const char *why)
{
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = MESSAGE(report, REPORT, &report);

	report.seq = 1;
	report.n_services = 1;
	report.services = &s;
	assert_not_packed(&m, ERR_INPUT, why);
}

static void a_report_names_what_is_wrong_in_a_service(void **state)
{
	Fairlead__Wire__ServiceReport s = good_service();

	s.service = (char *)"";
	assert_bad_service(&s, "report: services[0]: service: missing");
	s.service = (char *)"Chat.example.com";
	assert_bad_service(&s, "lower case");
	s.service = (char *)"chat.example.com.";
	assert_bad_service(&s, "final dot");
	s = good_service();
	s.health = (Fairlead__Wire__Health)5;
	assert_bad_service(&s, "health: 5");
	s = good_service();
	s.backends_up = 3;
	assert_bad_service(&s, "backends_up: 3 of 2");
	s = good_service();
	s.reason = (char *)"\xc3\x28";
	assert_bad_service(&s, "reason: not valid UTF-8");
}

static void a_report_without_a_number_is_refused(void **state)
{
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = MESSAGE(report, REPORT, &report);

	assert_not_packed(&m, ERR_INPUT, "report: seq");
}

static void a_text_over_its_bound_is_refused(void **state)
{
	Fairlead__Wire__Goodbye goodbye = FAIRLEAD__WIRE__GOODBYE__INIT;
	wire_message m = MESSAGE(goodbye, GOODBYE, &goodbye);
	char reason[WIRE_REASON_MAX + 2];
	struct buf out = BUF_INIT;

	memset(reason, 'x', sizeof(reason));
	reason[WIRE_REASON_MAX + 1] = '\0';
	goodbye.reason = reason;
	assert_not_packed(&m, ERR_LIMIT, "goodbye: reason: 256 bytes, at most 255");
	reason[WIRE_REASON_MAX] = '\0';
	assert_int_equal(wire_pack(&m, &out, NULL), ERR_OK);
	buf_fini(&out);
}

static void a_list_over_its_bound_is_refused(void **state)
{
	Fairlead__Wire__ServiceReport s = good_service(), **list;
	Fairlead__Wire__Report report = FAIRLEAD__WIRE__REPORT__INIT;
	wire_message m = MESSAGE(report, REPORT, &report);
	struct buf out = BUF_INIT;

	list = calloc(WIRE_SERVICES_MAX + 1, sizeof(Fairlead__Wire__ServiceReport *));
	assert_non_null(list);
	for (size_t i = 0; i <= WIRE_SERVICES_MAX; i++)
		list[i] = &s;
	report.seq = 1;
	report.services = list;
	report.n_services = WIRE_SERVICES_MAX + 1;
	assert_not_packed(&m, ERR_LIMIT, "report: services: more than 4096 entries");
	report.n_services = WIRE_SERVICES_MAX;
	assert_int_equal(wire_pack(&m, &out, NULL), ERR_OK);
	buf_fini(&out);
	free(list);
}

static Fairlead__Wire__Monitor good_monitor(void)
{
	Fairlead__Wire__Monitor m = FAIRLEAD__WIRE__MONITOR__INIT;

	m.name = (char *)"live";
	m.type = (char *)"tcp";
	m.interval_ms = m.timeout_ms = 1000;
	m.rise = m.fall = 1;
	return m;
}

static void assert_bad_monitor(Fairlead__Wire__Monitor monitor, const char *why)
{
	Fairlead__Wire__Monitor *list = &monitor;
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	wire_message m = MESSAGE(plan, PLAN, &plan);

	plan.n_monitors = 1;
	plan.monitors = &list;
	assert_not_packed(&m, ERR_INPUT, why);
}

static void a_plan_names_what_is_wrong_in_a_monitor(void **state)
{
	Fairlead__Wire__Monitor m = good_monitor();

	m.name = (char *)"";
	assert_bad_monitor(m, "plan: monitors[0]: name: missing");
	m = good_monitor();
	m.port = 65536;
	assert_bad_monitor(m, "port: 65536");
	m = good_monitor();
	m.expect_status = 99;
	assert_bad_monitor(m, "expect_status: 99");
	m = good_monitor();
	m.timeout_ms = 1001;
	assert_bad_monitor(m, "timeout_ms: 1001");
	m = good_monitor();
	m.interval_ms = m.timeout_ms = 0;
	assert_bad_monitor(m, "timeout_ms: 0");
	m = good_monitor();
	m.fall = 0;
	assert_bad_monitor(m, "rise, fall");
}

static void a_target_has_an_address_of_4_or_16_bytes(void **state)
{
	static const size_t bad[] = { 0, 1, 3, 5, 15 };
	Fairlead__Wire__Target target = FAIRLEAD__WIRE__TARGET__INIT, *list = &target;
	Fairlead__Wire__Plan plan = FAIRLEAD__WIRE__PLAN__INIT;
	wire_message m = MESSAGE(plan, PLAN, &plan);
	uint8_t bytes[17] = { 1 };

	target.pool = target.region = target.monitor = (char *)"x";
	target.address.data = bytes;
	plan.n_targets = 1;
	plan.targets = &list;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		target.address.len = bad[i];
		assert_not_packed(&m, ERR_INPUT, "plan: targets[0]: address");
	}
	target.address.len = 17;
	assert_not_packed(&m, ERR_INPUT, "address");
}

static void a_place_is_on_earth(void **state)
{
	Fairlead__Wire__Hello hello = FAIRLEAD__WIRE__HELLO__INIT;
	wire_message m = MESSAGE(hello, HELLO, &hello);

	assert_not_packed(&m, ERR_INPUT, "hello: protocol");
	hello.protocol = WIRE_PROTOCOL;
	hello.lat_e4 = 900001;
	assert_not_packed(&m, ERR_INPUT, "lat_e4");
	hello.lat_e4 = 0;
	hello.lon_e4 = -1800001;
	assert_not_packed(&m, ERR_INPUT, "lon_e4");
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void assert_refused(const char *hex, enum err_code expected, const char *why)
{
	wire_message *kept = (wire_message *)&n_golden, *m = kept;
	uint8_t *bytes = malloc(strlen(hex) + 1);
	struct err e = { "" };
	size_t len;

	assert_non_null(bytes);
	len = from_hex(hex, bytes);
	assert_int_equal(wire_unpack(bytes, len, &m, &e), expected);
	assert_ptr_equal(m, kept);
	if (!strstr(e.text, why))
		fail_msg("%s: '%s' does not say '%s'", hex, e.text, why);
	free(bytes);
}

static void a_frame_without_a_body_is_refused(void **state)
{
	assert_refused("", ERR_INPUT, "without a body");
}

static void a_kind_of_a_newer_peer_is_known_as_such(void **state)
{
	static const uint8_t bytes[] = { 0x7a, 0x02, 0x08, 0x07 }; /* field 15 */
	struct buf out = BUF_INIT;
	wire_message *m = NULL;

	assert_int_equal(wire_unpack(bytes, sizeof(bytes), &m, NULL), ERR_OK);
	assert_true(wire_is_unknown(m));
	assert_int_equal(wire_pack(m, &out, NULL), ERR_INPUT); /* nobody here sends one */
	wire_free(m);
	buf_fini(&out);
}

static void a_frame_with_two_bodies_is_refused(void **state)
{
	assert_refused("1a 02 08 01  1a 02 08 02", ERR_INPUT, "said twice");
}

static void what_is_cut_short_is_refused(void **state)
{
	assert_refused("1a", ERR_INPUT, "field 3 is cut short");
	assert_refused("1a 05 08", ERR_INPUT, "cut short");
	assert_refused("1a 01 08", ERR_INPUT, "heartbeat: Heartbeat: field 1 is cut short");
	assert_refused("1a 02 08 80", ERR_INPUT, "cut short");
	assert_refused("80", ERR_INPUT, "bad field tag");
	assert_refused("00", ERR_INPUT, "bad field tag");
	assert_refused("1b 1c", ERR_INPUT, "cut short"); /* a group */
}

static void a_varint_over_64_bits_is_refused(void **state)
{
	assert_refused("1a 0c 08 ff ff ff ff ff ff ff ff ff ff 01", ERR_INPUT,
		       "Heartbeat: field 1 is cut short");
}

static void a_field_of_another_type_is_refused(void **state)
{
	assert_refused("18 01", ERR_INPUT, "heartbeat: not of its type");
	assert_refused("1a 03 0a 01 31", ERR_INPUT, "heartbeat: seq: not of its type");
}

static void a_zero_byte_in_a_text_is_refused(void **state)
{
	assert_refused("42 05 0a 03 61 00 62", ERR_INPUT, "goodbye: reason: a zero byte");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
	assert_refused("42 04 0a 02 c3 28", ERR_INPUT, "reason: not valid UTF-8");
	assert_refused("42 05 0a 03 ed a0 80", ERR_INPUT, "not valid UTF-8"); /* a surrogate */
	assert_refused("42 04 0a 02 c0 80", ERR_INPUT, "not valid UTF-8");    /* overlong */
}

static void an_unknown_health_is_refused(void **state)
{
	assert_refused("22 0b 08 01 1a 07 0a 03 612e62 10 09", ERR_INPUT, "health: 9");
}

static void fields_of_a_newer_peer_are_ignored(void **state)
{
	static const uint8_t bytes[] = { 0x1a, 0x05, 0x08, 0x07, 0xa2, 0x06, 0x00 };
	wire_message *m = NULL;

	assert_int_equal(wire_unpack(bytes, sizeof(bytes), &m, NULL), ERR_OK);
	assert_int_equal(m->heartbeat->seq, 7);
	wire_free(m);
}

static void a_flood_of_unknown_fields_is_refused(void **state)
{
	uint8_t bytes[1024] = { 0x1a, 0x84, 0x06 }; /* a heartbeat of 772 bytes: 386 fields */
	wire_message *m = NULL;
	struct err e;

	for (size_t i = 3; i < 775; i += 2)
		bytes[i] = 0x78; /* field 15, varint 0 */
	assert_int_equal(wire_unpack(bytes, 775, &m, &e), ERR_LIMIT);
	assert_null(m);
}

static void a_frame_of_empty_entries_costs_nothing(void **state)
{
	size_t len = 4 + 2 * (WIRE_TARGETS_MAX + 1);
	uint8_t *bytes = malloc(len);
	wire_message *m = NULL;
	struct err e;

	assert_non_null(bytes);
	memcpy(bytes, "\x32\x82\x80\x02", 4); /* verdicts, of 32770 bytes */
	for (size_t i = 4; i < len; i += 2)
		memcpy(bytes + i, "\x1a\x00", 2);
	assert_int_equal(wire_unpack(bytes, len, &m, &e), ERR_LIMIT);
	assert_non_null(strstr(e.text, "verdicts: more than 16384 entries"));
	free(bytes);
}

static void a_frame_over_its_bound_is_refused_unread(void **state)
{
	static uint8_t bytes[WIRE_FRAME_MAX + 1];
	wire_message *m = NULL;

	assert_int_equal(wire_unpack(bytes, sizeof(bytes), &m, NULL), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_message_keeps_its_bytes),
		cmocka_unit_test(a_report_names_what_is_wrong_in_a_service),
		cmocka_unit_test(a_report_without_a_number_is_refused),
		cmocka_unit_test(a_text_over_its_bound_is_refused),
		cmocka_unit_test(a_list_over_its_bound_is_refused),
		cmocka_unit_test(a_plan_names_what_is_wrong_in_a_monitor),
		cmocka_unit_test(a_target_has_an_address_of_4_or_16_bytes),
		cmocka_unit_test(a_place_is_on_earth),
		cmocka_unit_test(a_frame_without_a_body_is_refused),
		cmocka_unit_test(a_kind_of_a_newer_peer_is_known_as_such),
		cmocka_unit_test(a_frame_with_two_bodies_is_refused),
		cmocka_unit_test(what_is_cut_short_is_refused),
		cmocka_unit_test(a_varint_over_64_bits_is_refused),
		cmocka_unit_test(a_field_of_another_type_is_refused),
		cmocka_unit_test(a_zero_byte_in_a_text_is_refused),
		cmocka_unit_test(text_that_is_not_utf8_is_refused),
		cmocka_unit_test(an_unknown_health_is_refused),
		cmocka_unit_test(fields_of_a_newer_peer_are_ignored),
		cmocka_unit_test(a_flood_of_unknown_fields_is_refused),
		cmocka_unit_test(a_frame_of_empty_entries_costs_nothing),
		cmocka_unit_test(a_frame_over_its_bound_is_refused_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
