/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about core/arena. */
#include "core/arena.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <string.h>

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_new();
	unsigned char *last = NULL;

	for (size_t size = 1; size < 5000; size += 97) {
		unsigned char *p = arena_alloc(a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xaa, size);
		assert_true(p != last);
		last = p;
	}
	arena_free(a);
}

static void one_larger_than_a_chunk_is_served(void **state)
{
	struct arena *a = arena_new();

	assert_non_null(arena_alloc(a, 1 << 20));
	assert_true(arena_bytes(a) >= 1 << 20);
	arena_free(a);
}

static void an_array_that_overflows_is_refused(void **state)
{
	struct arena *a = arena_new();

	assert_null(arena_array(a, SIZE_MAX / 2, 4));
	arena_free(a);
	a = arena_new();
	assert_null(arena_alloc(a, SIZE_MAX - 8));
	arena_free(a);
	arena_free(NULL);
}

static void a_text_is_copied_and_terminated(void **state)
{
	struct arena *a = arena_new();

	assert_string_equal(arena_text(a, "copied", 4), "copi");
	assert_string_equal(arena_text(a, NULL, 0), "");
	arena_free(a);
}

static void once_exhausted_it_stays_so_and_keeps_what_it_gave(void **state)
{
	struct arena *a = arena_new();
	char *before = arena_text(a, "before", 6);

	assert_false(arena_is_exhausted(a));
	fail_alloc_at(1);
	assert_null(arena_alloc(a, 1 << 20));
	assert_true(fail_alloc_end());
	assert_true(arena_is_exhausted(a));
	assert_null(arena_alloc(a, 1));
	assert_null(arena_text(a, "x", 1));
	assert_string_equal(before, "before");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
		cmocka_unit_test(one_larger_than_a_chunk_is_served),
		cmocka_unit_test(an_array_that_overflows_is_refused),
		cmocka_unit_test(a_text_is_copied_and_terminated),
		cmocka_unit_test(once_exhausted_it_stays_so_and_keeps_what_it_gave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
