/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/publish/labels. */
#include "dnsd/publish/labels.h"
#include "tests/unit/fail_alloc.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>

static int make(void **state)
{
	return labels_new((struct labels **)state) != ERR_OK;
}

static int destroy(void **state)
{
	labels_free(*state);
	return 0;
}

static void a_pair_keeps_its_slot(void **state)
{
	struct labels *l = *state;
	uint32_t a = labels_slot(l, "chat.example.com", "eu");
	uint32_t b = labels_slot(l, "chat.example.com", "us");
	uint32_t c = labels_slot(l, "mail.example.com", "eu");
	const char *service, *region;

	assert_true(a && b && c && a != b && b != c && a != c);
	assert_int_equal(labels_slot(l, "chat.example.com", "eu"), a);
	assert_int_equal(labels_count(l), 4);
	assert_true(labels_get(l, b, &service, &region));
	assert_string_equal(service, "chat.example.com");
	assert_string_equal(region, "us");
}

static void names_are_told_apart_where_one_ends_and_the_other_begins(void **state)
{
	struct labels *l = *state;

	assert_int_not_equal(labels_slot(l, "ab", "c"), labels_slot(l, "a", "bc"));
	assert_int_not_equal(labels_slot(l, "", "abc"), labels_slot(l, "abc", ""));
}

static void slot_0_and_what_nobody_has_are_nobodys(void **state)
{
	const char *service, *region;

	assert_false(labels_get(*state, 0, &service, &region));
	assert_false(labels_get(*state, 1, &service, &region));
	assert_false(labels_get(*state, LABELS_MAX, &service, &region));
}

static void what_does_not_fit_counts_into_slot_0(void **state)
{
	struct labels *l = *state;
	char name[32];

	for (unsigned i = 1; i < LABELS_MAX; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		assert_int_equal(labels_slot(l, name, "r"), i);
	}
	assert_int_equal(labels_slot(l, "one", "more"), 0);
	assert_int_equal(labels_slot(l, "s7", "r"), 7);
	assert_int_equal(labels_count(l), LABELS_MAX);
}

static void a_name_that_found_no_memory_finds_it_later(void **state)
{
	struct labels *l = *state;

	fail_alloc_at(1);
	assert_int_equal(labels_slot(l, "a", "b"), 0);
	assert_true(fail_alloc_end());
	assert_int_equal(labels_count(l), 1);
	assert_int_equal(labels_slot(l, "a", "b"), 1);
}

static void a_registry_without_memory_is_refused(void **state)
{
	struct labels *l;

	for (unsigned n = 1;; n++) {
		enum err_code rc;

		fail_alloc_at(n);
		rc = labels_new(&l);
		if (!fail_alloc_end())
			break;
		assert_int_equal(rc, ERR_MEMORY);
	}
	labels_free(l);
	labels_free(NULL);
}

static void *add_many(void *labels)
{
	char name[32];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		labels_slot(labels, name, "r");
	}
	return NULL;
}

static void threads_agree_on_slots(void **state)
{
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, add_many, *state), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(labels_count(*state), 2001);
}

int main(void)
{
#define WITH(claim) cmocka_unit_test_setup_teardown(claim, make, destroy)
	const struct CMUnitTest tests[] = {
		WITH(a_pair_keeps_its_slot),
		WITH(names_are_told_apart_where_one_ends_and_the_other_begins),
		WITH(slot_0_and_what_nobody_has_are_nobodys),
		WITH(what_does_not_fit_counts_into_slot_0),
		WITH(a_name_that_found_no_memory_finds_it_later),
		cmocka_unit_test(a_registry_without_memory_is_refused),
		WITH(threads_agree_on_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
