/* SPDX-License-Identifier: Apache-2.0 */
/* prior: the round trip that is to be expected from a distance, before anything is measured.
 *
 * Threads    any, pure
 * Units      distance in metres, round trip in microseconds
 * Source     median round trips by kilometre between 218 cities, measured; linear in between
 */
#ifndef FAIRLEAD_STEER_PRIOR_H
#define FAIRLEAD_STEER_PRIOR_H

#include <stdint.h>

#define PRIOR_UNKNOWN 0 /* the distance is PLACE_FAR */
uint32_t prior_rtt_us(uint32_t distance_m);

#endif
