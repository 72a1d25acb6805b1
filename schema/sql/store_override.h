/* SPDX-License-Identifier: Apache-2.0 */
/* store_override: what operators forced, and what the daemon holds back for a failback. A change,
 * its audit row and its event are one transaction.
 *
 * Threads    the store's owner; store_override_list() also on a reader
 * Ownership  a list is freed with store_override_free()
 * Units      value in ppm, _ms milliseconds since 1970
 * Errors     those of store.h; ERR_NOT_FOUND for an id that is not there
 */
#ifndef FAIRLEAD_SCHEMA_STORE_OVERRIDE_H
#define FAIRLEAD_SCHEMA_STORE_OVERRIDE_H

#include "core/err.h"
#include "schema/sql/store_audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum store_override_kind {
	STORE_DRAIN,	/* region, service "" = all of the region's; value unused */
	STORE_DIAL,	/* region, service or ""; value = share in ppm */
	STORE_FAILOVER, /* service; region = the target */
	STORE_FREEZE,	/* everything */
	STORE_HELD,	/* service, region, nth: a member that was down waits for its failback */
};
const char *store_override_kind_name(enum store_override_kind kind);

/* How long an override may hold by `expires`: what is meant for longer is configuration. */
#define STORE_EXPIRES_MAX_S (366 * 86400)

struct store_override {
	int64_t id; /* grows, never reused */
	enum store_override_kind kind;
	char *service, *region; /* "" = all */
	uint32_t nth; /* STORE_HELD: which of the service's members in the region, from 0 */
	uint32_t value;
	char *by, *reason;
	int64_t since_ms, expires_ms; /* expires 0 = until cleared */
	bool is_asleep; /* out of force until it is said again: store_override_sleep() */
};

/* Replaces an override of the same kind, service, region and nth; a failover that of its service.
 * *id = the new one's. since_ms 0 = now. The event's kind is the override's; its `from` and `to`
 * are "" (not forced), "on", a share or a region; its cause is "operator", and "failback" of a
 * hold. */
enum err_code store_override_put(struct store *s, const struct store_override *o,
				 const struct store_actor *actor, int64_t *id, struct err *e);
/* ERR_NOT_FOUND when there is none. actor NULL = it expired (event only). */
enum err_code store_override_clear(struct store *s, int64_t id, const struct store_actor *actor,
				   struct err *e);
/* Several by one word: all in one transaction with one audit row, or none. */
enum err_code store_override_clear_all(struct store *s, const int64_t *ids, size_t n,
				       const struct store_actor *actor, struct err *e);
enum err_code store_override_list(struct store *s, struct store_override **out, size_t *n,
				  struct err *e);
/* They named what a configuration does not have: out of force from now on, on record until they are
 * said again or cleared. One event each. */
enum err_code store_override_sleep(struct store *s, const int64_t *ids, size_t n, struct err *e);
void store_override_free(struct store_override *list, size_t n);

#endif
