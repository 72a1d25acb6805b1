/* SPDX-License-Identifier: Apache-2.0 */
/* rules: their names. */
#include "steer/rules.h"

const char *rules_name(enum steer_rule rule)
{
	static const char *const names[] = {
		"none",		"1 forced",  "2 fence",	   "3 health", "4 tier",  "5 prefer",
		"6 assignment", "7 latency", "8 distance", "9 weight", "10 name",
	};

	return (unsigned)rule < sizeof(names) / sizeof(names[0]) ? names[rule] : "none";
}
