/* SPDX-License-Identifier: Apache-2.0 */
/* keep: tells and writes down what changed by itself, all that came in one turn of the loop in one
 * transaction; and holds back what is to wait for a failback. */
#include "core/log.h"
#include "dnsd/control/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS    1000
#define CHANGES_MAX 65536 /* unwritten ones that are remembered while the disk is full */

static const char *region_of(const struct control *c, uint32_t service, uint32_t member)
{
	const struct config_pool *pool = &c->config->pools[c->config->services[service].pool];

	return c->config->regions[pool->members[member].region].name;
}

/* ---- the queue ---- */

static struct change *append(struct control *c)
{
	struct change *grown;
	size_t room;

	if (c->n_changes < c->room_changes)
		return &c->changes[c->n_changes++];
	room = c->room_changes ? c->room_changes * 2 : 64;
	if (room > CHANGES_MAX)
		return NULL;
	grown = realloc(c->changes, room * sizeof(*grown));
	if (!grown)
		return NULL;
	c->changes = grown;
	c->room_changes = room;
	return &grown[c->n_changes++];
}

void keep_change(struct control *c, const struct fleet_change *change, uint64_t serve,
		 uint64_t forced)
{
	struct change *kept = append(c);

	if (!kept) {
		log_error("dnsd/control", "a change of health is not kept: no room");
		return;
	}
	*kept = (struct change){ .change = *change,
				 .time_ms = clock_wall_ms(c->clock),
				 .serve = serve,
				 .forced = forced };
	snprintf(kept->reason, sizeof(kept->reason), "%s", change->reason);
	if (c->n_changes == 1)
		loop_timer_after(c->keep, 0);
}

/* ---- one change ---- */

static void tell(const struct control *c, const struct change *k)
{
	const struct fleet_change *x = &k->change;

	log_write(x->to == HEALTH_DOWN ? LOG_WARN : LOG_INFO, "dnsd/control",
		  "%s: %s is %s, was %s (%s)%s%s", c->config->services[x->service].name,
		  region_of(c, x->service, x->member), verdict_health_name(x->to),
		  verdict_health_name(x->from), verdict_cause_name(x->cause),
		  k->reason[0] ? ": " : "", k->reason);
}

static enum err_code put_event(struct control *c, const struct change *k, struct err *e)
{
	const struct fleet_change *x = &k->change;
	const struct store_event event = {
		.time_ms = k->time_ms,
		.kind = "health",
		.service = c->config->services[x->service].name,
		.region = (char *)region_of(c, x->service, x->member),
		.from = (char *)verdict_health_name(x->from),
		.to = (char *)verdict_health_name(x->to),
		.cause = (char *)verdict_cause_name(x->cause),
		.by = CONTROL_SELF,
		.reason = (char *)k->reason,
	};

	return store_event_add(c->store, &event, NULL, e);
}

static enum err_code put_health(struct control *c, const struct change *k, struct err *e)
{
	const struct fleet_change *x = &k->change;
	struct store_health row = { 0 };
	struct fleet_member_view view;
	char key[FLEET_KEY_MAX];

	fleet_member(c->fleet, x->service, x->member, &view);
	fleet_member_key(c->fleet, x->service, x->member, key);
	row.service = c->config->services[x->service].name;
	row.region = key;
	row.health = x->to;
	row.cause = x->cause;
	row.since_ms = k->time_ms;
	row.flaps = view.flaps;
	return store_health_put(c->store, &row, 1, e);
}

/* Did it fail while some client got it? */
static bool has_failed(const struct control *c, const struct change *k)
{
	const struct fleet_change *x = &k->change;
	const struct snapshot *snap = publish_current(c->publish);

	return snap && x->to == HEALTH_DOWN && x->from != HEALTH_UNKNOWN &&
	       rows_active(snap->services[x->service].rows, k->serve, k->forced) >> x->member & 1;
}

/* failback: manual. Who served and failed stays out until an operator sends the traffic back. One
 * that only stood by is not held: nothing is to be sent back to it. */
static enum err_code hold(struct control *c, const struct change *k, struct err *e)
{
	const struct fleet_change *x = &k->change;
	const struct store_override o = {
		.kind = STORE_DRAIN,
		.service = c->config->services[x->service].name,
		.region = (char *)region_of(c, x->service, x->member),
		.by = CONTROL_SELF,
		.reason = "was down; failback is manual",
	};
	const struct store_actor actor = { .by = CONTROL_SELF,
					   .from = "itself",
					   .reason = o.reason,
					   .verb = "hold",
					   .args = "{}" };

	if (c->config->services[x->service].failback_auto || live_held(c, x->service, x->member) ||
	    !has_failed(c, k))
		return ERR_OK;
	return store_override_put(c->store, &o, &actor, NULL, e);
}

/* ---- all of them ---- */

static enum err_code write_all(struct control *c, struct err *e)
{
	enum err_code rc = store_begin(c->store, e);

	if (rc != ERR_OK)
		return rc;
	for (size_t i = 0; rc == ERR_OK && i < c->n_changes; i++) {
		rc = put_event(c, &c->changes[i], e);
		if (rc == ERR_OK)
			rc = put_health(c, &c->changes[i], e);
		if (rc == ERR_OK)
			rc = hold(c, &c->changes[i], e);
	}
	return store_end(c->store, rc, e);
}

/* Everybody who is able is held: those who must serve now are where the traffic is, so there is
 * nothing to send back to them any more. */
static enum err_code release(struct control *c, uint32_t service, bool *any, struct err *e)
{
	static const struct store_actor actor = { .by = CONTROL_SELF,
						  .from = "itself",
						  .reason = "nobody else is left",
						  .verb = "release",
						  .args = "{}" };
	const struct snapshot *snap = publish_current(c->publish);
	enum err_code rc = ERR_OK;
	struct live_masks masks;
	uint64_t active;

	live_masks(c, service, &masks);
	if (!snap || !masks.able || (masks.able & ~masks.held))
		return ERR_OK;
	active = rows_active(snap->services[service].rows, masks.able, masks.forced);
	for (uint32_t m = 0; rc == ERR_OK && m < CONFIG_MEMBERS_MAX; m++)
		if (active >> m & 1) {
			rc = store_override_clear(c->store, live_held(c, service, m)->id, &actor,
						  e);
			if (rc == ERR_NOT_FOUND) /* the region stands twice: it is done */
				rc = ERR_OK;
			*any = true;
		}
	return rc;
}

/* Holds stand in the store now: reads them, and lets go of those that hold the last ones. */
static void settle(struct control *c)
{
	bool any_held = false, any_released = false;
	enum err_code rc = ERR_OK;
	struct err e = { "" };

	for (size_t i = 0; i < c->n_changes; i++)
		any_held |= !c->config->services[c->changes[i].change.service].failback_auto;
	if (!any_held)
		return;
	rc = ops_load(c, &e);
	for (size_t i = 0; rc == ERR_OK && i < c->n_changes; i++)
		rc = release(c, c->changes[i].change.service, &any_released, &e);
	if (rc == ERR_OK && any_released)
		rc = ops_load(c, &e);
	if (rc != ERR_OK)
		log_error("dnsd/control", "what is held back is not up to date: %s", e.text);
	for (size_t i = 0; i < c->n_changes; i++)
		live_apply(c, c->changes[i].change.service);
}

void keep_flush(void *control)
{
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	struct control *c = control;
	struct err e = { "" };

	for (; c->n_told < c->n_changes; c->n_told++)
		tell(c, &c->changes[c->n_told]);
	if (!c->n_changes)
		return;
	if (write_all(c, &e) != ERR_OK) {
		log_limited(&limit, LOG_ERROR, "dnsd/control",
			    "%zu changes of health are not on disk, and will be tried again: %s",
			    c->n_changes, e.text);
		loop_timer_after(c->keep, RETRY_MS);
		return;
	}
	settle(c);
	c->n_changes = c->n_told = 0;
}

void keep_forget(struct control *c)
{
	if (c->n_changes)
		log_error("dnsd/control", "%zu changes of health never came to disk", c->n_changes);
	c->n_changes = c->n_told = 0;
}
