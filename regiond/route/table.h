/* SPDX-License-Identifier: Apache-2.0 */
/* table: pools, services and routes of one configuration, immutable, published to the workers.
 *
 * A reload makes a new table beside the old one. A backend with the same pool and address, and a
 * service with the same name, are taken over as they are: state, counters, connections in flight.
 * What is accepted for a service that is gone goes to the one that has its listener now: workers
 * learn of the new table a moment before their listeners are told the new name.
 *
 *   control: config -> table_new(previous) -> table_publish() -> (grace period) -> old one freed
 *   worker:  rcu_read(&ref->table) -> table_service(id) -> routes_rest() -> pool_pick()
 *
 * Threads    one control thread makes and publishes; workers read under core/rcu.h
 * Ownership  a table owns its configuration and references to backends and services
 * Errors     ERR_LIMIT: more backends or AZs in a pool than POOL_*_MAX, by name; ERR_MEMORY;
 *            nothing is taken on failure, the configuration neither
 */
#ifndef FAIRLEAD_REGIOND_TABLE_H
#define FAIRLEAD_REGIOND_TABLE_H

#include "core/rcu.h"
#include "regiond/back/pools.h"
#include "regiond/route/checkers.h"
#include "regiond/route/route.h"
#include "regiond/route/service.h"

struct table_service {
	struct service *service;
	const struct config_region_service *config;
	struct routes routes;
};

struct table {
	struct regiond_config *config;
	bool lends_config;  /* it is somebody else's: table_take_config() */
	struct pool *pools; /* in the order of the configuration */
	size_t n_pools;
	struct table_service *services; /* in the order of the configuration */
	size_t n_services;
	struct table_service **by_name; /* n_services, in the order of names */
	struct table_service **by_id;	/* NULL where a service and its listeners are gone */
	uint32_t n_ids;
};

/* The one place where workers find what is in force. */
struct table_ref {
	_Atomic(struct table *) table;
	struct checkers_ref checkers;
};

/* previous may be NULL. Takes config when it returns ERR_OK. */
enum err_code table_new(struct table **out, struct regiond_config *config,
			const struct table *previous, struct err *e);
void table_free(struct table *t);
/* Its configuration, which is the caller's to free from now on, when t is gone. */
struct regiond_config *table_take_config(struct table *t);

/* t is in force from now on; the one before it is freed when no worker reads it any more. */
enum err_code table_publish(struct table_ref *ref, struct table *t);

/* The service of this id, or the one that took over its listener; NULL = neither is there. Count on
 * what is returned, not on the service of the id. */
const struct table_service *table_service(const struct table *t, uint32_t id);
const struct pool *table_pool(const struct table *t, const char *name); /* NULL = none */

#endif
