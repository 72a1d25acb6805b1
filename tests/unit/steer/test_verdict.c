/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/verdict: the V rules of docs/decision.md, with time wound by hand. */
#include "steer/verdict.h"
#include "tests/unit/unit.h"

#include <string.h>

#define S	  UINT64_C(1000000)
#define START	  (1000000 * S)
#define HOLD_DOWN (20 * S)

/* ---- counting ---- */

static void a_first_success_passes_at_once_and_to_fail_takes_fall(void **state)
{
	struct verdict_count c;

	verdict_count_init(&c, 3, 3);
	assert_false(c.known);
	assert_true(verdict_count_add(&c, true));
	assert_true(c.known && c.pass);
	verdict_count_init(&c, 3, 3);
	assert_false(verdict_count_add(&c, false));
	assert_false(verdict_count_add(&c, false));
	assert_false(c.known);
	assert_true(verdict_count_add(&c, false));
	assert_true(c.known && !c.pass);
}

static void what_was_known_before_a_change_of_the_monitor_takes_fall_or_rise_to_turn(void **state)
{
	struct verdict_count c;

	verdict_count_init(&c, 2, 3);
	verdict_count_carry(&c, true, true);
	assert_false(verdict_count_add(&c, false));
	assert_false(verdict_count_add(&c, false));
	assert_true(verdict_count_add(&c, false));
	verdict_count_init(&c, 2, 3);
	verdict_count_carry(&c, true, false);
	assert_false(verdict_count_add(&c, true));
	assert_true(verdict_count_add(&c, true));
}

static void fall_failures_in_a_row_fail_and_rise_successes_pass(void **state)
{
	/* results, and what is thought after each; rise 2, fall 3 */
	static const char results[] = "+--+---+-+-++--";
	static const char thought[] = "++++++------+++";
	struct verdict_count c;
	bool last = false;

	verdict_count_init(&c, 2, 3);
	for (size_t i = 0; results[i]; i++) {
		bool changed = verdict_count_add(&c, results[i] == '+');

		assert_int_equal(c.pass, thought[i] == '+');
		assert_int_equal(changed, i == 0 || c.pass != last);
		last = c.pass;
	}
}

static void rise_and_fall_of_zero_count_as_one(void **state)
{
	struct verdict_count c;

	verdict_count_init(&c, 0, 0);
	verdict_count_add(&c, true);
	assert_true(verdict_count_add(&c, false));
	assert_true(verdict_count_add(&c, true));
}

/* ---- one look at a member ---- */

/* Vantages as text: a letter each, its place; upper case passes, lower case fails; "?" not fresh
 * before it; "!" has no verdict before it. */
static size_t read_vantages(const char *text, struct verdict_vantage *out)
{
	size_t n = 0;
	bool fresh = true, known = true;

	for (; *text; text++) {
		if (*text == '?') {
			fresh = false;
		} else if (*text == '!') {
			known = false;
		} else {
			bool pass = *text >= 'A' && *text <= 'Z';

			out[n++] = (struct verdict_vantage){ fresh, known, pass,
							     (uint32_t)(*text | 32) };
			fresh = known = true;
		}
	}
	return n;
}

/* The stream as a word: "none", "up", "down", "degraded", with "stale " before it. */
static struct verdict_stream read_stream(const char *text)
{
	return (struct verdict_stream){ .ever = strcmp(text, "none") != 0,
					.stale = strncmp(text, "stale", 5) == 0,
					.down = strstr(text, "down") != NULL,
					.degraded = strstr(text, "degraded") != NULL };
}

static bool look(struct verdict_member *m, const char *stream, const char *vantages,
		 uint64_t now_us, uint64_t *next_us)
{
	struct verdict_vantage list[16];
	struct verdict_input in = { .stream = read_stream(stream),
				    .vantages = list,
				    .n_vantages = read_vantages(vantages, list),
				    .hold_down_us = HOLD_DOWN };
	uint64_t unused;

	return verdict_member_update(m, &in, now_us, next_us ? next_us : &unused);
}

static void each_row_of_the_down_rule_holds(void **state)
{
	static const struct {
		const char *why;
		enum verdict_health before;
		const char *stream, *vantages;
		enum verdict_health after;
		enum verdict_cause cause;
	} rows[] = {
		{ "never heard of", HEALTH_UNKNOWN, "none", "", HEALTH_UNKNOWN, CAUSE_NONE },
		{ "first report", HEALTH_UNKNOWN, "up", "", HEALTH_UP, CAUSE_FIRST },
		{ "first report: busy", HEALTH_UNKNOWN, "degraded", "", HEALTH_DEGRADED,
		  CAUSE_FIRST },
		{ "first report: down", HEALTH_UNKNOWN, "down", "", HEALTH_DOWN, CAUSE_SAID },
		{ "only a vantage", HEALTH_UNKNOWN, "none", "A", HEALTH_UP, CAUSE_FIRST },
		{ "only a bad one", HEALTH_UNKNOWN, "none", "a", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "vantage undecided", HEALTH_UNKNOWN, "none", "!a", HEALTH_UNKNOWN, CAUSE_NONE },

		{ "V1 its own word", HEALTH_UP, "down", "AB", HEALTH_DOWN, CAUSE_SAID },
		{ "V1 its last word", HEALTH_UP, "stale down", "AB", HEALTH_DOWN, CAUSE_SAID },

		{ "V2 one of one", HEALTH_UP, "up", "a", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 one of two", HEALTH_UP, "up", "aB", HEALTH_UP, CAUSE_NONE },
		{ "V2 two of three", HEALTH_UP, "up", "abC", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 one of three", HEALTH_UP, "up", "aBC", HEALTH_UP, CAUSE_NONE },
		{ "V2 three of five", HEALTH_UP, "up", "abcDE", HEALTH_UP, CAUSE_NONE },
		{ "V2 four of six", HEALTH_UP, "up", "abcdEF", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 all in one place", HEALTH_UP, "up", "aaa", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 one of two places", HEALTH_UP, "up", "aaB", HEALTH_UP, CAUSE_NONE },
		{ "V2 stale ones unasked", HEALTH_UP, "up", "a?B?C", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 stale ones no place", HEALTH_UP, "up", "aa?B", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 undecided ones count", HEALTH_UP, "up", "a!B", HEALTH_UP, CAUSE_NONE },
		{ "V2 but on no side", HEALTH_UP, "up", "ab!C", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 from stale", HEALTH_STALE, "stale up", "ab", HEALTH_DOWN, CAUSE_VANTAGES },
		{ "V2 from degraded", HEALTH_DEGRADED, "degraded", "ab", HEALTH_DOWN,
		  CAUSE_VANTAGES },

		{ "V3 half", HEALTH_UP, "stale up", "aB", HEALTH_DOWN, CAUSE_STALE_AND_FAILED },
		{ "V3 half, one undecided", HEALTH_UP, "stale up", "a!B", HEALTH_DOWN,
		  CAUSE_STALE_AND_FAILED },
		{ "V3 half, one place", HEALTH_STALE, "stale up", "aaBB", HEALTH_DOWN,
		  CAUSE_STALE_AND_FAILED },
		{ "V3 less than half", HEALTH_UP, "stale up", "aBC", HEALTH_STALE, CAUSE_STALE },
		{ "V3 needs a vantage", HEALTH_UP, "stale up", "", HEALTH_STALE, CAUSE_STALE },
		{ "V3 needs a fresh one", HEALTH_UP, "stale up", "?a?b", HEALTH_STALE,
		  CAUSE_STALE },
		{ "V3 needs a stream", HEALTH_UP, "none", "aB", HEALTH_UP, CAUSE_NONE },

		{ "V4 stale alone", HEALTH_UP, "stale up", "AB", HEALTH_STALE, CAUSE_STALE },
		{ "V4 and back at once", HEALTH_STALE, "up", "", HEALTH_UP, CAUSE_RECOVERED },
		{ "V4 back, and busy", HEALTH_STALE, "degraded", "", HEALTH_DEGRADED, CAUSE_SAID },

		{ "silence changes nothing", HEALTH_UP, "none", "", HEALTH_UP, CAUSE_NONE },
		{ "nor does it help", HEALTH_DOWN, "stale up", "", HEALTH_DOWN, CAUSE_NONE },
		{ "nor without a stream", HEALTH_DOWN, "none", "", HEALTH_DOWN, CAUSE_NONE },
		{ "busy", HEALTH_UP, "degraded", "", HEALTH_DEGRADED, CAUSE_SAID },
		{ "no longer busy", HEALTH_DEGRADED, "up", "", HEALTH_UP, CAUSE_RECOVERED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict_member m;
		bool changed;

		verdict_member_init(&m, START);
		m.health = rows[i].before;
		changed = look(&m, rows[i].stream, rows[i].vantages, START + 1, NULL);
		if (m.health != rows[i].after || m.cause != rows[i].cause)
			print_error("row \"%s\": %s, %s\n", rows[i].why,
				    verdict_health_name(m.health), verdict_cause_name(m.cause));
		assert_int_equal(m.health, rows[i].after);
		assert_int_equal(m.cause, rows[i].cause);
		assert_int_equal(changed, rows[i].before != rows[i].after);
		assert_int_equal(m.since_us, changed ? START + 1 : START);
	}
}

/* ---- the way back ---- */

static struct verdict_member new_up(void)
{
	struct verdict_member m;

	verdict_member_init(&m, START);
	look(&m, "up", "", START, NULL);
	return m;
}

static void recovery_waits_for_what_is_left_of_hold_down(void **state)
{
	struct verdict_member m = new_up();
	uint64_t next;

	look(&m, "down", "", START, NULL);
	assert_false(look(&m, "up", "", START + 5 * S, &next));
	assert_int_equal(next, START + HOLD_DOWN);
	assert_int_equal(m.good_at_us, START + 5 * S);
	assert_false(look(&m, "up", "", START + HOLD_DOWN - 1, &next));
	assert_true(look(&m, "up", "", START + HOLD_DOWN, &next));
	assert_int_equal(m.health, HEALTH_UP);
	assert_int_equal(m.cause, CAUSE_RECOVERED);
	assert_int_equal(next, 0);
}

static void after_hold_down_recovery_is_at_once(void **state)
{
	struct verdict_member m = new_up();

	look(&m, "up", "ab", START, NULL);
	assert_int_equal(m.health, HEALTH_DOWN);
	assert_false(look(&m, "up", "ab", START + 60 * S, NULL));
	assert_true(look(&m, "up", "AB", START + 61 * S, NULL));
}

static void a_relapse_during_hold_down_starts_the_wait_for_good_anew(void **state)
{
	struct verdict_member m = new_up();
	uint64_t next;

	look(&m, "down", "", START, NULL);
	look(&m, "up", "", START + 5 * S, &next);
	look(&m, "down", "", START + 6 * S, &next);
	assert_int_equal(m.good_at_us, 0);
	assert_int_equal(next, 0);
	assert_int_equal(m.down_at_us, START); /* still the same DOWN */
	assert_int_equal(m.flaps, 1);
	look(&m, "up", "", START + 7 * S, &next);
	assert_int_equal(next, START + HOLD_DOWN);
}

static void vantages_alone_bring_back_a_member_whose_stream_is_gone(void **state)
{
	struct verdict_member m = new_up();

	look(&m, "stale up", "a", START, NULL);
	assert_int_equal(m.health, HEALTH_DOWN);
	assert_true(look(&m, "stale up", "A", START + HOLD_DOWN, NULL));
	assert_int_equal(m.health, HEALTH_STALE);
}

static void a_last_word_of_down_holds_until_another_word(void **state)
{
	struct verdict_member m = new_up();

	look(&m, "down", "A", START, NULL);
	look(&m, "stale down", "A", START + 1 * S, NULL);
	assert_false(look(&m, "stale down", "A", START + 100 * S, NULL));
	assert_int_equal(m.health, HEALTH_DOWN);
	assert_true(look(&m, "up", "A", START + 101 * S, NULL));
}

static void a_member_never_seen_up_is_not_held_down(void **state)
{
	struct verdict_member m;

	verdict_member_init(&m, START);
	look(&m, "none", "a", START, NULL);
	assert_int_equal(m.health, HEALTH_DOWN);
	assert_true(look(&m, "up", "A", START + 1 * S, NULL));
	assert_int_equal(m.health, HEALTH_UP);
}

static void flapping_doubles_hold_down_up_to_sixteen_times(void **state)
{
	static const uint64_t factors[] = { 1, 2, 4, 8, 16, 16, 16 };
	struct verdict_member m = new_up();
	uint64_t now = START, next;

	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		m.flap_at_us = now; /* no time for forgetting */
		look(&m, "down", "", now, NULL);
		look(&m, "up", "", now + 1, &next);
		assert_int_equal(next, now + factors[i] * HOLD_DOWN);
		now = next;
		assert_true(look(&m, "up", "", now, NULL));
	}
}

static void flaps_are_forgotten_by_half_every_five_minutes(void **state)
{
	struct verdict_member m = new_up();

	m.flaps = 8;
	m.flap_at_us = START;
	look(&m, "down", "", START + 301 * S, NULL);
	assert_int_equal(m.flaps, 8 / 2 + 1);
	m = new_up();
	m.flaps = 8;
	m.flap_at_us = START;
	look(&m, "down", "", START + 24 * 3600 * S, NULL);
	assert_int_equal(m.flaps, 1);
}

static void a_restored_member_is_as_it_was(void **state)
{
	struct verdict_member m;
	uint64_t next;

	verdict_member_restore(&m, HEALTH_DOWN, CAUSE_SAID, 2, 10 * S, START);
	assert_false(look(&m, "none", "", START, NULL));
	assert_int_equal(m.health, HEALTH_DOWN);
	assert_false(look(&m, "up", "", START, &next));
	assert_int_equal(next, START - 10 * S + 2 * HOLD_DOWN);
	verdict_member_restore(&m, HEALTH_UP, CAUSE_FIRST, 0, 10 * S, START);
	assert_true(look(&m, "stale up", "", START, NULL));
	assert_int_equal(m.health, HEALTH_STALE);
	verdict_member_restore(&m, HEALTH_DOWN, CAUSE_SAID, 1, 2 * START,
			       START); /* after a reboot */
	assert_true(look(&m, "up", "", START, NULL));
}

/* ---- the words of others ---- */

static void a_word_taken_back_makes_a_member_unknown_and_it_serves(void **state)
{
	struct verdict_input in = { .stream = { .retracted = true }, .hold_down_us = HOLD_DOWN };
	struct verdict_member m = new_up();
	uint64_t next;

	look(&m, "down", "", START, NULL);
	assert_true(verdict_member_update(&m, &in, START + 1, &next));
	assert_int_equal(m.health, HEALTH_UNKNOWN);
	assert_int_equal(m.cause, CAUSE_RETRACTED);
	/* What others saw is not the region's to take back. */
	m = new_up();
	look(&m, "up", "ab", START, NULL);
	assert_false(verdict_member_update(&m, &in, START + 1, &next));
	assert_int_equal(m.health, HEALTH_DOWN);
}

static void the_streams_word_alone_waits_ten_seconds_for_witnesses_to_come_back(void **state)
{
	struct verdict_member m = new_up();
	uint64_t next;

	look(&m, "up", "ab", START, NULL);
	assert_false(look(&m, "up", "", START + 60 * S, &next)); /* both links are lost */
	assert_int_equal(next, START + 70 * S);
	assert_false(look(&m, "up", "ab", START + 62 * S, &next));
	assert_false(look(&m, "up", "", START + 80 * S, &next));
	assert_int_equal(next, START + 90 * S);
	assert_true(look(&m, "up", "", START + 90 * S, &next));
}

static void an_operator_ends_hold_down_and_the_next_one_is_as_long_as_it_was_to_be(void **state)
{
	struct verdict_member m = new_up();
	uint64_t next;

	look(&m, "down", "", START, NULL);
	verdict_resume(&m); /* not seen well yet */
	assert_false(look(&m, "down", "", START + 1 * S, NULL));
	assert_true(look(&m, "up", "", START + 2 * S, NULL));
	look(&m, "down", "", START + 3 * S, NULL);
	look(&m, "up", "", START + 4 * S, &next);
	assert_int_equal(next, START + 3 * S + 2 * HOLD_DOWN);
	verdict_resume(&m);
	assert_true(look(&m, "up", "", START + 5 * S, NULL));
}

static void names_are_the_contracts_words(void **state)
{
	assert_string_equal(verdict_health_name(HEALTH_UNKNOWN), "unknown");
	assert_string_equal(verdict_health_name(HEALTH_UP), "up");
	assert_string_equal(verdict_health_name(HEALTH_DEGRADED), "degraded");
	assert_string_equal(verdict_health_name(HEALTH_STALE), "stale");
	assert_string_equal(verdict_health_name(HEALTH_DOWN), "down");
	assert_string_equal(verdict_health_name((enum verdict_health)99), "unknown");
	assert_string_equal(verdict_cause_name(CAUSE_STALE), "stream lost");
	assert_string_equal(verdict_cause_name((enum verdict_cause)99), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_success_passes_at_once_and_to_fail_takes_fall),
		cmocka_unit_test(
			what_was_known_before_a_change_of_the_monitor_takes_fall_or_rise_to_turn),
		cmocka_unit_test(fall_failures_in_a_row_fail_and_rise_successes_pass),
		cmocka_unit_test(rise_and_fall_of_zero_count_as_one),
		cmocka_unit_test(each_row_of_the_down_rule_holds),
		cmocka_unit_test(recovery_waits_for_what_is_left_of_hold_down),
		cmocka_unit_test(after_hold_down_recovery_is_at_once),
		cmocka_unit_test(a_relapse_during_hold_down_starts_the_wait_for_good_anew),
		cmocka_unit_test(vantages_alone_bring_back_a_member_whose_stream_is_gone),
		cmocka_unit_test(a_last_word_of_down_holds_until_another_word),
		cmocka_unit_test(a_member_never_seen_up_is_not_held_down),
		cmocka_unit_test(flapping_doubles_hold_down_up_to_sixteen_times),
		cmocka_unit_test(flaps_are_forgotten_by_half_every_five_minutes),
		cmocka_unit_test(a_restored_member_is_as_it_was),
		cmocka_unit_test(a_word_taken_back_makes_a_member_unknown_and_it_serves),
		cmocka_unit_test(
			the_streams_word_alone_waits_ten_seconds_for_witnesses_to_come_back),
		cmocka_unit_test(
			an_operator_ends_hold_down_and_the_next_one_is_as_long_as_it_was_to_be),
		cmocka_unit_test(names_are_the_contracts_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
