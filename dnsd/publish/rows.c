/* SPDX-License-Identifier: Apache-2.0 */
/* rows: for each class of clients, the groups of members in their order, interned. */
#include "dnsd/publish/rows.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- the ranking: what a service's rows depend on besides the class ---- */

static enum rank_method method_of(enum pool_method m)
{
	switch (m) {
	case METHOD_ASSIGN: return RANK_ASSIGN;
	case METHOD_LATENCY: return RANK_LATENCY;
	case METHOD_GEO: return RANK_GEO;
	case METHOD_WEIGHTED: return RANK_WEIGHTED;
	case METHOD_ORDER: return RANK_ORDER;
	}
	return RANK_GEO;
}

static enum err_code copy_fences(struct rows_ranking *k, const struct config_service *service)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < service->n_fences; i++)
		n += service->fences[i].n_regions;
	k->fences = calloc(service->n_fences + 1, sizeof(*k->fences));
	k->fence_regions = calloc(n + 1, sizeof(*k->fence_regions));
	if (!k->fences || !k->fence_regions)
		return ERR_MEMORY;
	for (size_t i = 0; i < service->n_fences; i++) {
		const struct config_fence *from = &service->fences[i];
		struct rank_fence *to = &k->fences[i];

		if (from->is_continent)
			to->continent = place_continent_parse(from->place);
		else
			memcpy(to->country, from->place, sizeof(to->country));
		to->regions = k->fence_regions + at;
		to->n_regions = from->n_regions;
		for (size_t j = 0; j < from->n_regions; j++)
			k->fence_regions[at++] = (uint16_t)from->regions[j];
	}
	return ERR_OK;
}

static uint64_t signature_of(const struct rows_ranking *k, const struct config_service *service)
{
	const struct rank_input *in = &k->input;
	uint64_t h = XXH3_64bits_withSeed(in->regions, in->n_regions * sizeof(*in->regions),
					  (uint64_t)in->method + 1);

	for (size_t i = 0; i < in->n_members; i++) {
		uint32_t word[2] = { in->members[i].region, in->members[i].tier };

		h = XXH3_64bits_withSeed(word, sizeof(word), h);
	}
	for (size_t i = 0; i < service->n_fences; i++) {
		const struct config_fence *f = &service->fences[i];

		h = XXH3_64bits_withSeed(f->place, sizeof(f->place), h + f->is_continent);
		h = XXH3_64bits_withSeed(f->regions, f->n_regions * sizeof(*f->regions), h);
	}
	return h;
}

enum err_code rows_ranking_init(struct rows_ranking *k, const struct dnsd_config *config,
				size_t service, const struct place *regions)
{
	const struct config_service *s = &config->services[service];
	const struct config_pool *pool = &config->pools[s->pool];

	memset(k, 0, sizeof(*k));
	for (size_t i = 0; i < pool->n_members && i < RANK_MEMBERS_MAX; i++)
		k->members[i] = (struct rank_member){
			.region = (uint16_t)pool->members[i].region,
			.tier = (uint8_t)pool->members[i].tier,
			.weight = pool->members[i].weight,
		};
	if (copy_fences(k, s) != ERR_OK) {
		rows_ranking_fini(k);
		return ERR_MEMORY;
	}
	k->input = (struct rank_input){
		.method = method_of(pool->method),
		.members = k->members,
		.n_members = pool->n_members,
		.regions = regions,
		.n_regions = config->n_regions,
		.fences = k->fences,
		.n_fences = s->n_fences,
	};
	k->signature = signature_of(k, s);
	return ERR_OK;
}

void rows_ranking_fini(struct rows_ranking *k)
{
	free(k->fences);
	free(k->fence_regions);
	k->fences = NULL;
	k->fence_regions = NULL;
}

void rows_class_input(const struct rows_ranking *k, const struct dnsd_config *config,
		      const struct client_map *clients, uint32_t class, struct place *place,
		      uint16_t *prefer, struct rank_input *out)
{
	const struct client_class *c = client_map_class(clients, class);

	*out = k->input;
	*place = c->place;
	out->client = place;
	out->prefer = prefer;
	out->n_prefer = 0;
	if (c->topology < 0 || (size_t)c->topology >= config->n_topology)
		return;
	for (size_t i = 0; i < config->topology[c->topology].n_prefer; i++) {
		if (out->n_prefer == CONFIG_MEMBERS_MAX)
			break;
		prefer[out->n_prefer++] = (uint16_t)config->topology[c->topology].prefer[i];
	}
}

/* ---- the rows ---- */

/* Interning while building: open addressing over offsets into words. */
struct intern {
	struct rows *rows;
	uint32_t *buckets; /* offset + 1, 0 = empty */
	size_t n_buckets, room;
};

static uint64_t head_of(const struct rank_row *row)
{
	uint64_t head = row->n_groups;

	for (size_t i = 0; i < row->n_groups; i++)
		if (row->groups[i] & (row->groups[i] - 1))
			head |= ROWS_TIE;
	return head;
}

static enum err_code intern_row(struct intern *t, const struct rank_row *row, uint32_t *offset)
{
	struct rows *r = t->rows;
	size_t len = row->n_groups + 2;
	uint64_t h;

	if (r->n_words + len > t->room) {
		size_t room = (r->n_words + len) * 2;
		uint64_t *words = realloc(r->words, room * sizeof(*words));

		if (!words)
			return ERR_MEMORY;
		r->words = words;
		t->room = room;
	}
	r->words[r->n_words] = head_of(row);
	memcpy(r->words + r->n_words + 1, row->groups, row->n_groups * sizeof(uint64_t));
	r->words[r->n_words + 1 + row->n_groups] = row->allowed;
	h = XXH3_64bits(r->words + r->n_words, len * sizeof(uint64_t));
	for (size_t i = h & (t->n_buckets - 1);; i = (i + 1) & (t->n_buckets - 1)) {
		if (!t->buckets[i]) {
			t->buckets[i] = (uint32_t)r->n_words + 1;
			*offset = (uint32_t)r->n_words;
			r->n_words += len;
			return ERR_OK;
		}
		if (memcmp(r->words + t->buckets[i] - 1, r->words + r->n_words,
			   len * sizeof(uint64_t)) == 0) {
			*offset = t->buckets[i] - 1;
			return ERR_OK;
		}
	}
}

static enum err_code fill(struct intern *t, const struct rows_ranking *k,
			  const struct dnsd_config *config, const struct client_map *clients)
{
	uint16_t prefer[CONFIG_MEMBERS_MAX];
	struct rank_input in;
	struct rank_row row;
	struct place place;

	for (uint32_t c = 0; c < t->rows->n_classes; c++) {
		rows_class_input(k, config, clients, c, &place, prefer, &in);
		rank_members(&in, &row);
		if (intern_row(t, &row, &t->rows->index[c]) != ERR_OK)
			return ERR_MEMORY;
		t->rows->is_uniform &= t->rows->index[c] == t->rows->index[0];
	}
	return ERR_OK;
}

enum err_code rows_build(const struct rows_ranking *k, const struct dnsd_config *config,
			 const struct client_map *clients, struct rows **out, struct err *e)
{
	struct rows *r = calloc(1, sizeof(*r));
	struct intern t = { .rows = r, .n_buckets = 64 };

	if (!r)
		return err_set(e, ERR_MEMORY, "rows: out of memory");
	r->refs = 1;
	r->is_uniform = true;
	r->signature = k->signature;
	r->n_classes = client_map_class_count(clients);
	while (t.n_buckets < 2u * r->n_classes)
		t.n_buckets *= 2;
	r->index = malloc((r->n_classes + 1) * sizeof(*r->index));
	t.buckets = calloc(t.n_buckets, sizeof(*t.buckets));
	if (!r->index || !t.buckets || fill(&t, k, config, clients) != ERR_OK) {
		free(t.buckets);
		rows_unref(r);
		return err_set(e, ERR_MEMORY, "rows: out of memory for %u classes",
			       client_map_class_count(clients));
	}
	free(t.buckets);
	*out = r;
	return ERR_OK;
}

static uint64_t first_of(const uint64_t *groups, size_t n, uint64_t serve, uint64_t forced)
{
	uint64_t first = 0;

	for (size_t i = 0; forced & serve & groups[n] && !first && i < n; i++)
		first = groups[i] & serve & forced;
	for (size_t i = 0; !first && i < n; i++)
		first = groups[i] & serve;
	return first;
}

uint64_t rows_active(const struct rows *r, const struct pick_live *live)
{
	uint64_t active = 0, all = live->serve | live->spare;

	for (size_t at = 0, n; at < r->n_words && active != all; at += n + 2) {
		const uint64_t *groups = r->words + at + 1;
		uint64_t first;

		n = (size_t)(r->words[at] & ~ROWS_TIE);
		first = first_of(groups, n, live->serve, live->forced);
		active |= first ? first : first_of(groups, n, live->spare, live->forced);
	}
	return active;
}

bool rows_leave_alone(const struct rows *r, uint64_t was, uint64_t is)
{
	for (size_t at = 0, n; at < r->n_words; at += n + 2) {
		n = (size_t)(r->words[at] & ~ROWS_TIE);
		if (r->words[at + 1 + n] & was && !(r->words[at + 1 + n] & is))
			return true;
	}
	return false;
}

struct rows *rows_ref(struct rows *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void rows_unref(struct rows *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(r->index);
	free(r->words);
	free(r);
}
