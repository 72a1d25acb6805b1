/* SPDX-License-Identifier: Apache-2.0 */
/* after: the world as it would be after an operation. */
#include "dnsd/admin/after.h"

#include "dnsd/admin/reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX 20

enum err_code after_init(struct after *a, const struct op *op, struct err *e)
{
	const struct overrides_set now = overrides_now(op->r->overrides);

	*a = (struct after){ .op = op, .list = calloc(now.n + 1, sizeof(*a->list)) };
	if (!a->list)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < now.n; i++)
		if (!op_clears(op, &now.list[i]) && !op_replaces(op, &now.list[i]))
			a->list[a->n++] = now.list[i];
	if (op->act == OP_PUT)
		a->list[a->n++] = op->change;
	if (live_if_init(op->r->live, &a->with, (struct overrides_set){ a->list, a->n }) == ERR_OK)
		return ERR_OK;
	after_fini(a);
	return err_set(e, ERR_MEMORY, "out of memory");
}

void after_fini(struct after *a)
{
	live_if_fini(&a->with);
	free(a->list);
	a->list = NULL;
}

/* ---- what must not happen ---- */

/* A failover to who is drained would be on record, and move nobody. */
static enum err_code check_failover(const struct after *a, struct err *e)
{
	const struct op *op = a->op;
	struct live_service after;
	uint32_t s;

	if (op->act != OP_PUT || op->change.kind != STORE_FAILOVER)
		return ERR_OK;
	s = resolve_service(live_names(op->r->live), op->service);
	live_would_be(op->r->live, &a->with, s, &after);
	if (after.masks.live.forced & ~after.masks.out)
		return ERR_OK; /* it moves, now or when that is back */
	return err_set(e, ERR_REFUSED,
		       "%s would not serve %s: it is drained or dialled to 0 (fairlead override "
		       "list)",
		       op->region, op->service);
}

static enum err_code check_regions(const struct after *a, uint32_t s,
				   const struct live_service *now, const struct live_service *after,
				   struct err *e)
{
	const struct rooms *r = a->op->r;
	const struct dnsd_config *config = rooms_config(r);
	unsigned least = config->safety.min_regions ? config->safety.min_regions : 1;
	unsigned before = reach_regions(rooms_pool(r, s), now->masks.live.serve);
	unsigned left = reach_regions(rooms_pool(r, s), after->masks.live.serve);

	if (left >= before || left >= least)
		return ERR_OK;
	return err_set(e, ERR_UNSAFE,
		       "%s would be left with %u of %u regions, at least %u must stay "
		       "(safety.min_regions); --force does it all the same",
		       config->services[s].name, left, before, least);
}

static enum err_code check_fences(const struct after *a, uint32_t s, const struct live_service *now,
				  const struct live_service *after, struct err *e)
{
	const struct rooms *r = a->op->r;

	if (!reach_leaves_alone(r, s, &now->masks.live, &after->masks.live))
		return ERR_OK;
	return err_set(e, ERR_UNSAFE,
		       "%s: a fence would leave some clients without a region, and the last resort "
		       "would answer them (fairlead explain); --force does it all the same",
		       rooms_config(r)->services[s].name);
}

enum err_code after_check(const struct after *a, struct err *e)
{
	const struct rooms *r = a->op->r;
	enum err_code rc = check_failover(a, e);

	for (uint32_t s = 0; rc == ERR_OK && !a->op->is_forced && s < rooms_config(r)->n_services;
	     s++) {
		struct live_service now, after;

		live_of(r->live, s, &now);
		live_would_be(r->live, &a->with, s, &after);
		if (memcmp(&now.masks, &after.masks, sizeof(now.masks)) == 0)
			continue;
		rc = check_regions(a, s, &now, &after, e);
		if (rc == ERR_OK)
			rc = check_fences(a, s, &now, &after, e);
	}
	return rc;
}

/* ---- what is worth saying ---- */

static void note(json_t *list, const char *service, const char *text)
{
	if (json_array_size(list) < NOTES_MAX)
		json_array_append_new(list, json_sprintf("%s: %s", service, text));
}

static void add_notes(const struct rooms *r, uint32_t s, const struct live_service *now,
		      const struct live_service *after, json_t *list)
{
	const char *name = rooms_config(r)->services[s].name;

	if (!(after->masks.live.serve | after->masks.live.spare) &&
	    (now->masks.live.serve | now->masks.live.spare))
		note(list, name, "no member may serve any more, the last resort answers");
	else if (reach_leaves_alone(r, s, &now->masks.live, &after->masks.live))
		note(list, name,
		     "clients whom a fence keeps in a region that is out are still sent there: the "
		     "last resort answers them");
	if (!reach_is_on_standby(rooms_pool(r, s), now->masks.live.serve) &&
	    reach_is_on_standby(rooms_pool(r, s), after->masks.live.serve))
		note(list, name, "nobody of its first tier is left: its standby serves");
}

/* An undrain of who does not serve all the same. */
static void add_still_out(const struct after *a, uint32_t s, const struct live_service *after,
			  json_t *list)
{
	const struct rooms *r = a->op->r;
	uint32_t region = resolve_region(live_names(r->live), a->op->region);
	uint64_t bits = live_region_bits(r->live, s, region);
	const char *name = rooms_config(r)->services[s].name;
	char text[256];

	if (after->masks.held & bits) {
		snprintf(text, sizeof(text),
			 "%s stays held until a failback (fairlead failback %s)", a->op->region,
			 name);
		note(list, name, text);
	} else if (after->masks.held_down & bits) {
		snprintf(text, sizeof(text),
			 "%s is well, and stays out for its hold_down (fairlead resume %s)",
			 a->op->region, a->op->region);
		note(list, name, text);
	} else if (bits && !(bits & ~after->masks.down)) {
		snprintf(text, sizeof(text), "%s stays out: it is down", a->op->region);
		note(list, name, text);
	}
}

json_t *after_notes(const struct after *a)
{
	const struct rooms *r = a->op->r;
	bool is_undrain = strcmp(a->op->verb, "undrain") == 0;
	json_t *list = json_array();

	for (uint32_t s = 0; s < rooms_config(r)->n_services; s++) {
		struct live_service now, after;

		live_of(r->live, s, &now);
		live_would_be(r->live, &a->with, s, &after);
		if (memcmp(&now.masks, &after.masks, sizeof(now.masks)) != 0)
			add_notes(r, s, &now, &after, list);
		if (is_undrain && (!a->op->service[0] ||
				   strcmp(a->op->service, rooms_config(r)->services[s].name) == 0))
			add_still_out(a, s, &after, list);
	}
	return list;
}

/* ---- the question to moves ---- */

enum err_code after_moves(const struct after *a, const struct traffic *traffic, struct moves **out,
			  struct err *e)
{
	const struct rooms *r = a->op->r;
	const struct snapshot *snap = rooms_snapshot(r);
	struct moves *m;
	enum err_code rc = moves_new(&m, rooms_config(r));

	for (uint32_t s = 0; rc == ERR_OK && s < snap->n_services; s++) {
		uint64_t answers[CONFIG_MEMBERS_MAX];
		struct live_service now, after;

		live_of(r->live, s, &now);
		live_would_be(r->live, &a->with, s, &after);
		if (memcmp(&now, &after, sizeof(now)) == 0)
			continue;
		reach_answers(&snap->services[s], traffic, TRAFFIC_MOVES_S, answers);
		rc = moves_add(m, s, &snap->services[s], &now, &after, answers);
		if (rc != ERR_OK)
			moves_free(m);
	}
	if (rc != ERR_OK)
		return err_set(e, rc, "out of memory");
	*out = m;
	return ERR_OK;
}
