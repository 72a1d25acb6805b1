/* SPDX-License-Identifier: Apache-2.0 */
/* sight: does a failed check speak of the target, or of the eyes that looked? */
#include "steer/sight.h"

#include <string.h>

#define ROW_MAX ((uint8_t)(sizeof(((struct sight *)0)->begun_us) / sizeof(uint64_t)))

void sight_add(struct sight *s, uint64_t begun_us, bool pass)
{
	if (!pass) {
		s->n = 0;
		return;
	}
	memmove(s->begun_us + 1, s->begun_us, (ROW_MAX - 1) * sizeof(s->begun_us[0]));
	s->begun_us[0] = begun_us;
	if (s->n < ROW_MAX)
		s->n++;
}

uint64_t sight_again_us(uint64_t rtt_us)
{
	uint64_t us = rtt_us + rtt_us / 2;

	return us > SIGHT_AGAIN_US ? us : SIGHT_AGAIN_US;
}

static bool is_together(uint64_t seen_us, uint64_t begun_us)
{
	return seen_us + SIGHT_TOGETHER_US >= begun_us && seen_us <= begun_us + SIGHT_AFTER_US;
}

bool sight_is_around(const struct sight *s, uint64_t begun_us, uint64_t rtt_us)
{
	uint64_t again_us = begun_us + sight_again_us(rtt_us);

	for (uint8_t i = 0; i + 1 < s->n; i++)
		if (is_together(s->begun_us[i + 1], begun_us) &&
		    s->begun_us[i] + SIGHT_TOGETHER_US >= again_us &&
		    s->begun_us[i] <= again_us + SIGHT_LATE_US)
			return true;
	return false;
}
