/* SPDX-License-Identifier: Apache-2.0 */
/* table: pools, services and routes of one configuration, immutable, published to the workers. */
#include "regiond/route/table.h"

#include "schema/config/config.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const struct table_service *const *x = a, *const *y = b;
	return strcmp((*x)->service->name, (*y)->service->name);
}

static int compare_name(const void *name, const void *element)
{
	const struct table_service *const *ts = element;
	return strcmp(name, (*ts)->service->name);
}

static struct table_service *service_named(const struct table *t, const char *name)
{
	struct table_service **found =
		t ? bsearch(name, t->by_name, t->n_services, sizeof(*t->by_name), compare_name)
		  : NULL;
	return found ? *found : NULL;
}

static enum err_code names_init(struct table *t)
{
	t->by_name = calloc(t->n_services + 1, sizeof(*t->by_name));
	if (!t->by_name)
		return ERR_MEMORY;
	for (size_t i = 0; i < t->n_services; i++)
		t->by_name[i] = &t->services[i];
	qsort(t->by_name, t->n_services, sizeof(*t->by_name), by_name);
	return ERR_OK;
}

static bool is_listening(const struct config_region_service *s, const struct endpoint *at)
{
	for (size_t i = 0; i < s->n_listen; i++)
		if (s->listen[i].port == at->port && addr_is_equal(&s->listen[i].addr, &at->addr))
			return true;
	return false;
}

/* The service that took over a listener of `before`; NULL when all of them are gone. */
static struct table_service *heir_of(const struct table *t, const struct table_service *before)
{
	for (size_t i = 0; i < t->n_services; i++)
		for (size_t k = 0; k < before->config->n_listen; k++)
			if (is_listening(t->services[i].config, &before->config->listen[k]))
				return &t->services[i];
	return NULL;
}

/* by_id[id] of the table before may be an heir already: it is followed as any other. */
static enum err_code ids_init(struct table *t, const struct table *previous)
{
	t->by_id = calloc(t->n_ids ? t->n_ids : 1, sizeof(*t->by_id));
	if (!t->by_id)
		return ERR_MEMORY;
	for (size_t i = 0; i < t->n_services; i++)
		t->by_id[t->services[i].service->id] = &t->services[i];
	for (uint32_t id = 0; previous && id < previous->n_ids; id++) {
		const struct table_service *before = previous->by_id[id];
		if (t->by_id[id] || !before)
			continue;
		t->by_id[id] = service_named(t, before->service->name);
		if (!t->by_id[id])
			t->by_id[id] = heir_of(t, before);
	}
	return ERR_OK;
}

static enum err_code service_init(struct table *t, struct table_service *ts,
				  const struct config_region_service *config,
				  const struct table *previous)
{
	const struct table_service *before = service_named(previous, config->name);
	ts->config = config;
	if (before)
		ts->service = service_ref(before->service);
	else if (service_new(&ts->service, config->name, t->n_ids++) != ERR_OK)
		return ERR_MEMORY;
	return routes_init(&ts->routes, config, t->pools);
}

static enum err_code fill(struct table *t, const struct table *previous, struct err *e)
{
	const struct regiond_config *config = t->config;
	enum err_code c = pools_new(&t->pools, config, previous ? previous->pools : NULL,
				    previous ? previous->n_pools : 0, e);
	if (c != ERR_OK)
		return c;
	t->n_pools = config->n_pools;
	t->n_ids = previous ? previous->n_ids : 0;
	t->services = calloc(config->n_services ? config->n_services : 1, sizeof(*t->services));
	c = t->services ? ERR_OK : ERR_MEMORY;
	for (size_t i = 0; c == ERR_OK && i < config->n_services; i++) {
		t->n_services++; /* one that is half made is freed too */
		c = service_init(t, &t->services[i], &config->services[i], previous);
	}
	if (c == ERR_OK)
		c = names_init(t);
	if (c == ERR_OK)
		c = ids_init(t, previous);
	return c == ERR_OK ? c : err_set(e, c, "out of memory");
}

enum err_code table_new(struct table **out, struct regiond_config *config,
			const struct table *previous, struct err *e)
{
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
	for (size_t i = 0; i < t->n_services; i++) {
		service_unref(t->services[i].service);
		routes_fini(&t->services[i].routes);
	}
	pools_free(t->pools, t->n_pools);
	free(t->services);
	free(t->by_name);
	free(t->by_id);
	if (!t->lends_config)
		config_regiond_free(t->config);
	free(t);
}

struct regiond_config *table_take_config(struct table *t)
{
	t->lends_config = true;
	return t->config;
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
	return pools_find(t->pools, t->n_pools, name);
}
