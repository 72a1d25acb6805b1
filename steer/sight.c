/* SPDX-License-Identifier: Apache-2.0 */
/* sight: does a failed check speak of the target, or of the eyes that looked? */
#include "steer/sight.h"

#include <string.h>

static void clear_slot(struct sight *s, uint64_t slot)
{
	s->slots[slot % SIGHT_SLOTS / 64] &= ~(UINT64_C(1) << slot % 64);
}

static bool has_slot(const struct sight *s, uint64_t slot)
{
	if (slot > s->newest || slot + SIGHT_SLOTS <= s->newest)
		return false;
	return s->slots[slot % SIGHT_SLOTS / 64] >> slot % 64 & 1;
}

void sight_mark(struct sight *s, uint64_t begun_us)
{
	uint64_t slot = begun_us / SIGHT_SLOT_US + 1;

	if (slot >= s->newest + SIGHT_SLOTS) {
		memset(s->slots, 0, sizeof(s->slots));
		s->newest = slot;
	}
	while (s->newest < slot)
		clear_slot(s, ++s->newest);
	if (slot + SIGHT_SLOTS > s->newest)
		s->slots[slot % SIGHT_SLOTS / 64] |= UINT64_C(1) << slot % 64;
}

bool sight_is_near(const struct sight *s, uint64_t begun_us)
{
	uint64_t slot = begun_us / SIGHT_SLOT_US + 1;

	return has_slot(s, slot) || has_slot(s, slot - 1) || has_slot(s, slot + 1);
}

bool sight_is_proven(const struct sight *list, size_t n, uint32_t region, uint8_t family,
		     uint64_t begun_us)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].region != region && list[i].family == family &&
		    sight_is_near(&list[i], begun_us))
			return true;
	return false;
}

bool sight_has_other(const struct sight *list, size_t n, uint32_t region, uint8_t family)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].region != region && list[i].family == family && list[i].passing)
			return true;
	return false;
}
