/* SPDX-License-Identifier: Apache-2.0 */
/* session: the links of regionds and proberds: who may speak, hello, and where each frame goes.
 *
 * Two daemons under one name are a mistake: the newer is refused with the reason for as long as the
 * older is heard. The same daemon that links again (its incarnation says so), or one whose
 * predecessor has gone silent, takes the place of the old link.
 *
 * Threads    the control thread
 * Ownership  the judge is borrowed; links belong to their listener
 * Errors     a peer that may not speak is closed with a reason, logged by name and counted
 * Source     docs/wire.md
 */
#ifndef FAIRLEAD_DNSD_FLEET_SESSION_H
#define FAIRLEAD_DNSD_FLEET_SESSION_H

#include "core/link.h"
#include "dnsd/fleet/judge.h"

enum fleet_refusal {
	REFUSAL_CERTIFICATE,
	REFUSAL_FLEET,
	REFUSAL_ROLE,
	REFUSAL_REGION,
	REFUSAL_PROTOCOL,
	REFUSAL_UNVERIFIED, /* made room before it proved who it is */
	REFUSAL_DOUBLE,
	REFUSALS,
};

struct fleet_session {
	struct fleet_judge *judge;
	const struct clock *clock;
	struct fleet_owner stranger; /* the context of a link before its hello */
	uint64_t refused[REFUSALS];
	uint64_t ignored;	 /* frames of a kind that only newer peers know */
	enum fleet_refusal last; /* of may(), for the refused() that follows */
	uint64_t beats;
	/* After what may have moved the next deadline; and a peer linked for the first time. */
	void (*touched)(void *ctx);
	void (*met)(void *ctx, enum identity_role role, const char *region, const char *name);
	void *ctx;
};

void fleet_session_init(struct fleet_session *s, struct fleet_judge *judge,
			const struct clock *clock);

/* The context of a link of these is &session->stranger. */
extern const struct link_handler fleet_session_handler;

void fleet_session_beat(struct fleet_session *s); /* to everybody */
void fleet_session_send_plan(struct fleet_session *s, struct fleet_vantage *v);
/* Tells a regiond which services only one side knows, when that is news. */
void fleet_session_send_match(struct fleet_session *s, struct fleet_node *n);
const char *fleet_session_refusal_name(enum fleet_refusal r);

#endif
