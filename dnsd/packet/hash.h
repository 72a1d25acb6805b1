/* SPDX-License-Identifier: Apache-2.0 */
/* hash: the seeded hash of names, inlined where it is used.
 *
 * Threads    any, pure
 * Units      the name in lower case, len with its closing zero byte
 * Source     XXH3 of xxHash 0.8; the seed is drawn at start so that collisions cannot be prepared
 */
#ifndef FAIRLEAD_DNSD_PACKET_HASH_H
#define FAIRLEAD_DNSD_PACKET_HASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t hash_name(const uint8_t *lower, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(lower, len, seed);
}

#endif
