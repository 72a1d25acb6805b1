/* SPDX-License-Identifier: Apache-2.0 */
/* compress: names written into a message as pointers to what stands in it already.
 *
 *   known: places of labels in the message, each the head of a name of `len` bytes
 *   www.example.com -> 3 w w w | pointer, when example.com is known
 *
 * Threads    the worker's own scratch
 * Ownership  none; the message is the caller's
 * Units      bytes; places from the start of the message, below 0x4000; len counts the closing zero
 *            byte of the whole name
 * Errors     none: a full table compresses less
 * Source     RFC 1035 section 4.1.4; RFC 3597 section 4 (only in the rdata of RFC 1035's types)
 */
#ifndef FAIRLEAD_DNSD_PACKET_COMPRESS_H
#define FAIRLEAD_DNSD_PACKET_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPRESS_MAX 96 /* thirteen servers of three labels, and their zone */

struct compress {
	unsigned n;
	struct compress_label {
		uint16_t at;
		uint8_t len;
	} known[COMPRESS_MAX];
};

/* Learns the name that stands uncompressed at message[at]. */
void compress_learn(struct compress *c, const uint8_t *message, size_t at);

/* Writes the name wire[len] at message[at], with room bytes left there, and learns it. Returns how
 * many bytes it took, 0 when they did not fit. */
size_t compress_put(struct compress *c, uint8_t *message, size_t at, size_t room,
		    const uint8_t *wire, size_t len);

/* How many domain names the rdata of a type begins with that may be compressed, and how many bytes
 * stand before the first: 0 for all types but those of RFC 1035. */
unsigned compress_names(uint16_t type, size_t *before);

#endif
