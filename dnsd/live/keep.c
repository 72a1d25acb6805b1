/* SPDX-License-Identifier: Apache-2.0 */
/* keep: tells and writes down what changed by itself, all that came in one turn of the loop in one
 * transaction; and holds back what is to wait for a failback. */
#include "dnsd/live/keep.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS    1000
#define CHANGES_MAX 65536 /* unwritten ones that are remembered while the disk is full */

/* A change of health that is in effect and not on disk yet. */
struct change {
	struct fleet_change change; /* its reason is stale: it stands below */
	int64_t time_ms;
	uint64_t serve, forced; /* of the service before it; 0 = not known */
	char reason[FLEET_REASON_MAX];
};

struct keep {
	const struct clock *clock;
	struct fleet *fleet;
	struct overrides *forced;
	struct live *live;
	struct store *store;
	struct loop_timer *timer;
	struct change *changes;
	size_t n, n_told, room;
};

enum err_code keep_new(struct keep **out, struct loop *loop, const struct keep_parts *parts)
{
	struct keep *k = calloc(1, sizeof(*k));
	enum err_code rc;

	if (!k)
		return ERR_MEMORY;
	k->clock = parts->clock;
	k->fleet = parts->fleet;
	k->forced = parts->forced;
	k->live = parts->live;
	k->store = parts->store;
	rc = loop_timer_new(loop, &k->timer, keep_flush, k);
	if (rc != ERR_OK) {
		free(k);
		return rc;
	}
	*out = k;
	return ERR_OK;
}

void keep_free(struct keep *k)
{
	if (!k)
		return;
	loop_timer_free(k->timer);
	free(k->changes);
	free(k);
}

size_t keep_waiting(const struct keep *k)
{
	return k->n;
}

static const struct config_service *service_of(const struct keep *k, uint32_t service)
{
	return &live_config(k->live)->services[service];
}

/* ---- the queue ---- */

static struct change *append(struct keep *k)
{
	struct change *grown;
	size_t room;

	if (k->n < k->room)
		return &k->changes[k->n++];
	room = k->room ? k->room * 2 : 64;
	if (room > CHANGES_MAX)
		return NULL;
	grown = realloc(k->changes, room * sizeof(*grown));
	if (!grown)
		return NULL;
	k->changes = grown;
	k->room = room;
	return &grown[k->n++];
}

static void queue(struct keep *k, const struct fleet_change *change, uint64_t serve,
		  uint64_t forced)
{
	struct change *kept = append(k);

	if (!kept) {
		log_error("dnsd/live", "a change of health is not kept: no room");
		return;
	}
	*kept = (struct change){ .change = *change,
				 .time_ms = clock_wall_ms(k->clock),
				 .serve = serve,
				 .forced = forced };
	snprintf(kept->reason, sizeof(kept->reason), "%s", change->reason);
	if (k->n == 1)
		loop_timer_after(k->timer, 0);
}

/* The answer moves at once, with a store. A region may be lost in a thousand services: what is to
 * be told and kept waits until all of them have moved. */
void keep_changed(void *keep, const struct fleet_change *change)
{
	struct keep *k = keep;
	const struct snapshot *snap = live_snapshot(k->live);
	uint64_t serve = 0, forced = 0;

	if (snap) {
		serve = atomic_load(&snap->lives[change->service].serve);
		forced = atomic_load(&snap->lives[change->service].forced);
	}
	live_apply(k->live, change->service);
	queue(k, change, serve, forced);
}

/* ---- one change ---- */

static void tell(const struct keep *k, const struct change *one)
{
	const struct fleet_change *x = &one->change;

	log_write(x->to == HEALTH_DOWN ? LOG_WARN : LOG_INFO, "dnsd/live",
		  "%s: %s is %s, was %s (%s)%s%s", service_of(k, x->service)->name,
		  live_region_of(k->live, x->service, x->member), verdict_health_name(x->to),
		  verdict_health_name(x->from), verdict_cause_name(x->cause),
		  one->reason[0] ? ": " : "", one->reason);
}

static enum err_code put_event(struct keep *k, const struct change *one, struct err *e)
{
	const struct fleet_change *x = &one->change;
	const struct store_event event = {
		.time_ms = one->time_ms,
		.kind = "health",
		.service = service_of(k, x->service)->name,
		.region = (char *)live_region_of(k->live, x->service, x->member),
		.from = (char *)verdict_health_name(x->from),
		.to = (char *)verdict_health_name(x->to),
		.cause = (char *)verdict_cause_name(x->cause),
		.by = OVERRIDES_SELF,
		.reason = (char *)one->reason,
	};

	return store_event_add(k->store, &event, NULL, e);
}

static enum err_code put_health(struct keep *k, const struct change *one, struct err *e)
{
	const struct fleet_change *x = &one->change;
	struct store_health row = { 0 };
	struct fleet_member_view view;
	char key[FLEET_KEY_MAX];

	fleet_member(k->fleet, x->service, x->member, &view);
	fleet_member_key(k->fleet, x->service, x->member, key);
	row.service = service_of(k, x->service)->name;
	row.region = key;
	row.health = x->to;
	row.cause = x->cause;
	row.since_ms = one->time_ms;
	row.flaps = view.flaps;
	return store_health_put(k->store, &row, 1, e);
}

/* Did it fail while some client got it? */
static bool has_failed(const struct keep *k, const struct change *one)
{
	const struct fleet_change *x = &one->change;
	const struct snapshot *snap = live_snapshot(k->live);

	return snap && x->to == HEALTH_DOWN && x->from != HEALTH_UNKNOWN &&
	       rows_active(snap->services[x->service].rows, one->serve, one->forced) >> x->member &
		       1;
}

/* failback: manual. Who served and failed stays out until an operator sends the traffic back. One
 * that only stood by is not held: nothing is to be sent back to it. */
static enum err_code hold(struct keep *k, const struct change *one, struct err *e)
{
	const struct fleet_change *x = &one->change;
	const struct store_override o = {
		.kind = STORE_DRAIN,
		.service = service_of(k, x->service)->name,
		.region = (char *)live_region_of(k->live, x->service, x->member),
		.by = OVERRIDES_SELF,
		.reason = "was down; failback is manual",
	};
	const struct store_actor actor = { .by = OVERRIDES_SELF,
					   .from = "itself",
					   .reason = o.reason,
					   .verb = "hold",
					   .args = "{}" };

	if (service_of(k, x->service)->failback_auto || live_held(k->live, x->service, x->member) ||
	    !has_failed(k, one))
		return ERR_OK;
	return store_override_put(k->store, &o, &actor, NULL, e);
}

/* ---- all of them ---- */

static enum err_code write_all(struct keep *k, struct err *e)
{
	enum err_code rc = store_begin(k->store, e);

	if (rc != ERR_OK)
		return rc;
	for (size_t i = 0; rc == ERR_OK && i < k->n; i++) {
		rc = put_event(k, &k->changes[i], e);
		if (rc == ERR_OK)
			rc = put_health(k, &k->changes[i], e);
		if (rc == ERR_OK)
			rc = hold(k, &k->changes[i], e);
	}
	return store_end(k->store, rc, e);
}

/* Everybody who is able is held: those who must serve now are where the traffic is, so there is
 * nothing to send back to them any more. */
static enum err_code release(struct keep *k, uint32_t service, bool *any, struct err *e)
{
	static const struct store_actor actor = { .by = OVERRIDES_SELF,
						  .from = "itself",
						  .reason = "nobody else is left",
						  .verb = "release",
						  .args = "{}" };
	const struct snapshot *snap = live_snapshot(k->live);
	enum err_code rc = ERR_OK;
	struct live_masks masks;
	uint64_t active;

	live_masks(k->live, overrides_now(k->forced), service, &masks);
	if (!snap || !masks.able || (masks.able & ~masks.held))
		return ERR_OK;
	active = rows_active(snap->services[service].rows, masks.able, masks.forced);
	for (uint32_t m = 0; rc == ERR_OK && m < CONFIG_MEMBERS_MAX; m++)
		if (active >> m & 1) {
			rc = store_override_clear(k->store, live_held(k->live, service, m)->id,
						  &actor, e);
			if (rc == ERR_NOT_FOUND) /* the region stands twice: it is done */
				rc = ERR_OK;
			*any = true;
		}
	return rc;
}

/* Holds stand in the store now: reads them, and lets go of those that hold the last ones. */
static void settle(struct keep *k)
{
	bool any_held = false, any_released = false;
	enum err_code rc = ERR_OK;
	struct err e = { "" };

	for (size_t i = 0; i < k->n; i++)
		any_held |= !service_of(k, k->changes[i].change.service)->failback_auto;
	if (!any_held)
		return;
	rc = overrides_load(k->forced, &e);
	for (size_t i = 0; rc == ERR_OK && i < k->n; i++)
		rc = release(k, k->changes[i].change.service, &any_released, &e);
	if (rc == ERR_OK && any_released)
		rc = overrides_load(k->forced, &e);
	if (rc != ERR_OK)
		log_error("dnsd/live", "what is held back is not up to date: %s", e.text);
	for (size_t i = 0; i < k->n; i++)
		live_apply(k->live, k->changes[i].change.service);
}

void keep_flush(void *keep)
{
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	struct keep *k = keep;
	struct err e = { "" };

	for (; k->n_told < k->n; k->n_told++)
		tell(k, &k->changes[k->n_told]);
	if (!k->n)
		return;
	if (write_all(k, &e) != ERR_OK) {
		log_limited(&limit, LOG_ERROR, "dnsd/live",
			    "%zu changes of health are not on disk, and will be tried again: %s",
			    k->n, e.text);
		loop_timer_after(k->timer, RETRY_MS);
		return;
	}
	settle(k);
	k->n = k->n_told = 0;
}

void keep_forget(struct keep *k)
{
	if (k->n)
		log_error("dnsd/live", "%zu changes of health never came to disk", k->n);
	k->n = k->n_told = 0;
}
