/* SPDX-License-Identifier: Apache-2.0 */
/* check_regiond: what one key of regiond.yaml alone cannot tell. */
#include "core/units.h"
#include "schema/config/check.h"
#include "schema/config/keys.h"
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

void check_region_state(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct regiond_config *config = entry;
	const struct yaml_node *path = yaml_get(node, "path");

	if (config && path)
		config->state_pos = walker_pos(path);
}

/* With `discover` alone nobody knows the zones before. */
static void check_local_az(struct walker *w, const struct yaml_node *node)
{
	const struct yaml_node *local = yaml_get(node, "local_az");
	const struct yaml_node *list = yaml_get(node, "backends");

	if (!local || local->kind != YAML_SCALAR || !list || list->kind != YAML_SEQUENCE ||
	    yaml_get(node, "discover"))
		return;
	for (const struct yaml_node *b = list->first; b; b = b->next) {
		const struct yaml_node *az = yaml_get(b, "az");

		if (az && az->kind == YAML_SCALAR && !strcmp(az->text, local->text))
			return;
	}
	walker_error(w, local, "no backend of this pool is in `%s`", local->text);
}

void check_backend_pool(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct config_backend_pool *pool = entry;

	check_texts_differ(w, yaml_get(node, "monitors"));
	if (!yaml_get(node, "backends") && !yaml_get(node, "discover"))
		walker_error_key(w, node, "no backends, expected `backends` or `discover`");
	check_local_az(w, node);
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
			walker_error(w, value, "`%s` is in this pool already, %s", value->text,
				     walker_first(w, pool->backends[k].pos, value));
			break;
		}
	}
}

/* "1.25": from 1 to 10, at most four decimals. */
static bool is_bound(const char *text)
{
	size_t whole = strspn(text, "0123456789"), decimals = 0;

	if (text[whole] == '.')
		decimals = strspn(text + whole + 1, "0123456789");
	if (whole == 0 || whole > 2 || decimals > 4 || (text[whole] == '.' && decimals == 0) ||
	    text[whole + decimals + (text[whole] == '.')] != '\0')
		return false;
	return text[0] != '0' && (whole == 1 || (!strncmp(text, "10", 2) &&
						 strspn(text + whole + 1, "0") == decimals));
}

void check_hash_bound(struct walker *w, const struct key *key, const struct yaml_node *node,
		      void *base)
{
	if (node->kind != YAML_SCALAR || !node->is_plain || !is_bound(node->text))
		walker_error(w, node, "expected %s, such as 1.25", key->shape);
}

void check_hash(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct yaml_node *by = yaml_get(node, "by");

	if (!by || by->kind != YAML_SCALAR || !strcmp(by->text, "source") ||
	    !strcmp(by->text, "cookie") || !strcmp(by->text, "path") ||
	    (!strncmp(by->text, "header:", 7) && by->text[7]))
		return;
	walker_error(w, by, "expected one of: source, cookie, path, header:NAME");
}

void check_discover(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct yaml_node *dns = yaml_get(node, "dns"), *file = yaml_get(node, "file");
	const struct yaml_node *type = yaml_get(node, "type"), *port = yaml_get(node, "port");
	bool is_srv = type && type->kind == YAML_SCALAR && !strcmp(type->text, "SRV");

	if (!dns == !file)
		walker_error_key(w, node, "expected one of `dns` and `file`");
	if (file && type)
		walker_error_key(w, type, "`type` is for `dns`");
	if (port && (file || is_srv))
		walker_error_key(w, port, "`port` is for `dns` with type A or AAAA");
	if (dns && !file && !is_srv && !port)
		walker_error_key(w, node, "`port` is missing: addresses alone have none");
}

void check_site_tls(struct walker *w, const struct key *key, const struct yaml_node *node,
		    void *base)
{
	static const struct key list = {
		.name = "tls",
		.type = KEY_LIST,
		.item = KEY_STRUCT,
		.of = keys_site_tls,
		.n_min = 1,
		.n_max = 1024,
	};
	static const struct key one = { .name = "tls", .type = KEY_STRUCT, .of = keys_site_tls };

	walker_value(w, node->kind == YAML_SEQUENCE ? &list : &one, node, NULL);
}

void check_rewrite(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct yaml_node *prefix = yaml_get(node, "prefix");

	if (node->n == 0)
		walker_error(w, node, "nothing is rewritten, expected `prefix`, `host` or both");
	if (prefix && prefix->kind == YAML_SCALAR && prefix->text[0] != '/')
		walker_error(w, prefix, "a path begins with `/`");
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
	const struct yaml_node *redirect = yaml_get(node, "redirect");

	if (pool && split)
		walker_error_key(w, split, "`split` beside `pool`, expected one of them");
	if (redirect && (pool || split))
		walker_error_key(w, redirect, "`redirect` beside `%s`, expected one of them",
				 pool ? "pool" : "split");
	if (!pool && !split && !redirect)
		walker_error(w, node, "no pool, expected `pool`, `split` or `redirect`");
	if (redirect && yaml_get(node, "rewrite"))
		walker_error_key(w, yaml_get(node, "rewrite"), "`rewrite` is for a pool");
	if (yaml_get(node, "ramp") && !split)
		walker_error_key(w, yaml_get(node, "ramp"), "`ramp` is for a `split`");
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
				walker_error_key(w, node, "the service `%s` is here twice, %s", a,
						 walker_first(w, c->services[k].pos, node));
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

/* They are not in effect yet: a pool goes on with its other monitors. */
static void leave_composites_out(struct regiond_config *c)
{
	for (size_t i = 0; i < c->n_pools; i++) {
		struct config_backend_pool *pool = &c->pools[i];
		size_t n = 0;

		for (size_t k = 0; k < pool->n_monitors; k++) {
			uint32_t index = pool->monitors[k];

			if (index >= c->n_monitors || c->monitors[index].n_of == 0)
				pool->monitors[n++] = index;
		}
		pool->n_monitors = n;
	}
}

void check_regiond(struct walker *w, void *config)
{
	struct regiond_config *c = config;
	const struct yaml_node *directors = yaml_get(w->root, "directors");

	check_texts_differ(w, directors);
	check_listen(w);
	check_names(w, c);
	check_composites(w, c->monitors, c->n_monitors);
	leave_composites_out(c);
	if (directors && !c->has_tls)
		walker_error_key(w, directors,
				 "`directors` need `tls`: they know this node by its "
				 "certificate");
}
