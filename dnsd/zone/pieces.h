/* SPDX-License-Identifier: Apache-2.0 */
/* pieces: the parts that rdata is made of: each takes one word of the text (base64 aside), and
 * appends its wire form.
 *
 * Threads    one
 * Ownership  text, origin and out are the caller's
 * Units      bytes
 * Errors     false with r->why
 * Source     RFC 1035 section 5.1; RFC 4648 (base64)
 */
#ifndef FAIRLEAD_DNSD_ZONE_PIECES_H
#define FAIRLEAD_DNSD_ZONE_PIECES_H

#include "dnsd/packet/name.h"

#define RDATA_MAX 65535

/* Where rdata is read from and written to. */
struct rdata {
	const char *at; /* what is left of the text */
	const struct name *origin;
	uint8_t *out; /* RDATA_MAX */
	size_t len;
	const char *why;
};

bool pieces_fail(struct rdata *r, const char *why); /* false */

bool pieces_put(struct rdata *r, const void *wire, size_t len);
bool pieces_value(struct rdata *r, uint64_t value, unsigned bytes); /* 1, 2 or 4 */

bool pieces_number(struct rdata *r, unsigned bytes);
bool pieces_name(struct rdata *r);
bool pieces_address(struct rdata *r, uint8_t family);
bool pieces_string(struct rdata *r); /* with its length before it */
bool pieces_base64(struct rdata *r, const char *text, size_t len);

#endif
