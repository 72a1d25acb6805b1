/* SPDX-License-Identifier: Apache-2.0 */
/* tally: what one service can carry, carries and has taken, as the directors are told. */
#include "regiond/report/tally.h"

#include <stdio.h>
#include <string.h>

static void set_health(struct tally *t, Fairlead__Wire__Health health)
{
	t->health = health;
}

static void judge(struct tally *t, const struct pool_sum *sum, const char *withdrawn)
{
	const size_t room = sizeof(t->reason);
	if (withdrawn) {
		set_health(t, FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN);
		snprintf(t->reason, room, "%s", withdrawn);
	} else if (!sum->usable && sum->drained && sum->drained == sum->all) {
		set_health(t, FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN);
		snprintf(t->reason, room, "all %u backends are drained", sum->all);
	} else if (!sum->usable && sum->unknown) {
		set_health(t, FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN);
		snprintf(t->reason, room, "no backend has passed its first check yet");
	} else if (!sum->usable) {
		set_health(t, FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN);
		snprintf(t->reason, room, "%u of %u backends down", sum->down, sum->all);
	} else if (sum->down) {
		set_health(t, FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED);
		snprintf(t->reason, room, "%u of %u backends down", sum->down, sum->all);
	} else {
		set_health(t, FAIRLEAD__WIRE__HEALTH__HEALTH_UP);
		t->reason[0] = '\0';
	}
}

void tally_take(struct tally *out, const struct table_service *ts, const char *withdrawn)
{
	struct pool_sum sum;
	routes_sum(&ts->routes, &sum);
	*out = (struct tally){
		.service = ts->service,
		.capacity = sum.capacity,
		.used = sum.in_flight,
		.arrivals = atomic_load(&ts->service->arrivals),
		.backends_up = sum.usable,
		.backends_all = sum.all,
	};
	judge(out, &sum, withdrawn);
}

bool tally_is_equal(const struct tally *a, const struct tally *b)
{
	return a->health == b->health && a->capacity == b->capacity && a->used == b->used &&
	       a->arrivals == b->arrivals && a->backends_up == b->backends_up &&
	       a->backends_all == b->backends_all && strcmp(a->reason, b->reason) == 0;
}

const char *tally_health_name(Fairlead__Wire__Health health)
{
	switch (health) {
	case FAIRLEAD__WIRE__HEALTH__HEALTH_UP: return "up";
	case FAIRLEAD__WIRE__HEALTH__HEALTH_DEGRADED: return "degraded";
	case FAIRLEAD__WIRE__HEALTH__HEALTH_DOWN:
	case FAIRLEAD__WIRE__HEALTH__HEALTH_WITHDRAWN: return "down";
	default: return "unknown";
	}
}
