/* SPDX-License-Identifier: Apache-2.0 */
/* map: from a client's address to its class and its ECS scope, in tens of nanoseconds. */
#include "dnsd/client/map.h"

#include "dnsd/client/mmdb.h"
#include "dnsd/client/poptrie.h"
#include "dnsd/client/sweep.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* 18 bits come out best in the bench: a /24 is then one node away. For IPv6 /30, /36, /42, /48. */
#define DIRECT_BITS_4 18
#define DIRECT_BITS_6 18

struct client_map {
	struct poptrie v4, v6;
	struct client_class *classes;
	uint32_t n_classes;
	uint32_t nowhere;  /* the class of an address of no family */
	bool looks_inside; /* v6 forms of v4 addresses are looked up in v4 */
	struct client_map_stats stats;
	struct client_map_database *databases;
	size_t n_databases;
	atomic_uint references;
};

struct client_map_input client_map_input_of(const struct dnsd_config *config)
{
	return (struct client_map_input){
		.databases = config->geo.databases,
		.n_databases = config->geo.n_databases,
		.classes = {
			.regions = config->regions,
			.n_regions = config->n_regions,
			.topology = config->topology,
			.n_topology = config->n_topology,
			.services = config->services,
			.n_services = config->n_services,
			.pools = config->pools,
			.n_pools = config->n_pools,
		},
	};
}

/* ---- building ---- */

/* What a build works with. The step functions hold traits, then signatures, then classes. */
struct builder {
	const struct client_map_input *in;
	struct classes *classes;
	struct sweep v4, v6;
	uint32_t *signature; /* of each trait with no prefix rule, CLASSES_FAILED = not asked yet */
	bool failed;	     /* a callback ran out of memory */
	uint64_t weight;
};

static uint32_t trait_of(void *ctx, const struct place *p)
{
	struct builder *b = ctx;

	return classes_trait(b->classes, p);
}

static bool is_heavier(void *ctx, uint32_t trait, uint64_t weight)
{
	struct builder *b = ctx;

	b->weight = weight;
	return classes_is_heavier(b->classes, trait, weight);
}

static void represent(void *ctx, uint32_t trait, const struct place *p)
{
	struct builder *b = ctx;

	classes_represent(b->classes, trait, b->weight, p);
}

static uint32_t join_traits(void *ctx, uint32_t earlier, uint32_t later)
{
	struct builder *b = ctx;
	uint32_t id = classes_join(b->classes, earlier, later);

	b->failed |= id == CLASSES_FAILED;
	return id;
}

static uint32_t sign_with_rule(struct builder *b, uint32_t trait, uint32_t rule)
{
	uint32_t id = b->failed ? CLASSES_FAILED : classes_sign(b->classes, trait, rule);

	b->failed |= id == CLASSES_FAILED;
	return id;
}

static uint32_t sign(void *ctx, uint32_t trait, uint32_t rule)
{
	struct builder *b = ctx;

	/* Millions of steps have few traits, and mostly no prefix rule: those are remembered. */
	if (rule != CLASSES_NO_RULE || b->failed)
		return sign_with_rule(b, trait, rule);
	if (b->signature[trait] == CLASSES_FAILED)
		b->signature[trait] = sign_with_rule(b, trait, rule);
	return b->signature[trait];
}

/* s = fn(s, other), unless memory runs out, which is seen at the end. */
static void merge(struct builder *b, struct sweep *s, const struct sweep *other, sweep_fn fn)
{
	struct sweep merged = SWEEP_INIT;

	sweep_merge(s, other, fn, b, &merged);
	b->failed |= merged.failed;
	sweep_fini(s);
	*s = merged;
}

static enum err_code add_database(struct builder *b, const struct mmdb *m, uint8_t family,
				  struct err *e)
{
	const struct mmdb_visitor visitor = { b, trait_of, is_heavier, represent };
	struct sweep *sum = family == 4 ? &b->v4 : &b->v6, found = SWEEP_INIT;
	enum err_code code;

	if (!mmdb_has_family(m, family))
		return ERR_OK;
	code = mmdb_walk(m, family, &visitor, &found, e);
	if (code) {
		sweep_fini(&found);
		return code;
	}
	if (sum->n) {
		merge(b, sum, &found, join_traits);
		sweep_fini(&found);
	} else {
		*sum = found;
	}
	return ERR_OK;
}

/* A family that no database has is an unknown place as a whole. */
static void begin_sweep(struct sweep *s)
{
	if (!s->n)
		sweep_append(s, (struct sweep_key){ 0, 0 }, 0);
}

static enum err_code note_database(struct client_map *map, const struct mmdb *m)
{
	char *path = strdup(m->path);

	if (!path)
		return ERR_MEMORY;
	map->databases[map->n_databases++] = (struct client_map_database){ path, m->built_s };
	return ERR_OK;
}

static enum err_code add_databases(struct builder *b, struct client_map *map, struct err *e)
{
	enum err_code code = ERR_OK;

	map->databases = calloc(b->in->n_databases + 1, sizeof(*map->databases));
	if (!map->databases)
		return err_set(e, ERR_MEMORY, "out of memory for the client map");
	for (size_t i = 0; i < b->in->n_databases && !code; i++) {
		struct mmdb m;

		code = mmdb_open(b->in->databases[i], &m, e);
		if (code)
			return code;
		code = add_database(b, &m, 4, e);
		if (!code)
			code = add_database(b, &m, 6, e);
		if (!code && note_database(map, &m))
			code = err_set(e, ERR_MEMORY, "out of memory for the client map");
		mmdb_close(&m);
	}
	begin_sweep(&b->v4);
	begin_sweep(&b->v6);
	return code;
}

/* The operator's prefixes of one family: where which rule of the file matches first. */
static void paint_rules(const struct classes_input *in, uint8_t family, struct sweep *out)
{
	struct sweep_prefix *list = calloc(in->n_topology + 1, sizeof(*list));
	size_t n = 0;

	if (!list) {
		out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < in->n_topology; i++) {
		const struct prefix *p = &in->topology[i].prefix;

		if (in->topology[i].kind == TOPOLOGY_PREFIX && p->addr.family == family)
			list[n++] = (struct sweep_prefix){ sweep_key_of(&p->addr), p->len, i };
	}
	sweep_paint(list, n, CLASSES_NO_RULE, out);
	free(list);
}

/* The traits of one family become signatures: in place where no prefix rule splits them further. */
static void add_rules_of(struct builder *b, uint8_t family, struct sweep *traits)
{
	struct sweep rules = SWEEP_INIT;

	paint_rules(&b->in->classes, family, &rules);
	/* One step may be a rule too: 0.0.0.0/0 or ::/0. */
	if (rules.failed || rules.n > 1 || rules.steps[0].value != CLASSES_NO_RULE) {
		merge(b, traits, &rules, sign);
	} else {
		for (size_t i = 0; i < traits->n; i++)
			sign(b, traits->steps[i].value, CLASSES_NO_RULE);
		if (!b->failed)
			sweep_map(traits, b->signature);
	}
	sweep_fini(&rules);
}

static void add_rules(struct builder *b)
{
	size_t n_traits = classes_trait_count(b->classes);

	b->signature = reallocarray(NULL, n_traits, sizeof(*b->signature));
	if (!b->signature) {
		b->failed = true;
		return;
	}
	memset(b->signature, 0xff, n_traits * sizeof(*b->signature));
	add_rules_of(b, 4, &b->v4);
	add_rules_of(b, 6, &b->v6);
	free(b->signature);
}

/* Where v4 addresses stand inside v6, as addr_embedded_v4() finds them. Of ::/96 these are the
 * eight prefixes that make up ::1.0.0.0 and all behind it. */
static const struct sweep_prefix embedded[] = {
	{ { 0, UINT64_C(1) << 24 }, 104, 0 }, /* ::1.0.0.0/104 */
	{ { 0, UINT64_C(1) << 25 }, 103, 0 },	      { { 0, UINT64_C(1) << 26 }, 102, 0 },
	{ { 0, UINT64_C(1) << 27 }, 101, 0 },	      { { 0, UINT64_C(1) << 28 }, 100, 0 },
	{ { 0, UINT64_C(1) << 29 }, 99, 0 },	      { { 0, UINT64_C(1) << 30 }, 98, 0 },
	{ { 0, UINT64_C(1) << 31 }, 97, 0 },	  /* ::128.0.0.0/97 */
	{ { 0, UINT64_C(0xffff) << 48 }, 96, 0 }, /* ::ffff:0:0:0/96 */
	{ { 0, UINT64_C(0xffff) << 32 }, 96, 0 }, /* ::ffff:0:0/96 */
	{ { UINT64_C(0x0064ff9b) << 32, 0 }, 96, 0 }, { { UINT64_C(0x20010000) << 32, 0 }, 32, 0 },
	{ { UINT64_C(0x2002) << 48, 0 }, 16, 0 },
};

static uint32_t over(void *ctx, uint32_t below, uint32_t above)
{
	return above == CLASSES_NO_RULE ? below : above;
}

/* The scopes of v6 must not reach over forms that are placed by their v4 address: they get a value
 * of their own, which no look-up comes to see. When all of v4 is one class, they are just that
 * class. */
static void cut_out_embedded(struct builder *b, uint32_t value)
{
	struct sweep_prefix list[sizeof(embedded) / sizeof(*embedded)];
	struct sweep holes = SWEEP_INIT;

	memcpy(list, embedded, sizeof(list));
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		list[i].value = value;
	sweep_paint(list, sizeof(list) / sizeof(*list), CLASSES_NO_RULE, &holes);
	merge(b, &b->v6, &holes, over);
	sweep_fini(&holes);
}

static enum err_code compile_tries(struct builder *b, struct client_map *m)
{
	enum err_code code = poptrie_build(&b->v4, DIRECT_BITS_4, &m->v4);
	uint32_t first = b->v4.steps[0].value;

	if (code)
		return code;
	m->looks_inside = b->v4.n > 1;
	sweep_fini(&b->v4);
	cut_out_embedded(b, m->looks_inside ? POPTRIE_VALUE_MAX : first);
	return b->failed ? ERR_MEMORY : poptrie_build(&b->v6, DIRECT_BITS_6, &m->v6);
}

static enum err_code compile(struct builder *b, struct client_map *m, struct err *e)
{
	uint32_t nowhere = sign_with_rule(b, 0, CLASSES_NO_RULE);
	struct class_list list;
	enum err_code code;

	if (b->failed)
		return err_set(e, ERR_MEMORY, "out of memory for the client map");
	code = classes_finish(b->classes, &list, e);
	if (code)
		return code;
	m->classes = list.classes;
	m->n_classes = (uint32_t)list.n;
	m->nowhere = list.of_signature[nowhere];
	m->stats.exact_ranks = list.ranks;
	m->stats.coarsened = list.coarsened;
	sweep_map(&b->v4, list.of_signature);
	sweep_map(&b->v6, list.of_signature);
	free(list.of_signature);
	code = compile_tries(b, m);
	return code ? err_set(e, code, "out of memory for the client map") : ERR_OK;
}

static void map_free(struct client_map *m)
{
	poptrie_fini(&m->v4);
	poptrie_fini(&m->v6);
	for (size_t i = 0; i < m->n_databases; i++)
		free(m->databases[i].path);
	free(m->databases);
	free(m->classes);
	free(m);
}

static void count_up(struct client_map *m)
{
	m->stats.classes = m->n_classes;
	m->stats.prefixes4 = m->v4.n_prefixes;
	m->stats.prefixes6 = m->v6.n_prefixes;
	m->stats.bytes = sizeof(*m) + poptrie_bytes(&m->v4) + poptrie_bytes(&m->v6) +
			 m->n_classes * sizeof(*m->classes);
}

enum err_code client_map_build(const struct client_map_input *in, struct client_map **out,
			       struct err *e)
{
	struct builder b = { .in = in };
	struct client_map *m = calloc(1, sizeof(*m));
	enum err_code code = ERR_OK;

	if (!m || classes_new(&in->classes, &b.classes))
		code = err_set(e, ERR_MEMORY, "out of memory for the client map");
	if (!code)
		code = add_databases(&b, m, e);
	if (!code) {
		add_rules(&b);
		code = compile(&b, m, e);
	}
	classes_free(b.classes);
	sweep_fini(&b.v4);
	sweep_fini(&b.v6);
	/* The build took several times what it leaves; it is not needed until the next one. */
	malloc_trim(0);
	if (code) {
		if (m)
			map_free(m);
		return code;
	}
	count_up(m);
	atomic_init(&m->references, 1);
	*out = m;
	return ERR_OK;
}

struct client_map *client_map_ref(struct client_map *m)
{
	atomic_fetch_add_explicit(&m->references, 1, memory_order_relaxed);
	return m;
}

void client_map_unref(struct client_map *m)
{
	if (m && atomic_fetch_sub_explicit(&m->references, 1, memory_order_acq_rel) == 1)
		map_free(m);
}

/* ---- looking up ---- */

/* x86-64 as such has no instruction that counts ones, and a look-up counts up to twenty times. The
 * loader chooses; it does so too early for the sanitizers' run-time, and clang 14 gives the chooser
 * a name that callers in other files do not look for. */
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
#define COUNTS_ONES __attribute__((target_clones("popcnt", "default")))
#else
#define COUNTS_ONES
#endif

/* Which trie an address is looked up in, and how many bits of it come before the key. */
static inline const struct poptrie *trie_of(const struct client_map *m, const struct addr *a,
					    struct sweep_key *key, unsigned *bits_before)
{
	struct addr v4;
	int before;

	*bits_before = 0;
	*key = sweep_key_of(a);
	if (a->family == 4)
		return &m->v4;
	before = m->looks_inside ? addr_embedded_v4(a, &v4) : -1;
	if (before < 0)
		return &m->v6;
	*bits_before = (unsigned)before;
	*key = sweep_key_of(&v4);
	return &m->v4;
}

COUNTS_ONES
void client_map_find(const struct client_map *m, const struct addr *a, uint32_t *class_index,
		     uint8_t *scope_len)
{
	const struct poptrie *t;
	struct sweep_key key;
	unsigned bits_before;
	uint32_t leaf;

	if (!a->family) {
		*class_index = m->nowhere;
		*scope_len = 0;
		return;
	}
	t = trie_of(m, a, &key, &bits_before);
	leaf = poptrie_find(t, key);
	*class_index = poptrie_value(leaf);
	*scope_len = (uint8_t)(bits_before + poptrie_len(leaf));
}

void client_map_prefetch(const struct client_map *m, const struct addr *a)
{
	struct sweep_key key;
	unsigned bits_before;

	if (a->family)
		poptrie_prefetch(trie_of(m, a, &key, &bits_before), key);
}

uint32_t client_map_class_count(const struct client_map *m)
{
	return m->n_classes;
}

const struct client_class *client_map_class(const struct client_map *m, uint32_t class_index)
{
	return &m->classes[class_index];
}

size_t client_map_databases(const struct client_map *m, const struct client_map_database **list)
{
	*list = m->databases;
	return m->n_databases;
}

const struct client_map_stats *client_map_stats(const struct client_map *m)
{
	return &m->stats;
}
