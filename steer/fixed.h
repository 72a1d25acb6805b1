/* SPDX-License-Identifier: Apache-2.0 */
/* fixed: sine, arc sine, square root and logarithm in integers, so that every node gets the same
 * bits.
 *
 * Floating point differs between libraries, compilers and -ffast-math; two name servers that
 * disagree in the last bit may give the same client different regions.
 *
 * Threads    any, pure
 * Units      _q60: a number times 2^60; angles in radians
 * Source     Taylor series, Newton's square root, linear interpolation of log2 in 256 steps
 */
#ifndef FAIRLEAD_STEER_FIXED_H
#define FAIRLEAD_STEER_FIXED_H

#include <stdint.h>

#define FIXED_HALF_PI_Q60 INT64_C(1811004864519280711)

static inline int64_t fixed_mul_q60(int64_t a, int64_t b)
{
	return (int64_t)((__int128)a * b >> 60);
}

uint32_t fixed_sqrt(uint64_t x); /* rounded down */

int64_t fixed_sin_q60(int64_t angle_q60); /* |angle| <= pi/2; error under 1e-13 */
int64_t fixed_asin_q60(int64_t sine_q60); /* 0..1; error under 4e-9 up to 0.5, 3e-5 near 1 */

/* -log2(x / 2^64) in 32.32 fixed point, at least 1. x = 0 counts as 1. Relative error under 0.2 %.
 */
uint64_t fixed_minus_log2(uint64_t x);

#endif
