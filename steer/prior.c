/* SPDX-License-Identifier: Apache-2.0 */
/* prior: the round trip that is to be expected from a distance, before anything is measured. */
#include "steer/prior.h"

#include "steer/place.h"

#include <stddef.h>

static const struct {
	uint32_t km, rtt_us;
} points[] = {
	{ 0, 4000 },	 { 100, 4000 },	   { 500, 12000 },    { 1000, 24000 },	 { 2000, 39000 },
	{ 4000, 65000 }, { 8000, 119000 }, { 13000, 184000 }, { 20000, 263000 },
};

uint32_t prior_rtt_us(uint32_t distance_m)
{
	const size_t n = sizeof(points) / sizeof(points[0]);

	if (distance_m == PLACE_FAR)
		return PRIOR_UNKNOWN;
	for (size_t i = 1; i < n; i++) {
		uint64_t from_m = points[i - 1].km * 1000ull, to_m = points[i].km * 1000ull;

		if (distance_m > to_m)
			continue;
		return points[i - 1].rtt_us + (uint32_t)((points[i].rtt_us - points[i - 1].rtt_us) *
							 (distance_m - from_m) / (to_m - from_m));
	}
	return points[n - 1].rtt_us;
}
