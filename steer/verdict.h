/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: from single results to "this member is down", in two small machines. The V numbers are
 * those of docs/decision.md.
 *
 * The rule above all others: only evidence about the target moves a verdict. The observer's own
 * shortage, stall, restart or reload, and silence, are none.
 *
 * verdict_count_*: one monitor at one place. `fall` failures in a row make it fail, `rise`
 * successes make it pass. regiond (backends) and proberd (targets) use it.
 *
 * verdict_member_*: one member as one dnsd sees it, from its stream, its own word and the vantages.
 *
 *   UNKNOWN --first heard--> UP, DEGRADED <--stream back, at once (V4)--+
 *                              |      |                                 |
 *                              |      +--stream stale, no more (V4)--> STALE   serves, no growth
 *                              |                                        |
 *                              +-------------------+--------------------+
 *                                                  |
 *                     said so (V1), or >= 2/3 of the witnesses see it fail, from >= 2
 *                     places where there are two (V2), or stale and >= 1/2 of them do (V3)
 *                                                  v
 *                                                DOWN --seen well, hold_down over (V5)--> UP, ...
 *
 * The monitor's `rise` is in what is fed in: a vantage passes, and a region says up, after so many
 * good checks. A last word of `down` holds although the stream went; only another word lifts it.
 * And somebody has to see the member well before it leaves DOWN: the silence of all is no proof.
 *
 * A witness is a vantage that is fresh and not blind (V6, steer/sight.h). One that has not made up
 * its mind about the member counts among the witnesses, on neither side.
 *
 * Threads    any, pure: the time is an argument
 * Units      _us monotonic microseconds
 */
#ifndef FAIRLEAD_STEER_VERDICT_H
#define FAIRLEAD_STEER_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verdict_count {
	uint32_t rise, fall; /* from the monitor */
	uint32_t streak;     /* equal results in a row */
	bool known, pass;    /* known: false before the first result */
	bool last;
};

void verdict_count_init(struct verdict_count *c, uint32_t rise, uint32_t fall);
/* Returns true when known/pass changed. Of a target never heard of, the first success is enough to
 * pass; to fail always takes `fall`. */
bool verdict_count_add(struct verdict_count *c, bool pass);
/* What was known before a change of rise and fall stays known; the counting begins anew. */
void verdict_count_carry(struct verdict_count *c, bool known, bool pass);

enum verdict_health {
	HEALTH_UNKNOWN,
	HEALTH_UP,
	HEALTH_DEGRADED,
	HEALTH_STALE,
	HEALTH_DOWN,
};
const char *verdict_health_name(enum verdict_health h); /* "up": the contract's words */

/* What one vantage says of a member now. */
struct verdict_vantage {
	bool fresh; /* a witness: heard within its freshness limit, and it can see */
	bool known, pass;
	uint32_t place; /* an id of its place: two proberds in one city are one place */
};

/* What the member's own regiond says, all its nodes together. */
struct verdict_stream {
	bool ever;  /* a report was seen since this dnsd started, or restored */
	bool stale; /* no link, or phi over its limit, at every node of the region */
	bool down;  /* it says HEALTH_DOWN or WITHDRAWN at every node */
	bool degraded;
	bool retracted; /* its full reports do not name the service: no word of before holds */
};

enum verdict_cause {
	CAUSE_NONE,
	CAUSE_SAID,		/* the region's own word */
	CAUSE_VANTAGES,		/* two thirds of the vantages */
	CAUSE_STALE_AND_FAILED, /* lost stream, and half of the vantages see it fail */
	CAUSE_STALE,		/* -> STALE */
	CAUSE_RECOVERED,
	CAUSE_FIRST,	 /* the first thing ever heard */
	CAUSE_RETRACTED, /* -> UNKNOWN: who said down says nothing of it any more */
};
const char *verdict_cause_name(enum verdict_cause c);

struct verdict_member {
	enum verdict_health health;
	enum verdict_cause cause;
	uint64_t since_us;   /* of health */
	uint64_t down_at_us; /* when it last went DOWN */
	uint64_t good_at_us; /* DOWN and nothing is wrong any more since; 0 = still wrong */
	uint32_t flaps;	     /* DOWNs within the penalty window; halves every 5 minutes */
	uint64_t flap_at_us;
	bool is_resumed; /* DOWN, without hold_down */
};

struct verdict_input {
	struct verdict_stream stream;
	const struct verdict_vantage *vantages;
	size_t n_vantages;
	uint64_t hold_down_us;
};

void verdict_member_init(struct verdict_member *m, uint64_t now_us);
/* As it was kept on disk, age_us ago; feed it stream.ever then when a region had been heard. */
void verdict_member_restore(struct verdict_member *m, enum verdict_health health,
			    enum verdict_cause cause, uint32_t flaps, uint64_t age_us,
			    uint64_t now_us);
/* Evaluates; returns true when health changed. *next_us = when to ask again although nothing new
 * came (hold_down running out), or 0. */
bool verdict_member_update(struct verdict_member *m, const struct verdict_input *in,
			   uint64_t now_us, uint64_t *next_us);
/* hold_down with the flap penalty: doubled for each flap after the first, at most x16; 0 for a
 * member that was DOWN from the first word on, since nothing flapped, and for one resumed. */
uint64_t verdict_hold_down_us(const struct verdict_member *m, uint64_t hold_down_us);
/* An operator's word: what is left of hold_down is over. The penalty for the next one stays. */
void verdict_resume(struct verdict_member *m);

#endif
