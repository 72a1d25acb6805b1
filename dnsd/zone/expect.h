/* SPDX-License-Identifier: Apache-2.0 */
/* expect: what a record of each type should look like, said when one does not.
 *
 * Threads    any
 */
#ifndef FAIRLEAD_DNSD_ZONE_EXPECT_H
#define FAIRLEAD_DNSD_ZONE_EXPECT_H

#include "dnsd/zone/findings.h"

/* Reports an entry that could not be read: `why`, the entry, and the form of its type (0: not
 * known). */
void expect_report(struct findings *r, uint32_t where, const char *entry, uint16_t type,
		   const char *why);

/* ldns takes numbers modulo their width (port 70000 becomes 4464): true, and reported, if the rdata
 * of this type has one that is too big. */
bool expect_refuses_number(struct findings *r, uint32_t where, const char *rdata, uint16_t type);

#endif
