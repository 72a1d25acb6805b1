/* SPDX-License-Identifier: Apache-2.0 */
/* table: pools and services of one configuration, immutable, published to the workers. */
#include "regiond/back/table.h"

#include <stdlib.h>
#include <string.h>

static struct backend *backend_of(const struct table *t, const char *pool,
				  const struct endpoint *address)
{
	const struct pool *p = t ? table_pool(t, pool) : NULL;
	for (size_t i = 0; p && i < p->n_slots; i++) {
		const struct endpoint *have = &p->slots[i].backend->address;
		if (have->port == address->port && addr_is_equal(&have->addr, &address->addr))
			return p->slots[i].backend;
	}
	return NULL;
}

/* The index of an AZ name, added when it is new: pool_check() has counted them. */
static uint32_t az_index(struct pool *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_az; i++)
		if (strcmp(p->az_names[i], name) == 0)
			return i;
	p->az_names[p->n_az] = name;
	return p->n_az++;
}

static enum err_code slot_init(struct pool *p, struct pool_slot *s,
			       const struct config_backend *config, const struct table *previous,
			       struct err *e)
{
	struct backend *b = backend_of(previous, p->config->name, &config->address);
	if (b)
		backend_ref(b);
	else if (backend_new(&b, p->config->name, &config->address) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	*s = (struct pool_slot){
		.backend = b,
		.config = config,
		.weight = config->weight,
		.max = config->max,
		.az = az_index(p, config->az),
	};
	return ERR_OK;
}

static enum err_code pool_init(struct pool *p, const struct config_backend_pool *config,
			       const struct table *previous, struct err *e)
{
	p->config = config;
	p->balance = balance_of(config->balance);
	p->slow_start_us = config->slow_start_ms * 1000;
	p->slots = calloc(config->n_backends ? config->n_backends : 1, sizeof(*p->slots));
	if (!p->slots)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->local_az = config->local_az ? az_index(p, config->local_az) : POOL_AZ_NONE;
	for (size_t i = 0; i < config->n_backends; i++) {
		enum err_code c = slot_init(p, &p->slots[i], &config->backends[i], previous, e);
		if (c != ERR_OK)
			return c;
		p->n_slots++;
	}
	return ERR_OK;
}

static struct service *service_named(const struct table *t, const char *name)
{
	for (size_t i = 0; t && i < t->n_services; i++)
		if (strcmp(t->services[i].service->name, name) == 0)
			return t->services[i].service;
	return NULL;
}

static enum err_code services_init(struct table *t, const struct table *previous)
{
	const struct regiond_config *config = t->config;
	t->n_ids = previous ? previous->n_ids : 0;
	for (size_t i = 0; i < config->n_services; i++) {
		struct table_service *ts = &t->services[i];
		ts->config = &config->services[i];
		ts->pool = &t->pools[ts->config->pool];
		ts->service = service_named(previous, ts->config->name);
		if (ts->service)
			service_ref(ts->service);
		else if (service_new(&ts->service, ts->config->name, t->n_ids++) != ERR_OK)
			return ERR_MEMORY;
		t->n_services++;
	}
	t->by_id = calloc(t->n_ids ? t->n_ids : 1, sizeof(*t->by_id));
	if (!t->by_id)
		return ERR_MEMORY;
	for (size_t i = 0; i < t->n_services; i++)
		t->by_id[t->services[i].service->id] = &t->services[i];
	return ERR_OK;
}

static enum err_code fill(struct table *t, const struct table *previous, struct err *e)
{
	const struct regiond_config *config = t->config;
	t->pools = calloc(config->n_pools ? config->n_pools : 1, sizeof(*t->pools));
	t->services = calloc(config->n_services ? config->n_services : 1, sizeof(*t->services));
	if (!t->pools || !t->services)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < config->n_pools; i++) {
		t->n_pools++; /* a pool that is half made is freed too */
		enum err_code c = pool_init(&t->pools[i], &config->pools[i], previous, e);
		if (c != ERR_OK)
			return c;
	}
	if (services_init(t, previous) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	return ERR_OK;
}

enum err_code table_new(struct table **out, struct regiond_config *config,
			const struct table *previous, struct err *e)
{
	for (size_t i = 0; i < config->n_pools; i++) {
		enum err_code c = pool_check(&config->pools[i], e);
		if (c != ERR_OK)
			return err_wrap(e, c, "pool %s", config->pools[i].name);
	}
	struct table *t = calloc(1, sizeof(*t));
	if (!t)
		return err_set(e, ERR_MEMORY, "out of memory");
	t->config = config;
	enum err_code c = fill(t, previous, e);
	if (c != ERR_OK) {
		t->config = NULL; /* stays the caller's */
		table_free(t);
		return c;
	}
	*out = t;
	return ERR_OK;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_pools; i++) {
		for (size_t k = 0; k < t->pools[i].n_slots; k++)
			backend_unref(t->pools[i].slots[k].backend);
		free(t->pools[i].slots);
	}
	for (size_t i = 0; i < t->n_services; i++)
		service_unref(t->services[i].service);
	free(t->pools);
	free(t->services);
	free(t->by_id);
	config_regiond_free(t->config);
	free(t);
}

static void free_later(void *arg)
{
	table_free(arg);
}

enum err_code table_publish(struct table_ref *ref, struct table *t)
{
	struct table *old = rcu_publish(&ref->table, t);
	return old ? rcu_later(free_later, old) : ERR_OK;
}

const struct table_service *table_service(const struct table *t, uint32_t id)
{
	return id < t->n_ids ? t->by_id[id] : NULL;
}

const struct pool *table_pool(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n_pools; i++)
		if (strcmp(t->pools[i].config->name, name) == 0)
			return &t->pools[i];
	return NULL;
}
