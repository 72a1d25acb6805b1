/* SPDX-License-Identifier: Apache-2.0 */
/* place: where a client or a region is, and how far apart two places are.
 *
 * Distances are computed in fixed point, so that every node gets the same number.
 *
 * Threads    any, pure
 * Units      latitude and longitude in 1e-4 degrees (_e4), distances in metres
 * Source     great circle on a sphere of 6371 km; continents after GeoNames' country list
 */
#ifndef FAIRLEAD_STEER_PLACE_H
#define FAIRLEAD_STEER_PLACE_H

#include <stdbool.h>
#include <stdint.h>

enum place_continent {
	PLACE_NOWHERE,
	PLACE_AF,
	PLACE_AN,
	PLACE_AS,
	PLACE_EU,
	PLACE_NA,
	PLACE_OC,
	PLACE_SA,
};

struct place {
	int32_t lat_e4, lon_e4;
	bool has_position;
	char country[3];   /* ISO 3166-1 alpha-2, upper case; "" = unknown */
	uint8_t continent; /* enum place_continent */
	uint32_t asn;	   /* 0 = unknown */
};

uint8_t place_continent_of(const char country[3]); /* PLACE_NOWHERE when unknown */
uint8_t place_continent_parse(const char *code);   /* "EU"; PLACE_NOWHERE when it is none */

#define PLACE_FAR UINT32_MAX /* one of the two has no position */
uint32_t place_distance_m(const struct place *a, const struct place *b);

#endif
