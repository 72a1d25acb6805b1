/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/client/sweep. */
#include "dnsd/client/sweep.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static struct sweep_key v4(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), ERR_OK);
	return sweep_key_of(&a);
}

static struct sweep_prefix prefix(const char *text, uint32_t value)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), ERR_OK);
	return (struct sweep_prefix){ sweep_key_of(&p.addr), p.len, value };
}

static uint64_t random_word(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

static void assert_is_canonical(const struct sweep *s)
{
	assert_false(s->failed);
	assert_true(s->n > 0);
	assert_true(!s->steps[0].start.hi && !s->steps[0].start.lo);
	for (size_t i = 1; i < s->n; i++) {
		assert_true(sweep_key_compare(s->steps[i - 1].start, s->steps[i].start) < 0);
		assert_int_not_equal(s->steps[i - 1].value, s->steps[i].value);
	}
}

static void equal_neighbours_are_joined(void **state)
{
	struct sweep s = SWEEP_INIT;

	sweep_append(&s, v4("0.0.0.0"), 1);
	sweep_append(&s, v4("10.0.0.0"), 1);
	sweep_append(&s, v4("10.0.1.0"), 2);
	sweep_append(&s, v4("10.0.2.0"), 2);
	sweep_append(&s, v4("10.0.3.0"), 1);
	assert_int_equal(s.n, 3);
	assert_is_canonical(&s);
	assert_int_equal(sweep_find(&s, v4("10.0.0.255")), 1);
	assert_int_equal(sweep_find(&s, v4("10.0.1.0")), 2);
	assert_int_equal(sweep_find(&s, v4("10.0.2.255")), 2);
	assert_int_equal(sweep_find(&s, v4("255.255.255.255")), 1);
	sweep_fini(&s);
}

static void a_painted_prefix_covers_its_addresses_and_no_other(void **state)
{
	struct sweep_prefix list[] = { prefix("10.0.0.0/8", 5), prefix("255.255.255.0/24", 6) };
	struct sweep s = SWEEP_INIT;

	sweep_paint(list, 2, 99, &s);
	assert_is_canonical(&s);
	assert_int_equal(sweep_find(&s, v4("9.255.255.255")), 99);
	assert_int_equal(sweep_find(&s, v4("10.0.0.0")), 5);
	assert_int_equal(sweep_find(&s, v4("10.255.255.255")), 5);
	assert_int_equal(sweep_find(&s, v4("11.0.0.0")), 99);
	assert_int_equal(sweep_find(&s, v4("255.255.255.255")), 6);
	sweep_fini(&s);
}

static void the_lower_value_wins_inside_and_outside(void **state)
{
	/* 2 lies in 1 and loses; 0 lies in 1 and wins; the same prefix twice takes the lower. */
	struct sweep_prefix list[] = { prefix("10.1.0.0/16", 2), prefix("10.0.0.0/8", 1),
				       prefix("10.2.0.0/16", 0), prefix("12.0.0.0/8", 4),
				       prefix("12.0.0.0/8", 3) };
	struct sweep s = SWEEP_INIT;

	sweep_paint(list, 5, UINT32_MAX, &s);
	assert_is_canonical(&s);
	assert_int_equal(sweep_find(&s, v4("10.1.2.3")), 1);
	assert_int_equal(sweep_find(&s, v4("10.2.2.3")), 0);
	assert_int_equal(sweep_find(&s, v4("10.3.2.3")), 1);
	assert_int_equal(sweep_find(&s, v4("12.3.2.3")), 3);
	sweep_fini(&s);
}

static void painting_agrees_with_trying_every_prefix(void **state)
{
	struct sweep_prefix list[64];
	struct prefix p;

	for (int round = 0; round < 200; round++) {
		struct sweep s = SWEEP_INIT;
		size_t n = (size_t)random() % 64;

		for (size_t i = 0; i < n; i++) {
			p = (struct prefix){ .addr.family = 6, .len = (uint8_t)(random() % 129) };
			for (int b = 0; b < 16; b++)
				p.addr.bytes[b] = (uint8_t)(random() % 2 ? 0 : 0xff);
			addr_mask(&p.addr, p.len);
			list[i] = (struct sweep_prefix){ sweep_key_of(&p.addr), p.len,
							 (uint32_t)random() % 8 };
		}
		sweep_paint(list, n, 100, &s);
		assert_is_canonical(&s);
		for (int k = 0; k < 500; k++) {
			struct sweep_key at = { random_word(), random_word() };
			uint32_t expected = 100;

			if (n && k % 2) /* close to an edge */
				at = sweep_key_after(
					sweep_key_last(list[(size_t)random() % n].start,
						       (unsigned)random() % 129));
			for (size_t i = 0; i < n; i++) {
				if (sweep_key_compare(at, list[i].start) >= 0 &&
				    sweep_key_compare(
					    at, sweep_key_last(list[i].start, list[i].len)) <= 0 &&
				    list[i].value < expected)
					expected = list[i].value;
			}
			assert_int_equal(sweep_find(&s, at), expected);
		}
		sweep_fini(&s);
	}
}

static uint32_t ten_a_plus_b(void *ctx, uint32_t a, uint32_t b)
{
	return 10 * a + b;
}

static void a_merge_is_the_function_of_both_everywhere(void **state)
{
	for (int round = 0; round < 300; round++) {
		struct sweep in[2] = { SWEEP_INIT, SWEEP_INIT }, out = SWEEP_INIT;

		for (int w = 0; w < 2; w++) {
			uint64_t at = 0;

			for (int i = 0; i < 50; i++) {
				sweep_append(&in[w], (struct sweep_key){ at >> 8, at << 56 },
					     (uint32_t)random() % 3);
				at += 1 + (uint64_t)random() % 7;
			}
		}
		sweep_merge(&in[0], &in[1], ten_a_plus_b, NULL, &out);
		assert_is_canonical(&out);
		for (uint64_t at = 0; at < 400; at++) {
			struct sweep_key k = { at >> 8, at << 56 };

			assert_int_equal(sweep_find(&out, k),
					 10 * sweep_find(&in[0], k) + sweep_find(&in[1], k));
		}
		sweep_fini(&in[0]);
		sweep_fini(&in[1]);
		sweep_fini(&out);
	}
}

static void values_that_become_equal_join(void **state)
{
	const uint32_t table[] = { 7, 7, 8 };
	struct sweep s = SWEEP_INIT;

	sweep_append(&s, v4("0.0.0.0"), 0);
	sweep_append(&s, v4("1.0.0.0"), 1);
	sweep_append(&s, v4("2.0.0.0"), 2);
	sweep_append(&s, v4("3.0.0.0"), 0);
	sweep_map(&s, table);
	assert_int_equal(s.n, 3);
	assert_is_canonical(&s);
	assert_int_equal(sweep_find(&s, v4("1.2.3.4")), 7);
	assert_int_equal(sweep_find(&s, v4("2.2.3.4")), 8);
	sweep_fini(&s);
}

static void shared_bits_are_counted_over_both_words(void **state)
{
	struct sweep_key a = { 1, 0 };

	assert_int_equal(sweep_key_common(a, (struct sweep_key){ 0, 0 }), 63);
	assert_int_equal(sweep_key_common(a, (struct sweep_key){ 1, UINT64_C(1) << 63 }), 64);
	assert_int_equal(sweep_key_common(a, (struct sweep_key){ 1, 1 }), 127);
	assert_int_equal(sweep_key_common(a, a), 128);
}

static void no_memory_is_told_at_the_end(void **state)
{
	struct sweep_prefix list[] = { prefix("10.0.0.0/8", 1) };
	struct sweep painted = SWEEP_INIT, merged = SWEEP_INIT;

	fail_alloc_from(1);
	sweep_paint(list, 1, 9, &painted);
	assert_true(fail_alloc_end());
	assert_true(painted.failed);
	sweep_merge(&painted, &painted, ten_a_plus_b, NULL, &merged);
	assert_true(merged.failed);
	sweep_fini(&painted);
	sweep_fini(&merged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_neighbours_are_joined),
		cmocka_unit_test(a_painted_prefix_covers_its_addresses_and_no_other),
		cmocka_unit_test(the_lower_value_wins_inside_and_outside),
		cmocka_unit_test(painting_agrees_with_trying_every_prefix),
		cmocka_unit_test(a_merge_is_the_function_of_both_everywhere),
		cmocka_unit_test(values_that_become_equal_join),
		cmocka_unit_test(shared_bits_are_counted_over_both_words),
		cmocka_unit_test(no_memory_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
