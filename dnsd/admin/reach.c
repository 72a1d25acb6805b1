/* SPDX-License-Identifier: Apache-2.0 */
/* reach: whom the clients of a service reach. */
#include "dnsd/admin/reach.h"

#include <string.h>

unsigned reach_regions(const struct config_pool *pool, uint64_t members)
{
	unsigned n = 0;

	for (uint32_t m = 0; m < pool->n_members; m++) {
		bool again = false;

		for (uint32_t i = 0; i < m; i++)
			again |= members >> i & 1 &&
				 pool->members[i].region == pool->members[m].region;
		n += members >> m & 1 && !again;
	}
	return n;
}

bool reach_is_on_standby(const struct config_pool *pool, uint64_t serve)
{
	uint32_t least = UINT32_MAX, least_serving = UINT32_MAX;

	for (uint32_t m = 0; m < pool->n_members; m++) {
		uint32_t tier = pool->members[m].tier;

		if (tier < least)
			least = tier;
		if (serve >> m & 1 && tier < least_serving)
			least_serving = tier;
	}
	return serve && least_serving > least;
}

bool reach_leaves_alone(const struct rooms *r, uint32_t service, const struct pick_live *before,
			const struct pick_live *after)
{
	const struct rows *rows = rooms_snapshot(r)->services[service].rows;
	uint64_t was = before->serve | before->spare, is = after->serve | after->spare;

	if (!rooms_config(r)->services[service].n_fences)
		return was && !is;
	return rows_leave_alone(rows, was, is);
}

void reach_answers(const struct snapshot_service *s, const struct traffic *traffic, uint32_t last_s,
		   uint64_t answers[CONFIG_MEMBERS_MAX])
{
	memset(answers, 0, CONFIG_MEMBERS_MAX * sizeof(*answers));
	for (uint32_t m = 0; m < s->n_members; m++) {
		bool again = false;

		for (uint32_t i = 0; i < m; i++)
			again |= s->members[i].counter == s->members[m].counter;
		if (!again)
			answers[m] = traffic_answers(traffic, s->members[m].counter, last_s);
	}
}
