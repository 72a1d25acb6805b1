/* SPDX-License-Identifier: Apache-2.0 */
/* country: the codes of countries and continents, and which country lies in which continent.
 *
 * Threads    any, constant
 * Source     ISO 3166-1 alpha-2, and XK (Kosovo), which the databases use; continents after
 *            GeoNames' country list
 */
#ifndef FAIRLEAD_CORE_COUNTRY_H
#define FAIRLEAD_CORE_COUNTRY_H

#define COUNTRY_CONTINENTS 7

/* AF AN AS EU NA OC SA, in this order. */
extern const char country_continents[COUNTRY_CONTINENTS][3];

/* The place of a code in country_continents; -1 when it is none. */
int country_continent_index(const char *code);
/* Which of them a country lies in; -1 when there is no such country. */
int country_continent_of(const char *country);

#endif
