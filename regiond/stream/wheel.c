/* SPDX-License-Identifier: Apache-2.0 */
/* wheel: deadlines that are rarely met, cheap to keep (a hashed timing wheel). */
#include "regiond/stream/wheel.h"

#include <stdbool.h>
#include <string.h>

static void list_init(struct wheel_entry *head)
{
	head->next = head->prev = head;
}

static bool list_is_empty(const struct wheel_entry *head)
{
	return head->next == head;
}

static void list_add(struct wheel_entry *head, struct wheel_entry *e)
{
	e->next = head;
	e->prev = head->prev;
	head->prev->next = e;
	head->prev = e;
}

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	memset(w->filled, 0, sizeof(w->filled));
	for (unsigned i = 0; i < WHEEL_SLOTS; i++)
		list_init(&w->slots[i]);
	w->tick = now_ms / WHEEL_TICK_MS;
}

void wheel_remove(struct wheel_entry *e)
{
	if (!e->next)
		return;
	e->prev->next = e->next;
	e->next->prev = e->prev;
	e->next = e->prev = NULL;
}

/* The tick in which a deadline is over, but in the next turn at most: the owner is asked then. */
static uint64_t tick_of(const struct wheel *w, uint64_t at_ms)
{
	uint64_t last = w->tick + WHEEL_SLOTS - 1;
	uint64_t tick = at_ms / WHEEL_TICK_MS + 1;
	if (at_ms == WHEEL_NEVER || tick > last)
		return last;
	return tick > w->tick ? tick : w->tick + 1;
}

void wheel_add(struct wheel *w, struct wheel_entry *e, uint64_t at_ms)
{
	unsigned slot = tick_of(w, at_ms) % WHEEL_SLOTS;
	wheel_remove(e);
	list_add(&w->slots[slot], e);
	w->filled[slot / 64] |= UINT64_C(1) << (slot % 64);
}

static void run_slot(struct wheel *w, unsigned slot, uint64_t now_ms)
{
	struct wheel_entry batch, *head = &w->slots[slot];
	if (list_is_empty(head))
		return;
	/* Aside, because what is not over may come back to this very slot. */
	batch = *head;
	batch.next->prev = batch.prev->next = &batch;
	list_init(head);
	w->filled[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
	while (!list_is_empty(&batch)) {
		struct wheel_entry *e = batch.next;
		wheel_remove(e);
		uint64_t at_ms = e->due(e, now_ms);
		if (at_ms > now_ms)
			wheel_add(w, e, at_ms);
	}
}

void wheel_run(struct wheel *w, uint64_t now_ms)
{
	uint64_t now = now_ms / WHEEL_TICK_MS;
	if (now > w->tick + WHEEL_SLOTS) /* a long pause: each slot once is enough */
		w->tick = now - WHEEL_SLOTS;
	while (w->tick < now) {
		w->tick++;
		run_slot(w, w->tick % WHEEL_SLOTS, now_ms);
	}
}

int wheel_wait_ms(const struct wheel *w, uint64_t now_ms)
{
	for (unsigned ahead = 1; ahead <= WHEEL_SLOTS;) {
		unsigned slot = (w->tick + ahead) % WHEEL_SLOTS;
		uint64_t rest = w->filled[slot / 64] >> (slot % 64);
		if (!rest) {
			ahead += 64 - slot % 64;
			continue;
		}
		ahead += (unsigned)__builtin_ctzll(rest);
		uint64_t at_ms = (w->tick + ahead) * WHEEL_TICK_MS;
		return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
	}
	return -1;
}
