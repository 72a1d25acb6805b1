/* SPDX-License-Identifier: Apache-2.0 */
/* nearest: the regions in the order of their distance from a place. */
#include "dnsd/client/nearest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set_point(struct nearest_region *r, int32_t lat_e4, int32_t lon_e4)
{
	const double radians = M_PI / 180 / 1e4, scale = 1 << 30;
	double sin_lat, cos_lat, sin_lon, cos_lon;

	sincos(lat_e4 * radians, &sin_lat, &cos_lat);
	sincos(lon_e4 * radians, &sin_lon, &cos_lon);
	/* Rounding to 6 mm hides the last bit in which two mathematical libraries may differ. */
	r->x = (int32_t)lrint(cos_lat * cos_lon * scale);
	r->y = (int32_t)lrint(cos_lat * sin_lon * scale);
	r->z = (int32_t)lrint(sin_lat * scale);
}

/* The square of the chord, at most (2 * 2^30)^2. */
static uint64_t chord2(const struct nearest_region *a, const struct nearest_region *b)
{
	int64_t x = (int64_t)a->x - b->x, y = (int64_t)a->y - b->y, z = (int64_t)a->z - b->z;

	return (uint64_t)(x * x) + (uint64_t)(y * y) + (uint64_t)(z * z);
}

enum err_code nearest_init(struct nearest *t, const struct config_region *regions, size_t n_regions,
			   const bool *ranked)
{
	*t = (struct nearest){ .regions = calloc(n_regions + 1, sizeof(*t->regions)) };
	if (!t->regions)
		return ERR_MEMORY;
	for (size_t i = 0; i < n_regions; i++) {
		if (!ranked[i] || !regions[i].has_place)
			continue;
		set_point(&t->regions[t->n], regions[i].lat_e4, regions[i].lon_e4);
		t->regions[t->n++].region = (uint16_t)i;
	}
	t->ranks = t->n <= NEAREST_EXACT ? t->n : NEAREST_FIRST;
	return ERR_OK;
}

void nearest_fini(struct nearest *t)
{
	free(t->regions);
	*t = (struct nearest){ 0 };
}

void nearest_order(const struct nearest *t, const struct place *p, uint16_t out[NEAREST_EXACT])
{
	uint64_t far[NEAREST_EXACT];
	struct nearest_region here;
	size_t have = 0;

	memset(out, 0, NEAREST_EXACT * sizeof(*out));
	set_point(&here, p->lat_e4, p->lon_e4);
	for (size_t i = 0; i < t->n; i++) {
		uint64_t distance = chord2(&here, &t->regions[i]);
		size_t at = have;

		if (have == t->ranks && distance >= far[have - 1])
			continue;
		/* Slides the farther ones down; the last falls out when the list is full. */
		if (have < t->ranks)
			have++;
		else
			at--;
		for (; at && far[at - 1] > distance; at--) {
			far[at] = far[at - 1];
			out[at] = out[at - 1];
		}
		far[at] = distance;
		out[at] = t->regions[i].region;
	}
}
