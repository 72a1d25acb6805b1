/* SPDX-License-Identifier: Apache-2.0 */
/* load: the slow parts of a snapshot, zones and client map, read anew only where something changed.
 */
#include "dnsd/client/mmdb.h"
#include "dnsd/publish/publish.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

/* What the configuration names there cannot be used: a line of the report, and the first one goes
 * to the caller. Returns the code of the first. */
static enum err_code blame(const struct dnsd_config *config, const struct config_pos *pos,
			   struct err *why, enum err_code code, struct buf *report,
			   enum err_code first, struct err *e)
{
	err_wrap(why, code, "%s:%u:%u: error", config->file, pos->line, pos->column);
	if (report)
		buf_printf(report, "%s\n", why->text);
	if (first == ERR_OK && e)
		*e = *why;
	return first == ERR_OK ? code : first;
}

/* ---- zones ---- */

static struct zone *find_old(const struct publish_parts *old, const struct config_zone *want)
{
	struct name origin;
	struct zone *z;

	if (!old || !old->zones || name_parse(want->name, NULL, &origin, NULL) != ERR_OK)
		return NULL;
	z = zone_set_by_origin(old->zones, origin.wire, origin.len);
	return z && strcmp(zone_path(z), want->file) == 0 && zone_is_current(z) ? z : NULL;
}

/* Goes on after a bad zone, so that one run shows the mistakes of all. */
static enum err_code load_zones(const struct dnsd_config *config, const struct publish_parts *old,
				uint64_t seed, struct zone **zones, struct buf *report,
				struct err *e)
{
	const struct zone_limits limits = { .seed = seed, .include_depth = ZONE_INCLUDE_DEPTH };
	enum err_code rc = ERR_OK;

	for (size_t i = 0; i < config->n_zones; i++) {
		const struct config_zone *want = &config->zones[i];
		struct zone *kept = find_old(old, want);
		enum err_code one;
		struct err why;

		if (kept) {
			zones[i] = zone_ref(kept);
			continue;
		}
		one = zone_load(want->file, want->name, &limits, &zones[i], report, &why);
		if (one != ERR_OK) {
			err_wrap(&why, one, "zone %s", want->name);
			rc = blame(config, &want->pos, &why, one, report, rc, e);
		}
	}
	return rc;
}

static enum err_code make_set(const struct dnsd_config *config, struct zone **zones,
			      struct zone_set **out, struct buf *report, struct err *e)
{
	struct zone_service *services = calloc(config->n_services + 1, sizeof(*services));
	enum err_code rc;

	if (!services)
		return err_set(e, ERR_MEMORY, "zones: no memory");
	for (size_t i = 0; i < config->n_services; i++)
		services[i] = (struct zone_service){ config->services[i].name, (uint32_t)i };
	rc = zone_set_new(zones, config->n_zones, services, config->n_services, out, report, e);
	free(services);
	return rc;
}

static enum err_code load_set(const struct dnsd_config *config, const struct publish_parts *old,
			      uint64_t seed, struct zone_set **out, struct buf *report,
			      struct err *e)
{
	struct zone **zones = calloc(config->n_zones + 1, sizeof(struct zone *));
	enum err_code rc;

	if (!zones)
		return err_set(e, ERR_MEMORY, "zones: no memory");
	rc = load_zones(config, old, seed, zones, report, e);
	if (rc == ERR_OK)
		rc = make_set(config, zones, out, report, e);
	for (size_t i = 0; i < config->n_zones; i++)
		zone_unref(zones[i]);
	free(zones);
	return rc;
}

/* ---- the client map ---- */

static uint64_t mix(uint64_t h, const void *bytes, size_t len)
{
	return XXH3_64bits_withSeed(bytes, len, h ^ len);
}

static uint64_t mix_u32(uint64_t h, uint32_t v)
{
	return mix(h, &v, sizeof(v));
}

static uint64_t mix_topology(uint64_t h, const struct config_topology *t)
{
	h = mix_u32(h, (uint32_t)t->kind);
	h = mix(h, &t->prefix.addr.bytes, sizeof(t->prefix.addr.bytes));
	h = mix_u32(h, (uint32_t)t->prefix.addr.family << 8 | t->prefix.len);
	h = mix(h, t->place, strnlen(t->place, sizeof(t->place)));
	h = mix_u32(h, t->asn);
	return mix(h, t->prefer, t->n_prefer * sizeof(*t->prefer));
}

/* Of everything that decides the classes or the rows of a class. */
static uint64_t clients_signature(const struct dnsd_config *c)
{
	uint64_t h = 0;

	for (size_t i = 0; i < c->geo.n_databases; i++)
		h = mix(h, c->geo.databases[i], strlen(c->geo.databases[i]));
	for (size_t i = 0; i < c->n_regions; i++) {
		h = mix(h, c->regions[i].name, strlen(c->regions[i].name));
		h = mix_u32(h, (uint32_t)c->regions[i].lat_e4);
		h = mix_u32(h, (uint32_t)c->regions[i].lon_e4);
		h = mix_u32(h, c->regions[i].has_place);
	}
	for (size_t i = 0; i < c->n_topology; i++)
		h = mix_topology(h, &c->topology[i]);
	for (size_t i = 0; i < c->n_pools; i++) {
		h = mix_u32(h, (uint32_t)c->pools[i].method);
		for (size_t j = 0; j < c->pools[i].n_members; j++)
			h = mix_u32(h, c->pools[i].members[j].region);
	}
	for (size_t i = 0; i < c->n_services; i++) {
		const struct config_service *s = &c->services[i];

		if (s->n_fences)
			h = mix_u32(h, (uint32_t)s->n_fences);
		for (size_t j = 0; j < s->n_fences; j++) {
			h = mix(h, s->fences[j].place, sizeof(s->fences[j].place));
			h = mix_u32(h, s->fences[j].is_continent);
			h = mix(h, s->fences[j].regions,
				s->fences[j].n_regions * sizeof(*s->fences[j].regions));
		}
	}
	return h;
}

/* Opens each, so that one run shows all that cannot be. */
static enum err_code check_databases(const struct dnsd_config *config, struct buf *report,
				     struct err *e)
{
	enum err_code rc = ERR_OK;

	for (size_t i = 0; i < config->geo.n_databases; i++) {
		struct mmdb m;
		struct err why;
		enum err_code one = mmdb_open(config->geo.databases[i], &m, &why);

		if (one == ERR_OK)
			mmdb_close(&m);
		else
			rc = blame(config, &config->geo.pos[i], &why, one, report, rc, e);
	}
	return rc;
}

static enum err_code load_clients(const struct dnsd_config *config, const struct publish_parts *old,
				  bool is_fresh_geo, struct publish_parts *out, struct buf *report,
				  struct err *e)
{
	struct client_map_input in = client_map_input_of(config);
	enum err_code rc;

	out->clients_signature = clients_signature(config);
	if (old && old->clients && !is_fresh_geo &&
	    old->clients_signature == out->clients_signature) {
		out->clients = client_map_ref(old->clients);
		return ERR_OK;
	}
	rc = check_databases(config, report, e);
	return rc == ERR_OK ? client_map_build(&in, &out->clients, e) : rc;
}

/* ---- both ---- */

enum err_code publish_load(const struct dnsd_config *config, const struct publish_parts *old,
			   bool is_fresh_geo, struct publish_parts *out, struct buf *report,
			   struct err *e)
{
	struct publish_parts parts = { .seed = old ? old->seed : 0 };
	enum err_code rc;

	if (!parts.seed && getrandom(&parts.seed, sizeof(parts.seed), 0) != sizeof(parts.seed))
		return err_set(e, ERR_IO, "the system gives no random bytes");
	rc = load_set(config, old, parts.seed, &parts.zones, report, e);
	if (rc == ERR_OK)
		rc = load_clients(config, old, is_fresh_geo, &parts, report, e);
	else
		check_databases(config, report, NULL);
	if (rc != ERR_OK) {
		publish_parts_unref(&parts);
		return rc;
	}
	*out = parts;
	return ERR_OK;
}

enum err_code publish_load_geo(const struct dnsd_config *config, const struct publish_parts *old,
			       struct publish_parts *out, struct err *e)
{
	struct publish_parts parts = { .seed = old->seed };
	enum err_code rc = load_clients(config, NULL, true, &parts, NULL, e);

	if (rc != ERR_OK)
		return rc;
	parts.zones = zone_set_ref(old->zones);
	*out = parts;
	return ERR_OK;
}

void publish_parts_share(const struct publish_parts *p, struct publish_parts *out)
{
	*out = *p;
	zone_set_ref(out->zones);
	client_map_ref(out->clients);
}

void publish_parts_unref(struct publish_parts *p)
{
	zone_set_unref(p->zones);
	client_map_unref(p->clients);
	p->zones = NULL;
	p->clients = NULL;
}
