/* SPDX-License-Identifier: Apache-2.0 */
/* keep: what changed by itself: on disk, then in the answers, and told. */
#include "dnsd/live/keep.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS    1000
#define CHANGES_MAX 65536 /* unwritten ones that are remembered while the disk is full */

/* Of health; of the health of a member's addresses; a hold_down begins or ends. */
enum change_kind { CHANGE_HEALTH, CHANGE_ADDRESSES, CHANGE_HOLD_BEGINS, CHANGE_HOLD_ENDS };

/* A change, from when it is heard until it is on disk. */
struct change {
	enum change_kind kind;
	struct fleet_change change; /* its reason is stale: it stands below */
	int64_t time_ms;
	bool was_active; /* some client got the member before it */
	char reason[FLEET_REASON_MAX];
};

struct keep {
	struct keep_parts with;
	struct loop_timer *timer;
	struct change *changes;
	size_t n, room;
	size_t n_applied; /* of these, in the answers and told */
};

enum err_code keep_new(struct keep **out, struct loop *loop, const struct keep_parts *parts)
{
	struct keep *k = calloc(1, sizeof(*k));
	enum err_code rc;

	if (!k)
		return ERR_MEMORY;
	k->with = *parts;
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
	return &live_config(k->with.live)->services[service];
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

static void read_live(const struct snapshot *snap, uint32_t service, struct pick_live *out)
{
	const struct snapshot_live *live = &snap->lives[service];

	out->serve = atomic_load(&live->serve);
	out->forced = atomic_load(&live->forced);
	out->spare = atomic_load(&live->spare);
	out->dialled = 0;
}

/* Only who failed with failback: manual is asked about. */
static bool was_active(struct keep *k, const struct fleet_change *x)
{
	const struct snapshot *snap = live_snapshot(k->with.live);
	struct pick_live live;

	if (!snap || x->to != HEALTH_DOWN || service_of(k, x->service)->failback_auto)
		return false;
	read_live(snap, x->service, &live);
	return live_active(k->with.live, x->service, &live) >> x->member & 1;
}

static bool queue(struct keep *k, enum change_kind kind, const struct fleet_change *change,
		  const char *reason)
{
	struct change *kept = append(k);

	if (!kept)
		return false;
	*kept = (struct change){ .kind = kind,
				 .change = *change,
				 .time_ms = clock_wall_ms(k->with.clock) };
	snprintf(kept->reason, sizeof(kept->reason), "%s", reason);
	loop_timer_after(k->timer, 0);
	return true;
}

void keep_changed(void *keep, const struct fleet_change *change)
{
	struct keep *k = keep;

	if (change->was_held_down)
		queue(k, CHANGE_HOLD_ENDS, change,
		      change->was_resumed	     ? "an operator ended it"
		      : change->to == HEALTH_UNKNOWN ? "the region does not report it any more"
						     : "it is over");
	if (queue(k, CHANGE_HEALTH, change, change->reason))
		return;
	log_error("dnsd/live", "a change of health is not kept: no room");
	live_apply(k->with.live, change->service);
}

/* What the service shows includes changes that wait for the disk: then it waits too. */
static void show(struct keep *k, uint32_t service)
{
	if (k->n == k->n_applied)
		live_apply(k->with.live, service);
}

void keep_eased(void *keep, uint32_t service, uint32_t member)
{
	struct keep *k = keep;
	const struct fleet_change of = { .service = service, .member = member };
	struct fleet_member_view view;
	char text[FLEET_REASON_MAX];

	show(k, service);
	fleet_member(k->with.fleet, service, member, &view);
	if (fleet_is_held_down(k->with.fleet, service, member))
		queue(k, CHANGE_HOLD_BEGINS, &of,
		      fleet_view_hold_down_text(&view, text, sizeof(text)));
	else
		queue(k, CHANGE_HOLD_ENDS, &of, "nobody sees it well any more");
}

void keep_addresses(void *keep, uint32_t service, uint32_t member)
{
	struct keep *k = keep;
	const struct fleet_change of = { .service = service, .member = member };

	if (queue(k, CHANGE_ADDRESSES, &of, ""))
		return;
	log_error("dnsd/live", "the health of addresses is not kept: no room");
	live_apply(k->with.live, service);
}

/* ---- one change ---- */

static void tell(const struct keep *k, const struct change *one)
{
	const struct fleet_change *x = &one->change;

	if (one->kind == CHANGE_ADDRESSES)
		return;
	if (one->kind != CHANGE_HEALTH) {
		log_info("dnsd/live", "%s: hold_down of %s %s: %s", service_of(k, x->service)->name,
			 live_region_of(k->with.live, x->service, x->member),
			 one->kind == CHANGE_HOLD_BEGINS ? "begins" : "ends", one->reason);
		return;
	}
	log_write(x->to == HEALTH_DOWN ? LOG_WARN : LOG_INFO, "dnsd/live",
		  "%s: %s is %s, was %s (%s)%s%s", service_of(k, x->service)->name,
		  live_region_of(k->with.live, x->service, x->member), verdict_health_name(x->to),
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
		.region = (char *)live_region_of(k->with.live, x->service, x->member),
		.from = (char *)verdict_health_name(x->from),
		.to = (char *)verdict_health_name(x->to),
		.cause = (char *)verdict_cause_name(x->cause),
		.by = OVERRIDES_SELF,
		.reason = (char *)one->reason,
	};

	return store_event_add(k->with.store, &event, NULL, e);
}

static enum err_code put_hold_down(struct keep *k, const struct change *one, struct err *e)
{
	const struct fleet_change *x = &one->change;
	const struct store_event event = {
		.time_ms = one->time_ms,
		.kind = "hold_down",
		.service = service_of(k, x->service)->name,
		.region = (char *)live_region_of(k->with.live, x->service, x->member),
		.from = "",
		.to = one->kind == CHANGE_HOLD_BEGINS ? "begins" : "ends",
		.cause = "hold_down",
		.by = OVERRIDES_SELF,
		.reason = (char *)one->reason,
	};

	return store_event_add(k->with.store, &event, NULL, e);
}

static enum err_code put_health(struct keep *k, const struct change *one, struct err *e)
{
	const struct fleet_change *x = &one->change;
	struct store_health row = { 0 };
	struct fleet_member_view view;
	char key[FLEET_KEY_MAX];

	fleet_member(k->with.fleet, x->service, x->member, &view);
	fleet_member_key(k->with.fleet, x->service, x->member, key);
	row.service = service_of(k, x->service)->name;
	row.region = key;
	row.health = x->to;
	row.cause = x->cause;
	row.since_ms = one->time_ms;
	row.flaps = view.flaps;
	return store_health_put(k->with.store, &row, 1, e);
}

static enum err_code put_addresses(struct keep *k, const struct change *one, struct err *e)
{
	const struct fleet_change *x = &one->change;
	const struct verdict_member *verdicts;
	uint32_t n = fleet_addresses(k->with.fleet, x->service, x->member, &verdicts);
	char key[FLEET_ADDRESS_KEY_MAX];
	enum err_code rc = ERR_OK;

	for (uint32_t i = 0; rc == ERR_OK && i < n; i++) {
		const struct store_health row = {
			.service = service_of(k, x->service)->name,
			.region = key,
			.health = verdicts[i].health,
			.cause = verdicts[i].cause,
			.since_ms = one->time_ms,
			.flaps = verdicts[i].flaps,
		};

		fleet_address_key(k->with.fleet, x->service, x->member, i, key);
		rc = store_health_put(k->with.store, &row, 1, e);
	}
	return rc;
}

static enum err_code put(struct keep *k, const struct change *one, struct err *e)
{
	enum err_code rc;

	if (one->kind == CHANGE_ADDRESSES)
		return put_addresses(k, one, e);
	if (one->kind != CHANGE_HEALTH)
		return put_hold_down(k, one, e);
	rc = put_event(k, one, e);
	return rc == ERR_OK ? put_health(k, one, e) : rc;
}

/* failback: manual. Who served and failed stays out until an operator sends the traffic back: in
 * force from now on, whatever the disk says. */
static void hold(struct keep *k, const struct change *one)
{
	const struct fleet_change *x = &one->change;

	if (!world_must_hold(service_of(k, x->service)->failback_auto, x->from, x->to,
			     one->was_active))
		return;
	if (overrides_hold(k->with.overrides, service_of(k, x->service)->name,
			   live_region_of(k->with.live, x->service, x->member),
			   live_nth(k->with.live, x->service, x->member)) != ERR_OK)
		log_error("dnsd/live", "%s: %s is not held for a failback: out of memory",
			  service_of(k, x->service)->name,
			  live_region_of(k->with.live, x->service, x->member));
}

/* ---- all of them ---- */

/* In one transaction: one sync for a region that was lost in a thousand services. */
static enum err_code write_all(struct keep *k, struct err *e)
{
	enum err_code rc = store_begin(k->with.store, e);

	if (rc != ERR_OK)
		return rc;
	for (size_t i = 0; rc == ERR_OK && i < k->n; i++)
		rc = put(k, &k->changes[i], e);
	if (rc == ERR_OK)
		rc = overrides_write(k->with.overrides, e);
	rc = store_end(k->with.store, rc, e);
	return rc == ERR_OK ? overrides_written(k->with.overrides, e) : rc;
}

/* Disk first: a kill -9 at the first answer that moved forgets nothing. When the disk refuses, the
 * answers move all the same; what is not written is tried again. */
static void apply_new(struct keep *k)
{
	for (size_t i = k->n_applied; i < k->n; i++) {
		live_apply(k->with.live, k->changes[i].change.service);
		tell(k, &k->changes[i]);
	}
	k->n_applied = k->n;
}

/* ---- letting go ---- */

/* The ids of holds that are over. */
struct over {
	int64_t ids[CONFIG_MEMBERS_MAX];
	size_t n;
};

static void find_over(struct keep *k, uint32_t service, struct over *out)
{
	const struct store_override *holds[CONFIG_MEMBERS_MAX];
	uint64_t held = live_holds(k->with.live, service, holds), over;
	struct live_service now;

	out->n = 0;
	if (!held)
		return;
	live_of(k->with.live, service, &now);
	over = world_let_go(&now.masks, held, service_of(k, service)->failback_auto,
			    live_active(k->with.live, service, &now.masks.live));
	for (; over; over &= over - 1)
		if (holds[__builtin_ctzll(over)]->id) /* else it is not on disk yet */
			out->ids[out->n++] = holds[__builtin_ctzll(over)]->id;
}

static enum err_code let_go(struct keep *k, uint32_t service, bool *any, struct err *e)
{
	char args[320];
	const struct store_actor actor = {
		.by = OVERRIDES_SELF,
		.from = "itself",
		.reason = service_of(k, service)->failback_auto ? "failback is automatic now"
								: "nobody else is left",
		.verb = "release",
		.args = args,
	};
	struct over over;

	find_over(k, service, &over);
	if (!over.n)
		return ERR_OK;
	*any = true;
	snprintf(args, sizeof(args), "{\"service\":\"%s\"}", service_of(k, service)->name);
	return store_override_clear_all(k->with.store, over.ids, over.n, &actor, e);
}

static void let_go_all(struct keep *k)
{
	const struct dnsd_config *config = live_config(k->with.live);
	bool any = false;
	enum err_code rc = ERR_OK;
	struct err e = { "" };

	if (!live_snapshot(k->with.live) || !live_resolved(k->with.live)->n_held)
		return;
	for (uint32_t s = 0; rc == ERR_OK && s < config->n_services; s++)
		rc = let_go(k, s, &any, &e);
	if (any && rc == ERR_OK)
		rc = overrides_load(k->with.overrides, &e);
	if (any && rc == ERR_OK)
		live_apply_all(k->with.live);
	if (rc != ERR_OK)
		log_error("dnsd/live", "what is held for a failback is not let go: %s", e.text);
}

/* ---- a turn ---- */

void keep_flush(void *keep)
{
	static struct log_limit limit = LOG_LIMIT_INIT(1);
	struct keep *k = keep;
	struct err e = { "" };
	enum err_code rc;

	if (!k->n && !overrides_waiting(k->with.overrides))
		return;
	for (size_t i = k->n_applied; i < k->n; i++) {
		k->changes[i].was_active = was_active(k, &k->changes[i].change);
		hold(k, &k->changes[i]);
	}
	rc = write_all(k, &e);
	apply_new(k);
	if (rc != ERR_OK) {
		log_limited(&limit, LOG_ERROR, "dnsd/live",
			    "%zu changes of health are not on disk, and will be tried again: %s",
			    k->n, e.text);
		loop_timer_after(k->timer, RETRY_MS);
		return;
	}
	k->n = k->n_applied = 0;
	let_go_all(k);
}

/* What bears on nothing in this configuration does not come into force by itself when a later one
 * has the name again. */
static void put_to_sleep(struct keep *k)
{
	const struct resolve *resolved = live_resolved(k->with.live);
	int64_t *ids = malloc((resolved->n_idle + 1) * sizeof(*ids));
	enum err_code rc = ids ? ERR_OK : ERR_MEMORY;
	struct err e = { "out of memory" };
	char text[512];
	size_t n = 0;

	for (size_t i = 0; ids && i < resolved->n_idle; i++)
		if (!resolved->idle[i]->is_asleep && resolved->idle[i]->id) {
			live_describe(resolved->idle[i], text, sizeof(text));
			log_warn("dnsd/live", "%s bears on nothing, and is out of force", text);
			ids[n++] = resolved->idle[i]->id;
		}
	if (n)
		rc = store_override_sleep(k->with.store, ids, n, &e);
	if (n && rc == ERR_OK)
		rc = overrides_load(k->with.overrides, &e);
	if (rc != ERR_OK)
		log_error("dnsd/live", "that is not on disk: %s", e.text);
	free(ids);
}

void keep_adopted(struct keep *k)
{
	put_to_sleep(k);
	let_go_all(k);
}

void keep_forget(struct keep *k)
{
	if (k->n)
		log_error("dnsd/live", "%zu changes of health never came to disk", k->n);
	k->n = k->n_applied = 0;
}

void keep_problems(const struct keep *k, struct problems *out)
{
	if (k->n)
		problems_add(out, PROBLEM_CRITICAL, "disk", "", -1, "",
			     "%zu changes of health are not on disk: after a restart the answers "
			     "would be those of before",
			     k->n);
	if (overrides_waiting(k->with.overrides))
		problems_add(out, PROBLEM_WARNING, "disk", "", -1, "",
			     "%zu holds for a failback are in force and not on disk",
			     overrides_waiting(k->with.overrides));
}
