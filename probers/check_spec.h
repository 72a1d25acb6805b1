/* SPDX-License-Identifier: Apache-2.0 */
/* check_spec: what a monitor asks for, checked and compiled once, shared by all it checks.
 *
 * check_compile.h makes them.
 *
 * Threads    one: the count of holders is not atomic, so specs stay on the loop's thread
 * Ownership  who makes it has one hold, check_spec_hold() gives one more; check_spec_free() gives
 *            one back. Nothing points into the config or message that it was made from.
 * Units      _ms milliseconds
 */
#ifndef FAIRLEAD_PROBERS_CHECK_SPEC_H
#define FAIRLEAD_PROBERS_CHECK_SPEC_H

#include "core/addr.h"
#include "core/err.h"
#include "schema/config/common_config.h"

#include <stdbool.h>
#include <stdint.h>

struct check_kind;

struct check_spec {
	unsigned holders;
	char *name; /* of the monitor, for messages; not part of what makes two specs equal */
	enum monitor_type type;
	const struct check_kind *kind;
	uint16_t port; /* 0 = the target's own */
	void *own;     /* what the kind made of it; NULL = nothing */
	void (*forget)(void *own);

	/* How often, and how many in a row make a verdict; for the schedule, but timeout_ms. */
	uint64_t interval_ms, timeout_ms;
	uint32_t rise, fall;

	/* All of the above but the name, as bytes: what makes two specs equal. */
	uint8_t *key;
	size_t key_len;
	uint64_t hash; /* of key; the same on every machine and in every run */
};

struct check_spec *check_spec_hold(struct check_spec *spec);
void check_spec_free(struct check_spec *spec);

/* Ask for the same thing at the same pace, whatever their names. */
bool check_spec_is_equal(const struct check_spec *a, const struct check_spec *b);

/* Where to check `own`: its address, at the monitor's port when it has one. */
struct endpoint check_spec_endpoint(const struct check_spec *spec, const struct endpoint *own);

#endif
