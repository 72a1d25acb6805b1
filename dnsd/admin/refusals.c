/* SPDX-License-Identifier: Apache-2.0 */
/* refusals: what was refused, counted a subject. */
#include "dnsd/admin/refusals.h"

#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECTS   64 /* at a time; when there are more, the one that began first is told early */
#define MINUTE_US  (60 * UINT64_C(1000000))
#define TEXT_MAX   256
#define RESULT_MAX 512

struct subject {
	char by[TEXT_MAX], from[TEXT_MAX], verb[TEXT_MAX];
	char result[RESULT_MAX]; /* of the last one */
	uint64_t since_us;	 /* 0 = nobody stands here */
	unsigned rows;
	uint64_t untold;
};

struct refusals {
	struct store *store;
	const struct clock *clock;
	struct subject subjects[SUBJECTS];
	uint64_t total;
};

enum err_code refusals_new(struct refusals **out, struct store *store, const struct clock *clock)
{
	struct refusals *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_MEMORY;
	r->store = store;
	r->clock = clock;
	*out = r;
	return ERR_OK;
}

void refusals_free(struct refusals *r)
{
	free(r);
}

uint64_t refusals_total(const struct refusals *r)
{
	return r->total;
}

static void write_row(struct refusals *r, const struct store_actor *actor, const char *result)
{
	struct err e;

	log_warn("dnsd/admin", "refused %s by %s from %s: %s", actor->verb, actor->by, actor->from,
		 result);
	if (store_audit_add(r->store, actor, result, &e) != ERR_OK)
		log_warn("dnsd/admin", "that is not in the audit: %s", e.text);
}

/* One row for all that had none of their own. */
static void tell_untold(struct refusals *r, struct subject *s)
{
	const struct store_actor actor = {
		.by = s->by, .from = s->from, .reason = "", .verb = s->verb, .args = "{}"
	};
	char result[RESULT_MAX + 64];

	if (!s->untold)
		return;
	snprintf(result, sizeof(result), "%llu more within a minute, the last: %s",
		 (unsigned long long)s->untold, s->result);
	write_row(r, &actor, result);
}

static struct subject *find(struct refusals *r, const char *by)
{
	struct subject *oldest = &r->subjects[0];

	for (size_t i = 0; i < SUBJECTS; i++) {
		struct subject *s = &r->subjects[i];

		if (s->since_us && strncmp(s->by, by, sizeof(s->by) - 1) == 0)
			return s;
		if (s->since_us < oldest->since_us)
			oldest = s;
	}
	tell_untold(r, oldest);
	memset(oldest, 0, sizeof(*oldest));
	snprintf(oldest->by, sizeof(oldest->by), "%s", by);
	oldest->since_us = clock_mono_us(r->clock);
	return oldest;
}

void refusals_note(struct refusals *r, const struct store_actor *actor, const char *result,
		   unsigned at_most)
{
	struct subject *s = find(r, actor->by);

	r->total++;
	if (s->rows < at_most) {
		s->rows++;
		write_row(r, actor, result);
		return;
	}
	s->untold++;
	snprintf(s->from, sizeof(s->from), "%s", actor->from);
	snprintf(s->verb, sizeof(s->verb), "%s", actor->verb);
	snprintf(s->result, sizeof(s->result), "%.400s", result);
}

void refusals_tick(struct refusals *r)
{
	uint64_t now_us = clock_mono_us(r->clock);

	for (size_t i = 0; i < SUBJECTS; i++) {
		struct subject *s = &r->subjects[i];

		if (!s->since_us || now_us - s->since_us < MINUTE_US)
			continue;
		tell_untold(r, s);
		/* Its row of the next minute was this one. */
		s->rows = s->untold ? UINT32_MAX : 0;
		s->since_us = s->untold ? now_us : 0;
		s->untold = 0;
	}
}
