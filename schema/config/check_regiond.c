/* SPDX-License-Identifier: Apache-2.0 */
/* check_regiond: what one key of regiond.yaml alone cannot tell. */
#include "core/units.h"
#include "schema/config/check.h"
#include "schema/config/regiond_config.h"

#include <string.h>

#define SHARE_ALL_PPM 1000000u

/* The n-th child. */
static const struct yaml_node *child_at(const struct yaml_node *node, size_t n)
{
	for (node = node->first; n > 0; n--)
		node = node->next;
	return node;
}

void check_backend_pool(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct config_backend_pool *pool = entry;

	check_texts_differ(w, yaml_get(node, "monitors"));
	if (!pool)
		return;
	for (size_t i = 0; i < pool->n_backends; i++) {
		const struct endpoint *at = &pool->backends[i].address;

		for (size_t k = 0; k < i; k++) {
			const struct endpoint *other = &pool->backends[k].address;
			const struct yaml_node *value;

			if (!at->addr.family || at->port != other->port ||
			    !addr_is_equal(&at->addr, &other->addr))
				continue;
			value = yaml_get(child_at(yaml_get(node, "backends"), i), "address");
			walker_error(w, value, "`%s` is in this pool already, first on line %u",
				     value->text, pool->backends[k].pos.line);
			break;
		}
	}
}

void check_affinity(struct walker *w, const struct yaml_node *node, void *entry)
{
	if (node->n != 1)
		walker_error(w, node, "%zu keys, expected one of `cookie`, `source`, `header`",
			     node->n);
}

void check_match(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct yaml_node *path = yaml_get(node, "path");

	if (node->n == 0)
		walker_error(w, node,
			     "nothing to match; leave `match` out for the route that "
			     "takes the rest");
	if (path && path->kind == YAML_SCALAR && path->text[0] != '/')
		walker_error(w, path, "a path begins with `/`");
}

static void check_shares(struct walker *w, const struct yaml_node *split)
{
	uint32_t sum = 0, ppm;
	char text[UNITS_TEXT_MAX];

	if (split->kind != YAML_SEQUENCE || split->n == 0)
		return;
	for (const struct yaml_node *part = split->first; part; part = part->next) {
		const struct yaml_node *share = yaml_get(part, "share");

		if (!share || share->kind != YAML_SCALAR ||
		    units_parse_share(share->text, &ppm, NULL) != ERR_OK)
			return; /* said already */
		sum += sum <= SHARE_ALL_PPM ? ppm : 0;
	}
	if (sum == SHARE_ALL_PPM)
		return;
	units_share_text(sum, text);
	walker_error_key(w, split, "the shares make %s, expected 100%%", text);
}

void check_route(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct yaml_node *pool = yaml_get(node, "pool"), *split = yaml_get(node, "split");

	if (pool && split)
		walker_error_key(w, split, "`split` beside `pool`, expected one of them");
	if (!pool && !split)
		walker_error(w, node, "no pool, expected `pool` or `split`");
	if (split)
		check_shares(w, split);
	if (yaml_get(node, "rollback") && !split)
		walker_error_key(w, yaml_get(node, "rollback"), "`rollback` is for a `split`");
}

/* The pool a route leads to: its own, or the first of its split while that is not in effect. */
static const struct yaml_node *pool_of_route(const struct yaml_node *route)
{
	const struct yaml_node *pool = yaml_get(route, "pool"), *split = yaml_get(route, "split");

	if (!pool && split && split->kind == YAML_SEQUENCE && split->first)
		pool = yaml_get(split->first, "pool");
	return pool && pool->kind == YAML_SCALAR ? pool : NULL;
}

/* That the pool exists is said by the walker. */
static uint32_t pool_index(const struct walker *w, const struct yaml_node *pool)
{
	const struct yaml_node *pools = yaml_get(w->root, "pools");
	uint32_t i = 0;

	if (!pool || !pools)
		return 0;
	for (const struct yaml_node *entry = pools->first; entry; entry = entry->next, i++)
		if (entry->key && !strcmp(entry->key->text, pool->text))
			return i;
	return 0;
}

void check_region_service(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_region_service *service = entry;
	const struct yaml_node *routes = yaml_get(node, "routes"), *rest = NULL;

	if (!routes || routes->kind != YAML_SEQUENCE || routes->n == 0)
		return;
	for (const struct yaml_node *route = routes->first; route; route = route->next) {
		if (rest) {
			walker_error(w, route, "never reached: the route on line %u takes the rest",
				     rest->at.line);
			break;
		}
		if (route->kind == YAML_MAPPING && !yaml_get(route, "match"))
			rest = route;
	}
	if (!rest)
		walker_error_key(w, routes,
				 "no route takes the rest, expected a last one without "
				 "`match`");
	if (service && rest)
		service->pool = pool_index(w, pool_of_route(rest));
}

static void check_names(struct walker *w, const struct regiond_config *c)
{
	const struct yaml_node *map = yaml_get(w->root, "services");
	const struct yaml_node *node = map ? map->first : NULL;

	for (size_t i = 0; i < c->n_services; i++, node = node->next)
		for (size_t k = 0; k < i; k++) {
			const char *a = c->services[i].name, *b = c->services[k].name;

			/* Equal as written is said by the walker already. */
			if (a && b && !strcmp(a, b) && yaml_get(map, node->key->text) == node) {
				walker_error_key(w, node,
						 "the service `%s` is here twice, first on line %u",
						 a, c->services[k].pos.line);
				break;
			}
		}
}

static void check_listen(struct walker *w)
{
	const struct yaml_node *listen = yaml_get(w->root, "listen");
	const struct yaml_node *services = yaml_get(w->root, "services");
	struct check_endpoints seen = { .w = w };

	check_endpoint(&seen, yaml_get(listen, "http"));
	check_endpoint(&seen, yaml_get(listen, "mesh"));
	if (!services || services->kind != YAML_MAPPING)
		return;
	for (const struct yaml_node *node = services->first; node; node = node->next)
		check_endpoint_list(&seen, yaml_get(node, "listen"));
}

void check_regiond(struct walker *w, void *config)
{
	const struct regiond_config *c = config;
	const struct yaml_node *directors = yaml_get(w->root, "directors");

	check_texts_differ(w, directors);
	check_listen(w);
	check_names(w, c);
	if (directors && !c->has_tls)
		walker_error_key(w, directors,
				 "`directors` need `tls`: they know this node by its "
				 "certificate");
}
