/* SPDX-License-Identifier: Apache-2.0 */
/* vantage: a proberd as this name server knows it: what it saw of each target of the plan.
 *
 * It is a witness once it has told of every target of a plan, for as long as it is heard. A failure
 * that it could not prove to have seen (steer/sight.h) is no word at all.
 *
 * Threads    the control thread
 * Ownership  a list of vantages owns them
 * Units      _us monotonic microseconds
 * Errors     ERR_INPUT: not of our plan, or a target that does not exist; ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_FLEET_VANTAGE_H
#define FAIRLEAD_DNSD_FLEET_VANTAGE_H

#include "core/addr.h"
#include "core/identity.h"
#include "core/link.h"
#include "dnsd/fleet/owner.h"
#include "dnsd/fleet/plan.h"
#include "steer/phi.h"
#include "steer/verdict.h"

struct fleet_seen {
	bool known, pass;
	bool proven; /* fails, and it could see */
	uint32_t rtt_us;
	char reason[64];
};

/* Blind in a family: it sees targets fail there, not one well, and proves none of it. */
enum fleet_family { FAMILY_4, FAMILY_6, FAMILIES };

/* A proberd, linked or remembered. seen[] is by target of the current plan. */
struct fleet_vantage {
	struct fleet_vantage *next;
	struct fleet_owner owner; /* of its link */
	char name[IDENTITY_PART_MAX];
	struct link *link;
	uint64_t incarnation;
	char software[64], address[ENDPOINT_TEXT_MAX];
	uint32_t place; /* equal for those that stand within 50 km */
	int32_t lat_e4, lon_e4;
	struct phi phi;
	bool was_fresh; /* when it was looked at last */
	bool is_heard;	/* since this dnsd started */
	struct fleet_seen *seen;
	size_t n_seen;
	uint32_t *touched; /* targets whose word changed in the last message; room for n_seen */
	size_t n_touched;
	uint32_t next_part;	     /* of the full set that is coming in */
	uint64_t full_us;	     /* when a full set for the current plan came; 0 = not yet */
	uint64_t blind_us[FAMILIES]; /* since when; 0 = it sees */
	uint32_t stretch_ppm;	     /* of its intervals; 1000000 = as asked for */
	uint64_t double_us;	     /* when another one under its name was refused; 0 = never */
	char double_address[ENDPOINT_TEXT_MAX];
};

struct fleet_vantage *fleet_vantage_get(struct fleet_vantage **list, const char *name);
void fleet_vantage_free(struct fleet_vantage *v);
void fleet_vantage_free_all(struct fleet_vantage **list);

bool fleet_vantage_is_fresh(const struct fleet_vantage *v, uint64_t now_us);
/* Two proberds in one city are one place: one broken uplink must not count as two witnesses. */
void fleet_vantage_place(struct fleet_vantage *v, const struct fleet_vantage *list);

/* Sets touched[]. Verdicts on an old plan are passed over. */
enum err_code fleet_vantage_verdicts(struct fleet_vantage *v, const Fairlead__Wire__Verdicts *m,
				     const struct fleet_plan *plan, uint64_t revision,
				     uint64_t now_us, struct err *e);
/* After a new plan, by fleet_plan_map(): what it saw of targets that are still there stays true
 * until it says more. Without memory (map NULL too) it counts again when it has told all anew. */
void fleet_vantage_carry(struct fleet_vantage *v, const uint32_t *map, size_t n_targets);

/* What it says of one target, or of a member: it fails when all of its addresses that this vantage
 * has a word on fail. reason: of a failure that counts; else untouched. */
struct verdict_vantage fleet_vantage_of(const struct fleet_vantage *v, uint32_t first_target,
					uint32_t n_targets, uint64_t now_us, const char **reason);

#endif
