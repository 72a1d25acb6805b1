/* SPDX-License-Identifier: Apache-2.0 */
/* addr: IP addresses, prefixes and endpoints as small values, with strict parsing.
 *
 * Threads    any, pure values
 * Units      prefix lengths in bits of the address's own family
 * Errors     ERR_INPUT with what was expected; *out untouched
 * Source     RFC 4291 (v6 text), RFC 5952 (its canonical form), RFC 6052/4380/3056 for normal forms
 */
#ifndef FAIRLEAD_CORE_ADDR_H
#define FAIRLEAD_CORE_ADDR_H

#include "core/err.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct addr {
	uint8_t family;	   /* 4 or 6; 0 = none */
	uint8_t bytes[16]; /* network order; v4 uses the first four, the rest is zero */
};

struct prefix {
	struct addr addr; /* bits after len are zero */
	uint8_t len;
};

struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

#define ADDR_TEXT_MAX	  46
#define PREFIX_TEXT_MAX	  50
#define ENDPOINT_TEXT_MAX 56

enum err_code addr_parse(const char *text, struct addr *out, struct err *e);
/* ADDRESS/LENGTH; bits set after the length are an error. */
enum err_code prefix_parse(const char *text, struct prefix *out, struct err *e);
/* 192.0.2.1:53 or [2001:db8::1]:53; port 0 is a port here. */
enum err_code endpoint_parse(const char *text, struct endpoint *out, struct err *e);

void addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);
void prefix_text(const struct prefix *p, char out[PREFIX_TEXT_MAX]);
void endpoint_text(const struct endpoint *p, char out[ENDPOINT_TEXT_MAX]);

bool addr_is_equal(const struct addr *a, const struct addr *b);
bool prefix_has(const struct prefix *p, const struct addr *a);
void addr_mask(struct addr *a, uint8_t len); /* zeroes the bits after len */

static inline uint8_t addr_bits(const struct addr *a)
{
	return a->family == 4 ? 32 : 128;
}

/* The IPv4 address inside ::ffff:0:0/96, 2002::/16, 2001::/32 (Teredo), 64:ff9b::/96,
 * ::ffff:0:0:0/96 or ::/96 (from ::1.0.0.0 on), so that these clients are placed by it. Returns how
 * many leading bits of the v6 form come before the v4 address (16 for 2002::/16, else 96), or -1 if
 * *a is none of them (*out untouched). */
int addr_embedded_v4(const struct addr *a, struct addr *out);

socklen_t endpoint_to_sockaddr(const struct endpoint *p, struct sockaddr_storage *out);
enum err_code endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out);

#endif
