/* SPDX-License-Identifier: Apache-2.0 */
/* custom_dnsd: the values of dnsd.yaml that are no plain type. */
#include "schema/config/custom_dnsd.h"

#include "core/country.h"
#include "schema/config/dnsd_config.h"
#include "schema/config/value.h"

#include <string.h>

void custom_read_last_resort(struct walker *w, const struct key *key, const struct yaml_node *node,
			     void *base)
{
	static const struct key addresses = {
		.name = "last_resort",
		.type = KEY_LIST,
		.item = KEY_ADDRESS,
		KEY_ENTRIES(struct config_pool, last_resort_addresses, n_last_resort),
		.n_min = 1,
		.n_max = 64,
	};
	struct config_pool *pool = base;
	enum last_resort kind = LAST_RESORT_ALL;

	if (node->kind == YAML_SEQUENCE) {
		kind = LAST_RESORT_ADDRESSES;
		walker_value(w, &addresses, node, base);
	} else if (node->kind == YAML_SCALAR && !strcmp(node->text, "none")) {
		kind = LAST_RESORT_NONE;
	} else if (node->kind != YAML_SCALAR || strcmp(node->text, "all") != 0) {
		walker_error(w, node, "expected %s", key->shape);
	}
	if (pool)
		pool->last_resort = kind;
}

static json_t *address_json(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	addr_text(a, text);
	return json_string(text);
}

json_t *custom_show_last_resort(const void *root, const void *base)
{
	const struct config_pool *pool = base;
	json_t *list;

	if (pool->last_resort != LAST_RESORT_ADDRESSES)
		return json_string(pool->last_resort == LAST_RESORT_ALL ? "all" : "none");
	list = json_array();
	for (size_t i = 0; i < pool->n_last_resort; i++)
		json_array_append_new(list, address_json(&pool->last_resort_addresses[i]));
	return list;
}

static void read_fence_entry(struct walker *w, const struct yaml_node *node,
			     struct config_fence *fence)
{
	static const struct key country = { .name = "fence", .type = KEY_COUNTRY };
	static const struct key continent = { .name = "fence", .type = KEY_CONTINENT };
	static const struct key regions = {
		.name = "fence",
		.type = KEY_LIST,
		.item = KEY_REFERENCE,
		.refers_to = "regions",
		KEY_ENTRIES(struct config_fence, regions, n_regions),
		.n_min = 1,
		.n_max = 64,
	};
	const char *name = node->key->text;
	bool is_continent = country_continent_index(name) >= 0;
	const struct key *kind = is_continent ? &continent : &country;
	const struct key_word *word;
	struct err e;

	if (value_read(kind, name, true, w->memory, fence ? fence->place : NULL, &word, &e) !=
	    ERR_OK)
		walker_error_key(w, node, "%s; or a continent: AF AN AS EU NA OC SA", e.text);
	if (fence)
		fence->is_continent = is_continent;
	walker_value(w, &regions, node, fence);
}

void custom_read_fence(struct walker *w, const struct key *key, const struct yaml_node *node,
		       void *base)
{
	struct config_service *service = base;
	struct config_fence *fences = NULL;
	size_t i = 0;

	if (node->kind != YAML_MAPPING) {
		walker_error(w, node, "expected %s", key->shape);
		return;
	}
	if (node->n > WALKER_ENTRIES_MAX) {
		walker_error_key(w, node, "`fence` has %zu entries", node->n);
		return;
	}
	if (service) {
		fences = arena_array(w->memory, node->n, sizeof(*fences));
		service->fences = fences;
		service->n_fences = fences ? node->n : 0;
	}
	for (const struct yaml_node *child = node->first; child; child = child->next, i++) {
		if (yaml_get(node, child->key->text) != child)
			walker_error_key(w, child, "`%s` is here twice", child->key->text);
		read_fence_entry(w, child, fences ? &fences[i] : NULL);
	}
}

json_t *custom_show_fence(const void *root, const void *base)
{
	const struct dnsd_config *config = root;
	const struct config_service *service = base;
	json_t *object;

	if (service->n_fences == 0)
		return NULL;
	object = json_object();
	for (size_t i = 0; i < service->n_fences; i++) {
		const struct config_fence *fence = &service->fences[i];
		json_t *names = json_array();

		for (size_t k = 0; k < fence->n_regions; k++)
			json_array_append_new(names,
					      json_string(config->regions[fence->regions[k]].name));
		json_object_set_new(object, fence->place, names);
	}
	return object;
}

json_t *custom_show_client(const void *root, const void *base)
{
	const struct config_topology *rule = base;
	char text[PREFIX_TEXT_MAX];

	switch (rule->kind) {
	case TOPOLOGY_PREFIX:
		prefix_text(&rule->prefix, text);
		return json_pack("{s:s}", "prefix", text);
	case TOPOLOGY_COUNTRY: return json_pack("{s:s}", "country", rule->place);
	case TOPOLOGY_CONTINENT: return json_pack("{s:s}", "continent", rule->place);
	case TOPOLOGY_ASN: return json_pack("{s:I}", "asn", (json_int_t)rule->asn);
	case TOPOLOGY_ANY: break;
	}
	return json_object();
}
