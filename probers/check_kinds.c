/* SPDX-License-Identifier: Apache-2.0 */
/* check_kinds: which kind of check does what a monitor names. */
#include "probers/check_kinds.h"

#include <string.h>

#define DECLARED(number, name, kind, keys) extern const struct check_kind kind;
MONITOR_KINDS(DECLARED)

const struct check_kind *check_kinds_of(enum monitor_type type)
{
#define DOES(number, name, kind, keys) &kind,
	static const struct check_kind *const kinds[] = { MONITOR_KINDS(DOES) };
	return kinds[type];
}

bool check_kinds_find(const char *name, enum monitor_type *out)
{
	for (int i = 0; i < MONITOR_TYPES; i++) {
		if (strcmp(name, monitor_kind_name((enum monitor_type)i)) == 0) {
			*out = (enum monitor_type)i;
			return true;
		}
	}
	return false;
}
