/* SPDX-License-Identifier: Apache-2.0 */
/* check_dnsd: what one key of dnsd.yaml alone cannot tell. */
#include "schema/config/check.h"
#include "schema/config/custom_dnsd.h"
#include "schema/config/dnsd_config.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

void check_state(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct dnsd_config *config = entry;
	const struct yaml_node *path = yaml_get(node, "path");
	const struct yaml_node *directory = yaml_get(yaml_get(node, "backup"), "directory");

	if (config && path)
		config->state.path_pos = walker_pos(path);
	if (config && directory)
		config->state.backup_pos = walker_pos(directory);
}

void check_geo(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct dnsd_config *config = entry;
	const struct yaml_node *list = yaml_get(node, "databases"), *path;
	struct config_pos *pos;

	check_texts_differ(w, list);
	if (!config || config->geo.n_databases == 0)
		return;
	pos = arena_array(w->memory, config->geo.n_databases, sizeof(*pos));
	config->geo.pos = pos;
	if (!pos)
		return;
	for (path = list->first; path; path = path->next)
		*pos++ = walker_pos(path);
}

/* Keys of `mapping` that only one mode has. */
static void check_mode_key(struct walker *w, const struct yaml_node *node, const char *mode,
			   const char *key, const char *of_mode)
{
	const struct yaml_node *value = yaml_get(node, key);
	bool is_wanted = !strcmp(mode, of_mode);

	if (value && !is_wanted)
		walker_error_key(w, value, "`%s` is for mode %s", key, of_mode);
	if (!value && is_wanted)
		walker_error_key(w, node, "`%s` is missing: mode %s needs it", key, of_mode);
}

void check_cluster(struct walker *w, const struct yaml_node *node, void *entry)
{
	const struct yaml_node *mode = yaml_get(node, "mode"), *urls = yaml_get(node, "endpoints");

	if (!mode || mode->kind != YAML_SCALAR)
		return;
	check_mode_key(w, node, mode->text, "of", "secondary");
	check_mode_key(w, node, mode->text, "endpoints", "etcd");
	if (strcmp(mode->text, "etcd") != 0)
		check_mode_key(w, node, mode->text, "prefix", "etcd");
	if (!urls || urls->kind != YAML_SEQUENCE)
		return;
	check_texts_differ(w, urls);
	for (const struct yaml_node *url = urls->first; url; url = url->next)
		if (url->kind == YAML_SCALAR && strncmp(url->text, "https://", 8) != 0 &&
		    strncmp(url->text, "http://", 7) != 0)
			walker_error(w, url, "not a URL, expected one like https://10.0.0.1:2379");
}

void check_transfer_allow(struct walker *w, const struct yaml_node *node, void *entry)
{
	if (node->kind == YAML_MAPPING && node->n == 0)
		walker_error(w, node, "nobody is named, expected `tsig`, `prefix` or both");
}

static const struct yaml_node *member_node(const struct yaml_node *pool, size_t member)
{
	const struct yaml_node *node = yaml_get(pool, "members")->first;

	while (member-- > 0)
		node = node->next;
	return node;
}

/* The value of the n-th address of a pool's members, for its place. */
static const struct yaml_node *address_node(const struct yaml_node *pool, size_t member,
					    size_t address)
{
	const struct yaml_node *node = yaml_get(member_node(pool, member), "addresses")->first;

	while (address-- > 0)
		node = node->next;
	return node;
}

static bool is_address_before(const struct config_pool *pool, size_t member, size_t address)
{
	const struct addr *a = &pool->members[member].addresses[address];

	for (size_t m = 0; m <= member; m++) {
		const struct config_member *other = &pool->members[m];
		size_t n = m < member ? other->n_addresses : address;

		for (size_t i = 0; i < n; i++)
			if (a->family && addr_is_equal(a, &other->addresses[i]))
				return true;
	}
	return false;
}

void check_dnsd_pool(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_pool *pool = entry;

	if (!pool)
		return;
	if (!yaml_get(node, "monitor"))
		pool->monitor = -1;
	for (size_t m = 0; m < pool->n_members; m++)
		if (!yaml_get(member_node(node, m), "monitor"))
			pool->members[m].monitor = -1;
	for (size_t m = 0; m < pool->n_members; m++)
		for (size_t i = 0; i < pool->members[m].n_addresses; i++)
			if (is_address_before(pool, m, i)) {
				const struct yaml_node *at = address_node(node, m, i);

				walker_error(w, at, "`%s` is in this pool already", at->text);
			}
}

void check_dnsd_service(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_service *service = entry;

	if (service && !yaml_get(node, "failback"))
		service->failback_auto = service->mode == MODE_ACTIVE_ACTIVE;
}

/* Names become numbers here, where a slow directory holds up nobody but the reader of the file. */
static void look_up(struct walker *w, const struct yaml_node *node, struct config_access *access)
{
	const char *name = strchr(access->who, ':') + 1;
	const struct passwd *user = access->kind == ACCESS_USER ? getpwnam(name) : NULL;
	const struct group *group = access->kind == ACCESS_GROUP ? getgrnam(name) : NULL;

	access->id = user ? user->pw_uid : group ? group->gr_gid : CONFIG_NO_ID;
	if (access->id == CONFIG_NO_ID)
		report_note(w->report, yaml_get(node, "who")->at,
			    "this machine has no %s `%s`: this entry lets nobody in",
			    access->kind == ACCESS_USER ? "user" : "group", name);
}

/* Of an entry for some services only: more than reading would be a right nobody gave. */
void check_access(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_access *access = entry;

	if (!access)
		return;
	if (yaml_get(node, "services"))
		access->role = ACCESS_VIEWER;
	if (!access->who)
		return;
	access->kind = strncmp(access->who, "user:", 5) == 0	? ACCESS_USER
		       : strncmp(access->who, "group:", 6) == 0 ? ACCESS_GROUP
								: ACCESS_PATTERN;
	if (access->kind != ACCESS_PATTERN)
		look_up(w, node, access);
}

void check_client(struct walker *w, const struct yaml_node *node, void *entry)
{
	struct config_topology *rule = entry;
	const char *name = node->first ? node->first->key->text : "";

	if (node->n > 1)
		walker_error(w, node,
			     "%zu keys, expected one: all that is said must be one "
			     "condition",
			     node->n);
	if (!rule)
		return;
	rule->kind = !strcmp(name, "prefix")	  ? TOPOLOGY_PREFIX
		     : !strcmp(name, "country")	  ? TOPOLOGY_COUNTRY
		     : !strcmp(name, "continent") ? TOPOLOGY_CONTINENT
		     : !strcmp(name, "asn")	  ? TOPOLOGY_ASN
						  : TOPOLOGY_ANY;
}

static bool is_below(const char *name, const char *zone)
{
	size_t name_len = strlen(name), zone_len = strlen(zone);

	if (strcmp(zone, ".") == 0)
		return true;
	if (name_len < zone_len || strcmp(name + name_len - zone_len, zone) != 0)
		return false;
	return name_len == zone_len || name[name_len - zone_len - 1] == '.';
}

static int compare_zones(const void *x, const void *y)
{
	const struct config_zone *a = *(const struct config_zone *const *)x;
	const struct config_zone *b = *(const struct config_zone *const *)y;
	int order = strcmp(a->name ? a->name : "", b->name ? b->name : "");

	return order ? order : a < b ? -1 : a > b;
}

/* By zone: the first of the same name, when it is not itself. There may be tens of thousands. NULL
 * without memory, which the build of the zones will tell. */
static const struct config_zone **find_twice(const struct dnsd_config *c)
{
	const struct config_zone **sorted = calloc(c->n_zones + 1, sizeof(*sorted));
	const struct config_zone **first = calloc(c->n_zones + 1, sizeof(*first));

	for (size_t i = 0; sorted && i < c->n_zones; i++)
		sorted[i] = &c->zones[i];
	if (sorted)
		qsort(sorted, c->n_zones, sizeof(*sorted), compare_zones);
	for (size_t i = 1, head = 0; sorted && first && i < c->n_zones; i++) {
		const char *name = sorted[i]->name;

		if (!name || !sorted[head]->name || strcmp(sorted[head]->name, name) != 0)
			head = i;
		else
			first[sorted[i] - c->zones] = sorted[head];
	}
	free(sorted);
	return first;
}

static void check_zones(struct walker *w, struct dnsd_config *c)
{
	const struct yaml_node *list = yaml_get(w->root, "zones");
	const struct yaml_node *node = list ? list->first : NULL;
	const struct config_zone **first = find_twice(c);

	for (size_t i = 0; i < c->n_zones; i++, node = node->next) {
		const char *name = c->zones[i].name;
		const struct yaml_node *value = yaml_get(node, "name");
		const struct yaml_node *file = yaml_get(node, "file");

		if (file)
			c->zones[i].file_pos = walker_pos(file);
		if (!name)
			continue;
		if (*name == '*')
			walker_error(w, value, "`%s` cannot be a zone", name);
		if (first && first[i])
			walker_error(w, value, "the zone `%s` is here twice, %s", name,
				     walker_first(w, first[i]->pos, value));
	}
	free(first);
}

static bool is_in_a_zone(const struct dnsd_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_zones; i++)
		if (!c->zones[i].name || is_below(name, c->zones[i].name))
			return true; /* a zone whose name is wrong is error enough */
	return false;
}

/* Whether a reference was found: else its index means nothing, and the error is said already. */
static bool is_named(const struct yaml_node *value, const char *name)
{
	return value && value->kind == YAML_SCALAR && name && !strcmp(value->text, name);
}

static bool has_region(const struct config_pool *pool, uint32_t region)
{
	for (size_t i = 0; i < pool->n_members; i++)
		if (pool->members[i].region == region)
			return true;
	return false;
}

/* A fence whose regions the pool does not have would leave its clients with nothing. */
static void check_fence(struct walker *w, const struct dnsd_config *c,
			const struct config_service *service, const struct yaml_node *node)
{
	const struct yaml_node *value = yaml_get(node, "fence");
	const struct yaml_node *places = value ? value->first : NULL;

	if (service->pool >= c->n_pools ||
	    !is_named(yaml_get(node, "pool"), c->pools[service->pool].name))
		return;
	for (size_t i = 0; i < service->n_fences; i++, places = places->next) {
		const struct config_fence *fence = &service->fences[i];
		const struct yaml_node *region = places->first;

		for (size_t k = 0; k < fence->n_regions; k++, region = region->next)
			if (fence->regions[k] < c->n_regions &&
			    is_named(region, c->regions[fence->regions[k]].name) &&
			    !has_region(&c->pools[service->pool], fence->regions[k]))
				walker_error(w, region, "`%s` has no member in the pool `%s`",
					     region->text, c->pools[service->pool].name);
	}
}

static void check_services(struct walker *w, const struct dnsd_config *c)
{
	const struct yaml_node *map = yaml_get(w->root, "services");
	const struct yaml_node *node = map ? map->first : NULL;

	for (size_t i = 0; i < c->n_services; i++, node = node->next) {
		const char *name = c->services[i].name;

		if (!name)
			continue;
		if (!is_in_a_zone(c, name))
			walker_error_key(w, node, "`%s` is not in any of the zones", name);
		for (size_t k = 0; k < i; k++) {
			const char *other = c->services[k].name;

			/* Equal as written is said by the walker already. */
			if (other && !strcmp(other, name) &&
			    yaml_get(map, node->key->text) == node) {
				walker_error_key(w, node, "the service `%s` is here twice, %s",
						 name, walker_first(w, c->services[k].pos, node));
				break;
			}
		}
		check_fence(w, c, &c->services[i], node);
	}
}

/* The monitor that `value` names; NULL when it names none. */
static const struct config_monitor *monitor_of(const struct dnsd_config *c, int32_t index,
					       const struct yaml_node *value)
{
	if (index < 0 || (size_t)index >= c->n_monitors ||
	    !is_named(value, c->monitors[index].name))
		return NULL;
	return &c->monitors[index];
}

static void check_port(struct walker *w, const struct dnsd_config *c,
		       const struct config_monitor *m, const struct yaml_node *value)
{
	for (size_t i = 0; i < m->n_of; i++)
		if (m->of[i] < c->n_monitors && c->monitors[m->of[i]].n_of == 0)
			check_port(w, c, &c->monitors[m->of[i]], value);
	if (m->n_of == 0 && m->port == 0 && m->type != MONITOR_ICMP)
		walker_error(w, value,
			     "the monitor `%s` has no `port`: a pool of regions needs one",
			     m->name);
}

/* A composite is not in effect yet: whoever names it is not checked by it. */
static void check_pool_monitors(struct walker *w, const struct dnsd_config *c)
{
	const struct yaml_node *map = yaml_get(w->root, "pools");
	const struct yaml_node *node = map ? map->first : NULL;

	for (size_t i = 0; i < c->n_pools; i++, node = node->next) {
		struct config_pool *pool = &c->pools[i];
		const struct yaml_node *value = yaml_get(node, "monitor");
		const struct config_monitor *m = monitor_of(c, pool->monitor, value);

		if (m)
			check_port(w, c, m, value);
		if (m && m->n_of > 0)
			pool->monitor = -1;
		for (size_t k = 0; k < pool->n_members; k++) {
			value = yaml_get(member_node(node, k), "monitor");
			m = monitor_of(c, pool->members[k].monitor, value);
			if (m)
				check_port(w, c, m, value);
		}
	}
}

/* ---- what works, and probably not as it was meant ---- */

static bool has_family(const struct config_member *m, uint8_t family)
{
	for (size_t i = 0; i < m->n_addresses; i++)
		if (m->addresses[i].family == family)
			return true;
	return false;
}

/* Whether some service answers from the pool and says nothing where a family is missing. */
static bool is_served_strictly(const struct dnsd_config *c, size_t pool)
{
	for (size_t i = 0; i < c->n_services; i++)
		if (c->services[i].pool == pool && !c->services[i].family_next)
			return true;
	return false;
}

static void note_family(struct walker *w, const struct dnsd_config *c, size_t index, uint8_t family)
{
	const struct config_pool *pool = &c->pools[index];
	bool has_any = false;

	for (size_t m = 0; m < pool->n_members; m++)
		has_any |= has_family(&pool->members[m], family);
	for (size_t m = 0; has_any && m < pool->n_members; m++) {
		const struct config_member *member = &pool->members[m];

		if (member->n_addresses > 0 && member->region < c->n_regions &&
		    !has_family(member, family))
			report_note(w->report,
				    ((struct report_place){ member->pos.line, member->pos.column, 1,
							    member->pos.file }),
				    "`%s` has no IPv%d address here: clients that get it are "
				    "answered with no data for %s",
				    c->regions[member->region].name, family,
				    family == 6 ? "AAAA" : "A");
	}
}

static bool is_checked(const struct yaml_node *pool)
{
	const struct yaml_node *members = yaml_get(pool, "members");

	if (yaml_get(pool, "monitor"))
		return true;
	for (const struct yaml_node *m = members ? members->first : NULL; m; m = m->next)
		if (!yaml_get(m, "monitor"))
			return false;
	return true;
}

static void check_pools(struct walker *w, const struct dnsd_config *c)
{
	const struct yaml_node *map = yaml_get(w->root, "pools");
	const struct yaml_node *node = map ? map->first : NULL;

	for (size_t i = 0; i < c->n_pools; i++, node = node->next) {
		if (node->kind == YAML_MAPPING && !is_checked(node))
			report_warning(
				w->report, yaml_place(node),
				"`%s` has no `monitor`: nobody sees its members from outside, "
				"and a region that dies without a word stays in the answers",
				node->key->text);
		if (!is_served_strictly(c, i))
			continue;
		note_family(w, c, i, 4);
		note_family(w, c, i, 6);
	}
}

static void check_safety(struct walker *w, const struct dnsd_config *c)
{
	const struct yaml_node *min = yaml_get(yaml_get(w->root, "safety"), "min_regions");

	if (min && c->safety.min_regions > c->n_regions)
		walker_error(w, min, "`min_regions` is %u, and there are %zu regions",
			     c->safety.min_regions, c->n_regions);
}

static void check_listen(struct walker *w, const struct dnsd_config *c)
{
	static const char *const single[] = { "control", "api", "http" };
	const struct yaml_node *listen = yaml_get(w->root, "listen");
	struct check_endpoints seen = { .w = w };

	check_endpoint_list(&seen, yaml_get(listen, "dns"));
	check_endpoint_list(&seen, yaml_get(listen, "dot"));
	for (size_t i = 0; i < 3; i++) {
		const struct yaml_node *node = yaml_get(listen, single[i]);

		check_endpoint(&seen, node);
		if (node && i < 2 && !c->has_tls)
			walker_error_key(w, node,
					 "`listen.%s` needs `tls`: peers are known by "
					 "their certificates",
					 single[i]);
	}
}

void check_dnsd(struct walker *w, void *config)
{
	struct dnsd_config *c = config;

	check_listen(w, c);
	check_zones(w, c);
	check_composites(w, c->monitors, c->n_monitors);
	check_pool_monitors(w, c);
	check_pools(w, c);
	check_services(w, c);
	check_safety(w, c);
	check_access_list(w, c->fleet);
}
