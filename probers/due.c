/* SPDX-License-Identifier: Apache-2.0 */
/* due: things with a time, the earliest first: a binary heap whose items know their place. */
#include "probers/due.h"

#include <stdlib.h>

void due_fini(struct due *d)
{
	free(d->items);
	*d = (struct due){ 0 };
}

enum err_code due_reserve(struct due *d, size_t n)
{
	struct due_item **items;
	size_t room = d->room ? d->room : 16;

	if (n < d->room)
		return ERR_OK;
	while (room <= n)
		room *= 2;
	items = realloc(d->items, room * sizeof(*items));
	if (!items)
		return ERR_MEMORY;
	d->items = items;
	d->room = room;
	return ERR_OK;
}

static void put(struct due *d, size_t place, struct due_item *item)
{
	d->items[place] = item;
	item->place = place;
}

static void rise(struct due *d, size_t place, struct due_item *item)
{
	while (place > 1 && d->items[place / 2]->at_us > item->at_us) {
		put(d, place, d->items[place / 2]);
		place /= 2;
	}
	put(d, place, item);
}

static void sink(struct due *d, size_t place, struct due_item *item)
{
	size_t child;

	while ((child = place * 2) <= d->n) {
		if (child < d->n && d->items[child + 1]->at_us < d->items[child]->at_us)
			child++;
		if (d->items[child]->at_us >= item->at_us)
			break;
		put(d, place, d->items[child]);
		place = child;
	}
	put(d, place, item);
}

void due_add(struct due *d, struct due_item *item, uint64_t at_us)
{
	item->at_us = at_us;
	rise(d, ++d->n, item);
}

void due_remove(struct due *d, struct due_item *item)
{
	size_t place = item->place;
	struct due_item *last;

	if (place == 0)
		return;
	item->place = 0;
	last = d->items[d->n--];
	if (last == item)
		return;
	/* The last one may belong above or below the gap. */
	if (place > 1 && d->items[place / 2]->at_us > last->at_us)
		rise(d, place, last);
	else
		sink(d, place, last);
}

struct due_item *due_first(const struct due *d)
{
	return d->n ? d->items[1] : NULL;
}
