/* SPDX-License-Identifier: Apache-2.0 */
/* moves: what an operation would move, by asking the data path for every class before and after.
 *
 * How much of a service's answers a class stands for is not measured yet, so classes of one service
 * count alike: the share is of classes whose clients change region. */
#include "dnsd/admin/moves.h"

#include <string.h>

/* Keys like any client's, so that a class that is split by weight is split here too. */
#define SAMPLES 8

struct tally {
	uint32_t moved[CONFIG_MEMBERS_MAX + 1][CONFIG_MEMBERS_MAX + 1]; /* last = nobody */
	uint32_t asked;
};

/* A service's live state as the data path reads it. */
struct side {
	struct pick_live masks;
	struct pick_member members[CONFIG_MEMBERS_MAX];
};

static void make_side(const struct snapshot_service *s, const struct publish_service_live *live,
		      struct side *out)
{
	out->masks = (struct pick_live){ .serve = live->serve, .forced = live->forced };
	for (uint32_t m = 0; m < s->n_members; m++) {
		out->members[m] = s->picks[m];
		out->members[m].dial_ppm = live->dial_ppm[m];
		if (live->dial_ppm[m] > 0 && live->dial_ppm[m] < PICK_SHARE_ALL)
			out->masks.dialled |= UINT64_C(1) << m;
	}
}

static int pick(const struct snapshot_service *s, const struct rows_row *row,
		const struct side *side, uint64_t key)
{
	struct pick_live masks = side->masks;
	int member;

	masks.forced &= row->allowed;
	member = pick_member(row->groups, row->n_groups, &masks, side->members, key);
	if (member != PICK_NOBODY || s->last_resort != SNAPSHOT_ALL)
		return member;
	masks.serve = row->allowed;
	return pick_member(row->groups, row->n_groups, &masks, side->members, key);
}

static void count_class(const struct snapshot_service *s, uint32_t class, const struct side *now,
			const struct side *after, struct tally *t)
{
	struct rows_row row = rows_get(s->rows, class);

	for (uint8_t i = 0; i < SAMPLES; i++) {
		const uint8_t address[4] = { (uint8_t)(class >> 8), (uint8_t) class, i, 0 };
		uint64_t key = pick_client_key(4, address);
		int from = pick(s, &row, now, key), to = pick(s, &row, after, key);

		t->asked++;
		if (from != to)
			t->moved[from < 0 ? CONFIG_MEMBERS_MAX : from]
				[to < 0 ? CONFIG_MEMBERS_MAX : to]++;
	}
}

static json_t *region_name(const struct rooms *r, uint32_t service, uint32_t member)
{
	const struct config_pool *pool =
		&rooms_config(r)->pools[rooms_config(r)->services[service].pool];

	return member == CONFIG_MEMBERS_MAX
		       ? json_null()
		       : json_string(rooms_config(r)->regions[pool->members[member].region].name);
}

static void add_moves(const struct rooms *r, uint32_t service, const struct tally *t, json_t *out)
{
	for (uint32_t from = 0; from <= CONFIG_MEMBERS_MAX; from++)
		for (uint32_t to = 0; to <= CONFIG_MEMBERS_MAX; to++) {
			if (!t->moved[from][to])
				continue;
			json_array_append_new(
				out, json_pack("{s:s, s:o, s:o, s:f}", "service",
					       rooms_config(r)->services[service].name, "from",
					       region_name(r, service, from), "to",
					       region_name(r, service, to), "share",
					       (double)t->moved[from][to] / (double)t->asked));
		}
}

json_t *moves_of(const struct rooms *r, const struct publish_service_live *after)
{
	const struct snapshot *snap = rooms_snapshot(r);
	json_t *out = json_array();

	for (uint32_t s = 0; s < snap->n_services; s++) {
		struct publish_service_live now;
		struct side before, behind;
		struct tally tally = { 0 };

		live_of(r->live, s, &now);
		if (memcmp(&now, &after[s], sizeof(now)) == 0)
			continue;
		make_side(&snap->services[s], &now, &before);
		make_side(&snap->services[s], &after[s], &behind);
		for (uint32_t k = 0; k < snap->services[s].rows->n_classes; k++)
			count_class(&snap->services[s], k, &before, &behind, &tally);
		add_moves(r, s, &tally, out);
	}
	return out;
}
