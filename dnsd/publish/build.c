/* SPDX-License-Identifier: Apache-2.0 */
/* build: from a configuration and its loaded parts to a snapshot: blobs, members, rows. */
#include "dnsd/publish/build.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct build {
	const struct dnsd_config *config;
	const struct publish_parts *parts;
	const struct snapshot *previous;
	struct labels *labels;
	struct snapshot *snap;
	struct place *regions;
	struct rows **made; /* rankings of this build, for the services that share one */
	size_t n_made;
};

/* ---- blobs ---- */

static uint8_t *put_record(uint8_t *p, const struct addr *a, uint32_t ttl_s)
{
	uint16_t type = a->family == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
	uint16_t len = addr_bits(a) / 8;

	p = rrset_put_head(p, RRSET_OWNER_QNAME, type, ttl_s, len);
	memcpy(p, a->bytes, len);
	return p + len;
}

/* All addresses of one family, twice over, so that a rotated window is one copy. */
static enum err_code make_blob(struct arena *arena, const struct addr *addresses, size_t n,
			       uint8_t family, uint32_t ttl_s, struct snapshot_blob *out)
{
	size_t count = 0, rr_len = RRSET_RR_HEAD + (family == 4 ? 4u : 16u);
	uint8_t *p;

	for (size_t i = 0; i < n; i++)
		count += addresses[i].family == family;
	memset(out, 0, sizeof(*out));
	if (!count)
		return ERR_OK;
	p = arena_array(arena, 2 * count, rr_len);
	if (!p)
		return ERR_MEMORY;
	*out = (struct snapshot_blob){ .rrs = p,
				       .count = (uint16_t)count,
				       .rr_len = (uint16_t)rr_len };
	for (int twice = 0; twice < 2; twice++)
		for (size_t i = 0; i < n; i++)
			if (addresses[i].family == family)
				p = put_record(p, &addresses[i], ttl_s);
	return ERR_OK;
}

static enum err_code make_blobs(struct arena *arena, const struct addr *addresses, size_t n,
				uint32_t ttl_s, struct snapshot_blob out[SNAPSHOT_TYPES])
{
	enum err_code rc = make_blob(arena, addresses, n, 4, ttl_s, &out[SNAPSHOT_A]);

	return rc ? rc : make_blob(arena, addresses, n, 6, ttl_s, &out[SNAPSHOT_AAAA]);
}

/* ---- members ---- */

/* The same on every name server: what a rendezvous hash stands on. */
static uint64_t member_seed(const char *region, const struct config_member *m)
{
	uint64_t h = XXH3_64bits(region, strlen(region));

	for (size_t i = 0; i < m->n_addresses; i++)
		h = XXH3_64bits_withSeed(m->addresses[i].bytes, sizeof(m->addresses[i].bytes),
					 h + m->addresses[i].family);
	return h;
}

static void note_families(struct snapshot_member *to, const struct config_member *from)
{
	to->n_addresses = (uint32_t)from->n_addresses;
	for (size_t i = 0; i < from->n_addresses && i < 64; i++)
		to->sixes |= (uint64_t)(from->addresses[i].family == 6) << i;
}

static enum err_code make_members(struct build *b, size_t index)
{
	const struct config_service *cs = &b->config->services[index];
	const struct config_pool *pool = &b->config->pools[cs->pool];
	struct snapshot_service *s = &b->snap->services[index];
	struct snapshot_member *members =
		arena_array(b->snap->arena, pool->n_members, sizeof(*members));
	struct pick_member *picks = arena_array(b->snap->arena, pool->n_members, sizeof(*picks));

	s->out = arena_array(b->snap->arena, pool->n_members, sizeof(*s->out));
	if (!members || !picks || !s->out)
		return ERR_MEMORY;
	for (size_t i = 0; i < pool->n_members; i++) {
		const struct config_member *m = &pool->members[i];
		const char *region = b->config->regions[m->region].name;

		if (make_blobs(b->snap->arena, m->addresses, m->n_addresses, cs->ttl_s,
			       members[i].blob) != ERR_OK)
			return ERR_MEMORY;
		note_families(&members[i], m);
		members[i].counter = labels_slot(b->labels, cs->name, region);
		picks[i] = (struct pick_member){ .seed = member_seed(region, m),
						 .weight = m->weight,
						 .dial_ppm = 1000000 };
		for (int t = 0; t < SNAPSHOT_TYPES; t++)
			if (members[i].blob[t].count)
				s->with_type[t] |= UINT64_C(1) << i;
	}
	s->members = members;
	s->picks = picks;
	s->n_members = (uint32_t)pool->n_members;
	return ERR_OK;
}

/* ---- rows: shared by all services of one ranking, and with the generation before ---- */

static struct rows *find_rows(const struct build *b, uint64_t signature)
{
	for (size_t i = 0; i < b->n_made; i++)
		if (b->made[i]->signature == signature)
			return b->made[i];
	if (!b->previous || b->previous->clients != b->parts->clients)
		return NULL;
	for (size_t i = 0; i < b->previous->n_services; i++)
		if (b->previous->services[i].rows->signature == signature)
			return b->previous->services[i].rows;
	return NULL;
}

static enum err_code make_rows(struct build *b, size_t index, struct err *e)
{
	struct snapshot_service *s = &b->snap->services[index];
	struct rows_ranking ranking;
	enum err_code rc = rows_ranking_init(&ranking, b->config, index, b->regions);
	struct rows *found;

	if (rc != ERR_OK)
		return rc;
	found = find_rows(b, ranking.signature);
	if (found)
		s->rows = rows_ref(found);
	else
		rc = rows_build(&ranking, b->config, b->parts->clients, &s->rows, e);
	if (rc == ERR_OK && (!b->n_made || b->made[b->n_made - 1] != s->rows))
		b->made[b->n_made++] = s->rows;
	rows_ranking_fini(&ranking);
	return rc;
}

/* ---- services ---- */

static enum snapshot_last_resort last_resort_of(const struct config_pool *pool)
{
	switch (pool->last_resort) {
	case LAST_RESORT_NONE: return SNAPSHOT_NONE;
	case LAST_RESORT_ADDRESSES: return SNAPSHOT_FIXED;
	case LAST_RESORT_ALL: break;
	}
	return SNAPSHOT_ALL;
}

static enum err_code make_service(struct build *b, size_t index, struct err *e)
{
	const struct config_service *cs = &b->config->services[index];
	const struct config_pool *pool = &b->config->pools[cs->pool];
	struct snapshot_service *s = &b->snap->services[index];

	s->ttl_s = cs->ttl_s;
	s->answers = cs->answers;
	s->last_resort = last_resort_of(pool);
	s->family_next = cs->family_next;
	s->live = &b->snap->lives[index];
	s->turn = &b->snap->turns[index];
	if (make_members(b, index) != ERR_OK ||
	    make_blobs(b->snap->arena, pool->last_resort_addresses, pool->n_last_resort,
		       DECIDE_TTL_PANIC_S, s->fixed) != ERR_OK)
		return err_set(e, ERR_MEMORY, "service %s: out of memory", cs->name);
	for (int t = 0; t < SNAPSHOT_TYPES; t++)
		s->has_type[t] = s->with_type[t] || s->fixed[t].count;
	serving_store(s, &(struct publish_service_live){ .serve = UINT64_MAX, .ttl_s = cs->ttl_s });
	return make_rows(b, index, e);
}

void publish_set_live(struct snapshot *snap, uint32_t service,
		      const struct publish_service_live *live)
{
	struct snapshot_service *s = &snap->services[service];
	uint64_t dialled = 0;

	for (uint32_t i = 0; i < s->n_members; i++) {
		s->picks[i].dial_ppm = live->dial_ppm[i];
		if (live->dial_ppm[i] > 0 && live->dial_ppm[i] < PICK_SHARE_ALL)
			dialled |= UINT64_C(1) << i;
	}
	atomic_store_explicit(&s->live->dialled, dialled, memory_order_relaxed);
	serving_store(s, live);
}

static enum err_code build_init(struct build *b)
{
	const struct dnsd_config *c = b->config;
	struct snapshot *s = calloc(1, sizeof(*s));

	b->snap = s;
	b->regions = calloc(c->n_regions + 1, sizeof(*b->regions));
	b->made = calloc(c->n_services + 1, sizeof(struct rows *));
	if (!s || !b->regions || !b->made)
		return ERR_MEMORY;
	s->arena = arena_new();
	if (!s->arena)
		return ERR_MEMORY;
	s->services = arena_array(s->arena, c->n_services + 1, sizeof(*s->services));
	s->lives = arena_array(s->arena, c->n_services + 1, sizeof(*s->lives));
	s->turns = arena_array(s->arena, c->n_services + 1, sizeof(*s->turns));
	if (!s->services || !s->lives || !s->turns)
		return ERR_MEMORY;
	s->n_services = (uint32_t)c->n_services;
	s->zones = zone_set_ref(b->parts->zones);
	s->clients = client_map_ref(b->parts->clients);
	s->nsid_len = (uint16_t)strnlen(c->node, sizeof(s->nsid));
	memcpy(s->nsid, c->node, s->nsid_len);
	publish_region_places(c, b->regions);
	return ERR_OK;
}

static void build_fini(struct build *b)
{
	free(b->regions);
	free(b->made);
}

void publish_region_places(const struct dnsd_config *config, struct place *out)
{
	for (size_t i = 0; i < config->n_regions; i++) {
		const struct config_region *r = &config->regions[i];

		memset(&out[i], 0, sizeof(out[i]));
		out[i].lat_e4 = r->lat_e4;
		out[i].lon_e4 = r->lon_e4;
		out[i].has_position = r->has_place;
		memcpy(out[i].country, r->country, sizeof(out[i].country));
		out[i].continent = place_continent_of(r->country);
	}
}

enum err_code publish_build(const struct dnsd_config *config, const struct publish_parts *parts,
			    const struct snapshot *previous, struct labels *labels,
			    struct snapshot **out, struct err *e)
{
	struct build b = {
		.config = config, .parts = parts, .previous = previous, .labels = labels
	};
	enum err_code rc = build_init(&b);

	if (rc != ERR_OK)
		err_set(e, rc, "snapshot: out of memory");
	for (size_t i = 0; rc == ERR_OK && i < config->n_services; i++)
		rc = make_service(&b, i, e);
	build_fini(&b);
	if (rc != ERR_OK) {
		snapshot_free(b.snap);
		return rc;
	}
	b.snap->generation = previous ? previous->generation + 1 : 1;
	*out = b.snap;
	return ERR_OK;
}

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->services && i < s->n_services; i++)
		rows_unref(s->services[i].rows);
	zone_set_unref(s->zones);
	client_map_unref(s->clients);
	arena_free(s->arena);
	free(s);
}
