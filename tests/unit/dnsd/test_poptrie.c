/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/client/poptrie, held against a binary search of what it was built from. */
#include "dnsd/client/poptrie.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

static uint64_t random_word(void)
{
	return (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();
}

/* A random address of `bits` bits, often on a round boundary or just before one. */
static struct sweep_key random_key(unsigned bits)
{
	struct sweep_key k = { random_word(), random_word() };
	unsigned len = (unsigned)random() % (bits + 1);

	k.hi = random() % 2 ? k.hi : k.hi & UINT64_C(0x2003000f00000000);
	if (len < 64)
		k.hi &= ~(UINT64_MAX >> len);
	if (len <= 64)
		k.lo = 0;
	else if (len < 128)
		k.lo &= ~(UINT64_MAX >> (len - 64));
	return random() % 4 ? k : sweep_key_last(k, len);
}

static struct sweep random_sweep(unsigned bits, size_t n, uint32_t values)
{
	struct sweep_prefix *list = calloc(n + 1, sizeof(*list));
	struct sweep s = SWEEP_INIT;

	assert_non_null(list);
	for (size_t i = 0; i < n; i++) {
		struct sweep_key k = random_key(bits);

		list[i].len = (uint8_t)((unsigned)random() % (bits + 1));
		if (list[i].len < 4)
			list[i].len = (uint8_t)bits;
		if (list[i].len < 64)
			k.hi &= ~(UINT64_MAX >> list[i].len);
		if (list[i].len <= 64)
			k.lo = 0;
		else if (list[i].len < 128)
			k.lo &= ~(UINT64_MAX >> (list[i].len - 64));
		list[i].start = k;
		list[i].value = (uint32_t)random() % values;
	}
	sweep_paint(list, n, values, &s);
	assert_false(s.failed);
	free(list);
	return s;
}

/* Whether the function is constant on the prefix of `len` bits around k. */
static bool is_constant(const struct sweep *s, struct sweep_key k, unsigned len)
{
	size_t low = 0, high = s->n;
	struct sweep_key first = k;

	if (len < 64) {
		first.hi &= ~(UINT64_MAX >> len);
		first.lo = 0;
	} else if (len < 128) {
		first.lo &= ~(UINT64_MAX >> (len - 64));
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (sweep_key_compare(s->steps[middle].start, first) <= 0)
			low = middle;
		else
			high = middle;
	}
	return low + 1 == s->n ||
	       sweep_key_compare(s->steps[low + 1].start, sweep_key_last(first, len)) > 0;
}

static void assert_agrees(const struct sweep *s, const struct poptrie *t, struct sweep_key k)
{
	uint32_t leaf = poptrie_find(t, k);
	unsigned len = poptrie_len(leaf);

	assert_int_equal(poptrie_value(leaf), sweep_find(s, k));
	assert_true(is_constant(s, k, len));
	assert_true(!len || !is_constant(s, k, len - 1));
}

static void assert_all_agree(const struct sweep *s, unsigned direct_bits, unsigned bits, int probes)
{
	struct poptrie t;

	assert_int_equal(poptrie_build(s, direct_bits, &t), ERR_OK);
	for (int i = 0; i < probes; i++)
		assert_agrees(s, &t, random_key(bits));
	for (size_t i = 0; i < s->n; i++) {
		struct sweep_key before = s->steps[i].start;

		assert_agrees(s, &t, before);
		before.hi -= !before.lo;
		before.lo--;
		assert_agrees(s, &t, before);
	}
	poptrie_fini(&t);
}

static void every_v4_address_finds_its_value_and_widest_prefix(void **state)
{
	for (int round = 0; round < 40; round++) {
		struct sweep s = random_sweep(32, (size_t)random() % 3000, 1 + round % 5);

		assert_all_agree(&s, 1 + (unsigned)round % 20, 32, 25000);
		sweep_fini(&s);
	}
}

static void every_v6_address_finds_its_value_and_widest_prefix(void **state)
{
	for (int round = 0; round < 40; round++) {
		struct sweep s = random_sweep(128, (size_t)random() % 3000, 1 + round % 5);

		assert_all_agree(&s, 1 + (unsigned)round % 20, 128, 25000);
		sweep_fini(&s);
	}
}

static void a_constant_is_one_prefix_of_length_0(void **state)
{
	struct sweep s = SWEEP_INIT;
	struct poptrie t;

	sweep_append(&s, (struct sweep_key){ 0, 0 }, POPTRIE_VALUE_MAX);
	assert_int_equal(poptrie_build(&s, 18, &t), ERR_OK);
	assert_int_equal(t.n_prefixes, 1);
	assert_int_equal(t.n_nodes, 0);
	for (int i = 0; i < 1000; i++) {
		uint32_t leaf = poptrie_find(&t, random_key(128));

		assert_int_equal(poptrie_value(leaf), POPTRIE_VALUE_MAX);
		assert_int_equal(poptrie_len(leaf), 0);
	}
	poptrie_fini(&t);
	sweep_fini(&s);
}

static void prefixes_are_counted_once(void **state)
{
	/* 0/1 and 1/1, but one address of the second is its own: that leaves 1 + 127 + 1 prefixes.
	 */
	struct sweep s = SWEEP_INIT;
	struct poptrie t;

	sweep_append(&s, (struct sweep_key){ 0, 0 }, 1);
	sweep_append(&s, (struct sweep_key){ UINT64_C(1) << 63, 0 }, 2);
	sweep_append(&s, (struct sweep_key){ UINT64_MAX, UINT64_MAX }, 3);
	for (unsigned direct = 1; direct <= 20; direct++) {
		assert_int_equal(poptrie_build(&s, direct, &t), ERR_OK);
		assert_int_equal(t.n_prefixes, 1 + 127 + 1);
		poptrie_fini(&t);
	}
	sweep_fini(&s);
}

static void no_memory_leaves_nothing_behind(void **state)
{
	struct sweep s = random_sweep(32, 2000, 4), failed = { .failed = true };
	struct poptrie t = { 0 };

	for (unsigned n = 1;; n++) {
		enum err_code code;

		fail_alloc_at(n);
		code = poptrie_build(&s, 8, &t);
		if (!fail_alloc_end())
			break;
		/* Not trimming is no failure. */
		if (code)
			assert_int_equal(code, ERR_MEMORY);
		else
			poptrie_fini(&t);
	}
	poptrie_fini(&t);
	assert_int_equal(poptrie_build(&failed, 8, &t), ERR_MEMORY);
	sweep_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_v4_address_finds_its_value_and_widest_prefix),
		cmocka_unit_test(every_v6_address_finds_its_value_and_widest_prefix),
		cmocka_unit_test(a_constant_is_one_prefix_of_length_0),
		cmocka_unit_test(prefixes_are_counted_once),
		cmocka_unit_test(no_memory_leaves_nothing_behind),
	};

	srandom(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
