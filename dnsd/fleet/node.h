/* SPDX-License-Identifier: Apache-2.0 */
/* node: a regiond as this name server knows it: its stream, and what it said last of each service.
 *
 * Its last word of "down" or "withdrawn" stands until it says something else, or is forgotten. A
 * node that is only known from disk is awaited for a while after the start: what another node of
 * its region says is not the word of all before that.
 *
 * Threads    the control thread
 * Ownership  a list of nodes owns them
 * Units      _us monotonic microseconds
 * Errors     ERR_INPUT: out of order, the link is to be closed; ERR_LIMIT, ERR_MEMORY
 */
#ifndef FAIRLEAD_DNSD_FLEET_NODE_H
#define FAIRLEAD_DNSD_FLEET_NODE_H

#include "core/addr.h"
#include "core/identity.h"
#include "core/link.h"
#include "dnsd/fleet/owner.h"
#include "schema/config/dnsd_config.h"
#include "schema/wire/wire.h"
#include "steer/phi.h"
#include "steer/verdict.h"

#define FLEET_REASON_MAX   256
#define FLEET_SOFTWARE_MAX 64

/* The last report of one service by one node. */
struct fleet_report {
	char *service;
	Fairlead__Wire__Health health;
	uint64_t capacity, used, arrivals, queue_delay_us;
	uint32_t backends_up, backends_all;
	char reason[FLEET_REASON_MAX];
};

/* A regiond, linked or remembered. */
struct fleet_node {
	struct fleet_node *next;
	struct fleet_owner owner; /* of its link */
	char region_name[IDENTITY_PART_MAX], name[IDENTITY_PART_MAX];
	uint32_t region;   /* in the configuration; UINT32_MAX = not there */
	struct link *link; /* NULL = not linked */
	uint64_t incarnation;
	char software[FLEET_SOFTWARE_MAX], address[ENDPOINT_TEXT_MAX];
	struct phi phi;
	bool was_stale;	   /* when it was looked at last */
	bool is_heard;	   /* since this dnsd started */
	uint64_t await_us; /* known from disk: until then it may still come; 0 = not awaited */
	bool is_withdrawn;
	char withdrawn_reason[FLEET_REASON_MAX];
	uint64_t report_us;	      /* of the last report; 0 = none */
	uint64_t report_seq;	      /* 0 = the next must be full */
	struct fleet_report *reports; /* by name */
	size_t n_reports;
	uint64_t double_us; /* when another one under its name was refused; 0 = never */
	char double_address[ENDPOINT_TEXT_MAX];
	uint64_t told;		/* of the Services message it was sent last; 0 = none */
	uint64_t told_checkers; /* the same, of Checkers */
	/* What it says of itself; since when there are any. */
	struct fleet_note {
		char text[FLEET_REASON_MAX];
	} notes[WIRE_NOTES_MAX];
	size_t n_notes;
	uint64_t notes_us;
};

/* The one of that name; it is made when it is not there. NULL without memory. */
struct fleet_node *fleet_node_get(struct fleet_node **list, const char *region, const char *name);
void fleet_node_free(struct fleet_node *n);
void fleet_node_free_all(struct fleet_node **list);

/* Its region's index, after a new configuration. */
void fleet_node_resolve(struct fleet_node *n, const struct dnsd_config *config);
bool fleet_node_is_stale(const struct fleet_node *n, uint64_t now_us);
bool fleet_node_is_awaited(const struct fleet_node *n, uint64_t now_us);
/* Until when what it has reported is known to hold: its last report, or the last frame since, as
 * it reports what changes and beats otherwise. 0 = no report. */
uint64_t fleet_node_told_us(const struct fleet_node *n);

enum err_code fleet_node_report(struct fleet_node *n, const Fairlead__Wire__Report *r,
				uint64_t now_us, struct err *e);
void fleet_node_withdraw(struct fleet_node *n, const char *reason);
const struct fleet_report *fleet_node_of(const struct fleet_node *n, const char *service);

/* All nodes of the region together, for one service. reason: of the first that is not well; "".
 * ever: some node reports it. retracted: none does, and all that are known have told what they
 * have. */
void fleet_node_stream(const struct fleet_node *list, uint32_t region, const char *service,
		       uint64_t now_us, struct verdict_stream *out, char reason[FLEET_REASON_MAX]);
/* Is a node of the region known, and does one of them live? */
bool fleet_node_is_known(const struct fleet_node *list, uint32_t region);
bool fleet_node_is_live(const struct fleet_node *list, uint32_t region, uint64_t now_us);

#endif
