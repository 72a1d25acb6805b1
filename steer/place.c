/* SPDX-License-Identifier: Apache-2.0 */
/* place: where a client or a region is, and how far apart two places are. */
#include "steer/place.h"

#include "core/country.h"
#include "steer/fixed.h"

#include <string.h>

#define QUARTER_E4	  900000 /* 90 degrees */
#define RADIAN_PER_E4_Q60 INT64_C(2012227627244)
#define EARTH_DIAMETER_M  12742000

/* enum place_continent is the order of country_continents, after "nowhere". */
_Static_assert(PLACE_SA == COUNTRY_CONTINENTS, "one continent each");

uint8_t place_continent_parse(const char *code)
{
	return (uint8_t)(country_continent_index(code) + 1);
}

uint8_t place_continent_of(const char country[3])
{
	return (uint8_t)(country_continent_of(country) + 1);
}

static int64_t magnitude(int64_t x)
{
	return x < 0 ? -x : x;
}

/* sin^2 of half an angle that is at most 180 degrees. */
static int64_t half_sine_squared_q60(int64_t angle_e4)
{
	int64_t sine = fixed_sin_q60(angle_e4 * RADIAN_PER_E4_Q60 / 2);

	return fixed_mul_q60(sine, sine);
}

/* A latitude beyond a pole, from a broken database, is the pole. */
static int64_t clamp_lat(int64_t lat_e4)
{
	if (lat_e4 > QUARTER_E4)
		return QUARTER_E4;
	return lat_e4 < -QUARTER_E4 ? -QUARTER_E4 : lat_e4;
}

static int64_t cosine_q60(int64_t lat_e4)
{
	return fixed_sin_q60((QUARTER_E4 - magnitude(lat_e4)) * RADIAN_PER_E4_Q60);
}

/* The haversine formula: it keeps its precision for places that are close together. */
uint32_t place_distance_m(const struct place *a, const struct place *b)
{
	int64_t lat_a_e4 = clamp_lat(a->lat_e4), lat_b_e4 = clamp_lat(b->lat_e4);
	int64_t lon_e4, haversine, angle;

	if (!a->has_position || !b->has_position)
		return PLACE_FAR;
	lon_e4 = magnitude((int64_t)a->lon_e4 - b->lon_e4) % (4 * QUARTER_E4);
	if (lon_e4 > 2 * QUARTER_E4)
		lon_e4 = 4 * QUARTER_E4 - lon_e4;
	haversine = half_sine_squared_q60(magnitude(lat_a_e4 - lat_b_e4)) +
		    fixed_mul_q60(fixed_mul_q60(cosine_q60(lat_a_e4), cosine_q60(lat_b_e4)),
				  half_sine_squared_q60(lon_e4));
	if (haversine < 0)
		haversine = 0;
	if (haversine > INT64_C(1) << 60)
		haversine = INT64_C(1) << 60; /* a rounded half bit over, for antipodes */
	angle = fixed_asin_q60((int64_t)fixed_sqrt((uint64_t)haversine) << 30);
	return (uint32_t)(((__int128)angle * EARTH_DIAMETER_M + (INT64_C(1) << 59)) >> 60);
}
