/* SPDX-License-Identifier: Apache-2.0 */
/* stop: a node that was told to end serves on until nobody needs it. */
#include "regiond/control/stop.h"

static struct clients {
	uint64_t came, here;
} count_clients(const struct node *n)
{
	struct clients c = { 0 };
	for (size_t i = 0; i < n->table->n_services; i++) {
		const struct service *s = n->table->services[i].service;
		c.came += atomic_load(&s->spoken);
		c.here += atomic_load(&s->speaking);
	}
	return c;
}

void stop_begin(struct stop *s, const struct node *n)
{
	s->begun_us = s->quiet_since_us = clock_mono_us(n->clock);
	s->came = count_clients(n).came;
}

const char *stop_turn(struct stop *s, const struct node *n)
{
	uint64_t now_us = clock_mono_us(n->clock);
	const struct clients clients = count_clients(n);
	if (clients.here || clients.came != s->came)
		s->quiet_since_us = now_us;
	s->came = clients.came;
	if (now_us - s->begun_us >= n->table->config->drain_ms * 1000)
		return "the drain time is over";
	if (now_us - s->quiet_since_us >= STOP_QUIET_MS * 1000)
		return "nobody is left";
	return NULL;
}
