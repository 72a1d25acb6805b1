/* SPDX-License-Identifier: Apache-2.0 */
/* compile: from the names and records that were read and checked to the zone that answers.
 *
 * Threads    one
 * Ownership  takes the build's slots and leaves it to build_fini(); *out has one reference and no
 *            files
 * Errors     ERR_MEMORY; ERR_LIMIT for an arena over 16 GiB; mistakes (an RRset over 64 KiB) go
 *            to report
 */
#ifndef FAIRLEAD_DNSD_ZONE_COMPILE_H
#define FAIRLEAD_DNSD_ZONE_COMPILE_H

#include "dnsd/zone/build.h"
#include "dnsd/zone/findings.h"

enum err_code compile_zone(struct build *b, struct findings *findings, struct zone **out);

#endif
