/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about dnsd/admin/moves: shares are of the answers that were given, and of classes when
 * there were none. */
#include "dnsd/admin/moves.h"
#include "tests/unit/dnsd/world.h"

#define POOLS                                             \
	"pools:\n  p:\n    method: geo\n    members:\n"   \
	"      - {region: eu, addresses: [192.0.2.10]}\n" \
	"      - {region: us, addresses: [192.0.2.20]}\n" \
	"      - {region: ap, addresses: [192.0.2.30]}\n" \
	"services:\n  a.example.com: {pool: p}\n  b.example.com: {pool: p}\n"

static struct world w;
static struct snapshot *snap;

static int start(void **state)
{
	world_init(&w, WORLD_REGIONS POOLS, WORLD_ZONE);
	snap = world_build(&w, NULL);
	return 0;
}

static int finish(void **state)
{
	snapshot_free(snap);
	world_fini(&w);
	return 0;
}

static struct live_service all_serve(void)
{
	struct live_service live = { .masks.live.serve = 7 };

	for (size_t m = 0; m < 3; m++)
		live.dial_ppm[m] = PICK_SHARE_ALL;
	return live;
}

/* What moves when `out` leaves, of a service that gave these answers. */
static json_t *moves_without(uint64_t out, const uint64_t *answers)
{
	struct live_service now = all_serve(), after = now;
	struct moves *m;
	json_t *doc;

	after.masks.live.serve &= ~out;
	assert_int_equal(moves_new(&m, w.config), ERR_OK);
	for (uint32_t s = 0; s < 2; s++)
		assert_int_equal(moves_add(m, s, &snap->services[s], &now, &after, answers),
				 ERR_OK);
	moves_count(m);
	doc = moves_doc(m);
	moves_free(m);
	return doc;
}

static double share_from(json_t *moves, const char *service, const char *from, const char *basis)
{
	double share = 0;
	json_t *one;
	size_t i;

	json_array_foreach (moves, i, one) {
		if (strcmp(json_string_value(json_object_get(one, "service")), service) != 0)
			continue;
		assert_string_equal(json_string_value(json_object_get(one, "from")), from);
		assert_string_equal(json_string_value(json_object_get(one, "basis")), basis);
		share += json_real_value(json_object_get(one, "share"));
	}
	return share;
}

static void who_gave_all_answers_moves_all_of_them(void **state)
{
	const uint64_t answers[CONFIG_MEMBERS_MAX] = { 300 };
	json_t *moves = moves_without(1, answers);

	assert_float_equal(share_from(moves, "a.example.com", "eu", "answers"), 1, 1e-9);
	assert_float_equal(share_from(moves, "b.example.com", "eu", "answers"), 1, 1e-9);
	json_decref(moves);
}

static void a_share_is_of_what_was_given(void **state)
{
	const uint64_t answers[CONFIG_MEMBERS_MAX] = { 10, 990 };
	json_t *moves = moves_without(1, answers);

	assert_float_equal(share_from(moves, "a.example.com", "eu", "answers"), 0.01, 1e-9);
	json_decref(moves);
}

static void without_answers_shares_are_of_classes_and_say_so(void **state)
{
	const uint64_t none[CONFIG_MEMBERS_MAX] = { 0 };
	json_t *moves = moves_without(1, none);
	double share = share_from(moves, "a.example.com", "eu", "classes");

	assert_true(share > 0.1 && share < 0.9);
	json_decref(moves);
}

static void what_changes_nothing_is_not_asked(void **state)
{
	const uint64_t none[CONFIG_MEMBERS_MAX] = { 0 };
	json_t *moves = moves_without(0, none);

	assert_int_equal(json_array_size(moves), 0);
	json_decref(moves);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_gave_all_answers_moves_all_of_them),
		cmocka_unit_test(a_share_is_of_what_was_given),
		cmocka_unit_test(without_answers_shares_are_of_classes_and_say_so),
		cmocka_unit_test(what_changes_nothing_is_not_asked),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
