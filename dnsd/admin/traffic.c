/* SPDX-License-Identifier: Apache-2.0 */
/* traffic: how many answers each region of a service has given lately. */
#include "dnsd/admin/traffic.h"

#include <stdlib.h>

#define NOTES (TRAFFIC_MOVES_S / TRAFFIC_EVERY_S)

/* The counts at one moment, modulo 2^32: their differences are right for 14 million answers a
 * second. */
struct note {
	uint32_t *counts;
	uint32_t n;
};

struct traffic {
	traffic_count_fn count;
	void *ctx;
	struct note notes[NOTES];
	size_t next, n; /* where the next one goes; how many there are */
};

enum err_code traffic_new(struct traffic **out, traffic_count_fn count, void *ctx)
{
	struct traffic *t = calloc(1, sizeof(*t));

	if (!t)
		return ERR_MEMORY;
	t->count = count;
	t->ctx = ctx;
	*out = t;
	return ERR_OK;
}

void traffic_free(struct traffic *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < NOTES; i++)
		free(t->notes[i].counts);
	free(t);
}

static uint32_t count_now(const struct traffic *t, uint32_t slot)
{
	return (uint32_t)(uint64_t)t->count(t->ctx, slot);
}

void traffic_note(struct traffic *t, uint32_t n_slots)
{
	struct note *note = &t->notes[t->next];

	if (note->n < n_slots) {
		uint32_t *grown = realloc(note->counts, n_slots * sizeof(*grown));

		if (!grown)
			return;
		note->counts = grown;
	}
	note->n = n_slots;
	for (uint32_t i = 1; i < n_slots; i++)
		note->counts[i] = count_now(t, i);
	t->next = (t->next + 1) % NOTES;
	t->n += t->n < NOTES;
}

uint64_t traffic_answers(const struct traffic *t, uint32_t slot, uint32_t last_s)
{
	size_t back = last_s / TRAFFIC_EVERY_S;
	const struct note *note;
	uint32_t was = 0;

	if (!slot)
		return 0;
	if (back > NOTES)
		back = NOTES;
	if (back <= t->n) { /* else it is younger than that: all since the start */
		note = &t->notes[(t->next + NOTES - back) % NOTES];
		was = slot < note->n ? note->counts[slot] : 0;
	}
	return count_now(t, slot) - was;
}
