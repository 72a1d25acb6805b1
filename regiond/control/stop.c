/* SPDX-License-Identifier: Apache-2.0 */
/* stop: a node that was told to end serves on until nobody needs it. */
#include "regiond/control/stop.h"

static uint64_t count_clients(const struct node *n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n->table->n_services; i++)
		sum += atomic_load(&n->table->services[i].service->arrivals);
	return sum;
}

void stop_begin(struct stop *s, const struct node *n)
{
	s->begun_us = s->quiet_since_us = clock_mono_us(n->clock);
	s->clients = count_clients(n);
}

const char *stop_turn(struct stop *s, const struct node *n)
{
	uint64_t now_us = clock_mono_us(n->clock), clients = count_clients(n);
	if (front_open(n->front) || clients != s->clients)
		s->quiet_since_us = now_us;
	s->clients = clients;
	if (now_us - s->begun_us >= n->table->config->drain_ms * 1000)
		return "the drain time is over";
	if (now_us - s->quiet_since_us >= STOP_QUIET_MS * 1000)
		return "nobody is left";
	return NULL;
}
