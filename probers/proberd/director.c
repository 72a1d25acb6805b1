/* SPDX-License-Identifier: Apache-2.0 */
/* director: one name server: its plan comes in, what was seen goes out. */
#include "probers/proberd/director.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>

#define LEAVE_MS 1000
#define ROOM	 "proberd"

struct director {
	struct uplink *uplink;
	struct plan *plan;
	bool has_plan; /* on this link */
	uint64_t plans;
};

/* ---- what the link asks for ---- */

static void send_verdicts(struct director *d, bool full)
{
	struct err e = { "" };
	enum err_code code = ERR_AGAIN;
	size_t from = 0;

	if (!d->has_plan || !uplink_is_up(d->uplink))
		return;
	while (code == ERR_AGAIN) {
		struct buf bytes = BUF_INIT;

		code = plan_write_verdicts(d->plan, full, &from, &bytes, &e);
		if (code == ERR_OK || code == ERR_AGAIN)
			uplink_send_packed(d->uplink, &bytes);
		else
			log_error(ROOM, "director %s: %s", uplink_address(d->uplink), e.text);
		buf_fini(&bytes);
	}
}

/* Nothing is said before the plan of this link has come. */
static void on_up(void *ctx)
{
	struct director *d = ctx;

	d->has_plan = false;
}

static void on_full(void *ctx)
{
	send_verdicts(ctx, true);
}

static void on_changes(void *ctx)
{
	send_verdicts(ctx, false);
}

static void on_down(void *ctx)
{
	struct director *d = ctx;

	d->has_plan = false;
}

static void on_plan_changed(void *arg)
{
	struct director *d = arg;

	uplink_changed(d->uplink);
}

static void take_plan(struct director *d, const Fairlead__Wire__Plan *message)
{
	struct err e = { "" };
	enum err_code code = plan_replace(d->plan, message, &e);

	if (code == ERR_AGAIN)
		return;
	if (code != ERR_OK) {
		uplink_refuse(d->uplink, e.text); /* it will be sent again on the next link */
		return;
	}
	log_info(ROOM, "director %s: plan %llu with %zu targets", uplink_address(d->uplink),
		 (unsigned long long)message->revision, plan_size(d->plan));
	d->plans++;
	d->has_plan = true;
	send_verdicts(d, true);
}

static void on_message(void *ctx, const wire_message *m)
{
	struct director *d = ctx;

	if (m->body_case == FAIRLEAD__WIRE__MESSAGE__BODY_PLAN)
		take_plan(d, m->plan);
	else
		uplink_refuse(d->uplink, "a director does not tell a prober what regions serve");
}

static const struct uplink_fns fns = { on_up, on_full, on_changes, on_message, on_down };

/* ---- life ---- */

static enum err_code make_plan(struct director *d, const struct director_world *w, struct err *e)
{
	const char *name = uplink_address(d->uplink);

	if (plan_new(&d->plan, name, w->schedule, w->link.clock, on_plan_changed, d) == ERR_OK)
		return ERR_OK;
	return err_set(e, ERR_MEMORY, "director %s: out of memory", name);
}

enum err_code director_new(struct director **out, const struct director_world *world,
			   const char *host, uint16_t port, struct err *e)
{
	struct director *d = calloc(1, sizeof(*d));
	enum err_code code;

	if (!d)
		return err_set(e, ERR_MEMORY, "director %s: out of memory", host);
	code = uplink_new(&d->uplink, &world->link, host, port, &fns, d, e);
	if (code == ERR_OK)
		code = make_plan(d, world, e);
	if (code != ERR_OK) {
		director_free(d);
		return code;
	}
	*out = d;
	return ERR_OK;
}

void director_free(struct director *d)
{
	if (!d)
		return;
	uplink_free(d->uplink);
	plan_free(d->plan);
	free(d);
}

void director_leave(struct director *d, const char *reason, loop_fn done, void *arg)
{
	uplink_leave(d->uplink, reason, LEAVE_MS, done, arg);
}

void director_redial(struct director *d, const char *reason)
{
	uplink_redial(d->uplink, reason);
}

bool director_is_at(const struct director *d, const char *host, uint16_t port)
{
	return uplink_is_at(d->uplink, host, port);
}

const struct plan *director_plan(const struct director *d)
{
	return d->plan;
}

void director_stats(const struct director *d, struct director_stats *out)
{
	*out = (struct director_stats){ .link = *uplink_stats(d->uplink),
					.name = uplink_address(d->uplink),
					.is_up = uplink_is_up(d->uplink),
					.has_plan = d->has_plan,
					.plans = d->plans };
}
