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

/* "MX" or "TYPE65280". Returns out. */
const char *expect_type_name(uint16_t type, char out[16]);

#endif
