/* SPDX-License-Identifier: Apache-2.0 */
/* check_kinds: which kind of check does what a monitor names, by schema/config/monitor_kinds.h.
 *
 * Threads    constant
 */
#ifndef FAIRLEAD_PROBERS_CHECK_KINDS_H
#define FAIRLEAD_PROBERS_CHECK_KINDS_H

#include "probers/check_kind.h"

const struct check_kind *check_kinds_of(enum monitor_type type);
/* As a plan spells it; false: no such kind. */
bool check_kinds_find(const char *name, enum monitor_type *out);

#endif
