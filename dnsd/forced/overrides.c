/* SPDX-License-Identifier: Apache-2.0 */
/* overrides: what operators forced, and which members are held for a failback. */
#include "dnsd/forced/overrides.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When an override ends, by the clock that nobody sets. */
struct deadline {
	int64_t id;
	uint64_t at_us;
	bool is_over;  /* out of the set, and perhaps still on disk */
	bool is_stuck; /* that was told */
};

struct overrides {
	struct store *store;
	const struct clock *clock;
	struct store_override *list; /* on disk; then those that wait */
	size_t n, n_waiting;
	struct deadline *deadlines;
	size_t n_deadlines;
	uint64_t version;
};

enum err_code overrides_new(struct overrides **out, struct store *store, const struct clock *clock)
{
	struct overrides *o = calloc(1, sizeof(*o));

	if (!o)
		return ERR_MEMORY;
	o->store = store;
	o->clock = clock;
	*out = o;
	return ERR_OK;
}

void overrides_free(struct overrides *o)
{
	if (!o)
		return;
	store_override_free(o->list, o->n);
	free(o->deadlines);
	free(o);
}

struct overrides_set overrides_now(const struct overrides *o)
{
	return (struct overrides_set){ o->list, o->n };
}

uint64_t overrides_version(const struct overrides *o)
{
	return o->version;
}

/* ---- deadlines ---- */

static struct deadline *find_deadline(const struct overrides *o, int64_t id)
{
	for (size_t i = 0; i < o->n_deadlines; i++)
		if (o->deadlines[i].id == id)
			return &o->deadlines[i];
	return NULL;
}

/* Those of the overrides of a list: what was known stays, what is new gets the time that is left
 * by the wall clock. */
static enum err_code renew_deadlines(struct overrides *o, const struct store_override *list,
				     size_t n)
{
	uint64_t now_us = clock_mono_us(o->clock);
	int64_t now_ms = clock_wall_ms(o->clock);
	struct deadline *renewed = calloc(n + 1, sizeof(*renewed));
	size_t n_renewed = 0;

	if (!renewed)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		const struct deadline *known = find_deadline(o, list[i].id);
		int64_t left_ms = list[i].expires_ms - now_ms;

		if (!list[i].expires_ms)
			continue;
		renewed[n_renewed++] =
			known ? *known
			      : (struct deadline){ .id = list[i].id,
						   .at_us = now_us +
							    (left_ms > 0 ? (uint64_t)left_ms * 1000
									 : 0) };
	}
	free(o->deadlines);
	o->deadlines = renewed;
	o->n_deadlines = n_renewed;
	return ERR_OK;
}

static void free_one(struct store_override *one)
{
	free(one->service);
	free(one->region);
	free(one->by);
	free(one->reason);
}

/* Takes list[i] out of a list of n. */
static void take_out(struct store_override *list, size_t i, size_t n)
{
	free_one(&list[i]);
	memmove(&list[i], &list[i + 1], (n - i - 1) * sizeof(*list));
}

/* ---- reading ---- */

static size_t without_those_over(const struct overrides *o, struct store_override *list, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		const struct deadline *d = find_deadline(o, list[i].id);

		if (d && d->is_over)
			take_out(list, i, n--);
	}
	return n;
}

enum err_code overrides_load(struct overrides *o, struct err *e)
{
	struct store_override *list, *joined;
	size_t n, n_read;
	enum err_code rc = store_override_list(o->store, &list, &n_read, e);

	if (rc != ERR_OK)
		return rc;
	joined = realloc(list, (n_read + o->n_waiting + 1) * sizeof(*list));
	if (!joined || renew_deadlines(o, joined, n_read) != ERR_OK) {
		store_override_free(joined ? joined : list, n_read);
		return err_set(e, ERR_MEMORY, "out of memory");
	}
	n = without_those_over(o, joined, n_read);
	if (o->n_waiting)
		memcpy(&joined[n], &o->list[o->n - o->n_waiting], o->n_waiting * sizeof(*joined));
	store_override_free(o->list, o->n - o->n_waiting);
	o->list = joined;
	o->n = n + o->n_waiting;
	o->version++;
	return ERR_OK;
}

/* ---- holds of the daemon ---- */

static bool is_same_hold(const struct store_override *o, const char *service, const char *region,
			 uint32_t nth)
{
	return o->kind == STORE_HELD && o->nth == nth && strcmp(o->service, service) == 0 &&
	       strcmp(o->region, region) == 0;
}

enum err_code overrides_hold(struct overrides *o, const char *service, const char *region,
			     uint32_t nth)
{
	struct store_override *grown;
	struct store_override one = { .kind = STORE_HELD,
				      .nth = nth,
				      .since_ms = clock_wall_ms(o->clock) };

	for (size_t i = 0; i < o->n; i++)
		if (is_same_hold(&o->list[i], service, region, nth))
			return ERR_OK;
	one.service = strdup(service);
	one.region = strdup(region);
	one.by = strdup(OVERRIDES_SELF);
	one.reason = strdup("was down; failback is manual");
	grown = one.service && one.region && one.by && one.reason
			? realloc(o->list, (o->n + 1) * sizeof(*grown))
			: NULL;
	if (!grown) {
		free_one(&one);
		return ERR_MEMORY;
	}
	o->list = grown; /* who points into it looks at the version */
	grown[o->n++] = one;
	o->n_waiting++;
	o->version++;
	return ERR_OK;
}

size_t overrides_drop_waiting(struct overrides *o, const char *service, const char *region)
{
	size_t dropped = 0;

	for (size_t i = o->n; i-- > o->n - o->n_waiting;) {
		if (strcmp(o->list[i].service, service) != 0 ||
		    (region[0] && strcmp(o->list[i].region, region) != 0))
			continue;
		take_out(o->list, i, o->n--);
		o->n_waiting--;
		dropped++;
	}
	o->version += dropped > 0;
	return dropped;
}

size_t overrides_waiting(const struct overrides *o)
{
	return o->n_waiting;
}

static enum err_code write_one(struct overrides *o, const struct store_override *one, struct err *e)
{
	char args[512];
	const struct store_actor actor = { .by = OVERRIDES_SELF,
					   .from = "itself",
					   .reason = one->reason,
					   .verb = "hold",
					   .args = args };

	/* The names are those of a configuration that was checked: nothing to escape. */
	snprintf(args, sizeof(args), "{\"region\":\"%s\",\"service\":\"%s\"}", one->region,
		 one->service);
	return store_override_put(o->store, one, &actor, NULL, e);
}

enum err_code overrides_write(struct overrides *o, struct err *e)
{
	enum err_code rc = ERR_OK;

	for (size_t i = o->n - o->n_waiting; rc == ERR_OK && i < o->n; i++)
		rc = write_one(o, &o->list[i], e);
	return rc;
}

enum err_code overrides_written(struct overrides *o, struct err *e)
{
	size_t waiting = o->n_waiting;
	enum err_code rc;

	o->n_waiting = 0;
	rc = overrides_load(o, e);
	if (rc != ERR_OK)
		o->n_waiting = waiting; /* in force twice, which is the same as once */
	return rc;
}

/* ---- time ---- */

static void tell(const struct store_override *one)
{
	log_info("dnsd/forced", "override %lld (%s %s%s%s) has run out", (long long)one->id,
		 store_override_kind_name(one->kind), one->region, one->service[0] ? " of " : "",
		 one->service);
}

/* From the set. */
static bool end_those_due(struct overrides *o)
{
	uint64_t now_us = clock_mono_us(o->clock);
	bool any = false;

	for (size_t i = o->n; i-- > 0;) {
		struct deadline *d = find_deadline(o, o->list[i].id);

		if (!o->list[i].id || !d || d->is_over || d->at_us > now_us)
			continue;
		tell(&o->list[i]);
		d->is_over = true;
		take_out(o->list, i, o->n--);
		any = true;
	}
	o->version += any;
	return any;
}

/* From the disk: one line when it cannot be, however often it is tried. */
static void clear_those_over(struct overrides *o)
{
	struct err e;

	for (size_t i = o->n_deadlines; i-- > 0;) {
		struct deadline *d = &o->deadlines[i];
		enum err_code rc;

		if (!d->is_over)
			continue;
		rc = store_override_clear(o->store, d->id, NULL, &e);
		if (rc == ERR_OK || rc == ERR_NOT_FOUND) {
			*d = o->deadlines[--o->n_deadlines];
			continue;
		}
		if (!d->is_stuck)
			log_error("dnsd/forced",
				  "override %lld has run out and is off, but stays on disk: %s",
				  (long long)d->id, e.text);
		d->is_stuck = true;
	}
}

bool overrides_expire(struct overrides *o)
{
	bool any = end_those_due(o);

	clear_those_over(o);
	return any;
}
