/* SPDX-License-Identifier: Apache-2.0 */
/* store_health: last known health, so that the first answer after a restart equals the last one
 * before it.
 *
 * Threads    the store's owner
 * Ownership  a list is freed with store_health_free()
 * Units      _ms milliseconds since 1970
 * Errors     those of store.h
 */
#ifndef FAIRLEAD_SCHEMA_STORE_HEALTH_H
#define FAIRLEAD_SCHEMA_STORE_HEALTH_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct store;

struct store_health {
	/* Of a member: the region, with "#2" for the second one in it. Of one of its addresses: the
	 * same, a blank, and the address. */
	char *service, *region;
	int health; /* enum verdict_health of steer/, a floor up: only kept here */
	int cause;
	int64_t since_ms;
	uint32_t flaps;
};

/* One transaction; replaces those named. 300 rows cost one sync and about a millisecond. */
enum err_code store_health_put(struct store *s, const struct store_health *list, size_t n,
			       struct err *e);
enum err_code store_health_list(struct store *s, struct store_health **out, size_t *n,
				struct err *e);
void store_health_free(struct store_health *list, size_t n);

#endif
