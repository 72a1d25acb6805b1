/* SPDX-License-Identifier: Apache-2.0 */
/* pools: all pools of one configuration, made from it and from the pools before. */
#include "regiond/back/pools.h"

#include "regiond/back/policies.h"

#include <stdlib.h>
#include <string.h>

static struct backend *backend_at(const struct pool *p, const struct endpoint *address)
{
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
			       const struct config_backend *config, const struct pool *before,
			       struct err *e)
{
	struct backend *b = backend_at(before, &config->address);
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
			       const struct pool *before, struct err *e)
{
	p->config = config;
	p->balance = policies_find(config->balance);
	p->slow_start_us = config->slow_start_ms * 1000;
	if (p->balance->build && p->balance->build(&p->balance_state) != ERR_OK)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->slots = calloc(config->n_backends ? config->n_backends : 1, sizeof(*p->slots));
	if (!p->slots)
		return err_set(e, ERR_MEMORY, "out of memory");
	p->local_az = config->local_az ? az_index(p, config->local_az) : POOL_AZ_NONE;
	for (size_t i = 0; i < config->n_backends; i++) {
		enum err_code c = slot_init(p, &p->slots[i], &config->backends[i], before, e);
		if (c != ERR_OK)
			return c;
		p->n_slots++;
	}
	return ERR_OK;
}

static enum err_code check_all(const struct regiond_config *config, struct err *e)
{
	for (size_t i = 0; i < config->n_pools; i++) {
		enum err_code c = pool_check(&config->pools[i], e);
		if (c != ERR_OK)
			return err_wrap(e, c, "pool %s", config->pools[i].name);
	}
	return ERR_OK;
}

enum err_code pools_new(struct pool **out, const struct regiond_config *config,
			const struct pool *previous, size_t n_previous, struct err *e)
{
	enum err_code c = check_all(config, e);
	if (c != ERR_OK)
		return c;
	struct pool *pools = calloc(config->n_pools ? config->n_pools : 1, sizeof(*pools));
	if (!pools)
		return err_set(e, ERR_MEMORY, "out of memory");
	for (size_t i = 0; i < config->n_pools; i++) {
		const struct config_backend_pool *p = &config->pools[i];
		const struct pool *before = pools_find(previous, n_previous, p->name);
		c = pool_init(&pools[i], p, before, e);
		if (c != ERR_OK) {
			pools_free(pools, i + 1); /* a pool that is half made is freed too */
			return c;
		}
	}
	*out = pools;
	return ERR_OK;
}

void pools_free(struct pool *pools, size_t n)
{
	for (size_t i = 0; pools && i < n; i++) {
		for (size_t k = 0; k < pools[i].n_slots; k++)
			backend_unref(pools[i].slots[k].backend);
		free(pools[i].slots);
		if (pools[i].balance && pools[i].balance->free)
			pools[i].balance->free(pools[i].balance_state);
	}
	free(pools);
}

const struct pool *pools_find(const struct pool *pools, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(pools[i].config->name, name) == 0)
			return &pools[i];
	return NULL;
}
