/* SPDX-License-Identifier: Apache-2.0 */
/* Claims about steer/place. */
#include "core/country.h"
#include "steer/place.h"
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct place at(double lat, double lon)
{
	return (struct place){ .lat_e4 = (int32_t)lround(lat * 1e4),
			       .lon_e4 = (int32_t)lround(lon * 1e4),
			       .has_position = true };
}

static double distance_in_doubles(const struct place *a, const struct place *b)
{
	const double radian = M_PI / 180 / 1e4;
	double lat = sin((a->lat_e4 - b->lat_e4) * radian / 2);
	double lon = sin((a->lon_e4 - b->lon_e4) * radian / 2);
	double h = lat * lat + cos(a->lat_e4 * radian) * cos(b->lat_e4 * radian) * lon * lon;

	return 2 * 6371000 * asin(sqrt(h > 1 ? 1 : h));
}

static void known_distances_come_out(void **state)
{
	static const struct {
		double from[2], to[2];
		uint32_t km;
	} rows[] = {
		{ { 53.35, -6.26 }, { 39.04, -77.49 }, 5462 },	  /* Dublin, Ashburn */
		{ { 52.52, 13.405 }, { 48.857, 2.352 }, 877 },	  /* Berlin, Paris */
		{ { -36.85, 174.76 }, { 21.31, -157.86 }, 7076 }, /* Auckland, Honolulu: over 180 */
		{ { 90, 0 }, { -90, 120 }, 20015 },		  /* pole to pole */
		{ { 0, 0 }, { 0, 180 }, 20015 },		  /* antipodes */
		{ { 19.08, 72.88 }, { 19.08, 72.88 }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place a = at(rows[i].from[0], rows[i].from[1]);
		struct place b = at(rows[i].to[0], rows[i].to[1]);

		assert_in_range(place_distance_m(&a, &b),
				rows[i].km * 1000 - 500 * (rows[i].km > 0),
				rows[i].km * 1000 + 500);
		assert_int_equal(place_distance_m(&a, &b), place_distance_m(&b, &a));
	}
}

static void any_distance_is_within_a_thousandth_of_the_formula(void **state)
{
	unsigned seed = 11;

	for (int i = 0; i < 200000; i++) {
		struct place a =
			at(rand_r(&seed) % 180001 / 1e3 - 90, rand_r(&seed) % 360001 / 1e3 - 180);
		struct place b =
			at(rand_r(&seed) % 180001 / 1e3 - 90, rand_r(&seed) % 360001 / 1e3 - 180);

		if (i % 4 == 0) { /* near ones */
			b = a;
			b.lat_e4 += b.lat_e4 > 0 ? -(rand_r(&seed) % 500) : rand_r(&seed) % 500;
			b.lon_e4 += b.lon_e4 > 0 ? -(rand_r(&seed) % 500) : rand_r(&seed) % 500;
		}
		double want = distance_in_doubles(&a, &b);
		assert_true(fabs(place_distance_m(&a, &b) - want) <= 0.001 * want + 1);
	}
}

static void positions_off_the_globe_do_no_harm(void **state)
{
	struct place a = { INT32_MIN, INT32_MIN, true }, b = { INT32_MAX, INT32_MAX, true };

	assert_true(place_distance_m(&a, &b) <= 20015087);
}

static void without_a_position_a_place_is_far(void **state)
{
	struct place a = at(1, 2), b = { 0 };

	assert_int_equal(place_distance_m(&a, &b), PLACE_FAR);
	assert_int_equal(place_distance_m(&b, &a), PLACE_FAR);
	assert_int_equal(place_distance_m(&b, &b), PLACE_FAR);
}

static void every_country_has_its_continent(void **state)
{
	static const struct {
		const char *country;
		uint8_t continent;
	} rows[] = {
		{ "AD", PLACE_EU }, { "ZW", PLACE_AF }, { "DE", PLACE_EU }, { "US", PLACE_NA },
		{ "BR", PLACE_SA }, { "IN", PLACE_AS }, { "AU", PLACE_OC }, { "AQ", PLACE_AN },
		{ "XK", PLACE_EU }, { "CY", PLACE_EU }, { "TR", PLACE_AS }, { "RU", PLACE_EU },
		{ "NA", PLACE_AF }, { "SA", PLACE_AS }, { "AS", PLACE_OC }, { "AF", PLACE_AS },
	};
	size_t known = 0, by_continent[PLACE_SA + 1] = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(place_continent_of(rows[i].country), rows[i].continent);
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++) {
			uint8_t c = place_continent_of((const char[]){ a, b, 0 });

			known += c != PLACE_NOWHERE;
			by_continent[c]++;
		}
	assert_int_equal(known, 249 + 1); /* ISO 3166-1, and XK */
	assert_int_equal(by_continent[PLACE_AF], 58);
	assert_int_equal(by_continent[PLACE_AN], 5);
	assert_int_equal(by_continent[PLACE_AS], 52);
	assert_int_equal(by_continent[PLACE_EU], 53);
	assert_int_equal(by_continent[PLACE_NA], 41);
	assert_int_equal(by_continent[PLACE_OC], 27);
	assert_int_equal(by_continent[PLACE_SA], 14);
}

static void no_country_is_nowhere(void **state)
{
	static const char *const none[] = { "", "D", "de", "ZZ", "AA", "XX", "  ", "\xff\xff" };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		char country[3] = "";

		memcpy(country, none[i], strlen(none[i]));
		assert_int_equal(place_continent_of(country), PLACE_NOWHERE);
	}
}

static void the_codes_of_continents_are_known(void **state)
{
	for (uint8_t c = PLACE_AF; c <= PLACE_SA; c++)
		assert_int_equal(place_continent_parse(country_continents[c - 1]), c);
	assert_int_equal(place_continent_parse("DE"), PLACE_NOWHERE);
	assert_int_equal(place_continent_parse(""), PLACE_NOWHERE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_distances_come_out),
		cmocka_unit_test(any_distance_is_within_a_thousandth_of_the_formula),
		cmocka_unit_test(positions_off_the_globe_do_no_harm),
		cmocka_unit_test(without_a_position_a_place_is_far),
		cmocka_unit_test(every_country_has_its_continent),
		cmocka_unit_test(no_country_is_nowhere),
		cmocka_unit_test(the_codes_of_continents_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
