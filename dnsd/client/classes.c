/* SPDX-License-Identifier: Apache-2.0 */
/* classes: which clients the configuration can never steer differently. */
#include "dnsd/client/classes.h"

#include "dnsd/client/intern.h"
#include "dnsd/client/nearest.h"

#include <stdlib.h>
#include <string.h>

/* What a trait says of a field that no rule and no fence names: known, so that no later database
 * may fill it, but none of those that matter. */
#define OTHER_COUNTRY	"--"
#define OTHER_CONTINENT 0xff
#define OTHER_ASN	UINT32_MAX

/* The key of a trait; 0 in a field means that nothing is known. */
struct trait_key {
	uint32_t order; /* in `orders` */
	uint32_t asn;
	char country[3];
	uint8_t continent;
};

struct trait {
	uint32_t fence; /* in `fences` */
	uint32_t rule;	/* the first rule by place that matches; CLASSES_NO_RULE = none */
	uint64_t weight;
	struct place place;
};

/* The key of a class. */
struct signature {
	uint32_t order, fence, rule;
};

struct represented {
	uint64_t weight;
	struct place place;
	bool is_set;
};

#define COUNTRIES (26 * 26)

struct classes {
	const struct classes_input *in;
	struct nearest nearest;
	bool names_country[COUNTRIES]; /* by some rule or fence */
	bool names_continent[PLACE_SA + 1];
	uint32_t *asns; /* that rules name, ascending */
	size_t n_asns;
	uint32_t *same_rule;   /* the first rule that prefers the same as rule i */
	uint32_t *place_rules; /* all that are not of prefixes, in file order */
	size_t n_place_rules;

	struct intern orders; /* uint16_t[NEAREST_EXACT], the regions plus one; 0 = no position */
	struct intern traits; /* struct trait_key */
	struct intern fences; /* uint16_t a service: which of its fences holds, 0 = none */
	struct intern signatures; /* struct signature */
	struct trait *trait;	  /* by number in `traits` */
	size_t trait_room;
	struct represented *represented; /* by number in `signatures` */
	size_t represented_room;
	uint16_t *fence_scratch;
};

/* Makes room for element n of an array whose elements are `size` long; new ones are zero. */
static enum err_code reserve(void **array, size_t *room, size_t n, size_t size)
{
	size_t more = *room ? 2 * *room : 256;
	void *bigger;

	if (n < *room)
		return ERR_OK;
	bigger = reallocarray(*array, more, size);
	if (!bigger)
		return ERR_MEMORY;
	memset((char *)bigger + *room * size, 0, (more - *room) * size);
	*array = bigger;
	*room = more;
	return ERR_OK;
}

/* ---- what the configuration looks at ---- */

static int country_index(const char country[3])
{
	if (country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z')
		return -1;
	return (country[0] - 'A') * 26 + (country[1] - 'A');
}

static void note_place(struct classes *c, const char place[3], bool is_continent)
{
	int index = country_index(place);

	if (is_continent)
		c->names_continent[place_continent_parse(place)] = true;
	else if (index >= 0)
		c->names_country[index] = true;
}

static int compare_u32(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static bool has_same_prefer(const struct config_topology *a, const struct config_topology *b)
{
	return a->n_prefer == b->n_prefer &&
	       (!a->n_prefer || !memcmp(a->prefer, b->prefer, a->n_prefer * sizeof(*a->prefer)));
}

/* Rules are many (prefixes) and what they prefer is not: the candidates to compare with stay few.
 */
static enum err_code find_same_rules(struct classes *c)
{
	const struct classes_input *in = c->in;
	uint32_t *distinct = calloc(in->n_topology + 1, sizeof(*distinct));
	size_t n_distinct = 0;

	if (!distinct)
		return ERR_MEMORY;
	for (uint32_t i = 0; i < in->n_topology; i++) {
		size_t k = 0;

		while (k < n_distinct &&
		       !has_same_prefer(&in->topology[distinct[k]], &in->topology[i]))
			k++;
		if (k == n_distinct)
			distinct[n_distinct++] = i;
		c->same_rule[i] = distinct[k];
	}
	free(distinct);
	return ERR_OK;
}

static void note_names(struct classes *c)
{
	const struct classes_input *in = c->in;

	for (uint32_t i = 0; i < in->n_topology; i++) {
		const struct config_topology *t = &in->topology[i];

		if (t->kind != TOPOLOGY_PREFIX)
			c->place_rules[c->n_place_rules++] = i;
		if (t->kind == TOPOLOGY_COUNTRY || t->kind == TOPOLOGY_CONTINENT)
			note_place(c, t->place, t->kind == TOPOLOGY_CONTINENT);
		else if (t->kind == TOPOLOGY_ASN)
			c->asns[c->n_asns++] = t->asn;
	}
	qsort(c->asns, c->n_asns, sizeof(*c->asns), compare_u32);
	for (size_t i = 0; i < in->n_services; i++) {
		for (size_t k = 0; k < in->services[i].n_fences; k++)
			note_place(c, in->services[i].fences[k].place,
				   in->services[i].fences[k].is_continent);
	}
}

static enum err_code init_nearest(struct classes *c)
{
	const struct classes_input *in = c->in;
	bool *ranked = calloc(in->n_regions + 1, sizeof(*ranked));
	enum err_code code;

	if (!ranked)
		return ERR_MEMORY;
	for (size_t i = 0; i < in->n_pools; i++) {
		const struct config_pool *p = &in->pools[i];

		if (p->method == METHOD_WEIGHTED || p->method == METHOD_ORDER)
			continue;
		for (size_t k = 0; k < p->n_members; k++)
			ranked[p->members[k].region] = true;
	}
	code = nearest_init(&c->nearest, in->regions, in->n_regions, ranked);
	free(ranked);
	return code;
}

static enum err_code prepare(struct classes *c)
{
	static const uint16_t no_order[NEAREST_EXACT];
	static const struct place nowhere;
	const struct classes_input *in = c->in;

	intern_init(&c->orders, sizeof(no_order));
	intern_init(&c->traits, sizeof(struct trait_key));
	intern_init(&c->fences, in->n_services * sizeof(*c->fence_scratch));
	intern_init(&c->signatures, sizeof(struct signature));
	c->asns = calloc(in->n_topology + 1, sizeof(*c->asns));
	c->same_rule = calloc(in->n_topology + 1, sizeof(*c->same_rule));
	c->place_rules = calloc(in->n_topology + 1, sizeof(*c->place_rules));
	c->fence_scratch = calloc(in->n_services + 1, sizeof(*c->fence_scratch));
	if (!c->asns || !c->same_rule || !c->place_rules || !c->fence_scratch ||
	    find_same_rules(c) || init_nearest(c))
		return ERR_MEMORY;
	note_names(c);
	/* Number 0 of each is the unknown place's. Its own rule (kind any) comes with
	 * classes_sign(). */
	if (intern_add(&c->orders, no_order) || intern_add(&c->fences, c->fence_scratch) ||
	    intern_add(&c->signatures, &(struct signature){ .rule = CLASSES_NO_RULE }) ||
	    reserve((void **)&c->represented, &c->represented_room, 0, sizeof(*c->represented)) ||
	    classes_trait(c, &nowhere))
		return ERR_MEMORY;
	/* Of class 0 nothing is known, or nothing that matters: no one place stands for it. */
	c->represented[0] = (struct represented){ .weight = UINT64_MAX, .is_set = true };
	return ERR_OK;
}

enum err_code classes_new(const struct classes_input *in, struct classes **out)
{
	struct classes *c = calloc(1, sizeof(*c));

	if (!c)
		return ERR_MEMORY;
	c->in = in;
	if (prepare(c)) {
		classes_free(c);
		return ERR_MEMORY;
	}
	*out = c;
	return ERR_OK;
}

void classes_free(struct classes *c)
{
	if (!c)
		return;
	nearest_fini(&c->nearest);
	intern_fini(&c->orders);
	intern_fini(&c->traits);
	intern_fini(&c->fences);
	intern_fini(&c->signatures);
	free(c->asns);
	free(c->same_rule);
	free(c->place_rules);
	free(c->trait);
	free(c->represented);
	free(c->fence_scratch);
	free(c);
}

/* ---- traits ---- */

static bool is_country(const struct trait_key *k, const char place[3])
{
	return !memcmp(k->country, place, 2);
}

static bool is_continent(const struct trait_key *k, const char place[3])
{
	return k->continent != PLACE_NOWHERE && k->continent == place_continent_parse(place);
}

static uint32_t first_rule(const struct classes *c, const struct trait_key *k)
{
	for (size_t i = 0; i < c->n_place_rules; i++) {
		const struct config_topology *t = &c->in->topology[c->place_rules[i]];

		if (t->kind == TOPOLOGY_ANY ||
		    (t->kind == TOPOLOGY_COUNTRY && is_country(k, t->place)) ||
		    (t->kind == TOPOLOGY_CONTINENT && is_continent(k, t->place)) ||
		    (t->kind == TOPOLOGY_ASN && k->asn == t->asn && t->asn))
			return c->place_rules[i];
	}
	return CLASSES_NO_RULE;
}

static bool has_same_regions(const struct config_fence *a, const struct config_fence *b)
{
	return a->n_regions == b->n_regions &&
	       (!a->n_regions ||
		!memcmp(a->regions, b->regions, a->n_regions * sizeof(*a->regions)));
}

/* Which fence of a service holds a place, counted from 1; of those with the same regions the first,
 * so that DE and EU with one meaning make one class. 0 = none. */
static uint16_t fence_of(const struct config_service *s, const struct trait_key *k)
{
	size_t found = s->n_fences;

	for (size_t i = 0; i < s->n_fences && found == s->n_fences; i++) {
		if (!s->fences[i].is_continent && is_country(k, s->fences[i].place))
			found = i;
	}
	for (size_t i = 0; i < s->n_fences && found == s->n_fences; i++) {
		if (s->fences[i].is_continent && is_continent(k, s->fences[i].place))
			found = i;
	}
	if (found == s->n_fences)
		return 0;
	for (size_t i = 0; i < found; i++) {
		if (has_same_regions(&s->fences[i], &s->fences[found]))
			return (uint16_t)(i + 1);
	}
	return (uint16_t)(found + 1);
}

static uint32_t fences_of(struct classes *c, const struct trait_key *k)
{
	for (size_t i = 0; i < c->in->n_services; i++)
		c->fence_scratch[i] = fence_of(&c->in->services[i], k);
	return intern_add(&c->fences, c->fence_scratch);
}

static uint32_t add_trait(struct classes *c, const struct trait_key *k, const struct place *p,
			  uint64_t weight)
{
	size_t before = c->traits.n;
	uint32_t id, fence;

	/* The room first: a trait that is interned must have its record. */
	if (reserve((void **)&c->trait, &c->trait_room, before, sizeof(*c->trait)))
		return CLASSES_FAILED;
	id = intern_add(&c->traits, k);
	if (id != before || id == INTERN_FAILED)
		return id;
	fence = fences_of(c, k);
	if (fence == INTERN_FAILED)
		return CLASSES_FAILED;
	c->trait[id] = (struct trait){ fence, first_rule(c, k), weight, *p };
	return id;
}

static uint32_t order_of(struct classes *c, const struct place *p)
{
	uint16_t order[NEAREST_EXACT];

	if (!p->has_position || !c->nearest.n)
		return 0;
	nearest_order(&c->nearest, p, order);
	for (size_t i = 0; i < c->nearest.ranks; i++)
		order[i]++;
	return intern_add(&c->orders, order);
}

uint32_t classes_trait(struct classes *c, const struct place *p)
{
	struct trait_key k = { .order = order_of(c, p), .continent = p->continent, .asn = p->asn };
	int country = country_index(p->country);

	if (k.order == INTERN_FAILED)
		return CLASSES_FAILED;
	if (country >= 0)
		memcpy(k.country, c->names_country[country] ? p->country : OTHER_COUNTRY, 2);
	if (p->continent > PLACE_SA)
		k.continent = PLACE_NOWHERE;
	else if (p->continent != PLACE_NOWHERE && !c->names_continent[p->continent])
		k.continent = OTHER_CONTINENT;
	if (p->asn && !bsearch(&p->asn, c->asns, c->n_asns, sizeof(*c->asns), compare_u32))
		k.asn = OTHER_ASN;
	return add_trait(c, &k, p, 0);
}

uint32_t classes_join(struct classes *c, uint32_t a, uint32_t b)
{
	struct trait_key k, other;
	struct place place;

	if (a == b || !b)
		return a;
	if (!a)
		return b;
	memcpy(&k, intern_key(&c->traits, a), sizeof(k));
	memcpy(&other, intern_key(&c->traits, b), sizeof(other));
	place = c->trait[a].place;
	classes_fill_place(&place, &c->trait[b].place);
	if (!k.order)
		k.order = other.order;
	if (!k.country[0] && k.continent == PLACE_NOWHERE) {
		memcpy(k.country, other.country, sizeof(k.country));
		k.continent = other.continent;
	}
	if (!k.asn)
		k.asn = other.asn;
	return add_trait(c, &k, &place, c->trait[a].weight);
}

size_t classes_trait_count(const struct classes *c)
{
	return c->traits.n;
}

bool classes_is_heavier(const struct classes *c, uint32_t trait, uint64_t weight)
{
	return weight > c->trait[trait].weight;
}

void classes_represent(struct classes *c, uint32_t trait, uint64_t weight, const struct place *p)
{
	c->trait[trait].weight = weight;
	c->trait[trait].place = *p;
}

/* ---- signatures and classes ---- */

static void offer(struct represented *r, uint64_t weight, const struct place *p)
{
	if (r->is_set && weight <= r->weight)
		return;
	*r = (struct represented){ weight, *p, true };
}

static bool is_preferred(const struct config_topology *t, uint16_t region)
{
	for (size_t i = 0; i < t->n_prefer; i++)
		if (t->prefer[i] == region)
			return true;
	return false;
}

/* What distance still decides after a rule: the order of the regions that it does not name. A rule
 * that names all of them, or all but one, leaves nothing to it, and its clients are one class. */
static uint32_t order_after_rule(struct classes *c, uint32_t order, uint32_t rule)
{
	const struct config_topology *t = &c->in->topology[rule];
	const uint16_t *all = intern_key(&c->orders, order);
	uint16_t left[NEAREST_EXACT] = { 0 };
	size_t n = 0;

	if (!order)
		return order;
	for (size_t i = 0; i < c->nearest.ranks; i++)
		if (!is_preferred(t, (uint16_t)(all[i] - 1)))
			left[n++] = all[i];
	if (n == c->nearest.ranks)
		return order;
	if (n < 2 && c->nearest.ranks == c->nearest.n)
		return 0;
	return intern_add(&c->orders, left);
}

uint32_t classes_sign(struct classes *c, uint32_t trait, uint32_t rule)
{
	const struct trait *t = &c->trait[trait];
	const struct trait_key *k = intern_key(&c->traits, trait);
	struct signature s = { k->order, t->fence, rule < t->rule ? rule : t->rule };
	uint32_t id;

	if (s.rule != CLASSES_NO_RULE) {
		s.rule = c->same_rule[s.rule];
		s.order = order_after_rule(c, s.order, s.rule);
	}
	if (s.order == INTERN_FAILED)
		return CLASSES_FAILED;
	if (reserve((void **)&c->represented, &c->represented_room, c->signatures.n,
		    sizeof(*c->represented)))
		return CLASSES_FAILED;
	id = intern_add(&c->signatures, &s);
	if (id != INTERN_FAILED)
		offer(&c->represented[id], t->weight, &t->place);
	return id;
}

/* A partition: the class of each signature when only the first `ranks` nearest regions count. */
struct partition {
	uint32_t *of_order, *of_signature;
	struct intern orders, signatures;
};

static void partition_fini(struct partition *p)
{
	intern_fini(&p->orders);
	intern_fini(&p->signatures);
	free(p->of_order);
	free(p->of_signature);
}

static enum err_code cut_orders(const struct classes *c, size_t ranks, struct partition *p)
{
	for (uint32_t i = 0; i < c->orders.n; i++) {
		uint16_t order[NEAREST_EXACT] = { 0 };

		memcpy(order, intern_key(&c->orders, i), ranks * sizeof(*order));
		/* A known position stays apart from an unknown one, even when no rank counts. */
		if (i && !ranks)
			order[0] = UINT16_MAX;
		p->of_order[i] = intern_add(&p->orders, order);
		if (p->of_order[i] == INTERN_FAILED)
			return ERR_MEMORY;
	}
	return ERR_OK;
}

static enum err_code partition_init(struct partition *p, const struct classes *c, size_t ranks)
{
	*p = (struct partition){
		.of_order = calloc(c->orders.n, sizeof(*p->of_order)),
		.of_signature = calloc(c->signatures.n, sizeof(*p->of_signature)),
	};
	intern_init(&p->orders, c->orders.key_len);
	intern_init(&p->signatures, c->signatures.key_len);
	if (!p->of_order || !p->of_signature || cut_orders(c, ranks, p))
		goto fail;
	for (uint32_t i = 0; i < c->signatures.n; i++) {
		struct signature s;

		memcpy(&s, intern_key(&c->signatures, i), sizeof(s));
		s.order = p->of_order[s.order];
		p->of_signature[i] = intern_add(&p->signatures, &s);
		if (p->of_signature[i] == INTERN_FAILED)
			goto fail;
	}
	return ERR_OK;
fail:
	partition_fini(p);
	return ERR_MEMORY;
}

static enum err_code list_classes(const struct classes *c, struct partition *p,
				  struct class_list *out, struct err *e)
{
	size_t n = p->signatures.n;
	struct represented *best = calloc(n, sizeof(*best));

	out->classes = calloc(n, sizeof(*out->classes));
	if (!best || !out->classes) {
		free(best);
		free(out->classes);
		return err_set(e, ERR_MEMORY, "out of memory for %zu classes", n);
	}
	for (size_t i = 0; i < c->signatures.n; i++) {
		if (c->represented[i].is_set)
			offer(&best[p->of_signature[i]], c->represented[i].weight,
			      &c->represented[i].place);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct signature *s = intern_key(&p->signatures, i);

		out->classes[i].place = best[i].place;
		out->classes[i].topology = s->rule == CLASSES_NO_RULE ? -1 : (int32_t)s->rule;
	}
	free(best);
	out->n = n;
	out->of_signature = p->of_signature;
	p->of_signature = NULL;
	return ERR_OK;
}

enum err_code classes_finish(struct classes *c, struct class_list *out, struct err *e)
{
	size_t max = c->in->classes_max ? c->in->classes_max : CLASSES_MAX;
	struct class_list list = { .ranks = (uint32_t)c->nearest.ranks };
	struct partition p;
	enum err_code code;

	for (;;) {
		if (partition_init(&p, c, list.ranks))
			return err_set(e, ERR_MEMORY, "out of memory for classes");
		if (p.signatures.n <= max || !list.ranks)
			break;
		partition_fini(&p);
		list.ranks--;
		list.coarsened = true;
	}
	if (p.signatures.n > max)
		code = err_set(e, ERR_LIMIT,
			       "topology rules and fences alone make %zu classes of clients, over "
			       "the limit of %zu",
			       p.signatures.n, max);
	else
		code = list_classes(c, &p, &list, e);
	partition_fini(&p);
	if (!code)
		*out = list;
	return code;
}

void classes_fill_place(struct place *p, const struct place *from)
{
	if (!p->has_position) {
		p->has_position = from->has_position;
		p->lat_e4 = from->lat_e4;
		p->lon_e4 = from->lon_e4;
	}
	/* Together: a continent that contradicts the country would be neither file's word. */
	if (!p->country[0] && p->continent == PLACE_NOWHERE) {
		memcpy(p->country, from->country, sizeof(p->country));
		p->continent = from->continent;
	}
	if (!p->asn)
		p->asn = from->asn;
}
