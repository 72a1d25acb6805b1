/* SPDX-License-Identifier: Apache-2.0 */
/* rrset: an RRset compiled ahead to the bytes of its answer. See rrset.h. */
#include "dnsd/packet/rrset.h"

void rrset_patch(uint8_t *wire, size_t len, uint16_t owner)
{
	for (size_t at = 0; at < len; at += RRSET_RR_HEAD + dns_get16(wire + at + 10))
		dns_put16(wire + at, owner);
}
