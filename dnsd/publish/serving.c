/* SPDX-License-Identifier: Apache-2.0 */
/* serving: who serves a service now, stored where queries read it. See serving.h. */
#include "dnsd/publish/serving.h"

/* From the member's addresses in the configuration's order to the records of one type. */
static uint64_t records_of(const struct snapshot_member *m, uint64_t dead, enum snapshot_type type)
{
	uint64_t records = 0;
	unsigned at = 0;

	for (unsigned i = 0; i < m->n_addresses && i < 64; i++) {
		if ((m->sixes >> i & 1) != (type == SNAPSHOT_AAAA))
			continue;
		records |= (dead >> i & 1) << at;
		at++;
	}
	return records;
}

static uint64_t all_of(unsigned count)
{
	return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

static void store(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_relaxed);
}

void serving_store(const struct snapshot_service *s, const struct publish_service_live *live)
{
	uint64_t impaired = 0, has[SNAPSHOT_TYPES] = { 0 };

	for (uint32_t m = 0; m < s->n_members; m++) {
		uint64_t bit = UINT64_C(1) << m;

		impaired |= live->dead[m] ? bit : 0;
		for (unsigned t = 0; t < SNAPSHOT_TYPES; t++) {
			unsigned count = s->members[m].blob[t].count;
			uint64_t out = records_of(&s->members[m], live->dead[m], t);

			store(&s->out[m].records[t], out);
			if (count > 64 || (out & all_of(count)) != all_of(count))
				has[t] |= bit;
		}
	}
	for (unsigned t = 0; t < SNAPSHOT_TYPES; t++)
		store(&s->live->has[t], has[t]);
	store(&s->live->impaired, impaired);
	store(&s->live->forced, live->forced);
	store(&s->live->spare, live->spare);
	atomic_store_explicit(&s->live->ttl_s, live->ttl_s, memory_order_relaxed);
	atomic_store_explicit(&s->live->serve, live->serve, memory_order_release);
}
