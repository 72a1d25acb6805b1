/* SPDX-License-Identifier: Apache-2.0 */
/* classes: which clients the configuration can never steer differently.
 *
 * Two clients are of one class when they agree on
 *
 *   the topology rule that matches them first     (or none)
 *   what each service's fences say of them        (a country goes before its continent)
 *   the order of the regions by distance          (only when a pool ranks by distance)
 *
 * so whatever is up, down, full or drained, they get the same row. With up to 8 regions the whole
 * order counts; with more the nearest 6 do, and the rest follows the class's representative. When
 * that makes more than classes_max classes, fewer ranks count (5, 4, ... 0) until it fits.
 *
 * Use: one classes_trait() per distinct place of a database, classes_of() per distinct combination
 * of trait and topology prefix rule, then classes_finish().
 *
 * Threads    one owner until classes_finish(); the finished list is read by any
 * Ownership  the input is borrowed until classes_finish(); strings and arrays are not kept
 * Units      positions in 1e-4 degrees
 * Errors     ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_CLIENT_CLASSES_H
#define FAIRLEAD_DNSD_CLIENT_CLASSES_H

#include "schema/config/dnsd_config.h"
#include "steer/place.h"

#define CLASSES_MAX 16384 /* default bound; a row per pool and class has to fit in memory */

/* What of the configuration decides the partition. */
struct classes_input {
	const struct config_region *regions;
	size_t n_regions;
	const struct config_topology *topology;
	size_t n_topology;
	const struct config_service *services; /* their fences */
	size_t n_services;
	bool by_distance;     /* some pool ranks by distance: methods geo, latency, assign */
	uint32_t classes_max; /* 0 = CLASSES_MAX */
};

/* One class as the rest of dnsd sees it. */
struct client_class {
	struct place place; /* of the member with most addresses; all zero = unknown */
	int32_t topology;   /* index of the rule that matches first, -1 = none */
};

#endif
