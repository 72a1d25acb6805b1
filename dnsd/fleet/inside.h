/* SPDX-License-Identifier: Apache-2.0 */
/* inside: the data that the files of fleet share. Nobody outside this folder includes it.
 *
 *   fleet.c    owns everything; configuration, timers, judging
 *   session.c  links: who may speak, hello, which frames go where
 *   node.c     a regiond and its last reports
 *   vantage.c  a proberd and its last verdicts
 *   plan.c     what proberds are to check
 *   view.c     what the rest of dnsd may look at
 *
 * Threads    the control thread
 */
#ifndef FAIRLEAD_DNSD_FLEET_INSIDE_H
#define FAIRLEAD_DNSD_FLEET_INSIDE_H

#include "dnsd/fleet/fleet.h"
#include "schema/wire/wire.h"
#include "steer/phi.h"
#include "steer/place.h"

#include <stdatomic.h>

#define FLEET_SOFTWARE_MAX 64
#define FLEET_FORGET_US	   (600u * 1000000ull) /* a node that is gone, while another serves */

/* The last report of one service by one node. */
struct fleet_report {
	char *service;
	Fairlead__Wire__Health health;
	uint64_t capacity, used, arrivals, queue_delay_us;
	uint32_t backends_up, backends_all;
	char reason[FLEET_REASON_MAX];
};

/* A regiond, linked or remembered. What it said last stays true until somebody knows better. */
struct fleet_node {
	struct fleet_node *next;
	struct fleet *fleet;
	char region_name[IDENTITY_PART_MAX], name[IDENTITY_PART_MAX];
	uint32_t region;   /* in the configuration; UINT32_MAX = not there */
	struct link *link; /* NULL = not linked */
	char software[FLEET_SOFTWARE_MAX], address[ENDPOINT_TEXT_MAX];
	struct phi phi;
	bool is_withdrawn, was_stale;
	char withdrawn_reason[FLEET_REASON_MAX];
	uint64_t report_us;	      /* of the last report */
	uint64_t report_seq;	      /* 0 = the next must be full */
	struct fleet_report *reports; /* by name */
	size_t n_reports;
};

struct fleet_seen {
	bool known, pass;
	uint32_t rtt_us;
	uint64_t changed_us;
	char reason[64];
};

/* A proberd. seen[] is by target of the current plan. */
struct fleet_vantage {
	struct fleet_vantage *next;
	struct fleet *fleet;
	char name[IDENTITY_PART_MAX];
	struct link *link;
	char software[FLEET_SOFTWARE_MAX], address[ENDPOINT_TEXT_MAX];
	uint32_t place; /* equal for those that stand within 50 km */
	int32_t lat_e4, lon_e4;
	struct phi phi;
	bool was_fresh, is_distrusted;
	struct fleet_seen *seen;
	size_t n_seen;
	uint64_t full_us; /* when a full set for the current plan came; 0 = not yet */
};

/* One address that proberds check; its index is its id in the plan. */
struct fleet_target {
	uint32_t pool, member; /* in the configuration */
	struct addr address;
	uint64_t key; /* of the names of pool and region, and the address: the same in the next plan
		       */
};

/* What proberds are to check, in the order of pools, members and addresses. */
struct fleet_plan {
	struct fleet_target *targets;
	size_t n_targets;
	uint32_t *first;    /* by pool: its first target */
	uint64_t signature; /* of all that proberds are told */
};

struct fleet_member {
	struct verdict_member verdict;
	struct verdict_stream
		restored; /* stands until the region has spoken: see fleet_restore() */
	uint32_t first_target, n_targets;
	uint64_t next_us;
};

struct fleet_service {
	struct fleet_member *members;
	size_t n_members;
};

enum fleet_refusal {
	REFUSAL_CERTIFICATE,
	REFUSAL_FLEET,
	REFUSAL_ROLE,
	REFUSAL_REGION,
	REFUSAL_PROTOCOL,
	REFUSAL_UNVERIFIED, /* made room before it proved who it is */
	REFUSALS,
};

struct fleet {
	struct loop *loop;
	const struct clock *clock;
	struct fleet_handler handler;
	void *ctx;
	const struct dnsd_config *config;
	struct link_listener *listener;
	struct loop_timer *timer; /* the next moment at which time alone changes something */
	struct loop_timer *heartbeat;
	struct fleet_node *nodes;
	struct fleet_vantage *vantages;
	struct fleet_service *services;
	size_t n_services;
	struct fleet_plan plan;
	uint64_t plan_revision, heartbeat_seq;
	_Atomic uint64_t refused[REFUSALS];
	enum fleet_refusal last_refusal; /* of fleet_may(), for the refused() that follows */
};

/* fleet.c */
uint64_t fleet_now(const struct fleet *f);
void fleet_judge_region(struct fleet *f, uint32_t region);
void fleet_judge_all(struct fleet *f);
void fleet_rearm(struct fleet *f);
/* The two timers: time alone has changed something; half a second is over. */
void fleet_tick(void *fleet);
void fleet_beat(void *fleet);
/* Copies whole characters, as many as there is room for. */
void fleet_copy(char *out, size_t room, const char *text);

/* session.c */
extern const struct link_handler fleet_link_handler;
bool fleet_send(struct link *link, const wire_message *m);

/* node.c */
struct fleet_node *fleet_node_get(struct fleet *f, const char *region, const char *name);
void fleet_node_free(struct fleet_node *n);
bool fleet_node_is_stale(const struct fleet_node *n, uint64_t now_us);
/* ERR_INPUT: out of order; the link is to be closed. */
enum err_code fleet_node_report(struct fleet_node *n, const Fairlead__Wire__Report *r,
				struct err *e);
void fleet_node_resolve(struct fleet_node *n); /* its region's index, after a new configuration */
const struct fleet_report *fleet_node_of(const struct fleet_node *n, uint32_t service);
/* All nodes of the region together, for one service. reason: of the first that is not well. */
void fleet_region_stream(struct fleet *f, uint32_t region, uint32_t service,
			 struct verdict_stream *out, char reason[FLEET_REASON_MAX]);

/* vantage.c */
struct fleet_vantage *fleet_vantage_get(struct fleet *f, const char *name);
void fleet_vantage_free(struct fleet_vantage *v);
bool fleet_vantage_is_fresh(const struct fleet_vantage *v, uint64_t now_us);
/* ERR_INPUT: not of our plan, or a target that does not exist. Old revisions are passed over. */
enum err_code fleet_vantage_verdicts(struct fleet_vantage *v, const Fairlead__Wire__Verdicts *m,
				     struct err *e);
void fleet_vantage_doubt(struct fleet_vantage *v, uint64_t now_us); /* sets is_distrusted */
/* What it says of a member: failing when all of its addresses that are known fail. */
void fleet_vantage_of(const struct fleet_vantage *v, const struct fleet_member *m, uint64_t now_us,
		      struct verdict_vantage *out, const char **reason);
void fleet_vantage_place(struct fleet_vantage *v);

/* After a new plan: what it saw of targets that are still there stays true until it says more. */
void fleet_vantage_carry(struct fleet_vantage *v, const struct fleet_plan *old,
			 const struct fleet_plan *plan);

/* plan.c */
enum err_code fleet_plan_make(const struct dnsd_config *config, struct fleet_plan *out);
void fleet_plan_fini(struct fleet_plan *p);
/* Where a member's targets begin, and how many there are. */
uint32_t fleet_plan_first(const struct fleet_plan *p, const struct dnsd_config *config,
			  uint32_t pool, uint32_t member, uint32_t *n);
void fleet_plan_send(struct fleet *f, struct fleet_vantage *v);

#endif
