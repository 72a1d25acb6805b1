/* SPDX-License-Identifier: Apache-2.0 */
/* world: what is known of a service's members, by name of the field and nothing else, and what
 * follows: who may serve, who waits for a failback and when he is let go, how long answers live.
 *
 *   health, forced, dials --world_masks()--> serve, spare, forced, dialled --decide.h--> member
 *
 * A dry run, an explanation and the name server that answers fill the same struct and get the same
 * masks.
 *
 * Threads    any, pure; no allocation
 * Units      dials in ppm, 1000000 = all; ttl_s seconds
 * Source     docs/decision.md
 */
#ifndef FAIRLEAD_STEER_WORLD_H
#define FAIRLEAD_STEER_WORLD_H

#include "steer/pick.h"
#include "steer/verdict.h"

#define WORLD_TTL_FAILOVER_S 20

struct world_member {
	enum verdict_health health;
	bool is_held_down; /* DOWN, and seen well: only hold_down keeps it out */
	bool is_drained;
	bool is_held;	/* for a failback, by world_must_hold() */
	bool is_target; /* an operator's failover leads here */
	uint32_t dial_ppm;
};

struct world_service {
	struct world_member members[RANK_MEMBERS_MAX];
	size_t n_members;
	uint32_t ttl_s; /* as configured */
};

/* ---- what is forced ---- */

enum world_kind { WORLD_DRAIN, WORLD_DIAL, WORLD_FAILOVER, WORLD_HELD };

struct world_override {
	enum world_kind kind;
	uint64_t members;   /* of this service */
	bool is_of_service; /* said of this service, not of the whole region */
	uint32_t dial_ppm;
};

/* A dial of the service goes before one of its region, in whatever order they come; the last
 * failover counts. One that leads to no member of the service forces nothing. */
void world_force(struct world_service *w, const struct world_override *list, size_t n);

/* ---- what follows ---- */

enum world_ttl { WORLD_TTL_NORMAL, WORLD_TTL_DOWN, WORLD_TTL_MOVED };

struct world_masks {
	struct pick_live live;
	uint64_t able;	    /* not down, not drained, not dialled to 0 */
	uint64_t held;	    /* of these, who waits for a failback */
	uint64_t held_down; /* alive, in hold_down */
	uint64_t down;	    /* the others that are down */
	uint64_t out;	    /* drained, or dialled to 0 */
	uint32_t ttl_s;
	enum world_ttl ttl_why; /* a member is down; an operator's failover is in force */
};
void world_masks(const struct world_service *w, struct world_masks *out);

/* ---- failback: manual ---- */

/* Must it wait for a failback when it is well again? Who served and failed; not one that only stood
 * by (nothing is to be sent back to it), nor one that was never seen well. */
bool world_must_hold(bool is_failback_auto, enum verdict_health from, enum verdict_health to,
		     bool was_active);
/* Who of the held ones is let go: all with failback: auto. Else, when everybody who is able is
 * held, those that are active: they are where the traffic is, so nothing is to be sent back to
 * them any more. */
uint64_t world_let_go(const struct world_masks *m, uint64_t held, bool is_failback_auto,
		      uint64_t active);

#endif
