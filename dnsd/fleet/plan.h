/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what proberds are to check: the address of every member, by its pool's monitor.
 *
 * A plan goes out in parts of at most half a frame, so that its size is bounded by WIRE_PARTS_MAX
 * and not by one frame. Every part has some of the monitors, then of the targets, in their order.
 *
 * Threads    any, no state
 * Ownership  a plan is freed with fleet_plan_fini(); it borrows nothing
 * Errors     ERR_MEMORY; ERR_LIMIT: more than WIRE_PARTS_MAX parts
 * Source     schema/wire/fleet.proto: Plan
 */
#ifndef FAIRLEAD_DNSD_FLEET_PLAN_H
#define FAIRLEAD_DNSD_FLEET_PLAN_H

#include "core/buf.h"
#include "schema/config/dnsd_config.h"
#include "schema/wire/wire.h"

/* One address that proberds check; its index is its id in the plan. */
struct fleet_target {
	uint32_t pool, member; /* in the configuration */
	struct addr address;
	/* Of the names of pool and region, and the address: the same in the next plan. */
	uint64_t key;
};

/* What one part holds. */
struct fleet_plan_part {
	uint32_t first_monitor, n_monitors, first_target, n_targets;
};

/* In the order of pools, members and addresses. */
struct fleet_plan {
	struct fleet_target *targets;
	size_t n_targets;
	uint32_t *first; /* by pool: its first target */
	struct fleet_plan_part parts[WIRE_PARTS_MAX];
	uint32_t n_parts;
	uint64_t signature; /* of all that proberds are told */
};

enum err_code fleet_plan_make(const struct dnsd_config *config, struct fleet_plan *out,
			      struct err *e);
void fleet_plan_fini(struct fleet_plan *p);

/* Where a member's targets begin, and how many there are: one an address, in their order. */
uint32_t fleet_plan_first(const struct fleet_plan *p, const struct dnsd_config *config,
			  uint32_t pool, uint32_t member, uint32_t *n);

/* Appends one part as a message. `config` is the one that the plan was made from. */
enum err_code fleet_plan_pack(const struct fleet_plan *p, const struct dnsd_config *config,
			      uint64_t revision, uint32_t part, struct buf *out, struct err *e);

/* What was known by target of `old`, by target of `next`: *map[i] = index there, or UINT32_MAX.
 * The caller frees the map; NULL without memory. */
uint32_t *fleet_plan_map(const struct fleet_plan *old, const struct fleet_plan *next);

#endif
