/* SPDX-License-Identifier: Apache-2.0 */
/* expect: what a record of each type should look like, said when one does not.
 *
 * Threads    any
 */
#ifndef FAIRLEAD_DNSD_ZONE_EXPECT_H
#define FAIRLEAD_DNSD_ZONE_EXPECT_H

#include "dnsd/zone/report.h"

/* Reports an entry that could not be read: `why` (ldns's words), the entry, and the form of its
 * type. */
void expect_report(struct report *r, uint32_t where, const char *entry, const char *why);

/* ldns takes numbers modulo their width (port 70000 becomes 4464): true, and reported, if the entry
 * of this type, class after TTL, has one that is too big. */
bool expect_has_bad_number(struct report *r, uint32_t where, const char *entry, uint16_t type);

/* "MX" or "TYPE65280". Returns out. */
const char *expect_type_name(uint16_t type, char out[16]);

#endif
